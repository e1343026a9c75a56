"""The first thing that is not finite is named, whatever it is, and nothing is changed by asking."""

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.finite import Finding, first_nonfinite, why_nonfinite

DTYPES = [np.float16, np.float32, np.float64, np.complex128,
          torch.float16, torch.bfloat16, torch.float32, torch.float64]  # fmt: skip


def filled(dtype, shape=(3, 4, 2)):
    """Twos, of NumPy or PyTorch by the dtype."""
    if isinstance(dtype, torch.dtype):
        return torch.full(shape, 2.0, dtype=dtype, requires_grad=True)
    return np.full(shape, 2.0, dtype)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_first_number_of_the_first_array_is_named(dtype, wrong):
    clean, bad, later = filled(dtype), filled(dtype), filled(dtype)
    with torch.no_grad():
        bad[1, 2, 0] = bad[2, 0, 1] = later[0, 0, 0] = wrong
    found = first_nonfinite(clean=clean, bad=bad, later=later)
    np.testing.assert_equal(found, Finding("bad", (1, 2, 0), wrong, 2, 24, 2.0))
    assert first_nonfinite(clean=clean, again=clean) is None


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (np.nan, "v"),
        ({"a": 1, "b": np.array([0, np.inf])}, "v['b']"),
        ([np.ones(2), None, (np.ones(3), [torch.tensor(np.nan)])], "v[2][1][0]"),
        (nn.utils.rnn.pack_sequence([torch.tensor([1.0, torch.inf]), torch.ones(1)]), "v[0]"),
    ],
    ids=["a number", "a dict", "nested", "a pack"],
)
def test_what_lies_in_containers_is_named_by_its_place(value, where):
    assert first_nonfinite(v=value).where == where


@pytest.mark.parametrize("value", [3, True, None, [], {}, np.zeros((0, 3)), np.arange(3), 1j])
def test_what_cannot_be_infinite_or_is_empty_is_finite(value):
    assert first_nonfinite(v=value) is None


@pytest.mark.parametrize("value", ["text", np.array(["text"]), object()])
def test_what_is_no_number_is_told(value):
    with pytest.raises(TypeError, match=r"v\[1\]: expected numbers, arrays, tensors"):
        first_nonfinite(v=[1, value])


def test_a_finding_says_where_and_how_large_the_rest_is():
    said = str(first_nonfinite(x=np.array([[6e4, np.inf]], np.float16)))
    assert said == "x: inf at (0, 1), 1 of 2 not finite; the largest of the rest 6e+04"
    assert str(first_nonfinite(loss=torch.tensor(np.nan))) == "loss: nan, 1 of 1 not finite"


class Net(nn.Module):
    """Small, recurrent, with dropout; ``last`` acts on what is read out."""

    def __init__(self, last=nn.Identity()):  # noqa: B008, it has no state
        super().__init__()
        self.lstm, self.drop = nn.LSTM(2, 3), nn.Dropout(0.5)
        self.readout, self.last = nn.Linear(3, 1), last

    def forward(self, x):
        return self.last(self.readout(self.drop(self.lstm(x)[0])))


class Square(nn.Module):
    def forward(self, x):
        return (1e3 * x.half()) ** 2 + 1e5


def squared(model, batch):
    return (model(batch[0]) - batch[1]).square().mean()


CAUSES = {  # what goes wrong -> (the last layer, the loss, what is done before, where, operation)
    "data": (None, squared, lambda m, x: x[3, 1].fill_(np.nan), r"batch\[0\]", ""),
    "label": (None, lambda m, b: squared(m, (b[0], b[0].sum(-1, True) / 0)), None, "loss", ""),
    "weight": (
        None, squared, lambda m, x: m.readout.weight.data.fill_(np.inf),
        r"weight\['readout.weight'\]", "",
    ),
    "half": (Square(), squared, None, "output of last", ""),
    "mask": (None, lambda m, b: (m(b[0]) * 0).sum() / (b[1] != b[1]).sum(), None, "loss", ""),
    "log": (None, lambda m, b: (-1e6 * m(b[0]).abs()).exp().log().mean(), None, "loss", ""),
    "root": (None, lambda m, b: (m(b[0]) * 0).sqrt().sum(), None, "gradient", "SqrtBackward0"),
    "norm": (None, lambda m, b: 1e30 * squared(m, b), None, "joint norm", ""),
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_found_where_it_begins(cause):
    last, loss_of, spoil, where, operation = CAUSES[cause]
    torch.manual_seed(0)
    model = Net() if last is None else Net(last)
    batch = torch.randn(5, 4, 2), torch.randn(5, 4, 1)
    if spoil:
        spoil(model, batch[0])
    found = why_nonfinite(model, loss_of, batch)
    assert found is not None and found.operation == operation
    assert str(found).startswith(where.replace("\\", ""))


def test_asking_changes_nothing_and_a_healthy_update_has_no_cause():
    torch.manual_seed(0)
    model = Net()
    batch = torch.randn(5, 4, 2), torch.randn(5, 4, 1)
    squared(model, batch).backward()
    kept = {name: (w.clone(), w.grad.clone()) for name, w in model.named_parameters()}
    state = torch.get_rng_state()
    assert why_nonfinite(model, squared, batch) is None
    root = lambda model, batch: (0 * model(batch[0])).sqrt().sum()  # noqa: E731
    assert why_nonfinite(model, root, batch).operation == "SqrtBackward0"
    assert torch.equal(torch.get_rng_state(), state)
    for name, w in model.named_parameters():
        assert torch.equal(w, kept[name][0]) and torch.equal(w.grad, kept[name][1]), name
    assert not any(module._forward_hooks for module in model.modules())
    with torch.no_grad():  # as in a test loop: it is asked all the same
        assert why_nonfinite(model, root, batch).where.startswith("gradient")


def test_the_first_module_that_ran_is_named_not_those_that_read_it():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(Square(), nn.Linear(3, 1).half()))
    batch = 10 * torch.ones(4, 2), torch.ones(4, 1)
    assert why_nonfinite(model, squared, batch).where == "output of 1.0"
    with pytest.raises(ZeroDivisionError):
        why_nonfinite(model, lambda model, batch: model(batch[0]) / (1 // 0), batch)
    assert not any(module._forward_hooks for module in model.modules())
