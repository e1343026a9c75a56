"""The plain recurrent cell."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="rnn",
    title="Plain recurrent cell",
    summary="One tanh layer reads the input and its own last result.",
    equations=("h = tanh(W_xh @ x + W_hh @ h_prev + b_h)",),
    gates=("h",),
    states=("h",),
    params=stacked("h"),
    source=Source("elman1990", "the simple recurrent network; written as in torch.nn.RNN", "none"),
    paper_names={"h": "hidden units", "h_prev": "context units"},
    departures=("Elman used the logistic function; tanh is today's default (torch.nn.RNN).",),
)
