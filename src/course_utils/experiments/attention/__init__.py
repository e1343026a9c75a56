"""Experiments of the part attention."""
