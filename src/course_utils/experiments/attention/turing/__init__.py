"""Experiments of the chapter attention/turing."""
