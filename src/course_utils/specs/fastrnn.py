"""FastRNN: a residual connection through time, with two trained weights."""

from course_utils.spec import CellSpec, Param, Source, stacked

SPEC = CellSpec(
    key="fastrnn",
    title="FastRNN",
    summary="A leaky cell that learns how much of the old state stays and how much it writes.",
    equations=(
        "n = tanh(W_xn @ x + W_hn @ h_prev + b_n)",
        "h = sigmoid(alpha) * n + sigmoid(beta) * h_prev",
    ),
    gates=("n",),
    states=("h",),
    params=(
        *stacked("n"),
        Param("alpha", "H", ("alpha",)),
        Param("beta", "H", ("beta",)),
    ),
    source=Source("kusupati2018", "FastRNN", "quoted: the authors' code, EdgeML"),
    paper_names={"n": "h̃"},
    departures=("One α and one β for each unit; the paper has one of each for all.",),
    words={
        "alpha": "the logit of the share of the candidate that is written",
        "beta": "the logit of the share of the old state that stays",
    },
)
