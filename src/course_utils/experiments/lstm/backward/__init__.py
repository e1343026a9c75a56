"""Experiments of the chapter lstm/backward."""
