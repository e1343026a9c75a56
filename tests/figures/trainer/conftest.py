"""The page that trains, alone, and a window that it is open in."""

import pytest
from tests.support.browsing import Page

from course_utils import figures
from course_utils.files import write

from ..test_trainer import preset, record
from .page import HARNESS


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The page alone, with what it loads."""
    folder = tmp_path_factory.mktemp("trainer")
    names, more = figures.write_assets(folder), figures.write_training(folder)
    head = "".join(f'<link rel="stylesheet" href="{n}">' for n in names["css"] + more["css"])
    scripts = "".join(f'<script src="{n}"></script>' for n in names["js"] + more["js"])
    look = "<style>body { background: var(--u-page); color: var(--u-text) }</style>"
    body = figures.trainer(record(Two=preset(), Shut=preset(b=("gru", 0.9, None)))).html()
    write(
        folder / "page.html",
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Train</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}{look}<body><main><h1>Train</h1>{body}</main>{scripts}",
    )
    return folder / "page.html"


@pytest.fixture(scope="module")
def window(browser, path):
    window = Page(browser)
    window.open(path).add_script_tag(content=HARNESS)
    yield window
    window.context.close()
