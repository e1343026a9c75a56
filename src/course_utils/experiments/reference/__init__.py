"""Experiments of the part reference."""
