"""The minimal gated unit: one gate that both resets and blends."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="mgu",
    title="Minimal gated unit",
    summary="The GRU of 2014 with one gate f in the place of both.",
    equations=(
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + b_f)",
        "n = tanh(W_xn @ x + W_hn @ (f * h_prev) + b_n)",
        "h = (1 - f) * h_prev + f * n",
    ),
    gates=("f", "n"),
    states=("h",),
    params=stacked("fn"),
    source=Source(
        "zhou2016",
        "the unit's three equations",
        "quoted: the documentation of RecurrentLayers.jl and of BrainState",
    ),
    departures=("f writes, as in the quoted equations; in Flax's code f keeps.",),
    retention=(("f", -1),),
)
