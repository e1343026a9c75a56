"""Experiments of the part variants."""
