"""Experiments of the part practice."""
