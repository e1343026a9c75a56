"""What a question computes, in the terms of a cell's equations.

On the answer cell, under ``course``:

    "diagnose": {
        "cell": "lstm",                                  or "equations": ["h = tanh(...)"]
        "lines": ["c", "h"],                             some of the cell's equations; else all
        "given": {"x": "x", "h_prev": "h0", "weight_ih": "params['weight_ih']"},
        "parts": {"y": "h", "last": "h[-1]"},            what the check emits
        "gradients": {"h": "dy"}                         for a backward pass: what comes from above
    }

``given`` and ``gradients`` map names of the equations to expressions over the check cell's
variables; a stacked array (weight_ih, bias_ih, bias, ...) is cut into its gates.  A value with a
time axis carries one entry a step; ``"steps": false`` says that there is a single step and no such
axis.  ``"edits": "loop"`` leaves the equations alone, where the check brings the step.  ``"says":
{"from above": "from the caller"}`` replaces the feedback's words by those of the exercise.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from course_utils import equations
from course_utils.specs import get_spec

FIELDS = {"cell", "equations", "lines", "given", "parts", "gradients", "steps", "edits", "every",
          "says"}  # fmt: skip
STACKED = {"weight_ih": "W_x", "weight_hh": "W_h", "bias_ih": "b_x", "bias_hh": "b_h", "bias": "b_"}


class TaskError(ValueError):
    """A question's ``diagnose`` does not fit its check; the message names the entry."""


@dataclass(frozen=True)
class Task:
    """The right equations with one check's numbers.

    values: constants; series: name -> (T, ...); start: state -> array before the first step.
    parts: emitted name -> name of the equations ("h", "h[-1]", "dx", "dweight_ih"); above:
    gradients from outside, name -> (T, ...); every: lengths of truncated chunks, a run for each.
    """

    lines: tuple
    gates: tuple
    values: dict
    series: dict
    start: dict
    parts: dict
    above: dict = field(default_factory=dict)
    single: bool = False
    edits: str = "all"
    every: tuple = ()

    @property
    def T(self):
        """The number of steps."""
        return len(next(iter((self.series | self.above).values())))

    def with_(self, **changes):
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def right(self):
        """What the right cell gives, {part: array}."""
        from course_utils.grading.diagnosis import backward, forward

        room = backward if self.above else forward
        return room.compute(self, room.prepare(self))

    def with_time(self):
        """The parts whose first axis is time, of a forward task."""
        whole = [name for name, source in self.parts.items() if "[" not in source]
        return [] if self.single or self.above else whole


def expressions(about):
    """The expressions whose values `read_task` needs, {name: expression}; "d h" for gradients."""
    unknown = set(about) - FIELDS
    if unknown:
        raise TaskError(f"diagnose: unknown {sorted(unknown)}; know {sorted(FIELDS)}")
    wanted = dict(about.get("given", {}))
    wanted |= {f"d {name}": source for name, source in about.get("gradients", {}).items()}
    if "every" in about:
        wanted["every"] = about["every"]
    return wanted


def read_task(about, arrays):
    """The task of a question; arrays: the values of `expressions` by name."""
    spec = get_spec(about["cell"]) if "cell" in about else None
    lines = tuple(about["equations"]) if spec is None else spec.lines(about.get("lines"))
    gates = spec.gates if spec is not None else ()
    above = {k[2:]: v for k, v in arrays.items() if k.startswith("d ")}
    given = {k: v for k, v in arrays.items() if not k.startswith("d ") and k != "every"}
    given = cut(given, gates)
    above = cut(above, gates)
    defined = {equations.target(line) for line in lines}
    read = dict.fromkeys(name for line in lines for name in equations.names(line))  # in order
    single = not about.get("steps", True)
    values = dict(spec.config) if spec is not None else {}
    series, start = {}, {}
    for name, value in given.items():
        state = name.removesuffix("_prev")
        if equations.is_parameter(name) or np.ndim(value) < 2:
            values[name] = value
        elif name.endswith("_prev") and state in defined and not (single or np.ndim(value) > 2):
            start[state] = value
        else:
            series[name] = value[None] if single else value
    for name in [n for n in read if n.startswith("b_") and n not in values]:
        x, h = f"b_x{name[2:]}", f"b_h{name[2:]}"
        if x in values and h in values:
            values[name] = values[x] + values[h]
    if single:
        above = {name: value[None] for name, value in above.items()}
    return Task(
        lines=lines,
        gates=gates,
        values=values,
        series=series,
        start=start,
        parts=dict(about["parts"]),
        above=above,
        single=single,
        edits=about.get("edits", "all"),
        every=tuple(int(k) for k in np.atleast_1d(arrays["every"])) if "every" in arrays else (),
    )


def cut(arrays, gates):
    """Stacked arrays as one block for each gate: weight_ih -> W_xi, W_xf, ...; "a" -> a_i, ..."""
    blocks = {}
    for name, value in arrays.items():
        prefix = STACKED.get(name)
        if prefix is not None:
            parts = np.split(value, len(gates))
            blocks |= {f"{prefix}{gate}": part for gate, part in zip(gates, parts, strict=True)}
        elif name == "a" and len(gates) > 1:
            parts = np.split(value, len(gates), axis=-1)
            blocks |= {f"a_{gate}": part for gate, part in zip(gates, parts, strict=True)}
        else:
            blocks[name] = value
    return blocks
