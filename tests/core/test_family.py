"""What is read off the equations of a cell holds of the numbers that they compute."""

import re
from dataclasses import replace

import numpy as np
import pytest

from course_utils import numpy_nn
from course_utils.family import descent, kinship, lines, trees
from course_utils.family.traits import traits
from course_utils.specs import SPECS

pytest.importorskip("scipy", reason="matching lines needs SciPy")
D, H, B = 3, 4, 2


def one_step(spec, states, seed=0):
    """{state: its new value} of a step with weights and inputs that the seed decides."""
    rng = np.random.default_rng(seed)
    params = {name: rng.standard_normal(shape) for name, shape in spec.shapes(D, H).items()}
    x = rng.standard_normal((B, D))
    more = {name: rng.standard_normal((B, H)) for name in spec.inputs}
    return spec.oracle(params, x, [states[s] for s in spec.states], **more)


def random_states(spec, seed):
    """Values of all states; clocks are whole numbers, exponents and normalisers positive."""
    rng = np.random.default_rng(seed)
    return {s: np.ones((B, H), int) if isinstance(spec.initial.get(s), int)
            else np.abs(rng.standard_normal((B, H))) + 0.5 for s in spec.states}  # fmt: skip


# -- traits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", SPECS)
def test_a_state_is_carried_if_the_next_step_depends_on_it(key):
    spec = SPECS[key]
    before = random_states(spec, 1)
    for state in spec.states:
        other = before | {state: before[state] + 1}
        one, two = one_step(spec, before), one_step(spec, other)
        changed = any(not np.array_equal(one[name], two[name]) for name in one)
        assert changed == (state in traits(spec).carried), state


@pytest.mark.parametrize("key", SPECS)
def test_linear_along_time_is_what_the_middle_of_two_states_says(key):
    spec, found = SPECS[key], traits(SPECS[key])
    assert all(straight(spec, seed) for seed in range(4)) == found.linear


def straight(spec, seed):
    """Whether the step from the middle of two states ends in the middle of where they end."""
    first = random_states(spec, seed)
    far = {s: v if s in spec.initial else -3 * v for s, v in random_states(spec, seed + 9).items()}
    middle = {s: (first[s] + far[s]) / 2 for s in spec.states}
    one, two, between = (one_step(spec, states, seed) for states in (first, far, middle))
    carried = traits(spec).carried
    return all(np.allclose((one[s] + two[s]) / 2, between[s], atol=1e-9) for s in carried)


@pytest.mark.parametrize("key", [key for key in SPECS if traits(SPECS[key]).linear])
def test_a_cell_that_can_be_scanned_has_units_that_do_not_hear_each_other(key):
    spec, found = SPECS[key], traits(SPECS[key])
    before = random_states(spec, 1)
    moved = {s: before[s] + np.eye(H)[0] for s in spec.states}
    one, two = one_step(spec, before), one_step(spec, moved)
    apart = all(np.array_equal(one[s][:, 1:], two[s][:, 1:]) for s in found.carried)
    assert apart == found.elementwise


def test_the_cells_that_our_code_scans_are_among_those_that_can_be():
    ours = {key for key in SPECS if hasattr(numpy_nn.get_cell(key), "coefficients")}
    assert ours and ours <= {key for key in SPECS if traits(SPECS[key]).scanned}


@pytest.mark.parametrize(
    "key, gates, keeps",
    [("rnn", "", "nothing"), ("rnn_leaky", "", "a constant"), ("lru", "", "a weight"),
     ("lstm_1997", "i o", "1"), ("lstm", "i f o", "a gate"), ("gru", "r z", "a gate"),
     ("clockwork", "", "a clock"), ("minlstm", "f i", "a gate"), ("cfn", "i f", "a function"),
     ("slstm", "i f o", "a gate"), ("brc", "r z", "a gate"), ("sublstm", "f", "a gate"),
     ("indrnn", "", "a function"), ("nas", "i n", "a function")],
)  # fmt: skip
def test_gates_and_what_keeps_the_old_state(key, gates, keeps):
    found = traits(SPECS[key])
    assert found.gates == tuple(gates.split()) and found.keeps == keeps


@pytest.mark.parametrize("key", SPECS)
def test_without_recurrent_matrices_a_step_forgets_what_arrives_through_them_alone(key):
    spec, found = SPECS[key], traits(SPECS[key])
    rng = np.random.default_rng(0)
    params = {
        name: rng.standard_normal(shape) * (len(shape) < 2 or shape[1] != H)
        for name, shape in spec.shapes(D, H).items()
    }
    x = rng.standard_normal((B, D))
    more = {name: rng.standard_normal((B, H)) for name in spec.inputs}
    before = random_states(spec, 1)
    moved = {s: before[s] + 1 for s in spec.states}
    one, two = (
        spec.oracle(params, x, [v[s] for s in spec.states], **more) for v in (before, moved)
    )
    forgotten = all(np.array_equal(one[s], two[s]) for s in found.carried)
    assert forgotten == (found.keeps == "nothing")


@pytest.mark.parametrize(
    "key, through", [("indrnn", "relu"), ("nas", "tanh"), ("star", "tanh"), ("lstm", "")]
)
def test_a_nonlinearity_on_the_way_of_the_old_state_is_named(key, through):
    assert " ".join(traits(SPECS[key]).through) == through


# -- kinship ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", SPECS)
def test_a_cell_is_at_no_distance_from_itself(key):
    found = kinship.kin(SPECS[key], replace(SPECS[key], key="twin"))
    assert found.cost == 0 and not found.turned


@pytest.mark.parametrize("pair", [("gru", "lstm"), ("janet", "ugrnn"), ("minlstm", "qrnn")])
def test_a_distance_is_the_same_from_both_sides(pair):
    first, second = (SPECS[key] for key in pair)
    there, back = kinship.kin(first, second), kinship.kin(second, first)
    assert there.cost == back.cost
    assert {mine: its for its, mine in there.names.items()} == back.names


def test_letters_do_not_count_and_a_gate_may_be_turned():
    spec = SPECS["ugrnn"]
    other = {"z": "k", "n": "e"}
    swapped = tuple(line.replace("z * h_prev + (1 - z) * n", "(1 - z) * h_prev + z * n")
                    for line in spec.equations)  # fmt: skip
    for equations, turned in ((spec.equations, False), (swapped, True)):
        twin = replace(
            spec, key="twin", gates=("k", "e"), retention=(),
            equations=tuple(_exchange(line, other) for line in equations),
            params=tuple(replace(p, symbols=tuple(_exchange(s, other) for s in p.symbols))
                         for p in spec.params),
        )  # fmt: skip
        found = kinship.kin(spec, twin)
        assert found.names == {"k": "z", "e": "n", "h": "h"}
        assert found.turned == ({"k"} if turned else set()) and found.cost == turned
        states = {line.state for line in lines.between(spec, twin, found)}
        assert states == ({lines.KEPT, lines.TURNED} if turned else {lines.KEPT})


def _exchange(text, letters):
    """Single letters in names exchanged: W_xz, b_z, z."""
    table = str.maketrans(letters)
    return "".join(
        part.translate(table) if part not in ("tanh", "sigmoid", "prev") else part
        for part in _words(text)
    )


def _words(text):
    return re.split(r"(tanh|sigmoid|prev)", text)


@pytest.mark.parametrize("pair", ["rnn rnn_relu", "ugrnn ligru", "mingru mingru_log"])
def test_one_function_for_another_is_one_step(pair):
    assert kinship.kin(*(SPECS[key] for key in pair.split())).cost == 1


def test_the_nearest_are_the_nearest_of_all():
    """What is passed over by an estimate is farther than what is found."""
    for key in ("janet", "lstm_nog", "mgu"):
        others = [spec for spec in SPECS.values() if spec.key != key]
        costs = sorted(kinship.kin(SPECS[key], other).cost for other in others)
        found = [kin.cost for _, kin in kinship.relatives(SPECS[key], others, 3)]
        assert found == costs[:3]


# -- the tree, and the lines -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def tree():
    years = {key: 1990 + 3 * (k % 11) for k, key in enumerate(SPECS)}  # any years will do
    return years, descent.descent(SPECS, years)


def test_every_cell_hangs_from_one_that_is_no_younger(tree):
    years, branches = tree
    order = list(branches)
    assert sorted(order) == sorted(SPECS)
    assert [key for key in order if branches[key].parent is None] == order[:1]
    for key in order[1:]:
        parent = branches[key].parent
        assert order.index(parent) < order.index(key) and years[parent] <= years[key]


def test_the_walk_meets_every_cell_below_its_parent(tree):
    _, branches = tree
    depth = dict(descent.walk(branches))
    assert list(depth) != sorted(depth) and set(depth) == set(SPECS)
    assert all(depth[k] == depth[b.parent] + 1 for k, b in branches.items() if b.parent)


def test_the_lines_between_two_cells_are_all_their_lines(tree):
    _, branches = tree
    for key, branch in branches.items():
        if branch.parent is None:
            continue
        spec, other = SPECS[key], SPECS[branch.parent]
        found = lines.between(spec, other, branch.kin)
        assert [line.here for line in found if line.here] == list(spec.equations)
        there = [line.there for line in found if line.there]
        assert len(there) == len(other.equations)
        assert all(trees.parsed(line) for line in there)
        assert {line.state for line in found if not line.there} <= {lines.NEW}
        assert {line.state for line in found if not line.here} <= {lines.GONE}
        if branch.kin.cost == 0:
            assert {line.state for line in found} == {lines.KEPT}
