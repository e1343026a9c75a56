"""Whatever a user can hold survives copy, deepcopy and pickle, with the same meaning."""

import copy
import json
import pickle
from dataclasses import asdict, dataclass, replace

import numpy as np
import pytest
from kinds import by_kind
from problems import B, D, H, make

from course_utils import counting, numpy_nn, tasks
from course_utils.conventions import CONVENTIONS
from course_utils.numpy_nn import checkpoint, fast, gradcheck, many, optim, truncation
from course_utils.specs import SPECS
from course_utils.tasks.ngram import KneserNey, NGram
from course_utils.tasks.subjects import Subjects
from course_utils.tasks.text import Text
from course_utils.tasks.tunes import Tunes

pytestmark = pytest.mark.usefixtures("uncompiled")

WAYS = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda v: again(v)}
ways = pytest.mark.parametrize("way", WAYS)
keys = pytest.mark.parametrize("key", by_kind())


def again(value):
    return pickle.loads(pickle.dumps(value))


def same(found, expected):
    """Equal types, names and numbers, all the way down."""
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        found, expected = found.values(), expected.values()
    if isinstance(expected, (np.ndarray, np.generic)):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, (list, tuple, type({}.values()))):
        for a, b in zip(found, expected, strict=True):
            same(a, b)
    else:
        assert found == expected


def marked(p):
    resets = np.zeros(p.x.shape[:2], bool)
    resets[2] = True
    return {"lengths": np.array([5, 3, 1]), "resets": resets}


def unrolled(p):
    *_, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **marked(p), **p.inputs)
    return tape, lambda t: numpy_nn.unroll_backward(t, p.dy, p.dlast)


def truncated(p):
    *_, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **p.inputs)
    return tape, lambda t: truncation.truncated_backward(t, p.dy, 2)


def checkpointed(p):
    *_, kept = checkpoint.unroll_checkpointed(
        p.key, p.params, p.x, p.state0, **marked(p), **p.inputs
    )
    return kept, lambda t: checkpoint.checkpointed_backward(t, p.dy, p.dlast)


def stacked(p):
    rng = np.random.default_rng(0)
    layers = numpy_nn.init_stack(p.key, D, H, 2, rng, bidirectional=True)
    *_, tape = numpy_nn.unroll_stack(p.key, layers, p.x, dropout=0.3, rng=rng, **marked(p))
    dy = np.concatenate([p.dy, p.dy], axis=-1)
    return tape, lambda t: numpy_nn.unroll_stack_backward(t, dy)


def side_by_side(p, x=None):
    inputs = {name: v[None] for name, v in p.inputs.items()}
    x = p.x if x is None else x
    *_, tape = many.unroll(p.key, many.stack([p.params]), x, **inputs)
    return tape, lambda t: many.unroll_backward(t, p.dy[None])


def side_by_side_each(p):
    return side_by_side(p, p.x[None])


def tuned(p):
    *_, tape = fast.unroll(p.key, p.params, p.x, p.state0, **marked(p), **p.inputs)
    return tape, lambda t: fast.unroll_backward(t, p.dy, p.dlast)


def stepped(p):
    now = {name: v[0] for name, v in p.inputs.items()}
    _, cache = numpy_nn.step(p.key, p.params, p.x[0], p.state0, **now)
    return cache, lambda c: numpy_nn.step_backward(p.key, p.params, c, p.dlast)


TAPES = (
    unrolled, truncated, checkpointed, stacked, side_by_side, side_by_side_each, stepped, tuned,
)  # fmt: skip


@pytest.mark.parametrize("made", TAPES, ids=lambda made: made.__name__)
@keys
def test_a_tape_gives_the_same_gradients(key, made):
    gives_the_same(*made(make(key)))


def gives_the_same(tape, backward):
    expected = backward(tape)
    for way in WAYS.values():
        same(backward(way(tape)), expected)
    same(backward(tape), expected)


@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
@keys
def test_a_workspace_and_its_tapes_go_on_together_and_apart(key, way):
    p, workspace = make(key), fast.Workspace()
    *_, tape = fast.unroll(key, p.params, p.x, p.state0, workspace, **p.inputs)
    copied, other = WAYS[way]((tape, workspace))
    # what was copied notices nothing
    fast.unroll(key, p.params, 2 * p.x, p.state0, workspace, **p.inputs)
    found = fast.unroll_backward(copied, p.dy, p.dlast, other)
    *_, fresh = fast.unroll(key, p.params, p.x, p.state0, **p.inputs)
    same(found, fast.unroll_backward(fresh, p.dy, p.dlast))
    fast.unroll(key, p.params, p.x, p.state0, other, **p.inputs)
    with pytest.raises(RuntimeError, match="a later unroll has overwritten"):
        fast.unroll_backward(copied, p.dy)


@keys
def test_states_stay_states(key):
    p = make(key)
    _, last, _ = numpy_nn.unroll(key, p.params, p.x, **p.inputs)
    for way in WAYS.values():
        same(way(last), last)


@dataclass
class Held:
    """A value, and a question about it whose answer must not change."""

    value: object
    ask: object


def drawn(task):
    return Held(task, lambda t: t.sample(np.random.default_rng(0), 3))


TEXT = Text("a", "abcabcbabcaacb")
P = {"w": np.arange(3.0)}
G = {"w": np.ones(3)}
HELD = {
    **{
        name: drawn(getattr(tasks, name)(**({"length": 40} if name == "Adding" else {})))
        for name in tasks.__all__
        if name not in ("Batch", "Digits", "Questions")
    },
    "Subjects": drawn(Subjects()),
    "Digits": Held(tasks.Digits(permuted=True), lambda t: t.order),
    "Questions": Held(tasks.TableQuestions().sample(np.random.default_rng(0), 2), tuple),
    "Batch": Held(tasks.Cue().sample(np.random.default_rng(0), 2), tuple),
    "Text": Held(TEXT, lambda t: (t.vocabulary, t.train, t.sha256)),
    "Tunes": Held(Tunes(("T:a\nM:4/4\nL:1/8\nK:D\nabc|\n",)), lambda t: t.ids("train")),
    "NGram": Held(NGram(TEXT.train, 2, 3), lambda t: t.bits(TEXT.train)),
    "KneserNey": Held(KneserNey(TEXT.train, 2, 3), lambda t: t.distribution([1, 0])),
    "AdamState": Held(
        optim.Adam().update(P, G, optim.Adam().init(P))[1], lambda s: optim.Adam().update(P, G, s)
    ),
    "Adam": Held(optim.Adam(0.3), lambda o: o.update(P, G, o.init(P))),
    "SGD": Held(optim.SGD(0.3), lambda o: o.update(P, G)),
    "Each": Held(many.Each(optim.SGD(np.ones(3))), lambda o: o.update(P, G, ())),
    "Directional": Held(gradcheck.Directional(np.ones(1), np.ones(1), 0.0), tuple),
    "many.Workspace": Held(
        many.Workspace(),
        lambda w: many.unroll("gru", many.stack([make("gru").params]), make("gru").x, None, w)[0],
    ),
    "Convention": Held(CONVENTIONS[0], lambda c: c.lstm),
    "Log": Held(
        counting.counted(np.tanh, np.ones(2), gains={"tanh": 2})[1],
        lambda log: (list(log), log.gains, log.bytes),
    ),
}


@ways
@pytest.mark.parametrize("name", HELD)
def test_other_things_answer_as_before(name, way):
    held = HELD[name]
    expected = held.ask(held.value)
    found = WAYS[way](held.value)
    assert type(found) is type(held.value)
    same(held.ask(found), expected)


def test_every_task_is_held():
    assert set(tasks.__all__) <= set(HELD)


@keys
def test_results_of_the_tuned_layers_are_arrays_of_their_own(key):
    """Without a workspace: no call, and nothing that is done to a result, reaches another one."""
    p = make(key)
    y, last, tape = fast.unroll(key, p.params, p.x, p.state0, **p.inputs)
    expected = fast.unroll_backward(tape, p.dy, p.dlast)
    kept = copy.deepcopy(expected)
    other = fast.unroll_backward(tape, 2 * p.dy, p.dlast)
    same(expected, kept)
    for array in (y, *last, other[0], *other[1], *other[2].values()):
        array[...] = 7
    same(fast.unroll_backward(tape, p.dy, p.dlast), kept)
    arrays = [y, *last, kept[0], *kept[1], *kept[2].values()]
    assert not any(np.shares_memory(a, b) for k, a in enumerate(arrays) for b in arrays[:k])
    assert y.flags.c_contiguous and len(y) == len(p.x) and y.shape[1] == B


@keys
@ways
def test_the_facts_of_a_spec_are_held_alone(way, key):
    for name in ("config", "initial", "paper_names", "symbols"):
        facts = getattr(SPECS[key], name)
        found = WAYS[way](facts)
        same(found, facts)
        json.dumps(found)
        for change in (
            lambda f=found: f.update(a=1),
            lambda f=found: f.__setitem__("a", 1),
            lambda f=found: f.setdefault("a", 1),
            lambda f=found: f.clear(),
            lambda f=found: f.pop("a", None),
        ):
            with pytest.raises(TypeError, match="facts of a cell do not change"):
                change()
    assert replace(SPECS[key], **asdict_flat(SPECS[key])) == SPECS[key]


def asdict_flat(spec):
    """``dataclasses.asdict`` works, and its mappings make the spec again."""
    return {k: v for k, v in asdict(spec).items() if k not in ("params", "source")}
