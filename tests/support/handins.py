"""What people hand in: damaged, converted and rearranged notebooks, each with its points.

Every case starts from a notebook with the full solution (as JSON) and returns bytes.
"""

import copy
import json
from dataclasses import dataclass

FULL = (2, 2, 2, 1, 1, 1, 1)
NONE = (0,) * 7


@dataclass(frozen=True)
class HandIn:
    """change: (notebook dict) -> bytes or a notebook; note: a text the student must read."""

    title: str
    change: object
    points: tuple = FULL
    status: str = "graded"
    note: str = ""


def code_cells(nb):
    return [c for c in nb["cells"] if c["cell_type"] == "code"]


def cell(nb, cell_id):
    return next(c for c in nb["cells"] if c["id"] == cell_id)


def text(nb, cell_id):
    return "".join(cell(nb, cell_id)["source"])


def without(nb, *ids):
    nb["cells"] = [c for c in nb["cells"] if c["id"] not in ids]
    return nb


def new(source, **fields):
    return {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
            "source": source, **fields}  # fmt: skip


def saved_outputs(nb):
    """Wrong answers above outputs that claim otherwise."""
    for c in code_cells(nb):
        if c["id"].endswith("-answer"):
            c["source"] = "pass"
        c["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "right"}]
        c["execution_count"] = 1
    return nb


def duplicated(nb):
    k = next(k for k, c in enumerate(nb["cells"]) if c["id"] == "q2-answer")
    nb["cells"].insert(k, copy.deepcopy(nb["cells"][k]))
    return nb


def duplicated_stub(nb):
    """A stub pasted again below the answer."""
    stub = "# === ANSWER q2 ===\ndef state(i, f, g, o, c_prev):\n" + (
        '    """All (B, H) -> h, c, both (B, H)."""\n'
        '    raise NotImplementedError("q2: write your answer here")\n'
    )
    nb["cells"].append(new(stub, id="copy"))
    return nb


def two_versions(nb):
    nb["cells"].insert(0, new("# === ANSWER q2 ===\ndef state(*a):\n    return 1\n", id="first"))
    return nb


def reordered(nb):
    nb["cells"] = nb["cells"][::-1]
    return nb


def bare(nb):
    """Every id, tag and metadata gone: only markers are left."""
    nb["metadata"] = {}
    nb["nbformat_minor"] = 4
    for c in nb["cells"]:
        del c["id"]
        c["metadata"] = {}
    return nb


def nothing_but_functions(nb):
    bare(nb)
    for c in nb["cells"]:
        c["source"] = "".join(c["source"]).replace("# === ANSWER", "# answer")
    return nb


def retitled(nb):
    for c in nb["cells"]:
        c["id"] = f"cell-{abs(hash(c['id'])) % 10**9}"
    return nb


def colab(nb):
    """As Colab saves: format 4.0, ids in the metadata, its own keys."""
    nb["nbformat_minor"] = 0
    nb["metadata"] = {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU"}
    for k, c in enumerate(nb["cells"]):
        del c["id"]
        c["metadata"] = {"id": f"x{k}AbC", "outputId": "0b", "colab": {"base_uri": "https://…"}}
    return nb


def colab_kept_ids(nb):
    nb["nbformat_minor"] = 0
    for c in nb["cells"]:
        c["metadata"] = {"id": c.pop("id")}
        c["source"] = "".join(c["source"]).replace("# === ANSWER", "# answer")
    return nb


def format_3(nb):
    cells = [
        {"cell_type": "code", "language": "python", "input": "".join(c["source"]), "outputs": [],
         "metadata": {}, "collapsed": False}
        for c in code_cells(nb)
    ]  # fmt: skip
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def merged(nb):
    """Two answers in one cell."""
    both = text(nb, "q1-answer") + "\n\n" + text(nb, "q2-answer")
    cell(nb, "q1-answer")["source"] = both
    return without(nb, "q2-answer")


def moved(nb):
    """The function written in a new cell, the stub left empty."""
    source = text(nb, "q2-answer").replace("# === ANSWER q2 ===", "# my work")
    cell(nb, "q2-answer")["source"] = "# === ANSWER q2 ===\n"
    nb["cells"].append(new(source, id="mine"))
    return nb


def retyped(nb):
    c = cell(nb, "q2-answer")
    c["cell_type"] = "markdown"
    del c["outputs"], c["execution_count"]
    return nb


def edited_check(nb):
    cell(nb, "q2-check")["source"] = "print('right')"
    return nb


def helper_added(nb):
    k = next(k for k, c in enumerate(nb["cells"]) if c["id"] == "q2-answer")
    nb["cells"].insert(k + 1, new("import scipy", id="mine"))
    return nb


def helper_kept(nb):
    """The answer calls a function of a cell that the student added."""
    c = cell(nb, "q2-answer")
    c["source"] = "".join(c["source"]).replace("np.tanh(c)", "squash(c)")
    k = nb["cells"].index(c)
    nb["cells"].insert(k + 1, new("def squash(v):\n    return np.tanh(v)\n", id="mine"))
    return nb


def import_added(nb):
    """The same function, imported in the set-up cell."""
    c = cell(nb, "q2-answer")
    c["source"] = "".join(c["source"]).replace("np.tanh(c)", "squash(c)")
    cell(nb, "setup")["source"] = text(nb, "setup") + "\nfrom numpy import tanh as squash\n"
    return nb


def below_the_stub(nb):
    """The stub left as it was, the answer in a cell below it."""
    c = cell(nb, "q2-answer")
    source = "".join(c["source"]).replace("# === ANSWER q2 ===\n", "")
    c["source"] = (
        "# === ANSWER q2 ===\ndef state(i, f, g, o, c_prev):\n"
        '    """All (B, H) -> h, c, both (B, H)."""\n'
        '    raise NotImplementedError("q2: write your answer here")\n'
    )
    nb["cells"].insert(nb["cells"].index(c) + 1, new(source, id="mine"))
    return nb


def big_outputs(nb):
    lines = {"output_type": "stream", "name": "stdout", "text": "x" * 50_000_000}
    cell(nb, "q1-check")["outputs"] = [lines]
    return nb


def same_ids(nb):
    for c in nb["cells"]:
        c["id"] = "same"
    return nb


def deleted_answer(nb):
    return without(nb, "q2-answer")


def odd_json(nb):
    nb["cells"][0]["source"] = 17
    nb["cells"].insert(0, None)
    nb["cells"].insert(0, "text")
    nb["metadata"] = None
    nb["x"] = float("nan")
    for c in nb["cells"]:
        if isinstance(c, dict):
            c["metadata"] = None
    return nb


def encoded(codec, mark=b""):
    def change(nb):
        nb["cells"][0]["source"] = "naïve"
        return mark + json.dumps(nb, ensure_ascii=False).encode(codec)

    return change


def raw(data):
    return lambda nb: data


def cut(nb):
    data = json.dumps(nb).encode()
    return data[: len(data) // 2]


CASES = [
    HandIn("untouched solution", lambda nb: nb),
    HandIn("right outputs saved over wrong answers", saved_outputs, NONE),
    HandIn("check cells deleted", lambda nb: without(nb, "q1-check", "q2-check")),
    HandIn("set-up cell deleted", lambda nb: without(nb, "setup")),
    HandIn(
        "an answer deleted", deleted_answer, (2, 0, 2, 1, 1, 1, 1), note="q2: no answer was found"
    ),
    HandIn("an answer cell duplicated", duplicated),
    HandIn("a stub pasted below the answer", duplicated_stub),
    HandIn("two different answers", two_versions, note="different answers; the last was graded"),
    HandIn("cells in reverse order", reordered),
    HandIn("ids changed", retitled),
    HandIn("all ids the same", same_ids),
    HandIn("metadata and ids stripped", bare),
    HandIn("markers stripped as well", nothing_but_functions),
    HandIn("saved by Colab", colab),
    HandIn("saved by Colab, markers lost, ids kept", colab_kept_ids),
    HandIn("nbformat 3", format_3),
    HandIn("nbformat 5", lambda nb: nb | {"nbformat": 5}),
    HandIn("two answers in one cell", merged),
    HandIn("an answer moved to a new cell", moved, note="found in another cell"),
    HandIn("an answer turned into Markdown", retyped, note="was not a code cell"),
    HandIn("a check cell edited", edited_check, note="the original was used"),
    HandIn("a cell added", helper_added, note="added after q2 was not graded"),
    HandIn("a helper in an added cell", helper_kept, note="its imports and definitions were used"),
    HandIn("an import in the set-up cell", import_added, note="the definitions that you added"),
    HandIn("an answer below the untouched stub", below_the_stub, note="found in another cell"),
    HandIn("50 MB of outputs", big_outputs),
    HandIn("null metadata, NaN, cells that are no cells", odd_json),
    HandIn("UTF-8 with a byte-order mark", encoded("utf-8", b"\xef\xbb\xbf")),
    HandIn("UTF-16", encoded("utf-16"), note="UTF-16"),
    HandIn("UTF-16 without a mark", encoded("utf-16-be"), note="UTF-16"),
    HandIn("Latin-1", encoded("latin-1"), note="Latin-1"),
    HandIn("cut off", cut, NONE, "unreadable", "cut off"),
    HandIn("empty", raw(b""), NONE, "unreadable", "empty"),
    HandIn("a list", raw(b"[1, 2]"), NONE, "unreadable", "not a notebook"),
    HandIn("a notebook without cells", raw(b'{"nbformat": 4}'), NONE, "unreadable", "no notebook"),
    HandIn("nested 100,000 deep", raw(b"[" * 100_000), NONE, "unreadable", "nested"),
    HandIn("a PDF", raw(b"%PDF-1.7 ..."), NONE, "unreadable", "PDF"),
    HandIn("a zip archive", raw(b"PK\x03\x04...."), NONE, "unreadable", "zip"),
    HandIn("a web page", raw(b"<!DOCTYPE html>"), NONE, "unreadable", "web page"),
    HandIn("random bytes", raw(bytes(range(256))), NONE, "unreadable", "not a notebook"),
    HandIn("larger than 64 MB", raw(b" " * (65 << 20)), NONE, "unreadable", "larger"),
]
