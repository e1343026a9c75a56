"""The public step and the public initial states are those of the layer."""

import numpy as np
import pytest
import torch
from layers import B, D, H, T, assert_same, build, draw, draw_states, tuple_of

from course_utils import torch_nn
from course_utils.shapes import ShapeError
from course_utils.specs import SPECS


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("key", SPECS)
def test_step_after_step_is_the_layer(key, bias):
    layer = build(key, "eager", bias=bias)
    x, hx = draw(T, B, D), draw_states(layer)
    y, last = layer(x, hx)
    state, rows = tuple(s[0] for s in tuple_of(hx)), []
    for x_t in x:
        out, state = torch_nn.step(key, layer.params("_l0"), x_t, state, **layer.config)
        rows.append(out)
    torch.testing.assert_close(torch.stack(rows), y)
    assert_same(state, [s[0] for s in tuple_of(last)])
    assert rows[-1].requires_grad


@pytest.mark.parametrize("key", SPECS)
def test_the_initial_state_is_what_a_layer_begins_with(key):
    layer = build(key, num_layers=2, bidirectional=True)
    x = draw(T, B, D)
    given, own = layer(x, layer.initial_state(B)), layer(x)
    torch.testing.assert_close(given[0], own[0], rtol=0, atol=0)
    one = torch_nn.initial_state(key, B, H, dtype=torch.float64)
    assert_same([s[3] for s in tuple_of(layer.initial_state(B))], one)
    assert [s.shape for s in one] == [(B, H)] * len(SPECS[key].states)


@pytest.mark.parametrize("key", SPECS)
def test_a_further_input_may_be_given(key):
    layer = build(key, "eager")
    prev = torch_nn.initial_state(key, B, H, dtype=torch.float64)
    params, x = layer.params("_l0"), draw(B, D)
    plain, _ = torch_nn.step(key, params, x, prev)
    for name in SPECS[key].inputs:
        other, _ = torch_nn.step(key, params, x, prev, **{name: draw(B, H)})
        assert not torch.equal(other, plain)


LAYER = build("lstm")
PARAMS, X, PREV = LAYER.params("_l0"), draw(B, D), (draw(B, H), draw(B, H))
MISTAKES = {
    "one state": (lambda: torch_nn.step("lstm", PARAMS, X, PREV[0]), ShapeError, "carries 2"),
    "its size": (
        lambda: torch_nn.step("lstm", PARAMS, X, (PREV[0], PREV[1][:, :2])),
        ShapeError,
        r"prev\.c: axis H should be 4",
    ),
    "a sequence": (lambda: torch_nn.step("lstm", PARAMS, X[None], PREV), ShapeError, "x: expected"),
    "width": (
        lambda: torch_nn.step("lstm", PARAMS, draw(B, D + 1), PREV),
        ShapeError,
        "axis D",
    ),
    "a weight missing": (
        lambda: torch_nn.step("lstm", {"weight_ih": PARAMS["weight_ih"]}, X, PREV),
        KeyError,
        "missing weight_hh",
    ),
    "a constant": (
        lambda: torch_nn.step("lstm", PARAMS, X, PREV, alpha=1),
        KeyError,
        "lstm has no alpha",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    call, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"prev": None}, "prev: expected a tuple of tensors"),
        ({"x": np.ones((B, D))}, "x: expected a tensor, got ndarray"),
        ({"x": torch.ones(B, D).long()}, "x: expected floating numbers"),
        ({"prev": (torch.zeros(B, H), torch.zeros(B, H))}, r"prev\.h: expected torch\.float64"),
        ({"prev": (None, None)}, r"prev\.h: expected a tensor, got NoneType"),
    ],
)
def test_a_step_names_what_is_no_tensor_of_its_kind(changed, message):
    layer = build("lstm")
    state = torch_nn.initial_state("lstm", B, H, dtype=torch.float64)
    given = {"x": draw(B, D), "prev": state} | changed
    with pytest.raises(TypeError, match=message):
        torch_nn.step("lstm", layer.params("_l0"), **given)
