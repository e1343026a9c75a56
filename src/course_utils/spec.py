"""What a recurrent cell is, as facts: equations, gates, states, parameters, source.

A spec computes nothing by itself; its equations, run by ``oracle``, are what both implementations
(``numpy_nn`` and ``torch_nn``) are tested against, and what the book prints.
"""

import math
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real

import numpy as np

from course_utils import equations
from course_utils.shapes import expect, whole

KINKED = {"relu", "maximum", "positive"}
_AXIS = re.compile(r"(\d*)([DH])")


class Facts(dict):
    """A dict that refuses changes: facts are shared by all who read them."""

    def _refuse(self, *_args, **_kwargs):
        """TypeError."""
        raise TypeError("the facts of a cell do not change; use dict(...) for a copy that may")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self):
        return type(self), (dict(self),)  # unpickling a dict sets its items one by one


@dataclass(frozen=True)
class Param:
    """One parameter array.

    axes, as for ``shapes.expect``, e.g. ``"4H D"``; symbols, the names that its equal blocks along
    the first axis have in the equations, e.g. ``("W_xi", "W_xf", "W_xg", "W_xo")``.
    """

    name: str
    axes: str
    symbols: tuple


@dataclass(frozen=True)
class Source:
    """Where the equations were taken from: bibliography key and place (equation, section, page)."""

    cite: str
    locator: str
    seen: str = "paper"  # paper | quoted:<by whom> | none


def stacked(gates, recurrent=None, peepholes=""):
    """The usual parameters of a gated cell, stacked over its gates in PyTorch's layout.

    gates, e.g. ``"ifgo"``, the rows of ``weight_ih (G·H, D)`` and ``bias_ih (G·H,)``; recurrent,
    the rows of ``weight_hh`` and ``bias_hh`` if they differ; peepholes, the gates that see the cell
    state through a vector ``weight_c* (H,)``.
    """
    recurrent = gates if recurrent is None else recurrent
    rows, hidden_rows = _times(len(gates)), _times(len(recurrent))
    params = [Param("weight_ih", f"{rows} D", tuple(f"W_x{k}" for k in gates))]
    if recurrent:
        params.append(Param("weight_hh", f"{hidden_rows} H", tuple(f"W_h{k}" for k in recurrent)))
    params.append(Param("bias_ih", rows, tuple(f"b_x{k}" for k in gates)))
    if recurrent:
        params.append(Param("bias_hh", hidden_rows, tuple(f"b_h{k}" for k in recurrent)))
    return (*params, *(Param(f"weight_c{k}", "H", (f"p_{k}",)) for k in peepholes))


def _times(n):
    return "H" if n == 1 else f"{n}H"


@dataclass(frozen=True)
class CellSpec:
    """One recurrent cell.

    key: its name in code.  title: in prose.  equations: one step, top to bottom; they read ``x``,
    ``<state>_prev`` and the symbols of ``params`` (a bias ``b_k`` is the sum of ``b_xk`` and
    ``b_hk``), and define every state.  gates: the stacking order of the weights.  states: what is
    carried; the first is the output ``y`` unless ``output`` names another target.  config:
    constants that are not trained, with their defaults.  initial: what a state starts from where
    that is not 0.0; an int makes a state of integers.  matrices: the states that are (B, H, H) and
    not (B, H).  retention: the gates whose biases decide the share of the state that survives a
    step, +1 where the gate keeps, -1 where it writes.  inputs: what a step reads besides x and its
    states.  symbols: LaTeX for names of their own.  words: what such names mean, as phrases.
    bounded: False where neither a gate nor a squashing function limits what large inputs do.

    Specs are values: equal where every field is, hashable, and they survive copy and pickle.
    """

    key: str
    title: str
    equations: tuple
    gates: tuple
    states: tuple
    params: tuple
    source: Source
    summary: str
    paper_names: Facts = field(default_factory=dict)
    departures: tuple = ()
    config: Facts = field(default_factory=dict)
    initial: Facts = field(default_factory=dict)
    retention: tuple = ()
    inputs: tuple = ()
    output: str = ""
    symbols: Facts = field(default_factory=dict)
    words: Facts = field(default_factory=dict)
    bounded: bool = True
    matrices: tuple = ()

    def __post_init__(self):
        for name in ("paper_names", "config", "initial", "symbols", "words"):
            object.__setattr__(self, name, Facts(getattr(self, name)))
        object.__setattr__(self, "output", self.output or self.states[0])
        defined = [equations.target(line) for line in self.equations]
        missing = [s for s in (*self.states, *self.matrices, self.output) if s not in defined]
        if missing:
            raise equations.EquationError(f"{self.key}: no equation defines {', '.join(missing)}")
        unknown = [n for line in self.equations for n in equations.names(line)]
        unknown = set(unknown) - set(defined) - set(self.readable())
        if unknown:
            raise equations.EquationError(
                f"{self.key}: the equations read {sorted(unknown)}, which nothing defines"
            )

    @property
    def smooth(self):
        """Whether every equation is analytic, so that a complex step passes through all of them."""
        return not any(equations.calls(line) & KINKED for line in self.equations)

    def __hash__(self):
        return hash(self.key)  # equal specs have equal keys; the mappings have no hash of their own

    def readable(self):
        """Every name that the equations may read without defining it."""
        blocks = [s for p in self.params for s in p.symbols]
        sums = [f"b_{s[3:]}" for s in blocks if s.startswith("b_x") and f"b_h{s[3:]}" in blocks]
        states = [f"{s}_prev" for s in self.states]
        return ("x", *states, *self.inputs, *self.config, *blocks, *sums)

    def latex(self, lines=None):
        """The equations as a LaTeX ``aligned`` block; lines picks some by the name they define."""
        return equations.latex(self.lines(lines), self.symbols)

    def lines(self, targets=None):
        """The equation lines, or those that define the given names, in the spec's order."""
        if targets is None:
            return self.equations
        targets = [targets] if isinstance(targets, str) else list(targets)
        lines = tuple(line for line in self.equations if equations.target(line) in targets)
        missing = set(targets) - {equations.target(line) for line in lines}
        if missing:
            raise KeyError(f"{self.key} has no equation for {', '.join(sorted(missing))}")
        return lines

    def edges(self):
        """{(source, target)}: which variable feeds which, for the diagram."""
        edges = equations.edges(self.equations)
        return {(source, target) for source, target in edges if source not in self.config}

    def check(self, params, **arrays):
        """Check the arrays of one layer against this cell and each other.

        params: dict with exactly the names of ``self.params``.  arrays as for ``shapes.expect``.
        Returns the sizes by axis, among them D and H.  Raises ShapeError or KeyError by name.
        """
        wanted = [p.name for p in self.params]
        if set(params) != set(wanted):
            missing, extra = sorted(set(wanted) - set(params)), sorted(set(params) - set(wanted))
            parts = [f"missing {', '.join(missing)}"] if missing else []
            parts += [f"unknown {', '.join(extra)}"] if extra else []
            raise KeyError(
                f"params of {self.key}: {'; '.join(parts)}; expected {', '.join(wanted)}"
            )
        # the recurrent weight first: its second axis is H, and it names the width for the others
        ordered = sorted(self.params, key=lambda p: "H" not in p.axes.split())
        return expect(**{p.name: (params[p.name], p.axes) for p in ordered}, **arrays)

    def options(self, config=None):
        """The constants with some of them replaced.

        KeyError for one the cell does not have; TypeError or ValueError for a value of another kind
        than the spec's: a finite number, or positive integers.
        """
        if config is not None and not isinstance(config, Mapping):
            raise TypeError(f"config: expected a dict of constants, got {type(config).__name__}")
        unknown = set(config or {}) - set(self.config)
        if unknown:
            allowed = ", ".join(self.config) or "none"
            raise KeyError(
                f"config: {self.key} has no {', '.join(sorted(unknown))}; it knows: {allowed}"
            )
        given = {name: _constant(name, v, self.config[name]) for name, v in (config or {}).items()}
        return dict(self.config) | given

    def parameter_count(self, input_size, hidden_size):
        """How many numbers one layer trains."""
        return sum(math.prod(s) for s in self.shapes(input_size, hidden_size).values())

    def parameter_formula(self):
        """The same as a formula in LaTeX, e.g. ``4HD + 4H^2 + 8H``."""
        terms = {"HD": 0, "H^2": 0, "H": 0}
        for p in self.params:
            axes = [_AXIS.fullmatch(axis).groups() for axis in p.axes.split()]
            power = "".join(sorted((letter for _, letter in axes), reverse=True))
            terms[power.replace("HH", "H^2")] += math.prod(int(n or 1) for n, _ in axes)
        return " + ".join(f"{n if n > 1 else ''}{term}" for term, n in terms.items() if n)

    def shapes(self, input_size, hidden_size):
        """{parameter name: shape}."""
        sizes = {"D": input_size, "H": hidden_size}
        return {p.name: tuple(_size(axis, sizes) for axis in p.axes.split()) for p in self.params}

    def symbol_values(self, params):
        """{symbol of the equations: block of the parameter arrays}; blocks are views."""
        values = {}
        for p in self.params:
            array = params[p.name]
            rows = array.shape[0] // len(p.symbols)
            for k, symbol in enumerate(p.symbols):
                values[symbol] = array[k * rows : (k + 1) * rows]
        for symbol in self.readable():
            if symbol.startswith("b_") and symbol not in values:
                values[symbol] = values[f"b_x{symbol[2:]}"] + values[f"b_h{symbol[2:]}"]
        return values

    def oracle(self, params, x, prev, **others):
        """One step, computed from the printed equations alone.

        x (B, D); prev, the states in order, each (B, H); others: config values and further inputs.
        Arrays may be NumPy (also complex) or torch.  Returns {name: value} for every equation.
        """
        values = dict(self.config) | self.symbol_values(params) | others | {"x": x}
        values |= {f"{s}_prev": v for s, v in zip(self.states, prev, strict=True)}
        functions = NUMPY if isinstance(x, np.ndarray) else TENSOR
        computed = equations.evaluate(self.equations, values, functions)
        return {equations.target(line): computed[equations.target(line)] for line in self.equations}

    def initial_state(self, x, hidden_size):
        """The states before the first step, in order, of the kind of x (T, B, D).

        Each is (B, H), or (B, H, H) where it is one of ``matrices``.
        """
        states = []
        for name in self.states:
            wide = (hidden_size,) * (1 + (name in self.matrices))
            shape = (x.shape[1], *wide)
            value = self.initial.get(name, 0.0)
            state = np.full(shape, value)  # an int makes integers: a clock
            if not isinstance(x, np.ndarray):
                state = sys.modules["torch"].from_numpy(state).to(x.device)
                state = state.to(x.dtype) if state.is_floating_point() else state
            elif state.dtype.kind == "f":
                state = state.astype(x.dtype)
            states.append(state)
        return tuple(states)

    def unroll(self, params, x, state0=None, *, held=None, between=None, config=None, **inputs):
        """All steps, computed from the printed equations alone: the oracle along time.

        x (T, B, D); state0, the states in order, each (B, H), or None for ``initial_state``;
        inputs, what a step reads besides, each (T, B, H).  NumPy (also complex) or torch.
        held: {name: value that broadcasts to (B, H)}, quantities that stand still whatever their
        equation says.  between: a function {state: (B, H)} -> {state: (B, H)} that is applied to
        the states before each step.  Returns {name: (T, B, H)} for every equation; y is under
        ``output``, the last states under their names at t = -1.
        """
        sizes = self.check(params, x=(x, "T B D"))
        defined = [equations.target(line) for line in self.equations]
        held = dict(held or {})
        if unknown := sorted(set(held) - set(defined)):
            raise KeyError(f"held: {self.key} has no {', '.join(unknown)}; it has {defined}")
        blank = self.initial_state(x, sizes["H"])
        held = {name: value + 0 * blank[0] for name, value in held.items()}
        lines = [line for line in self.equations if equations.target(line) not in held]
        known = self.options(config) | self.symbol_values(params) | held
        states = dict(zip(self.states, blank if state0 is None else state0, strict=True))
        functions = NUMPY if isinstance(x, np.ndarray) else TENSOR
        steps = []
        for t in range(len(x)):
            states = between(states) if between is not None else states
            now = {f"{s}_prev": v for s, v in states.items()} | {"x": x[t]}
            now |= {name: value[t] for name, value in inputs.items()}
            steps.append(equations.evaluate(lines, known | now, functions))
            states = {s: steps[-1][s] for s in self.states}
        if not steps:
            return dict.fromkeys(defined, blank[0][None][:0])
        stack = np.stack if isinstance(x, np.ndarray) else sys.modules["torch"].stack
        return {name: stack([values[name] for values in steps]) for name in defined}


def _constant(name, value, default):
    """A value for a constant of a cell, of the kind that the spec's own has."""
    if isinstance(default, tuple):
        if isinstance(value, str) or not isinstance(value, Iterable) or not len(value):
            raise TypeError(f"config: {name} should be a tuple such as {default}, got {value!r}")
        return tuple(whole(f"config: {name}", v, 1) for v in value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"config: {name} should be a number such as {default}, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"config: {name} should be finite, got {value!r}")
    return value


def _size(axis, sizes):
    if axis.isdigit():
        return int(axis)
    return int(axis[:-1] or 1) * sizes[axis[-1]]


def _log_sigmoid(a):
    """log σ(a) without overflow, analytic so that a complex step passes through it."""
    sign = np.where(a.real > 0, 1, -1)  # -log(1+e^-a) for a > 0, a - log(1+e^a) below
    return np.where(a.real > 0, 0, a) - np.log1p(np.exp(-sign * a))


def _clocks(H, periods):
    """The period of each of H units, and which column (H, H) each row hears: as slow or slower."""
    period = [p for p in periods for _ in range(H // len(periods))]
    return period, [[int(there >= here) for there in period] for here in period]


MATRICES = {  # alike in NumPy and torch
    "outer": lambda u, v: u[..., :, None] * v[..., None, :],
    "diag": lambda f, matrix: f[..., :, None] * matrix,
    "read": lambda matrix, q: (matrix @ q[..., None])[..., 0],
}

# What the function names mean.  Logistic as ½(1+tanh(a/2)): no overflow, and analytic.
NUMPY = {
    "sigmoid": lambda a: 0.5 * (1 + np.tanh(0.5 * a)),
    "tanh": np.tanh,
    "relu": lambda a: np.where(a.real <= 0, 0, a),  # a NaN stays one
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "cos": np.cos,
    "sin": np.sin,
    "log_sigmoid": _log_sigmoid,
    "maximum": lambda a, b: np.where((a.real >= b.real) | (a != a), a, b),  # a NaN stays one
    "concat": lambda *parts: np.concatenate(parts, axis=-1),
    "positive": lambda a: np.where(a.real >= 0, a + 0.5, NUMPY["sigmoid"](a)),
    "due": lambda t, periods: np.where(t % _clocks(t.shape[-1], periods)[0] == 0, 1, 0),
    "slower": lambda weight, periods: weight * np.array(_clocks(len(weight), periods)[1]),
    "softmax": lambda a: _softmax(np.exp(a - a.real.max(-1, keepdims=True))),
    "total": lambda a: a.sum(-1, keepdims=True),
    **MATRICES,
}


def _softmax(e):
    return e / e.sum(-1, keepdims=True)


def _tensor_concat(*parts):
    widths = [p.shape[-1] for p in parts]
    out = parts[0].new_empty(*parts[0].shape[:-1], sum(widths))
    start = 0
    for part, width in zip(parts, widths, strict=True):
        out[..., start : start + width] = part
        start += width
    return out


# The same for tensors, by their methods: this module never imports torch.
TENSOR = {
    "sigmoid": lambda a: a.sigmoid(),
    "tanh": lambda a: a.tanh(),
    "relu": lambda a: a.relu(),
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "sqrt": lambda a: a.sqrt(),
    "cos": lambda a: a.cos(),
    "sin": lambda a: a.sin(),
    "log_sigmoid": lambda a: a.clamp(max=0) - (-a.abs()).exp().log1p(),
    "maximum": lambda a, b: a.maximum(b),
    "concat": _tensor_concat,
    "positive": lambda a: (a + 0.5).where(a >= 0, a.sigmoid()),
    "due": lambda t, periods: 1 * (t % t.new_tensor(_clocks(t.shape[-1], periods)[0]) == 0),
    "slower": lambda weight, periods: weight * weight.new_tensor(_clocks(len(weight), periods)[1]),
    "softmax": lambda a: a.softmax(-1),
    "total": lambda a: a.sum(-1, keepdim=True),
    **MATRICES,
}
