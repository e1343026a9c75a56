"""The RNN with an update gate."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="ugrnn",
    title="Update gate RNN",
    summary="The plain cell, with one gate that blends its result into the old state.",
    equations=(
        "z = sigmoid(W_xz @ x + W_hz @ h_prev + b_z)",
        "n = tanh(W_xn @ x + W_hn @ h_prev + b_n)",
        "h = z * h_prev + (1 - z) * n",
    ),
    gates=("z", "n"),
    states=("h",),
    params=stacked("zn"),
    source=Source(
        "collins2017", "the UGRNN", "quoted: TensorFlow 1 (contrib.rnn) and torchrecurrent"
    ),
    paper_names={"z": "g", "n": "c"},
    retention=(("z", 1),),  # z keeps: its bias decides how much survives a step
)
