"""The clockwork RNN: modules of the hidden layer that tick at their own periods."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="clockwork",
    title="Clockwork RNN",
    summary=(
        "The units fall into modules; one moves only at steps that are multiples of its period "
        "(due is 1 there), and hears only modules as slow as itself or slower."
    ),
    equations=(
        "on = due(t_prev, periods)",
        "a = W_xh @ x + slower(W_hh, periods) @ h_prev + b_h",
        "h = on * tanh(a) + (1 - on) * h_prev",
        "t = t_prev + 1",
    ),
    gates=("h",),
    states=("h", "t"),
    params=stacked("h"),
    source=Source("koutnik2014", "section 3", "quoted: two public reimplementations"),
    config={"periods": (1, 2, 4, 8)},
    initial={"t": 0},
    departures=(
        "Steps count from 0, so that every module moves at the first step.",
        "The output layer of the paper is left to the reader: y is h.",
    ),
    symbols={"t": "k_t", "t_prev": "k_{t-1}", "on": "e_t", "periods": "P"},
    words={
        "a": "the pre-activation",
        "on": "1 for the units whose module moves at this step, 0 for the others",
        "t": "the clock: the number of steps so far",
        "periods": "the periods of the modules",
    },
)
