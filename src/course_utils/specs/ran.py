"""The recurrent additive network: what is written never saw the state."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="ran",
    title="Recurrent additive network",
    summary=(
        "The cell state is a weighted sum of linear maps of the inputs; only the weights, which "
        "the gates make, are recurrent."
    ),
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + b_i)",
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + b_f)",
        "g = W_xg @ x + b_xg",
        "c = f * c_prev + i * g",
        "h = tanh(c)",
    ),
    gates=("i", "f", "g"),
    states=("h", "c"),
    params=stacked("ifg", recurrent="if"),
    source=Source("lee2017", "the RAN", "quoted: the authors' code, ran.py"),
    paper_names={"g": "c̃"},
    departures=(
        "The content g has a bias, as the gates have; in the authors' code it has none.",
        "h = tanh(c) is the default of the authors' code; h = c, its other choice, is left out, "
        "and so is its matrix behind h.",
    ),
    retention=(("f", 1),),
)
