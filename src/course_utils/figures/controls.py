"""What a reader moves: sliders, and buttons for two values or a few words."""

from html import escape


def slider(label, css, low, high, step, value, name, data=""):
    """A native range input with its name and, filled in by a script, its value."""
    css = f"u-slider {css}".strip()
    return (
        f'<label class="{css}"{data}><span class="u-label"><span>{label}</span>'
        f'<output></output></span><input type="range" name="{name}" min="{low}" max="{high}" '
        f'step="{step}" value="{value:g}"></label>'
    )


def choice(label, name, texts, at, group, css=""):
    """Native radio buttons, the k-th worth k; group: a name that no other figure has."""
    options = "".join(
        f'<label><input type="radio" name="{group}" value="{k}"{" checked" if k == at else ""}>'
        f"<span>{escape(text)}</span></label>"
        for k, text in enumerate(texts)
    )
    css = f"u-choice {css}".strip()
    return (
        f'<fieldset class="{css}" data-range="{name}"><legend>{label}</legend>{options}</fieldset>'
    )
