"""With a live kernel: whether to return a widget, and the pane that it draws into.

ipywidgets, 7 or 8, is imported only where it is used.
"""

from course_utils.figures.page import in_book


def wanted(live):
    """Whether to return a widget; live: True, False, or None to decide by where this runs."""
    return not in_book() and has_kernel() if live is None else bool(live)


def has_kernel():
    """Whether a Jupyter kernel with ipywidgets is running this."""
    try:
        import ipywidgets  # noqa: F401
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def pane(draw):
    """(HTML widget, refresh): refresh, which takes what ``observe`` passes, shows ``draw()`` anew.

    draw: nothing -> an ``Html``, which is shown with the style it needs.
    """
    import ipywidgets

    shown = ipywidgets.HTML()

    def refresh(_change=None):
        shown.value = draw()._repr_html_()

    refresh()
    return shown, refresh
