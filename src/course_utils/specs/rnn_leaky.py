"""The plain recurrent cell with leaky integration."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="rnn_leaky",
    title="Leaky RNN",
    summary="Moves only a fixed share alpha of the way to what the plain cell would say.",
    equations=("h = (1 - alpha) * h_prev + alpha * tanh(W_xh @ x + W_hh @ h_prev + b_h)",),
    gates=("h",),
    states=("h",),
    params=stacked("h"),
    source=Source("jaeger2007", "leaky-integrator neurons, discrete time", "none"),
    config={"alpha": 0.5},
    words={"alpha": "the share of the way that the state moves in one step"},
)
