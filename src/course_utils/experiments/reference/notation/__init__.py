"""Experiments of the chapter reference/notation."""
