"""Experiments of the chapter attention/alignment."""
