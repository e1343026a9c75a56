"""The strongly typed RNN: states are averages of what the input was mapped to."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="trnn",
    title="Strongly typed RNN",
    summary=(
        "State and input never meet in a sum of unlike things: the state is a running average, "
        "unit by unit. With z = 1 − f it is the minGRU, eight years before."
    ),
    equations=(
        "f = sigmoid(W_xf @ x + b_xf)",
        "g = W_xg @ x + b_xg",
        "h = f * h_prev + (1 - f) * g",
    ),
    gates=("f", "g"),
    states=("h",),
    params=stacked("fg", recurrent=""),
    source=Source("balduzzi2016", "the T-RNN", "quoted: torchrecurrent and another PyTorch cell"),
    paper_names={"g": "z"},
    departures=("The mapped input g has a bias, as the gate has.",),
    retention=(("f", 1),),
)
