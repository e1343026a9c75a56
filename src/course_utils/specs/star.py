"""The stackable recurrent cell: what is kept and what is written pass one tanh."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="star",
    title="Stackable recurrent cell",
    summary="One gate, a candidate from the input alone, and a tanh around the blend of both.",
    equations=(
        "z = sigmoid(W_xz @ x + W_hz @ h_prev + b_z)",
        "n = tanh(W_xn @ x + b_xn)",
        "h = tanh((1 - z) * h_prev + z * n)",
    ),
    gates=("z", "n"),
    states=("h",),
    params=stacked("zn", recurrent="z"),
    source=Source(
        "turkoglu2021", "the STAR cell", "quoted: torchrecurrent and another PyTorch cell"
    ),
    paper_names={"z": "k", "n": "z"},
    retention=(("z", -1),),
)
