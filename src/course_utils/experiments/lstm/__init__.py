"""Experiments of the part lstm."""
