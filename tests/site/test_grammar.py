"""Numbers, captions and code of figures: laws of the engine, and small books that break them."""

import inspect
import json
import re

import browsing
import pytest
import small_books as books
import yaml
from bs4 import BeautifulSoup

CELL = "```{{code-cell}} ipython3\n{head}\n{code}\n```\n"
SVG = 'from IPython.display import HTML\nHTML(\'<svg role="img" aria-label="A line"></svg>\')'
EQUATION = "$$\na = {name}\n$$ (eq-{name})\n"


def chapter(*parts):
    return books.HEADER + "# A chapter\n\n" + "\n".join(parts)


def figure(name, caption="A line rises.", code=SVG, more=""):
    head = f":name: {name}\n:caption: {caption}\n{more}"
    return CELL.format(head=head, code=code)


# -- one sentence ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "caption, count",
    [
        ("The gate opens.", 1),
        ("Does the gate open?", 1),
        ("At 0.9 a third is left, cf. Hochreiter et al. 1997, i.e. the belt (see Fig. 3).", 1),
        ("“It opens.”", 1),
        ("The gate opens. Then it closes.", 2),
        ("What opens? the gate.", 2),
        ("The gate opens", 0),
        ("First it opens. Then it closes", 0),
        ("", 0),
    ],
)
def test_a_caption_is_counted_in_sentences(caption, count):
    from figure_ext import sentences

    assert sentences(caption) == count


# -- source ----------------------------------------------------------------------------------------


def test_source_reads_what_python_would_run():
    """For every hand-written step and step back, function by function, and for a class."""
    from course_utils import numpy_nn
    from course_utils.specs import SPECS
    from source_ext import read

    for key in SPECS:
        cell = numpy_nn.get_cell(key)
        for function in (cell.step, cell.step_backward, cell.State):
            name = f"{function.__module__}.{function.__name__}"
            text, path, first, last = read(name)
            assert text == inspect.getsource(function).rstrip("\n"), name
            assert path.read_text("utf-8").splitlines()[first - 1 : last] == text.splitlines()


def test_generated_functions_are_shown_alone():
    from course_utils.compiled.targets import source
    from source_ext import excerpt

    for key in ("rnn", "lstm", "slstm"):
        text = source(key, "numba")
        forward, backward = (excerpt(text, [name]) for name in ("forward", "backward"))
        assert f"{forward}\n\n\n{backward}" == excerpt(text, ["forward", "backward"])
        assert forward.startswith("@kernel\ndef forward(") and forward in text
        assert "def backward" not in forward and "def forward" not in backward


def test_source_reads_whole_modules_and_methods():
    from source_ext import read

    text, path, first, last = read("course_utils.spec")
    assert text == path.read_text("utf-8").rstrip("\n") and (first, last) == (
        1, len(text.splitlines()))  # fmt: skip
    assert read("course_utils.spec.CellSpec.latex")[0].lstrip().startswith("def latex")


@pytest.mark.parametrize(
    "name, said",
    [
        ("course_utils.numpy_nn.cells.rnn.no_such", "no 'no_such'; choose from"),
        ("no_such_package.step", "no module 'no_such_package'"),
    ],
)
def test_source_names_what_is_missing(name, said):
    from source_ext import read

    with pytest.raises(KeyError, match=re.escape(said)):
        read(name)


# -- small books -----------------------------------------------------------------------------------

FAULTS = {
    "caption": (CELL.format(head=":name: fig-a\n", code=SVG), "figure fig-a has no caption"),
    "name": (CELL.format(head=":caption: It rises.\n", code=SVG), "a figure needs `:name: fig-"),
    "empty": (figure("fig-h", code="print(1)"), "must end in a picture, this one has none"),
    "neither": (CELL.format(head="", code=SVG), "a figure needs `:name: fig-…` and `:caption:"),
    "two": (figure("fig-b", "It rises. It falls."), "one sentence with its full stop, found 2"),
    "stop": (figure("fig-c", "It rises"), "one sentence with its full stop, found 0"),
    "twice": (
        figure("fig-d") + "\n" + figure("fig-d", code="x = 1\n" + SVG),
        'Duplicate explicit target name: "fig-d"',
    ),
    "here": (figure("fig-e"), "duplicate label fig-e"),
    "there": (figure("fig-e"), "duplicate label fig-e"),
    "alt": (
        figure("fig-f", code="import matplotlib.pyplot as plt\nplt.plot([1]);"),
        "has no alt text",
    ),
    "picture": ("```{figure} nothing.svg\n:name: fig-g\n\nIt rises.\n```\n", "has no alt text"),
    "bare": ("![A line](nothing.svg)\n", "use the directive `figure`"),
    "prints": (
        CELL.format(head=":tags: [setup]\n", code="print(1)"), "may not print or show anything",
    ),
    "old": (CELL.format(head=":tags: [hide-input]\n", code="1"), "hide-input: give the figure"),
    "source": ("```{source} course_utils.no_such\n```\n", "source: there is no 'no_such'"),
    "target": ("```{source} rnn\n:target: cobol\n```\n", "there is no target 'cobol'"),
    "functions": (
        "```{source} rnn\n:target: numba\n:functions: forwards\n```\n", "there is no 'forwards'",
    ),
    "chapter": ("{chapter}`nowhere`\n", "reference target not found: nowhere"),
    "unnumbered": ("{chapter}`/book/reference/glossary`\n", "refer to it with {doc}"),
    "number": ("{numref}`fig-nothing`\n", "fig-nothing"),
}  # fmt: skip


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """What a build says of a book in which every page breaks one rule."""
    pages = {f"part/{name}": chapter(text) for name, (text, _) in FAULTS.items()}
    root = books.write_book(tmp_path_factory.mktemp("faulty"), pages)
    books.execute(root)
    return books.build(root)


@pytest.mark.slow
@pytest.mark.parametrize("page", FAULTS)
def test_what_breaks_the_grammar_stops_the_build_and_is_named(faulty, page):
    status, printed = faulty
    lines = [line for line in printed.splitlines() if re.search(r"part/\w+\.md:\d+", line)]
    said = [line for line in lines if FAULTS[page][1] in line]
    assert status != 0
    where = ("here.md", "there.md") if page in ("here", "there") else (f"{page}.md",)
    assert any(name in line for line in said for name in where), printed


def contributed():
    """The figure that CONTRIBUTING adds, as a chapter; a setup cell holds its function."""
    text = (books.ROOT / "CONTRIBUTING.md").read_text("utf-8")
    text = text[text.index("## Add a figure") : text.index("## Change the book")]
    module = re.search(r"```python\n# src/\S+/survival.py\n(.*?)```", text, re.DOTALL)[1]
    cell = re.search(r"````md\n(.*?)````", text, re.DOTALL)[1]
    load = (
        "import matplotlib.pyplot as plt\nimport numpy as np\nfrom course_utils import figures\n"
        f"room = {{}}\nexec({module!r}, room)\nfigures.survival = room['survival']"
    )
    return chapter(CELL.format(head=":tags: [setup]\n", code=load), cell)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A book of two parts that obeys: its folder, built, and its notebooks."""
    pages = {
        "one/first": chapter(figure("fig-one"), EQUATION.format(name="b")),
        "one/second": chapter(
            "As {numref}`fig-four`, {eq}`eq-d` and {chapter}`/book/two/fourth` say."
        ),
        "two/third": chapter(
            figure("fig-two", ">\n:  A colon: $h_t$\n:  and `x`."),
            figure("fig-three", more=":tags: [show-input]\n", code="y = 2\n" + SVG),
            CELL.format(head=":tags: [setup]\n", code="import json"),
            EQUATION.format(name="c"),
        ),
        "two/fourth": chapter(figure("fig-four"), EQUATION.format(name="d")),
        "two/everything": books.PAGES / "everything.md",
        "two/other": books.PAGES / "other.md",
        "two/contributed": contributed(),
    }
    root = books.write_book(tmp_path_factory.mktemp("sound"), pages)
    (root / "book/two/picture.svg").write_bytes((books.PAGES / "picture.svg").read_bytes())
    status, printed = books.execute(root)
    assert status == 0, printed
    status, printed = books.build(root)
    assert status == 0, printed
    status, printed = books.lower(root, root / "notebooks")
    assert status == 0, printed
    return root


def page(root, name):
    text = (root / f"_build/html/book/{name}.html").read_text("utf-8")
    return BeautifulSoup(text, "html.parser").find("article")


def numbers(root, name):
    """(figure numbers, equation numbers) as printed on a page."""
    soup = page(root, name)
    figures = [tag.text.strip() for tag in soup.select("figcaption .caption-number")]
    return figures, [tag.text.rstrip("#") for tag in soup.select(".eqno")]


@pytest.mark.slow
def test_numbers_run_through_the_parts(sound):
    """Chapters, figures and equations take the chapter's number in the book, not in its part."""
    assert numbers(sound, "one/first") == (["Figure 1.1"], ["(1.1)"])
    assert numbers(sound, "two/third") == (["Figure 3.1", "Figure 3.2"], ["(3.1)"])
    assert numbers(sound, "two/fourth") == (["Figure 4.1"], ["(4.1)"])
    assert numbers(sound, "two/everything")[0] == ["Figure 5.1", "Figure 5.2"]
    links = {a.text: a["href"] for a in page(sound, "one/second").select("p a.reference")}
    assert links == {
        "Figure 4.1": "../two/fourth.html#fig-four",
        "(4.1)": "../two/fourth.html#equation-eq-d",
        "Chapter 4": "../two/fourth.html",
    }


@pytest.mark.slow
def test_the_figure_of_contributing_is_one(sound):
    assert numbers(sound, "two/contributed") == (["Figure 7.1"], [])
    drawn = page(sound, "two/contributed").find(id="fig-survival").find("svg")
    assert "nine tenths" in drawn["aria-label"] and "f = 0.99" in drawn.text


@pytest.mark.slow
def test_a_figure_is_linked_and_its_code_stands_below(sound):
    soup = page(sound, "two/third")
    folded, shown = soup.find(id="fig-two"), soup.find(id="fig-three")
    for tag in (folded, shown):
        assert tag.name == "figure" and tag.find("svg")
        assert tag.select_one("figcaption a.headerlink")["href"] == f"#{tag['id']}"
    assert not folded.find("pre")
    below = folded.find_next_sibling()
    assert below.name == "details" and below.summary.text == "Code of Figure 3.1"
    assert "HTML(" in below.find("pre").text and not below.has_attr("open")
    assert "y = 2" in shown.find("pre").text and shown.find_next_sibling().name != "details"
    assert "import json" not in soup.text


@pytest.mark.slow
def test_the_notebook_says_what_the_page_says(sound):
    cells = json.loads((sound / "notebooks/two/third.ipynb").read_text("utf-8"))["cells"]
    text = ["".join(cell["source"]) for cell in cells]
    at = next(k for k, source in enumerate(text) if source.startswith("#@title Code of Figure 3.1"))
    assert cells[at]["metadata"] == {"cellView": "form", "jupyter": {"source_hidden": True}}
    assert text[at + 1].startswith("**Figure 3.1.** A colon: $h_t$ and `x`.")
    assert "y = 2" in text[at + 2] and "#@title" not in text[at + 2]
    assert text[at + 3].startswith("**Figure 3.2.**")
    assert any(source == "import json" for source in text)
    everything = (sound / "notebooks/two/everything.ipynb").read_text("utf-8")
    for words in (
        "Code of Figure 5.1",
        "**Figure 5.2.** Drawn by hand",
        "[Chapter 6](",
        "def step(params, x, prev)",
        "blob/main/src/course_utils/numpy_nn/cells/rnn.py#L",
    ):
        assert words in everything, words
    assert not re.findall(r"\{(?:numref|chapter|source|figure)\}", everything)


# -- the book itself -------------------------------------------------------------------------------


@pytest.mark.site
def test_the_book_is_numbered_by_its_table_of_contents():
    """Chapter k holds figures k.1, k.2, … and equations k.1, k.2, …, and so does its notebook."""
    site = browsing.site()
    toc = yaml.safe_load((books.ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [c["file"] for p in toc["parts"] if p.get("numbered") for c in p["chapters"]]
    for k, name in enumerate(chapters, 1):
        soup = BeautifulSoup((site / f"{name}.html").read_text("utf-8"), "html.parser")
        assert soup.select_one("article h1 .section-number").text.strip() == f"{k}."
        printed = [t.text.strip() for t in soup.select("article figcaption .caption-number")]
        assert printed == [f"Figure {k}.{n}" for n in range(1, len(printed) + 1)], name
        equations = [t.text.rstrip("#") for t in soup.select("article .eqno")]
        assert equations == [f"({k}.{n})" for n in range(1, len(equations) + 1)], name
        path = books.ROOT / f"{name.replace('book', 'notebooks', 1)}.ipynb"
        cells = json.loads(path.read_text("utf-8"))["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        assert re.findall(r"^\*\*(Figure [\d.]+)\.\*\*", text, re.MULTILINE) == printed, name
