"""The quasi-recurrent network: gates from the input, and a pooling along time."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="qrnn",
    title="QRNN with fo-pooling",
    summary="An LSTM whose gates see the input alone, so that only the pooling runs step by step.",
    equations=(
        "f = sigmoid(W_xf @ x + b_xf)",
        "g = tanh(W_xg @ x + b_xg)",
        "o = sigmoid(W_xo @ x + b_xo)",
        "c = f * c_prev + (1 - f) * g",
        "h = o * c",
    ),
    gates=("f", "g", "o"),
    states=("h", "c"),
    params=stacked("fgo", recurrent=""),
    source=Source(
        "bradbury2017", "fo-pooling", "quoted: the authors' code, torchqrnn/qrnn.py, window 1"
    ),
    paper_names={"g": "z"},
    departures=("Filters one step wide; those of the paper see two inputs and more.",),
    retention=(("f", 1),),
)
