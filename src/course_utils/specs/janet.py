"""JANET, just another network: an LSTM of which only the forget gate is left."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="janet",
    title="JANET",
    summary=(
        "An LSTM with the forget gate alone, which also decides what is written: a little more "
        "than it forgets."
    ),
    equations=(
        "a_f = W_xf @ x + W_hf @ h_prev + b_f",
        "f = sigmoid(a_f)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "h = f * h_prev + (1 - sigmoid(a_f - beta)) * g",
    ),
    gates=("f", "g"),
    states=("h",),
    params=stacked("fg"),
    source=Source(
        "westhuizen2018", "the JANET", "quoted: the authors' code, aux_code/rnn_cells.py"
    ),
    paper_names={"a_f": "s", "g": "c̃", "h": "c"},
    departures=(
        "β is a constant that may be set; the authors' code has 1, the default here.",
        "The authors start the forget gate's bias at 1, or at the logarithm of a random number of "
        "steps (`chrono=` of `init_params`); here it starts within ±1/√H, as elsewhere.",
    ),
    config={"beta": 1.0},
    retention=(("f", 1),),
    words={
        "a_f": "the pre-activation of the forget gate, which the write reads as well",
        "beta": "how much further the write is open than the forget gate is shut",
    },
)
