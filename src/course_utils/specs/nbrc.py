"""The neuromodulated bistable cell: other units decide whether one holds its value."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="nbrc",
    title="Neuromodulated bistable cell",
    summary="The bistable cell whose gates see the whole state, not their own unit alone.",
    equations=(
        "r = 1 + tanh(W_xr @ x + W_hr @ h_prev + b_xr)",
        "z = sigmoid(W_xz @ x + W_hz @ h_prev + b_xz)",
        "n = tanh(W_xn @ x + r * h_prev)",
        "h = z * h_prev + (1 - z) * n",
    ),
    gates=("r", "z", "n"),
    states=("h",),
    params=(
        Param("weight_ih", "3H D", ("W_xr", "W_xz", "W_xn")),
        Param("weight_hh", "2H H", ("W_hr", "W_hz")),
        Param("bias_ih", "2H", ("b_xr", "b_xz")),
    ),
    source=Source("vecoven2021", "the nBRC", "quoted: the authors' code, cells/cells.py"),
    paper_names={"r": "a", "z": "c"},
    words={
        "r": "the feedback: how strongly a unit hears itself, from 0 to 2; above 1 it is bistable",
        "z": "the update gate: how slowly the unit moves",
    },
)
