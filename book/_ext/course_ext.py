"""Sphinx glue: what of the configuration is derived, and what the theme gets wrong.

The repository's address comes from ``_config.yml``; scripts, styles and fonts from Python packages
and from ``course_utils.figures``, so that the site asks no other host for anything.
"""

import os
from pathlib import Path

from sphinx.util import logging

import address
from cache_key import cache_folder
from course_utils import figures

logger = logging.getLogger(__name__)


def derive(app, config):
    """Fill in everything that follows from other settings; runs before extensions read them."""
    os.environ["UNROLLED_BOOK"] = "1"  # for chapters that Sphinx itself executes
    if mode := os.environ.get("UNROLLED_EXECUTE"):
        config.nb_execution_mode = mode
    config.nb_execution_cache_path = str(cache_folder(app.srcdir))
    options = config.html_theme_options
    place = address.find(options["repository_url"], options.get("repository_branch"))
    config.course_address = place
    options["repository_url"], options["repository_branch"] = place.url, place.branch
    if not place.on_github:
        options["launch_buttons"] = {}  # Colab opens GitHub only; the theme would warn
    config.html_baseurl = config.html_baseurl or place.pages
    config.ogp_site_url = config.html_baseurl
    # YAML cannot write the tuples that Sphinx compares with.  Names outside the course are not
    # linked, for that would need their inventories; a misspelt name of ours still fails.
    config.nitpick_ignore_regex = [("py:.*", r"(?!course_utils).*")]


def write_figure_assets(app):
    """Have the figures' CSS and scripts written beside ours and loaded on every page."""
    if app.builder.name != "html":
        return
    folder = Path(app.outdir).parent / "figure_assets"
    assets = figures.write_assets(folder / "figures")
    app.config.html_static_path.append(str(folder))
    for name in assets["css"]:
        app.add_css_file(f"figures/{name}")
    for name in assets["js"]:
        app.add_js_file(f"figures/{name}", loading_method="defer")
    app.course_training = figures.write_training(folder / "training")


def add_training(app, pagename, templatename, context, doctree):
    """What trains networks is loaded by the page that does, and by no other."""
    if 'class="u-widget u-train"' not in context.get("body", ""):
        return
    for name in app.course_training["css"]:
        app.add_css_file(f"training/{name}")
    for name in app.course_training["js"]:
        app.add_js_file(f"training/{name}", loading_method="defer")


def notebook_of(docname):
    """book/<part>/<name> -> notebooks/<part>/<name>.ipynb; None for pages outside the parts."""
    parts = docname.split("/")
    if len(parts) != 3 or parts[0] != "book" or parts[1] == "reference":
        return None
    return f"notebooks/{parts[1]}/{parts[2]}.ipynb"


def fix_buttons(app, pagename, templatename, context, doctree):
    """Send the Colab button to the generated notebook; drop the other ways to open the page.

    The theme would open the .md source, and offer for download a notebook with raw directives.
    """
    notebook = notebook_of(pagename)
    groups = context.get("header_buttons", [])
    for group in groups:
        buttons = group.get("buttons", [])
        for button in buttons:
            if button.get("text") == "Colab" and notebook:
                button["url"] = app.config.course_address.colab(notebook)
        buttons[:] = [b for b in buttons if notebook or b.get("text") != "Colab"]
    groups[:] = [g for g in groups if g.get("buttons") != []]  # no menu that opens on nothing
    context.pop("ipynb_source", None)


def leave_corners_empty(app, pagename, templatename, context, doctree):
    """A corner above row heads is a plain cell: an empty heading would be read out as one."""
    if body := context.get("body"):
        context["body"] = body.replace('<th class="head"><p></p></th>', '<td class="head"></td>')


def drop_thebe(app, config):
    """Silence sphinx-thebe, which Jupyter Book always loads.

    Unused here, it names another host and throws on every page.
    """
    for listeners in app.events.listeners.values():
        listeners[:] = [li for li in listeners if li.handler.__module__ != "sphinx_thebe"]
    files = app.registry.css_files  # its style sheet would be named but never copied
    files[:] = [entry for entry in files if entry[0] != "sphinx-thebe.css"]


def setup(app):
    app.add_config_value("course_address", None, "html", [address.Address, type(None)])
    app.connect("config-inited", derive, priority=10)
    app.connect("config-inited", drop_thebe, priority=11)
    app.connect("builder-inited", write_figure_assets)
    app.connect("html-page-context", fix_buttons, priority=900)
    app.connect("html-page-context", leave_corners_empty)
    app.connect("html-page-context", add_training)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
