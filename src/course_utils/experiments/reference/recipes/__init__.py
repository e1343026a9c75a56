"""Experiments of the page of recipes."""
