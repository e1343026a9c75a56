"""Experiments of the chapter practice/sequences."""
