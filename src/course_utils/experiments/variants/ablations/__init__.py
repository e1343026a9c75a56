"""Experiments of the chapter variants/ablations."""
