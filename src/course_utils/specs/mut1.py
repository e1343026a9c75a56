"""MUT1, found by Jozefowicz's search over recurrent cells."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="mut1",
    title="MUT1",
    summary="z looks at the input alone; the input enters the candidate through a tanh of its own.",
    equations=(
        "z = sigmoid(W_xz @ x + b_xz)",
        "r = sigmoid(W_xr @ x + W_hr @ h_prev + b_r)",
        "n = tanh(W_hn @ (r * h_prev) + tanh(W_xn @ x) + b_n)",
        "h = n * z + h_prev * (1 - z)",
    ),
    gates=("z", "r", "n"),
    states=("h",),
    params=stacked("zrn", recurrent="rn"),
    source=Source("jozefowicz2015", "MUT1", "quoted: the old Keras contribution (JZS1)"),
    departures=(
        "The paper has $\\tanh(x)$ where here stands $\\tanh(W_{xn} x)$: sizes may differ.",
    ),
    retention=(("z", -1),),
)
