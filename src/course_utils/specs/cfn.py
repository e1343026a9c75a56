"""The chaos-free network: what is kept passes a tanh and no matrix."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="cfn",
    title="Chaos-free network",
    summary=(
        "Units meet in the gates alone; left without input and biases, each falls to zero by "
        "itself."
    ),
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + b_i)",
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + b_f)",
        "g = tanh(W_xg @ x + b_xg)",
        "h = f * tanh(h_prev) + i * g",
    ),
    gates=("i", "f", "g"),
    states=("h",),
    params=stacked("ifg", recurrent="if"),
    source=Source(
        "laurent2017", "the CFN", "quoted: BrainScale (brainscale.nn) and torchrecurrent"
    ),
    paper_names={"f": "θ", "i": "η"},
    departures=("The candidate has a bias, as the gates have.",),
    retention=(("f", 1),),
)
