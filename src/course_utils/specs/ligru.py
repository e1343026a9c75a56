"""The light GRU of speech recognition: no reset gate, and a rectifier."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="ligru",
    title="Light GRU",
    summary="A GRU without the reset gate, whose candidate is a rectifier.",
    equations=(
        "z = sigmoid(W_xz @ x + W_hz @ h_prev + b_z)",
        "n = relu(W_xn @ x + W_hn @ h_prev + b_n)",
        "h = z * h_prev + (1 - z) * n",
    ),
    gates=("z", "n"),
    states=("h",),
    params=stacked("zn"),
    source=Source(
        "ravanelli2018", "the Li-GRU", "quoted: a public copy of the authors' code, pytorch-kaldi"
    ),
    paper_names={"n": "h̃"},
    departures=(
        "No batch normalisation of $W x$, on which the paper rests: its statistics are of all "
        "steps, and a cell sees one. Biases stand in its place.",
    ),
    retention=(("z", 1),),
    bounded=False,
)
