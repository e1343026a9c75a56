"""The one error of this room."""


class FigureError(ValueError):
    """A figure that cannot be drawn as asked; the message names the argument and the remedy."""
