"""Pictures: arrays and equations in; Axes, SVG and HTML out.  Nothing here trains anything.

===================  ==========================================================================
``palette``          one colour per quantity and per model, for light and dark pages
``style, use, look`` Matplotlib in those colours
``subplots``         a figure of one of the two widths
``label_lines``      labels at the ends of lines, in place of a legend
``show``             a figure as SVG in the page's colours, in a form for its column and a phone's
``listed, spoken``   lists and numbers in words, for alt texts
``curves, heatmap``  arrays into Axes; ``roof``, with its corner
``cell_diagram``     a cell as a circuit, checked against its equations
``lit, paths``       a cell with one path lit, to stand inside the prose
``chain, cover``     the loop and its unrolling; the picture of the course
``stepper``          a cell told one equation at a time, in numbers; ``way_back`` a chain, backwards
``lstm_explorer``    an LSTM unit to play with; ``decay_explorer`` gradients that fade
``selection_explorer``  a step of the Neural Programmer, whose logits the reader moves
``addressing_explorer``  where a head of a Turing machine looks
``gradient_journey``  a loss to move along a chain, and what comes back
``reading_glass``    a text to read with the network that reads it
``clockwork_explorer``  which modules move when, and what that saves
``search_explorer``  the nets of a recorded random search
``predict_curve``    the reader draws first, then sees what was measured; ``predict_bars``
``compare_cells``    two cells that the reader chooses: equations that differ, both diagrams
``attention_explorer``  a query to drag among keys
``newton_explorer``  all steps of a network at once, round by round
``trainer``          two networks that train in the page; ``write_training`` its scripts
``explore``          a slider over a drawing: live in a notebook, precomputed in the book
``standalone``       an SVG that carries its colours; ``write_svg`` puts one into a file
``write_assets``     CSS and scripts for the site
===================  ==========================================================================

Every name is imported when it is first used; Matplotlib only by what needs it.
"""

from importlib import import_module

_WHERE = {
    "FigureError": "errors", "Html": "page", "write_assets": "page",
    "style": "looks", "use": "looks", "look": "looks", "subplots": "looks",
    "curves": "plots", "heatmap": "plots", "roof": "plots", "label_lines": "endings",
    "show": "inline", "listed": "words", "spoken": "words",
    "Circuit": "circuit", "cell_diagram": "layouts", "LAYOUTS": "layouts",
    "chain": "unrolling", "cover": "unrolling",
    "lit": "lighting", "paths": "lighting",
    "stepper": "cell_stepper", "way_back": "bptt_stepper",
    "lstm_explorer": "explorers", "decay_explorer": "explorers",
    "attention_explorer": "looking", "explore": "frames", "selection_explorer": "selection",
    "addressing_explorer": "addressing", "gradient_journey": "journey_explorer",
    "reading_glass": "glass", "compare_cells": "compare", "clockwork_explorer": "clocks",
    "search_explorer": "searches", "newton_explorer": "newton", "trainer": "two_networks",
    "write_training": "training_page",
    "predict_curve": "predict", "predict_bars": "predict",
    "standalone": "export", "write_svg": "export",
}  # fmt: skip

__all__ = ["palette", *_WHERE]


def __getattr__(name):
    if name == "palette":
        return import_module(f"{__name__}.palette")
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__():
    return sorted(__all__)
