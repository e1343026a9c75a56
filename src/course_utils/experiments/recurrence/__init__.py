"""Experiments of the part recurrence."""
