"""FastGRNN: a gate and a candidate that share their matrices."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="fastgrnn",
    title="FastGRNN",
    summary=(
        "Gate and candidate are two functions of one pre-activation, so the cell has as many "
        "matrices as the plain one."
    ),
    equations=(
        "a = W_xa @ x + W_ha @ h_prev",
        "z = sigmoid(a + b_xz)",
        "n = tanh(a + b_xn)",
        "h = z * h_prev + (sigmoid(zeta) * (1 - z) + sigmoid(nu)) * n",
    ),
    gates=("z", "n"),
    states=("h",),
    params=(
        Param("weight_ih", "H D", ("W_xa",)),
        Param("weight_hh", "H H", ("W_ha",)),
        Param("bias_ih", "2H", ("b_xz", "b_xn")),
        Param("zeta", "H", ("zeta",)),
        Param("nu", "H", ("nu",)),
    ),
    source=Source("kusupati2018", "FastGRNN", "quoted: the authors' code, EdgeML"),
    paper_names={"n": "h̃", "W_xa": "W", "W_ha": "U"},
    departures=(
        "One ζ and one ν for each unit; the paper has one of each for all.",
        "Matrices of full rank; the paper also makes them of low rank, sparse and quantised.",
    ),
    retention=(("z", 1),),
    words={
        "a": "the pre-activation that the gate and the candidate share",
        "W_xa": "the input weights of the gate and of the candidate",
        "W_ha": "the recurrent weights of the gate and of the candidate",
        "zeta": "the logit of the share of 1 − z that is written",
        "nu": "the logit of what is written however far the gate is open",
    },
)
