"""The GRU as first published: reset before the matrix."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="gru_2014",
    title="GRU of 2014",
    summary="As the GRU, but the past is reset before the matrix, not after it.",
    equations=(
        "r = sigmoid(W_xr @ x + W_hr @ h_prev + b_r)",
        "z = sigmoid(W_xz @ x + W_hz @ h_prev + b_z)",
        "n = tanh(W_xn @ x + W_hn @ (r * h_prev) + b_n)",
        "h = (1 - z) * n + z * h_prev",
    ),
    gates=("r", "z", "n"),
    states=("h",),
    params=stacked("rzn"),
    source=Source("cho2014", "eqs 5–8, and the encoder of appendix A.1"),
    paper_names={"n": "h̃"},
    departures=("The paper's equations have no biases.",),
    retention=(("z", 1),),
)
