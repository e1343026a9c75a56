"""Experiments of the chapter recurrence/bptt."""
