"""MUT2, found by Jozefowicz's search over recurrent cells."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="mut2",
    title="MUT2",
    summary="In the paper the reset gate sees the bare input; with a matrix there it is a GRU.",
    equations=(
        "z = sigmoid(W_xz @ x + W_hz @ h_prev + b_z)",
        "r = sigmoid(W_xr @ x + W_hr @ h_prev + b_r)",
        "n = tanh(W_hn @ (r * h_prev) + W_xn @ x + b_n)",
        "h = n * z + h_prev * (1 - z)",
    ),
    gates=("z", "r", "n"),
    states=("h",),
    params=stacked("zrn"),
    source=Source("jozefowicz2015", "MUT2", "quoted: the old Keras contribution (JZS2)"),
    departures=("The paper has $x$ where here stands $W_{xr} x$: sizes may differ.",),
    retention=(("z", -1),),
)
