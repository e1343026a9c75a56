"""Experiments of the chapter recurrence/unrolled."""
