"""minGRU."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="mingru",
    title="minGRU",
    summary="A GRU whose gate and candidate see the input alone.",
    equations=(
        "z = sigmoid(W_xz @ x + b_xz)",
        "n = W_xn @ x + b_xn",
        "h = (1 - z) * h_prev + z * n",
    ),
    gates=("z", "n"),
    states=("h",),
    params=stacked("zn", recurrent=""),
    source=Source("feng2024", "minGRU, main text", "quoted: two public note files"),
    retention=(("z", -1),),
)
