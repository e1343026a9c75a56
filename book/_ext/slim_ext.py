"""Runs `slim` on the finished site."""

from pathlib import Path

from slim import slim


def finish(app, error):
    """Last of all, for it reads every page and script."""
    if not error and app.builder.name == "html":
        slim(Path(app.outdir))


def setup(app):
    app.connect("build-finished", finish, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
