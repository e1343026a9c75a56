"""The bistable recurrent cell: a unit that can hold one of two values by itself."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="brc",
    title="Bistable recurrent cell",
    summary=(
        "Each unit feeds itself through r between 0 and 2: above 1 it has two places to rest. "
        "Units meet only in the next layer."
    ),
    equations=(
        "r = 1 + tanh(W_xr @ x + U_r * h_prev + b_xr)",
        "z = sigmoid(W_xz @ x + U_z * h_prev + b_xz)",
        "n = tanh(W_xn @ x + r * h_prev)",
        "h = z * h_prev + (1 - z) * n",
    ),
    gates=("r", "z", "n"),
    states=("h",),
    params=(
        Param("weight_ih", "3H D", ("W_xr", "W_xz", "W_xn")),
        Param("weight_hh", "2H", ("U_r", "U_z")),
        Param("bias_ih", "2H", ("b_xr", "b_xz")),
    ),
    source=Source("vecoven2021", "the BRC", "quoted: the authors' code, cells/cells.py"),
    paper_names={"r": "a", "z": "c", "W_xr": "U_a", "W_xz": "U_c", "U_r": "w_a", "U_z": "w_c"},
    words={
        "r": "the feedback: how strongly a unit hears itself, from 0 to 2; above 1 it is bistable",
        "z": "the update gate: how slowly the unit moves",
        "U_r": "the recurrent weights of the feedback, one for each unit",
        "U_z": "the recurrent weights of the update gate, one for each unit",
    },
)
