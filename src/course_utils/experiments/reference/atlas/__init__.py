"""Experiments of the page reference/atlas."""
