"""MUT3, found by Jozefowicz's search over recurrent cells."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="mut3",
    title="MUT3",
    summary="The GRU of 2014 whose update gate sees the squashed state.",
    equations=(
        "z = sigmoid(W_xz @ x + W_hz @ tanh(h_prev) + b_z)",
        "r = sigmoid(W_xr @ x + W_hr @ h_prev + b_r)",
        "n = tanh(W_hn @ (r * h_prev) + W_xn @ x + b_n)",
        "h = n * z + h_prev * (1 - z)",
    ),
    gates=("z", "r", "n"),
    states=("h",),
    params=stacked("zrn"),
    source=Source("jozefowicz2015", "MUT3", "quoted: the old Keras contribution (JZS3)"),
    retention=(("z", -1),),
)
