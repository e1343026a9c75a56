"""Experiments of the chapter variants/relatives."""
