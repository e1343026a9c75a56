"""Experiments of the chapter attention/pondering."""
