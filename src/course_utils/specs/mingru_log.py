"""minGRU, the form for log space."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="mingru_log",
    title="minGRU (log space)",
    summary="As minGRU, with a candidate made positive, so that it can run on logarithms.",
    equations=(
        "z = sigmoid(W_xz @ x + b_xz)",
        "n = positive(W_xn @ x + b_xn)",
        "h = (1 - z) * h_prev + z * n",
    ),
    gates=("z", "n"),
    states=("h",),
    params=stacked("zn", recurrent=""),
    source=Source("feng2024", "minGRU, log-space form", "quoted: two public note files"),
    retention=(("z", -1),),
)
