"""Experiments of the chapter lstm/language."""
