"""What every variant of a cell or a structure was seen to matter for, with intervals, from records.

``VARIANTS`` says which records hold a variant against which other network; numbers are read, or
made from what was recorded net by net.  An effect is a *ratio* of losses (no difference: 1), or a
difference between two *shares* of nets or two *medians* (no difference: 0).
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils import ledger
from course_utils.lab.statistics import rate_interval


@dataclass(frozen=True)
class Effect:
    """One comparison.

    task: where, in words.  against: what it was compared with.  kind: "ratio", "shares" or
    "medians".  value, low, high: the effect and its interval.  better: +1 where more is better, -1
    where less is.  form: how to print the numbers.  text: the two that were compared, or "".
    """

    task: str
    against: str
    kind: str
    value: float
    low: float
    high: float
    better: int
    form: str = ".0%"
    text: str = ""

    @property
    def seen(self):
        """Whether the interval leaves out *no difference*."""
        return not self.low <= (self.kind == "ratio") <= self.high

    @property
    def helps(self):
        """Whether the variant is on the better side."""
        return (self.value - (self.kind == "ratio")) * self.better > 0

    @property
    def numbers(self):
        """The effect and its interval, such as "54 × the loss (9.69 to 103)"."""
        ends = self.value, self.low, self.high
        if self.kind == "ratio":
            value, low, high = (
                f"{x:.2g}" if x < 0.1 else f"{x:.2f}" if x < 10 else f"{x:.0f}" for x in ends
            )
            return f"{value} × the loss ({low} to {high})"
        percent = self.form.endswith("%")
        digits = self.form.strip("%") + "f" if percent else self.form
        value, low, high = (
            format(100 * x if percent else x, f"+{digits}").replace("-", "−") for x in ends
        )
        return f"{value}{' points' * percent} ({low} to {high}; {self.text})"

    @property
    def size(self):
        """What to sort by: |log ratio|, or the distance from 0 in widths of the interval."""
        if self.kind == "ratio":
            return abs(np.log(self.value))
        return abs(self.value) / max(self.high - self.low, 1e-9)


@dataclass(frozen=True)
class Variant:
    """One row.

    key: the cell's, or the structure's name.  group: its chapter.  base: the cell whose equations
    it edits, None for a structure.  effects: functions without arguments -> Effect.  change: what a
    structure changes.  speed: its name in ``speed_cells``, where its time was measured.
    """

    key: str
    title: str
    group: str
    base: str | None = None
    effects: tuple = ()
    change: str = ""
    speed: str | None = None


def shares_apart(a, of_a, b, of_b, level=0.95):
    """a of of_a less b of of_b, as (difference, low, high): Newcombe 1998, method 10."""
    p, q = a / of_a, b / of_b
    (low_p, high_p), (low_q, high_q) = rate_interval(a, of_a, level), rate_interval(b, of_b, level)
    low = p - q - np.hypot(p - low_p, high_q - q)
    high = p - q + np.hypot(high_p - p, q - low_q)
    return p - q, float(low), float(high)


def medians_apart(a, b, level=0.95, resamples=2000, paired=False):
    """median(a) - median(b) of values (n,) and (m,), as (difference, low, high).

    Percentile bootstrap, the same at each call; paired: a and b belong to the same seeds, which
    are drawn together.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(a), (resamples, len(a)))
    other = rows if paired else rng.integers(0, len(b), (resamples, len(b)))
    apart = np.median(a[rows], axis=1) - np.median(b[other], axis=1)
    edge = (1 - level) / 2
    low, high = np.quantile(apart, [edge, 1 - edge])
    return float(np.median(a) - np.median(b)), float(low), float(high)


def searched(record, name, task, against, path="", turned=False):
    """The ratio of losses of a random search; turned: of the first net over this one."""
    nets = ledger.value(record, f"{path}nets")
    over = nets[name]["over"]
    ratio, low, high = over["ratio"], over["low"], over["high"]
    if turned:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    return Effect(task, against, "ratio", ratio, low, high, -1)


def counted(record, a, b, task, against, of="of"):
    """A difference of shares of nets; a, b: paths of the two counts."""
    values = ledger.result(record)["values"]
    n, (x, y) = values[of], (ledger.value(record, path) for path in (a, b))
    return Effect(task, against, "shares", *shares_apart(x, n, y, n), 1,
                  text=f"{x} of {n} against {y}")  # fmt: skip


def between(record, a, b, task, against, better, paired=False, form=".3g"):
    """A difference of medians; a, b: paths of the values net by net."""
    x, y = (ledger.value(record, path) for path in (a, b))
    text = f"{np.median(x):{form}} against {np.median(y):{form}}"
    apart = medians_apart(x, y, paired=paired)
    return Effect(task, against, "medians", *apart, better, form, text)


TASKS = {"adding": "adding", "reber": "Reber stream", "timing": "timing", "text": "text"}
PEEPHOLES = tuple(
    partial(counted, "timing_wave", f"peepholes.{s}.stable", f"none.{s}.stable",
            f"{s} of ten steps, one cell", "LSTM")
    for s in ("cosine", "triangle", "rectangle")
) + tuple(
    partial(counted, "timing_spikes", f"{task}.peepholes.{n}.right", f"{task}.none.{n}.right",
            f"{words}, {cells} cells", "LSTM")
    for task, words in (("rhythm", "rhythm of five steps"), ("delay", "delay of ten steps"))
    for n, cells in (("2", "two"), ("4", "four"))
) + tuple(
    partial(searched, f"ablation_{name}", "np", task, "LSTM", turned=True)
    for name, task in TASKS.items()
)  # fmt: skip


def ablated(name):
    """The four tasks of the ablation study, against V."""
    return tuple(
        partial(searched, f"ablation_{record}", name, task, "V") for record, task in TASKS.items()
    )


def mutated(name):
    """The four tasks of the search over cells, against the LSTM."""
    return tuple(
        partial(searched, "cell_search", name, task, "LSTM", f"{record}.")
        for record, task in TASKS.items()
    )


def counting(key):
    """How far it counts, against the LSTM."""
    return partial(between, "counting_nets", f"{key}.reach_by_net", "lstm.reach_by_net",
                   "counting beyond 16", "LSTM", 1)  # fmt: skip


def stream(key):
    """Streams of Reber strings without a mistake, against the LSTM."""
    return partial(counted, "stream_cells", f"{key}.perfect", "lstm.perfect",
                   "Reber stream without a mistake", "LSTM")  # fmt: skip


def tunes(name, size):
    """Bits a character on tunes, against the LSTM."""
    return partial(between, "tunes_cells", f"{name}.by_seed", "lstm.by_seed",
                   f"tunes, bits, {size}", "LSTM", -1, paired=True, form=".2f")  # fmt: skip


COUPLED = (
    partial(counted, "coupled_adding", "coupled.solved", "free.solved", "adding, 60 steps",
            "LSTM, same forget bias"),
    partial(counted, "coupled_adding", "coupled.solved", "both.solved", "adding, 60 steps",
            "LSTM, same retention and write gain"),
    counting("lstm_coupled"), stream("lstm_coupled"),
    tunes("coupled", "as many units"), tunes("coupled_same", "as many weights"),
)  # fmt: skip


def deep(kind):
    """Accuracy on digits by depth, against plain stacks."""
    return tuple(
        partial(between, "deep_training", f"{kind}.{d}.by_seed", f"plain.{d}.by_seed",
                f"digits, {d} layers", "plain stack", 1, form=".0%")
        for d in (2, 6, 16)
    )  # fmt: skip


def swept(depth, words):
    """More layers at equal parameters, against one."""
    against = "one layer, equal parameters"
    return (
        partial(between, "depth_sweep", f"{depth}.by_seed", "1.by_seed", f"digits, {words}",
                against, 1, form=".0%"),
        partial(between, "depth_sweep", f"text.{depth}.by_seed", "text.1.by_seed",
                f"letters, bits, {words}", against, -1, form=".2f"),
    )  # fmt: skip


def clocked(name, words):
    """The error of a signal made from nothing."""
    return partial(between, "clock_signal", "clockwork.by_seed", f"{name}.by_seed",
                   "signal of four frequencies, error", words, -1, paired=True,
                   form=".3f")  # fmt: skip


def directed(task, a, b, words, against, better, form):
    """Two directions, task by task."""
    return partial(between, "directions", f"{task}.by_seed.{a}", f"{task}.by_seed.{b}", words,
                   against, better, paired=True, form=form)  # fmt: skip


RELATIVES, ABLATIONS, STRUCTURES = "relatives", "ablations", "structure"
VARIANTS = (
    Variant("lstm_peephole", "peepholes", RELATIVES, "lstm", PEEPHOLES, speed="lstm_peephole"),
    Variant("lstm_coupled", "coupled gates", RELATIVES, "lstm", COUPLED, speed="lstm_coupled"),
    Variant("gru", "GRU", RELATIVES, "lstm",
            (counting("gru"), stream("gru"), tunes("gru_same", "as many weights"),
             *mutated("gru")), speed="gru"),
    Variant("gru_2014", "GRU of 2014", RELATIVES, "lstm", (counting("gru_2014"),)),
    *(Variant(f"lstm_{n}", n.upper(), ABLATIONS, "lstm_peephole", ablated(n), speed=f"lstm_{n}")
      for n in ("nig", "nfg", "nog", "niaf", "noaf", "cifg")),
    Variant("lstm", "NP", ABLATIONS, "lstm_peephole", ablated("np"), speed="lstm"),
    Variant("lstm_fgr", "FGR", ABLATIONS, "lstm_peephole", ablated("fgr")),
    Variant("lstm", "forget bias of 1", ABLATIONS, "lstm", mutated("one"),
            "no equation; the start of $b_f$", speed="lstm"),
    *(Variant(n, n.upper(), ABLATIONS, "lstm", mutated(n)) for n in ("mut1", "mut2", "mut3")),
    Variant("bidirectional", "two directions", STRUCTURES, None,
            (directed("switch", "two", "one", "switch behind noise", "one direction", 1, ".1%"),
             directed("next", "two_used", "one_used", "next symbol in use, bits",
                      "one direction", -1, ".2f")),
            "a second layer reads from the end"),
    Variant("two", "two layers", STRUCTURES, None, swept("2", "two layers"),
            "a layer reads the layer below"),
    Variant("four", "four layers", STRUCTURES, None, swept("4", "four layers"),
            "a layer reads the layer below"),
    Variant("residual", "residual connection", STRUCTURES, None, deep("residual"),
            "each layer adds its input to its output"),
    Variant("highway", "highway", STRUCTURES, None, deep("highway"),
            "a gate mixes a layer's output with its input"),
    Variant("depth_gated", "depth gate at ½", STRUCTURES, "lstm", deep("depth_gated")),
    Variant("depth_open", "depth gate open", STRUCTURES, None, deep("depth_open"),
            "the same, with the gate's bias at 3"),
    Variant("grid", "Grid LSTM", STRUCTURES, None, deep("grid"),
            "a second LSTM, along depth, with a memory of its own"),
    Variant("clockwork", "clockwork", STRUCTURES, "rnn",
            (clocked("rnn", "plain RNN"), clocked("lstm", "LSTM"),
             clocked("lstm_keeps", "LSTM, f at 0.99"))),
)  # fmt: skip


def effects(variant):
    """Its effects, the largest first, those that were seen before the others."""
    found = [effect() for effect in variant.effects]
    return sorted(found, key=lambda e: (not e.seen, -e.size))


def changed(variant, specs):
    """What differs from its base: (lines that are new, names of lines that are gone)."""
    spec, base = specs[variant.key], specs[variant.base]
    new = [line for line in spec.equations if line not in base.equations]
    names = {line.partition(" = ")[0] for line in spec.equations}
    gone = [line.partition(" = ")[0] for line in base.equations]
    return new, [name for name in gone if name not in names]
