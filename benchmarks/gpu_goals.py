"""Issue 23's goals beside what a run reached, and its table, from the JSON alone."""

from course_utils.specs import get_spec

NOT = "not measured"
DRY = "not measured (dry run)"


def goals(found):
    """[{"goal", "wanted", "here", "met", "where"}]; met: true, false, or why nobody knows."""
    rows = [row for row in found["cases"] if "ms" in row]
    sheet = found["machine"].get("data_sheet_gb_s")
    made = [
        at_most("our LSTM as a graph / cuDNN's LSTM at its best", 1.5, best(rows, "graph")),
        at_most("a variant / our LSTM, both as graphs", 1.15, variants(rows)),
        at_least("the loop in Python / a graph", 20, eager(rows)),
        at_least("scan / a copy, in GB/s", 0.7, scan(rows, None)),
        at_least("scan / the data sheet, in GB/s", 0.7, scan(rows, sheet) if sheet else {}),
        at_least("cuDNN's LSTM in fp16 / our persistent one", 0.8, persistent(rows)),
    ]
    if found.get("dry_run"):
        made = [g | {"here": None, "met": DRY, "where": ""} for g in made]
    return made


def at_most(text, wanted, reached):
    """A goal that the largest of where -> value decides."""
    return _goal(text, wanted, reached, max, lambda here: here <= wanted)


def at_least(text, wanted, reached):
    """A goal that the smallest of where -> value decides."""
    return _goal(text, wanted, reached, min, lambda here: here >= wanted)


def _goal(text, wanted, reached, worst, met):
    base = {"goal": text, "wanted": wanted}
    if not reached:
        return base | {"here": None, "met": NOT, "where": ""}
    where, here = worst(reached.items(), key=lambda item: item[1])
    return base | {"here": here, "met": met(here), "where": f"{where}, worst of {len(reached)}"}


# -- ratios: where -> value ------------------------------------------------------------------------


def by_case(rows, part):
    """case -> its rows; only rows of one case were measured in turn."""
    cases = {}
    for row in rows:
        if row["part"] == part:
            cases.setdefault(row["case"], []).append(row)
    return cases


def quickest(rows, **facts):
    """The least milliseconds of the rows with these facts, or None."""
    found = [r["ms"] for r in rows if all(r.get(k) == v for k, v in facts.items())]
    return min(found, default=None)


def best(rows, way):
    """Our quickest number format over cuDNN's quickest, LSTM, both passes."""
    reached = {}
    for case, here in by_case(rows, way).items():
        ours, cudnn = (quickest(here, cell="lstm", way=w) for w in (way, "cudnn"))
        if ours and cudnn:
            reached[case] = ours / cudnn
    return reached


def variants(rows):
    """A cell's training step over the LSTM's; by product where a cell multiplies more."""
    reached = {}
    for key, here in by_case(rows, "variants").items():
        own, lstm = (quickest(here, cell=k, pass_="training") for k in (key, "lstm"))
        if own and lstm and key != "lstm":
            reached[key] = own / lstm / max(1, products(key))
    return reached


def eager(rows):
    """The loop's time over the graph's."""
    return _over(by_case(rows, "eager"), {"way": "eager"}, {"way": "graph"})


def persistent(rows):
    """cuDNN's time in fp16 over that of the persistent kernel."""
    cudnn = {"cell": "lstm", "way": "cudnn", "format": "fp16"}
    return _over(by_case(rows, "persistent"), cudnn, {"cell": "lstm", "way": "persistent"})


def _over(cases, slow, fast):
    reached = {}
    for case, here in cases.items():
        above, below = quickest(here, **slow), quickest(here, **fast)
        if above and below:
            reached[case] = above / below
    return reached


def scan(rows, sheet):
    """GB/s of the recurrence over those of a copy beside it, or over the data sheet's."""
    reached = {}
    for case, here in by_case(rows, "scan").items():
        rates = {row["what"]: row["gb_s"] for row in here if "gb_s" in row}
        for what in rates.keys() - {"copy"}:
            if sheet or "copy" in rates:
                reached[f"{case} {what}"] = rates[what] / (sheet or rates["copy"])
    return reached


def products(key):
    """Numbers that a cell's recurrent matrices multiply in a step, over those of an LSTM."""

    def recurrent(key):
        shapes = get_spec(key).shapes(64, 64)
        matrices = {n: s for n, s in shapes.items() if len(s) == 2 and n != "weight_ih"}
        return sum(a * b for a, b in matrices.values())

    return recurrent(key) / recurrent("lstm")


# -- what is printed -------------------------------------------------------------------------------


def table(found):
    """Lines of text: the machine, what was measured, what went wrong, the goals last."""
    of = found["machine"]
    yield (
        f"\n{of.get('device')}, {of.get('architecture', 'no GPU')}; torch {of.get('torch')}, "
        f"CUDA {of.get('cuda')}, cuDNN {of.get('cudnn')}, Triton {of.get('triton')}, "
        f"driver {of.get('driver')}; commit {of.get('commit')}"
    )
    yield from measured(found["cases"])
    yield ""
    for name, part in found["parts"].items():
        yield f"{name:16}{part.get('status', '?'):>34}{part.get('seconds', 0):8.1f} s"
    for name, tests in found["tests"].items():
        yield f"{name:16}{tests['passed']} passed, {len(tests['failed'])} failed, " + (
            f"{tests['skipped']} skipped"
        )
        yield from (f"  FAILED {f['test']}: {f['why']}" for f in tests["failed"])
    yield f"\n{'goal':52}{'here':>8}{'wanted':>8}  met"
    for g in found["goals"]:
        here = "-" if g["here"] is None else f"{g['here']:.2f}"
        met = {True: "yes", False: "no"}.get(g["met"], g["met"])
        yield f"{g['goal']:52}{here:>8}{g['wanted']:8g}  {met}  {g['where']}"


def measured(rows):
    """A line for each row."""
    for row in rows:
        who = " ".join(str(row[k]) for k in WHO if k in row)
        size = ",".join(map(str, row.get("size", ())))
        text = row.get("error") or row.get("missing") or ", ".join(numbers(row))
        yield f"{row['part']:11}{who or row['case']:34}{size:20}{text}"


def numbers(row):
    """The numbers of a row, with their units."""
    if "ms" in row:
        yield f"{row['ms']:.3f} ms ({row['low']:.3f} to {row['high']:.3f})"
    yield from (f"{row[k]:.3g} {unit}" for k, unit in UNITS.items() if row.get(k))


WHO = ("cell", "way", "what", "dtype", "format", "pass_")
UNITS = {
    "us_per_step": "us a step", "gb_s": "GB/s", "tflop_s": "TFLOP/s", "wrong": "away",
    "first_s": "s at first", "second_s": "s then", "held_mb": "MB held", "left_mb": "MB left",
}  # fmt: skip
