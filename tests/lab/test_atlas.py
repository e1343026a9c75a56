"""The atlas' protocol: one size, one score and one order for all cells, lost nets among them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from course_utils import ledger, numpy_nn
from course_utils.lab import atlas_agreement, atlas_facts, atlas_protocol, running
from course_utils.lab.atlas_arrival import ROWS, arrived, fresh, summary
from course_utils.lab.atlas_protocol import Protocol, run_cell
from course_utils.lab.atlas_ranks import ranking
from course_utils.lab.atlas_sizes import hidden_size, learned
from course_utils.lab.atlas_tasks import TASKS, entropies
from course_utils.ledger import results
from course_utils.numpy_nn import many
from course_utils.specs import SPECS, get_spec
from course_utils.tasks import Adding


@pytest.mark.parametrize("key", SPECS)
def test_every_cell_gets_the_size_that_comes_nearest(key):
    """No other hidden size comes nearer, and every cell comes within a tenth."""
    step = len(get_spec(key).config.get("periods", "1"))
    for task in (TASKS["adding"], TASKS["text"]):
        sizes = task.inputs, task.outputs
        goal = learned("lstm", sizes[0], 16, sizes[1])
        H = hidden_size(key, *sizes)
        off = [
            abs(learned(key, sizes[0], h, sizes[1]) - goal) for h in (H, H + step, H - step) if h
        ]
        assert H % step == 0 and off[0] == min(off) < 0.12 * goal


def test_what_is_learned_is_what_the_arrays_hold_less_biases_that_only_stand_as_a_sum():
    D, H, N = 3, 5, 2
    lstm = sum(
        p.size for p in numpy_nn.init_params("lstm", D, H, np.random.default_rng(0)).values()
    )
    assert learned("lstm", D, H, N) == lstm - 4 * H + N * (H + 1)
    gru = sum(p.size for p in numpy_nn.init_params("gru", D, H, np.random.default_rng(0)).values())
    assert learned("gru", D, H, N) == gru - 2 * H + N * (H + 1)  # b_hn stands inside r * (…)


def test_the_best_is_first_ties_share_a_rank_and_a_cell_that_is_lost_comes_last():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 0.1, (5, 9)) + np.array([3, 1, 2, 1, 0])[:, None]
    scores[3], scores[4, 1:] = scores[1], np.inf
    rows = ranking(scores)
    assert [row["rank"] for row in rows] == [4, 1.5, 3, 1.5, 5]
    assert [row["tied"] for row in rows] == [False, True, False, True, False]
    assert rows[4]["median"] is None and rows[4]["rank_low"] == rows[4]["rank_high"] == 5
    assert all(row["rank_low"] <= row["rank"] <= row["rank_high"] for row in rows)


def test_ranks_belong_to_cells_and_not_to_their_order_and_alike_cells_are_not_told_apart():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(6, 12)).round(2)
    scores[:, 0] = np.inf
    order = rng.permutation(6)
    assert ranking(scores[order]) == [ranking(scores)[k] for k in order]
    rows = ranking(scores)
    assert sum(row["tied"] for row in rows) > 3
    assert max(row["rank_high"] - row["rank_low"] for row in rows) > 2


def test_a_cell_that_is_a_little_worse_on_every_seed_is_told_from_the_best():
    scores = np.random.default_rng(4).normal(size=(1, 12)) + np.array([[0.0], [0.01]])
    assert [row["tied"] for row in ranking(scores)] == [True, False]
    assert [row["rank_high"] for row in ranking(scores)] == [1, 2]


def test_entropy_over_asked_steps_is_that_of_these_steps_alone_and_so_is_its_gradient():
    rng = np.random.default_rng(2)
    logits, ids = rng.normal(size=(2, 4, 3, 5)), rng.integers(0, 5, (4, 3))
    for mine, others in zip(entropies(logits, ids), many.cross_entropies(logits, ids), strict=True):
        np.testing.assert_allclose(mine, others, rtol=1e-12, atol=1e-15)
    each = rng.integers(0, 5, (2, 4, 3))
    each[rng.random(each.shape) < 0.5] = -1
    losses, dlogits = entropies(logits, each)
    for k in range(2):
        asked = each[k] >= 0
        loss, gradient = many.cross_entropies(logits[k : k + 1][:, asked], each[k][asked])
        np.testing.assert_allclose(losses[k], loss[0], rtol=1e-12)
        np.testing.assert_allclose(dlogits[k][asked], gradient[0], rtol=1e-12)
        assert not dlogits[k][~asked].any()


@pytest.mark.parametrize("name", TASKS)
def test_a_task_tells_right_answers_from_none_and_hands_out_what_it_says(name):
    task = TASKS[name]()
    x, target = next(iter(task.pieces(np.random.default_rng(0), 2)))
    assert x.shape[-1] == task.inputs
    assert len(list(task.pieces(np.random.default_rng(0), 3))) == 3
    for part in (0, 1):
        x, target = task.held_out(part)
        again, _ = task.held_out(part)
        np.testing.assert_array_equal(x, again)
        shape = (2, *x.shape[:2], task.outputs)
        if task.outputs == 1:
            right, none = np.full(shape, target), np.full(shape, 0.5)
        else:
            right = np.broadcast_to(50 * np.eye(task.outputs)[np.maximum(target, 0)], shape)
            none = np.random.default_rng(1).normal(0, 1e-3, shape)
        if name == "copying":
            none[..., -1] = -9  # a blank is never asked
        np.testing.assert_allclose(task.score(right, target), 0, atol=1e-9)
        assert (task.loss(right, target)[0] < task.loss(none, target)[0]).all()
    guess = task.score(none, target)
    if name == "text":
        assert (task.guess < guess).all()  # frequencies are more than nothing
    elif name not in ("reber", "counting"):  # there to guess is to know the two that may follow
        np.testing.assert_allclose(guess, task.guess, atol=0.05)


def test_a_net_that_diverges_is_not_solved_and_last_and_nothing_is_left_out():
    pytest.importorskip("numba")  # nets side by side are compiled
    config = Protocol(
        task="parity", cells=("lstm", "gru"), units=2, updates=2, rates=(1e39,), search=(9,),
        seeds=(0, 1, 2),
    )  # fmt: skip
    row = run_cell(config, "lstm")  # more than float32 holds
    values = atlas_protocol.measure(replace(config, rates=(1e-3,)))
    assert row["lost"] == 3 and row["scores"] == [np.inf] * 3
    json.dumps(values, allow_nan=False)
    assert list(values["cells"]) == ["lstm", "gru"] and values["lost"] == 0
    solved = atlas_protocol.solving(TASKS["parity"](), row["scores"])
    assert solved["solved"] == 0 < solved["share_high"]


def test_cells_of_one_seed_see_the_same_sequences(monkeypatch):
    pytest.importorskip("numba")  # nets side by side are compiled
    config = Protocol(
        task="counting", units=2, updates=3, rates=(0.01, 0.03), search=(5,), seeds=(0,)
    )
    seen = {}

    class Recorded(atlas_protocol.Family):
        def __call__(self, x, *args, **options):
            seen.setdefault(self.key, []).append(x)
            return super().__call__(x, *args, **options)

    monkeypatch.setattr(atlas_protocol, "Family", Recorded)
    for key in ("lstm", "gru"):
        run_cell(config, key)
    for a, b in zip(*seen.values(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(seen["gru"][0][0], seen["gru"][0][1])  # two rates, one seed


def test_what_arrives_is_the_derivative_by_the_first_state():
    key, steps, rng = "gru", 22, np.random.default_rng(3)
    layer = numpy_nn.init_params(key, 2, 4, rng)
    rng = np.random.default_rng((19, 0))
    x = Adding(steps).sample(rng, ROWS).x
    v, ends = rng.standard_normal((ROWS, 4)), []
    for unit in range(4):
        moved = [np.zeros((ROWS, 4)) for _ in range(2)]
        moved[0][:, unit], moved[1][:, unit] = 1e-5, -1e-5
        up, down = (numpy_nn.unroll(key, layer, x, (h,))[0][-1] for h in moved)
        ends.append(((up - down) * v).sum(axis=1) / 2e-5)
    logs = np.log10(np.linalg.norm(ends, axis=0) / np.linalg.norm(v, axis=1))
    assert arrived(key, layer, steps) == pytest.approx(logs.mean(), abs=1e-4)


def test_clocks_and_cut_paths_have_a_share_too():
    assert np.isfinite(fresh("clockwork", 4, 2, 30, (0,))).all()
    layer = numpy_nn.init_params("rnn", 2, 3, np.random.default_rng(0))
    layer["weight_hh"][:] = 0
    assert arrived("rnn", layer, 30) == -np.inf
    assert summary([-np.inf, -3.0, None]) == {"median": None, "low": None, "high": -3.0}


def test_facts_have_a_row_for_what_is_recorded_and_none_for_the_rest(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    assert atlas_facts.tasks() == {} == atlas_facts.arrivals()
    assert atlas_facts.facts() == {key: {} for key in SPECS}
    monkeypatch.undo()
    about, facts, arrivals = atlas_facts.tasks(), atlas_facts.facts(), atlas_facts.arrivals()
    assert list(facts) == list(SPECS)
    for task, said in about.items():
        assert said["experiment"] in ledger.recorded()
        rows = [row[task] for row in facts.values() if task in row]
        assert sum(row["tied"] for row in rows) == said["tied"] >= 1
        assert sum(row["rank"] for row in rows) == pytest.approx(sum(range(1, len(rows) + 1)))
        assert all(("share" in row) == (said["solved"] is not None) for row in rows)
    for row in arrivals.values():
        assert {"hidden", "start", "start_low", "start_high"} <= set(row)


@pytest.mark.skipif("atlas_agreement" not in ledger.recorded(), reason="not recorded yet")
def test_the_agreement_is_that_of_the_records_of_today():
    module = running.load("atlas_agreement")
    recorded = ledger.result("atlas_agreement")["values"]
    scores = atlas_agreement.recorded_scores()
    assert recorded["tasks"] == list(scores), "run course run atlas_agreement again"
    first, second, *_ = scores
    small = module.run(module.Config(tasks=(first, second)))
    assert small["pairs"] == {name: recorded["pairs"][name] for name in small["pairs"]}
