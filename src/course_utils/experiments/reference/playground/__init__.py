"""Experiments behind the page that trains networks."""
