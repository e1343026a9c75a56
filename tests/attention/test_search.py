"""Greedy and beam search: a wide beam finds the best there is, in NumPy as in torch."""

import itertools

import numpy as np
import pytest
import torch
from sequence_models import (
    END,
    LENGTHS,
    LIMIT,
    SOURCE,
    VOCABULARY,
    every_model,
    markov,
    parameters,
    torch_model,
)

from course_utils.numpy_nn import search
from course_utils.numpy_nn.seq2seq import encode, next_token
from course_utils.torch_nn import search as torch_search


def everything(step, state, penalty):
    """All sequences up to the limit with their scores, best first."""
    found = []
    for length in range(1, LIMIT + 1):
        for tokens in itertools.product(range(VOCABULARY), repeat=length):
            if END in tokens[:-1] or (tokens[-1] != END and length < LIMIT):
                continue
            log_p, now, last = 0.0, state, 0
            for token in tokens:
                row, now = step(np.array([last]), now)
                log_p, last = log_p + row[0, token], token
            found.append((tokens, log_p / penalty(length)))
    return sorted(found, key=lambda entry: -entry[1])


def for_torch(step):
    def call(tokens, state):
        log_p, state = step(tokens.numpy(), tuple(s.numpy() for s in state))
        return torch.tensor(log_p), tuple(map(torch.tensor, state))

    return call


PENALTIES = {
    "none": lambda n: 1.0,
    "wu": search.wu_penalty(0.6),
    "mean": search.mean_penalty(),
}


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_finds_what_enumeration_finds(name, seed):
    (step, state), penalty = markov(seed), PENALTIES[name]
    every = everything(step, state, penalty)
    options = {"start": 0, "end": END, "limit": LIMIT, "penalty": penalty}
    found = search.beam_search(step, state, width=len(every), **options)
    assert [h.tokens for h in found] == [tokens for tokens, _ in every]
    np.testing.assert_allclose([h.score for h in found], [score for _, score in every])
    assert all(h.finished == (h.tokens[-1] == END) for h in found)
    by_torch = torch_search.beam_search(
        for_torch(step), (torch.tensor(state[0]),), width=len(every), **options
    )
    assert [tokens for tokens, _ in by_torch] == [tokens for tokens, _ in every]


@pytest.mark.parametrize("seed", range(8))
def test_a_beam_of_one_is_greedy(seed):
    step, state = markov(seed)
    options = {"start": 0, "end": END, "limit": LIMIT}
    (found,) = search.beam_search(step, state, width=1, penalty=PENALTIES["wu"], **options)
    ids = search.greedy(step, state, **options)[:, 0]
    assert found.tokens == tuple(ids)
    start = (torch.tensor(state[0]),)
    assert tuple(torch_search.greedy(for_torch(step), start, **options)[:, 0]) == tuple(ids)
    ((tokens, _),) = torch_search.beam_search(for_torch(step), start, width=1, **options)
    assert tokens == tuple(ids)


def test_greedy_rows_do_not_meet_and_end_is_repeated():
    step, _ = markov(1)
    states = np.arange(12.0)[:, None]
    options = {"start": 0, "end": END, "limit": LIMIT}
    ids = search.greedy(step, (states,), **options)
    by_torch = torch_search.greedy(for_torch(step), (torch.tensor(states),), **options)
    np.testing.assert_array_equal(by_torch.numpy(), ids)
    ended = set()
    for n in range(12):
        alone = search.greedy(step, (states[n : n + 1],), **options)[:, 0]
        np.testing.assert_array_equal(ids[: len(alone), n], alone)
        assert (ids[len(alone) :, n] == END).all()
        ended.add(len(alone))
    assert len(ended) > 2  # some end early, some late


def test_stopping_early_loses_nothing(monkeypatch):
    """Narrow beams with and without the bound, and in torch: the same, for every penalty."""
    for seed, width in itertools.product(range(6), (1, 2, 3)):
        step, state = markov(seed)
        for penalty in PENALTIES.values():
            options = {"start": 0, "end": END, "limit": LIMIT, "width": width, "penalty": penalty}
            found = search.beam_search(step, state, **options)
            start = (torch.tensor(state[0]),)
            by_torch = torch_search.beam_search(for_torch(step), start, **options)
            assert [tokens for tokens, _ in by_torch] == [h.tokens for h in found]
            with monkeypatch.context() as patch:
                patch.setattr(search, "_bound", lambda *_: np.inf)
                assert search.beam_search(step, state, **options) == found


def test_length_penalties_by_hand():
    """Wu et al. 2016: ((5 + 7)/(5 + 1))^0.5; and 4^0.5."""
    assert search.wu_penalty(0.5)(7) == pytest.approx(2**0.5)
    assert search.wu_penalty(0)(7) == 1
    assert search.mean_penalty(0.5)(4) == 2
    for name in ("wu_penalty", "mean_penalty"):
        assert getattr(torch_search, name)(0.7)(9) == getattr(search, name)(0.7)(9)


def test_a_penalty_lets_longer_sequences_win():
    """P(end) = 0.6 at once; else 0.4, then two sure tokens: alone it loses, by the mean it wins."""
    log = np.log(np.array([[0.4, 1e-300, 0.6], [1e-300, 1, 1e-300], [1e-300, 1e-300, 1]]))

    def step(tokens, state):
        return log[state[0][:, 0].astype(int)], (state[0] + 1,)

    options = {"start": 0, "end": END, "limit": 3, "width": 4}
    state = (np.zeros((1, 1)),)
    assert search.beam_search(step, state, **options)[0].tokens == (2,)
    mean = search.beam_search(step, state, penalty=search.mean_penalty(), **options)
    assert mean[0].tokens == (0, 1, 2)
    assert mean[0].score == pytest.approx(np.log(0.4) / 3)


def test_a_late_end_is_waited_for_where_it_can_still_win():
    """At length 3 the survivor could score -5.3 / 3, too little; at 12 it scores -5.3 / 12."""
    rows = [
        [0.05, 1e-300, 0.95],
        [1e-300, 0.1, 0.9],
        *[[1e-300, 1, 1e-300]] * 9,
        [1e-300, 1e-300, 1],
    ]
    log = np.log(np.array(rows))

    def step(tokens, state):
        return log[state[0][:, 0].astype(int)], (state[0] + 1,)

    options = {"start": 0, "end": END, "limit": 12, "width": 2, "penalty": search.mean_penalty()}
    state = (np.zeros((1, 1)),)
    expected = [(2,), (0, *[1] * 10, 2)]
    assert [h.tokens for h in search.beam_search(step, state, **options)] == expected
    by_torch = torch_search.beam_search(for_torch(step), (torch.tensor(state[0]),), **options)
    assert [tokens for tokens, _ in by_torch] == expected


@every_model
def test_the_model_can_be_searched(model):
    params = parameters(model)
    module = torch_model(model, params)
    options = {"start": model.start, "end": model.end, "limit": 6}
    encoded, _ = encode(model, params, SOURCE, LENGTHS)
    ids = search.greedy(next_token(model, params, encoded), encoded.state, **options)
    with torch.no_grad():
        memory, mask, state = module.encode(torch.tensor(SOURCE), torch.tensor(LENGTHS))
    by_torch = torch_search.greedy(module.next_token(memory, mask), state, **options)
    np.testing.assert_array_equal(by_torch.numpy(), ids)
    one, _ = encode(model, params, SOURCE[:, :1])
    found = search.beam_search(next_token(model, params, one), one.state, width=3, **options)
    with torch.no_grad():
        memory, mask, state = module.encode(torch.tensor(SOURCE[:, :1]))
    others = torch_search.beam_search(module.next_token(memory, mask), state, width=3, **options)
    assert [h.tokens for h in found] == [tokens for tokens, _ in others]


SEARCHES = {
    "numpy": (search, lambda n: (np.zeros((n, 2)),), lambda n, v: np.full((n, 3), v)),
    "torch": (torch_search, lambda n: (torch.zeros(n, 2),), lambda n, v: torch.full((n, 3), v)),
}


@pytest.mark.parametrize("room", SEARCHES)
@pytest.mark.parametrize("wrong", [2.5, True, None, -1, "2"])
def test_a_search_counts_in_integers(room, wrong):
    module, state, rows = SEARCHES[room]
    step = lambda tokens, state: (rows(len(tokens), -1.0), state)  # noqa: E731
    options = {"start": 0, "end": 1}
    for call in (
        lambda: module.greedy(step, state(2), limit=wrong, **options),
        lambda: module.beam_search(step, state(1), limit=wrong, width=2, **options),
        lambda: module.beam_search(step, state(1), limit=2, width=wrong, **options),
    ):
        with pytest.raises(ValueError, match=r"(limit|width): expected a"):
            call()


@pytest.mark.parametrize("room", SEARCHES)
def test_a_search_refuses_nan_and_states_it_cannot_follow(room):
    module, state, rows = SEARCHES[room]
    lost = lambda tokens, state: (rows(len(tokens), float("nan")), state)  # noqa: E731
    options = {"start": 0, "end": 1, "limit": 2}
    with pytest.raises(ValueError, match="step: gave a log-probability of NaN"):
        module.greedy(lost, state(2), **options)
    with pytest.raises(ValueError, match="state: expected one source"):
        module.beam_search(lost, state(2), width=1, **options)
    for nothing in ((), None, state(1)[0]):
        with pytest.raises(TypeError, match="state: expected a tuple"):
            module.greedy(lost, nothing, **options)
