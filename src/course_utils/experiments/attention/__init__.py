"""Experiments of the part on attention."""
