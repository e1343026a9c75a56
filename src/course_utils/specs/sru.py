"""The simple recurrent unit: nothing in it multiplies the state by a matrix."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="sru",
    title="Simple recurrent unit",
    summary=(
        "Gates see their own unit of the cell state through a weight each, so all matrix products "
        "run for the whole sequence at once; a highway shows the input beside the state."
    ),
    equations=(
        "g = W_xg @ x",
        "f = sigmoid(W_xf @ x + U_f * c_prev + b_xf)",
        "r = sigmoid(W_xr @ x + U_r * c_prev + b_xr)",
        "c = f * c_prev + (1 - f) * g",
        "h = r * c + (1 - r) * (W_xs @ x)",
    ),
    gates=("g", "f", "r", "s"),
    states=("h", "c"),
    params=(
        Param("weight_ih", "4H D", ("W_xg", "W_xf", "W_xr", "W_xs")),
        Param("weight_c", "2H", ("U_f", "U_r")),
        Param("bias_ih", "2H", ("b_xf", "b_xr")),
    ),
    source=Source("lei2017", "the SRU", "quoted: the authors' code, sru (elementwise_recurrence)"),
    paper_names={"U_f": "v_f", "U_r": "v_r"},
    departures=(
        "The highway passes a matrix $W_{xs}$, as the authors' code does where sizes differ; in "
        "the paper it is $x$ itself.",
        "The gates read $c$ as in the version of 2018; the constant by which that one scales the "
        "highway is left out.",
    ),
    symbols={"U_f": "v_{f}", "U_r": "v_{r}"},
    retention=(("f", 1),),
    words={
        "r": "the reset gate: how much of the cell state is shown, where the rest is the input",
        "W_xs": "the weights of the highway, by which the input is shown",
        "U_f": "the weights through which the forget gate sees the cell state, one for each unit",
        "U_r": "the weights through which the reset gate sees the cell state, one for each unit",
    },
)
