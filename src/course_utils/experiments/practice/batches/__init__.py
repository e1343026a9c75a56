"""Experiments of the chapter practice/batches."""
