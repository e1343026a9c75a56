"""The plain recurrent cell with rectified linear units."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="rnn_relu",
    title="ReLU RNN",
    summary="The plain cell with a rectifier; started from the identity it is the IRNN.",
    equations=("h = relu(W_xh @ x + W_hh @ h_prev + b_h)",),
    gates=("h",),
    states=("h",),
    params=stacked("h"),
    source=Source("le2015", "section 2; as torch.nn.RNN with nonlinearity='relu'", "none"),
    bounded=False,
)
