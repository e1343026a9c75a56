"""Experiments of the chapter variants/structure."""
