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
    source=Source(
        "cho2014",
        "eqs 5–7; the reset stands behind the matrix, as in the decoder of appendix A.1.1",
    ),
    paper_names={"n": "h̃"},
    departures=(
        "Eq. 8 and the encoder (appendix A.1) reset before the matrix, U(r ⊙ h), which is "
        "`gru_2014`; two issue threads quote versions 1 and 2 on arXiv with r ⊙ (U h) in eq. 8.",
        "The paper's equations have no biases; here, as in torch.nn.GRU, the product with the "
        "state has one of its own, which is reset with it.",
    ),
    retention=(("z", 1),),
)
