"""Experiments of the chapter recurrence/gradients."""
