"""Experiments of the chapter attention/programmer."""
