"""A page for each cell, from the specs and one file of words, before Sphinx looks for pages.

The pages lie in ``book/reference/cells/``, which git ignores; the table of contents takes them by a
pattern.  What is on a page comes from the directives of ``atlas_ext``; here are its headings, its
sentences and the words under which the search finds it.
"""

import inspect
import re
from functools import cache
from pathlib import Path

import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from pybtex.database import parse_file

from course_utils import numpy_nn
from course_utils.family.descent import descent
from course_utils.files import write
from course_utils.lab import atlas_facts
from course_utils.specs import SPECS

FOLDER, ATLAS = "book/reference/cells", "book/reference/atlas"
WORDS, CITED = f"{ATLAS}.yml", "book/references.bib"
FUNCTIONS = ("init", "coefficients", "step", "step_backward", "readout", "readout_backward")
COMMON = {"ran", "star"}  # names that are words of English: found only with a further word
KNOWN = {"is", "short", "more", "also"}
NAME = '<span class="visually-hidden">pages below</span>'
MOST = 4  # pages of the book that a page of a cell names


@cache
def words(srcdir):
    """{key: entry} of the file of words."""
    found = yaml.safe_load(Path(srcdir, WORDS).read_text("utf-8"))
    for key, entry in found.items():
        if unknown := set(entry) - KNOWN:
            raise ValueError(f"{WORDS}: {key} has {sorted(unknown)}, which nothing reads")
    if gone := set(found) - set(SPECS):
        raise ValueError(f"{WORDS}: there is no cell {', '.join(sorted(gone))}")
    return found


@cache
def years(srcdir):
    """{key: the year of the publication that the spec names}."""
    entries = parse_file(str(Path(srcdir, CITED))).entries
    return {key: int(entries[spec.source.cite].fields["year"]) for key, spec in SPECS.items()}


@cache
def branches(srcdir):
    """{key: where it hangs}, see ``family.descent``."""
    return descent(SPECS, years(srcdir))


def short(srcdir, key):
    """The name of a cell where there is little room."""
    return words(srcdir).get(key, {}).get("short", SPECS[key].title)


def title(srcdir, key):
    """The heading of its page."""
    name, letters = SPECS[key].title, short(srcdir, key)
    known = name.lower().replace(" ", "")
    if letters.isalnum() and letters.lower() not in known:  # by which it is looked for
        name = f"{name} ({letters})"
    return f"{name}: {words(srcdir).get(key, {}).get('is') or 'equations and code'}"


def summary(key):
    """The spec's summary as prose, without the names of code."""
    return re.sub(r"= a_\w\b", "is its pre-activation", SPECS[key].summary)


def idea(srcdir, key):
    """Two sentences or so."""
    return " ".join([summary(key), words(srcdir).get(key, {}).get("more", "")]).strip()


def searches(srcdir, taken=()):
    """[(what learners type, the page that answers it)]: names alone, and with a further word.

    taken: what other pages answer.
    """
    if not Path(srcdir, WORDS).is_file():
        return []
    found = []
    for key, spec in SPECS.items():
        also = words(srcdir).get(key, {}).get("also", [])
        names = [spec.title, short(srcdir, key), key.replace("_", " "), *also]
        names = {name.lower(): name for name in [re.sub(r"[,()]", "", n) for n in names]}
        forms = [name for low, name in names.items() if low not in COMMON]
        forms += [f"{name} {word}" for low, name in names.items()
                  for word in ("cell", "equations", "diagram")
                  if not low.endswith(word)]  # fmt: skip
        forms = list({form.lower(): form for form in forms if form.lower() not in taken}.values())
        found.append((forms, f"reference/cells/{key}"))
    return found


@cache
def recorded():
    """(tasks, facts, arrivals) as ``lab.atlas_facts`` has them; empty where nothing is recorded."""
    return atlas_facts.tasks(), atlas_facts.facts(), atlas_facts.arrivals()


def measured(key):
    """The section of measured facts; "" for a cell of which nothing is recorded."""
    _, facts, arrivals = recorded()
    if not facts.get(key) and key not in arrivals:
        return ""
    return f"""## Measured

```{{cell-measured}} {key}
```

"""


def page(srcdir, key):
    """The Markdown of a cell's page."""
    spec, cell = SPECS[key], numpy_nn.get_cell(key)
    module = f"course_utils.numpy_nn.cells.{key}"
    shown = [f"{module}.{name}" for name in FUNCTIONS
             if inspect.isfunction(getattr(cell, name, None))
             and getattr(cell, name).__module__ == module]  # fmt: skip
    departures = "\n".join(f"- {line}" for line in spec.departures)
    if not departures:
        seen = "the paper" if spec.source.seen == "paper" else "what was seen of the paper"
        departures = f"No departure from {seen} that we know of."
    calls = "".join(f", {name}={name}" for name in spec.inputs)
    says = f"; {', '.join(spec.inputs)} as y" if spec.inputs else ""
    layers = ", num_layers=2" if spec.inputs else ""  # the layer underneath gives what is read
    return f"""# {title(srcdir, key)}

{{cite:t}}`{spec.source.cite}`. {idea(srcdir, key)}

```{{cell-facts}} {key}
```

## Equations

```{{equations}} {key}
```

```{{cell-names}} {key}
```

## Diagram

```{{cell-diagram}} {key}
```

## Beside its nearest relative

```{{cell-lines}} {key}
```

## Source, and departures from the paper

```{{cell-source}} {key}
```

{departures}

## Code

The step and its backward pass in NumPy, by hand:

```{{source}} {' '.join(shown)}
```

`course show-code {key} --target numpy` prints the code that the equations become; other targets are
`numba`, `torch`, `javascript` and `triton`.

## Use

```python
import numpy as np
from course_utils import numpy_nn

params = numpy_nn.init_params("{key}", D, H, np.random.default_rng(0))
# x (T, B, D), y and dy (T, B, H){says}
y, last, tape = numpy_nn.unroll("{key}", params, x{calls})
dx, dstate0, grads = numpy_nn.unroll_backward(tape, dy)
```

```python
from course_utils import torch_nn

layer = torch_nn.Recurrent("{key}", D, H{layers})
y, last = layer(x)
```

{measured(key)}## In the book

```{{cell-places}} {key}
```
"""


def write_pages(app, config):
    """The folder of pages as the specs have it, where the book has an atlas."""
    srcdir = str(app.srcdir)
    if not Path(srcdir, f"{ATLAS}.md").is_file():
        return
    folder = Path(srcdir, FOLDER)
    folder.mkdir(exist_ok=True)
    for key in SPECS:
        path, text = folder / f"{key}.md", page(srcdir, key)
        if not path.is_file() or path.read_text("utf-8") != text:
            write(path, text)
    for path in folder.glob("*.md"):
        if path.stem not in SPECS:
            path.unlink()


def name_shortly(app, doctree):
    """In menus and links a page has the cell's short name; its heading stays."""
    docname, srcdir = app.env.docname, str(app.srcdir)
    if not docname.startswith(f"{FOLDER}/"):
        return
    name = short(srcdir, docname.rpartition("/")[2])
    app.env.titles[docname] = nodes.title("", name)
    entry = next(iter(app.env.tocs[docname].findall(nodes.reference)))
    entry[:] = [nodes.Text(name)]


def point_at_specs(app, pagename, templatename, context, doctree):
    """The button that edits a page leads to the spec: the page itself is in no repository."""
    if not pagename.startswith(f"{FOLDER}/"):
        return
    place = app.config.course_address
    path = f"src/course_utils/specs/{pagename.rpartition('/')[2]}.py"
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if f"{pagename}.md" in (button.get("url") or ""):
                button["url"] = place.blob(path, 1, 1).partition("#")[0]


def name_toggles(app, pagename, templatename, context, doctree):
    """What folds the pages of the cells away in the menu gets a name, which the theme omits."""
    if (made := context.get("generate_toctree_html")) is None:
        return

    def named(*args, **options):
        found = made(*args, **options)
        for toggle in found.find_all("summary") if hasattr(found, "find_all") else ():
            if not toggle.get_text(strip=True):
                toggle.append(BeautifulSoup(NAME, "html.parser").span)
        return found

    context["generate_toctree_html"] = named


def setup(app):
    app.connect("config-inited", write_pages, priority=400)  # the table of contents is read at 900
    app.connect("doctree-read", name_shortly, priority=900)  # after Sphinx read its own
    app.connect("html-page-context", name_toggles, priority=901)
    app.connect("html-page-context", point_at_specs, priority=901)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
