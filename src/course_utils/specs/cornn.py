"""The coupled oscillatory network: each unit is a damped spring that the others push."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="cornn",
    title="Coupled oscillators (coRNN)",
    summary=(
        "A unit has a place and a velocity; a tanh layer pushes it, a spring draws it back and "
        "friction slows it."
    ),
    equations=(
        "n = tanh(W_xn @ x + W_hn @ h_prev + W_vn @ v_prev + b_xn)",
        "v = v_prev + delta * (n - gamma * h_prev - epsilon * v_prev)",
        "h = h_prev + delta * v",
    ),
    gates=("n",),
    states=("h", "v"),
    params=(
        Param("weight_ih", "H D", ("W_xn",)),
        Param("weight_hh", "2H H", ("W_hn", "W_vn")),
        Param("bias_ih", "H", ("b_xn",)),
    ),
    source=Source("rusch2021", "the coRNN", "quoted: the authors' code, adding/model.py"),
    paper_names={"h": "y", "v": "z", "delta": "Δt", "W_hn": "W", "W_vn": "𝒲", "W_xn": "V"},
    departures=("The constants are chosen here; the authors search them for each task.",),
    config={"delta": 0.05, "gamma": 2.5, "epsilon": 5.0},
    symbols={"delta": r"\Delta t"},
    words={
        "n": "the push: what the input and the other units do to a unit",
        "h": "the hidden state: the places of the units",
        "v": "the velocities of the units",
        "W_vn": "the weights through which a unit is pushed by velocities",
        "delta": "the step size of the solver",
        "gamma": "the stiffness of the spring: how fast a unit swings",
        "epsilon": "the friction: how fast a unit comes to rest",
    },
)
