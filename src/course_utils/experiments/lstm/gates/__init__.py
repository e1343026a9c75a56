"""Experiments of the chapter lstm/gates."""
