"""Experiments of the chapter lstm/forgetting."""
