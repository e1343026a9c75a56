"""Copies are flagged; honest work, and what many write, is not."""

from small_class import ANSWERS, entry, record, rows_of


def own(salt):
    """An answer of some length that is nobody else's: ``salt`` decides its structure."""
    kinds = ("{v} = np.tanh({v} + {k})", "for j{k} in range(3):\n        {v} = {v} * 2",
             "if {v} is None:\n        return {k}", "{v} = [w for w in ({v}, {k})][0]",
             "{v} = (lambda u: u - {k})({v})")  # fmt: skip
    lines = [kinds[(salt >> (2 * n)) % len(kinds)].format(v="value", k=n) for n in range(12)]
    return "\n    ".join(["def gates(p, x, h):", "value = x", *lines, "return value"]) + "\n"


def test_copies_are_flagged_and_honest_work_is_not():
    mine, theirs = own(0x91A7C3), own(0x3E51F0)
    renamed = mine.replace("value", "result").replace("gates(p, x, h)", "gates(a, b, c)")
    given = {
        "ada": {**ANSWERS, "q1": mine},
        "bob": {**ANSWERS, "q1": "# my own\n" + renamed.replace("result = x", "result = b")},
        "cyd": {**ANSWERS, "q1": theirs},
        "dan": {**ANSWERS, "q1": theirs},
        "eve": {**ANSWERS, "q1": own(0x777123)},
        "fay": ANSWERS,
    }
    pairs = [(entry(n), record(n, answers=a)) for n, a in given.items()]
    flags = {r.record.submission: " ".join(r.flags) for r in rows_of(*pairs).rows}
    assert "built like those of bob" in flags["ada"] and "ada" in flags["bob"]
    assert "equal those of dan" in flags["cyd"] and "equal those of cyd" in flags["dan"]
    assert "published solution" in flags["fay"]
    assert flags["eve"] == ""


def test_what_many_write_is_no_copy():
    """Short answers have one natural form: a third of a class that has it is not accused."""
    common = own(0x2B9D41)
    given = {f"s{k}": {**ANSWERS, "q1": f"{common}# {k}\n"} for k in range(6)}
    given |= {f"t{k}": {**ANSWERS, "q1": own(0x51F * (k + 3))} for k in range(12)}
    pairs = [(entry(n), record(n, answers=a)) for n, a in given.items()]
    assert not [r.flags for r in rows_of(*pairs).rows if r.record.submission[0] == "s" and r.flags]
