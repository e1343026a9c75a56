"""The GRU as libraries mean it: reset after the matrix."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="gru",
    title="GRU",
    summary="One state; z blends old and new, r decides how much of the past the candidate sees.",
    equations=(
        "r = sigmoid(W_xr @ x + W_hr @ h_prev + b_r)",
        "z = sigmoid(W_xz @ x + W_hz @ h_prev + b_z)",
        "n = tanh(W_xn @ x + b_xn + r * (W_hn @ h_prev + b_hn))",
        "h = (1 - z) * n + z * h_prev",
    ),
    gates=("r", "z", "n"),
    states=("h",),
    params=stacked("rzn"),
    source=Source("cho2014", "eqs 5–8, z as there; the reset stands outside as in A.1.1"),
    paper_names={"n": "h̃"},
    departures=("Eq. 8 resets before the matrix, U(r ⊙ h); this is torch.nn.GRU's form.",),
    retention=(("z", 1),),
)
