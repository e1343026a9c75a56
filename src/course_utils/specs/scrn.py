"""The structurally constrained network: slow units beside fast ones."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="scrn",
    title="Structurally constrained network",
    summary=(
        "Slow context units average what they are told, at a fixed rate and each for itself; fast "
        "ones read them."
    ),
    equations=(
        "s = (1 - rho) * (W_xs @ x) + rho * s_prev",
        "h = sigmoid(W_xh @ x + W_hh @ h_prev + W_sh @ s)",
    ),
    gates=("h", "s"),
    states=("h", "s"),
    params=(
        Param("weight_ih", "2H D", ("W_xh", "W_xs")),
        Param("weight_hh", "H H", ("W_hh",)),
        Param("weight_sh", "H H", ("W_sh",)),
    ),
    source=Source(
        "mikolov2015",
        "the SCRN",
        "quoted: torchrecurrent and a comment of the authors' mfactory.lua",
    ),
    paper_names={"W_xs": "B", "W_xh": "A", "W_hh": "R", "W_sh": "P", "rho": "α"},
    departures=(
        "As many slow units as fast ones.",
        "h reads the new s, as that comment says; the code below the comment passes the old one.",
        "The output layer of the paper, which also reads s, is left to the reader: y is h.",
    ),
    config={"rho": 0.95},
    words={
        "s": "the context: what the slow units hold",
        "W_xs": "the input weights of the context",
        "W_sh": "the weights through which the fast units read the context",
        "rho": "the share of the context that a step keeps",
    },
)
