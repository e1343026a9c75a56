"""Experiments of the chapter practice/speed."""
