"""Encoder–decoder: no target leaks, NumPy = torch, and a search that finds the best there is."""

import itertools

import numpy as np
import pytest
import torch
from problems import close

from course_utils import equations
from course_utils.numpy_nn import losses, optim, search
from course_utils.numpy_nn.seq2seq import (
    EQUATIONS,
    Seq2Seq,
    encode,
    init_seq2seq,
    next_token,
    seq2seq,
    seq2seq_backward,
    shifted,
)
from course_utils.spec import NUMPY
from course_utils.tasks import DigitStrings
from course_utils.tasks.symbols import lengths
from course_utils.torch_nn import search as torch_search
from course_utils.torch_nn.seq2seq import Seq2Seq as TorchSeq2Seq

S, B, T = 5, 3, 4
SIZES = {"source_symbols": 7, "target_symbols": 6, "embedding": 3, "hidden": 4}
MODELS = [
    Seq2Seq(**SIZES),
    Seq2Seq(**SIZES, key="lstm", score="dot", bidirectional=False),
    Seq2Seq(**SIZES, key="rnn", score="general"),
    Seq2Seq(**SIZES, order="before"),
    Seq2Seq(**SIZES, key="lstm", score="scaled_dot", order="before", bidirectional=False),
    Seq2Seq(**SIZES, key="mingru", score=None),
]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: f"{m.key}-{m.score}-{m.order}")
RNG = np.random.default_rng(0)
SOURCE, TARGET = RNG.integers(0, 7, (S, B)), RNG.integers(0, 6, (T, B))
LENGTHS = np.array([5, 2, 3])
MASK = RNG.random((T, B)) < 0.8


def parameters(model, dtype=np.float64):
    return init_seq2seq(model, np.random.default_rng(1), dtype)


def torch_model(model, params):
    options = {
        n: getattr(model, n) for n in ("key", "score", "order", "bidirectional", "start", "end")
    }
    module = TorchSeq2Seq(**SIZES, **options, dtype=torch.float64)
    module.load_state_dict({name: torch.tensor(p) for name, p in params.items()})
    return module


@every_model
def test_numpy_equals_torch_in_gradients_too(model):
    params = parameters(model)
    module = torch_model(model, params)
    logits, weights, tape = seq2seq(model, params, SOURCE, TARGET, LENGTHS)
    loss, dlogits = losses.cross_entropy(logits, TARGET, MASK)
    grads = seq2seq_backward(tape, dlogits)
    by_torch, torch_weights = module(*map(torch.tensor, (SOURCE, TARGET, LENGTHS)))
    keep = torch.tensor(MASK)
    torch_loss = torch.nn.functional.cross_entropy(by_torch[keep], torch.tensor(TARGET)[keep])
    torch_loss.backward()
    close(logits, by_torch.detach().numpy(), 1e-13)
    if model.score:
        close(weights, torch_weights.detach().numpy(), 1e-13)
    assert loss == pytest.approx(torch_loss.item(), abs=1e-13)
    assert list(grads) == list(params)
    for name, p in module.named_parameters():
        close(grads[name], p.grad.numpy(), 1e-12)


@every_model
def test_float32_stays_float32(model):
    params = parameters(model, np.float32)
    logits, _, tape = seq2seq(model, params, SOURCE, TARGET, LENGTHS)
    grads = seq2seq_backward(tape, np.ones_like(logits))
    assert {a.dtype for a in (logits, *grads.values())} == {np.dtype(np.float32)}


@every_model
def test_no_target_leaks(model):
    """Another target at t changes no logit up to t, and every row's later ones."""
    params = parameters(model)
    logits, *_ = seq2seq(model, params, SOURCE, TARGET, LENGTHS)
    by_torch = torch_model(model, params)
    for t in range(T):
        changed = TARGET.copy()
        changed[t] = (changed[t] + 1) % 6
        others, *_ = seq2seq(model, params, SOURCE, changed, LENGTHS)
        np.testing.assert_array_equal(others[: t + 1], logits[: t + 1])
        if t + 1 < T:
            assert (others[t + 1] != logits[t + 1]).any(axis=-1).all()
        again, _ = by_torch(*map(torch.tensor, (SOURCE, changed, LENGTHS)))
        close(again.detach().numpy(), others, 1e-13)


def test_inputs_are_targets_one_step_late():
    np.testing.assert_array_equal(shifted(np.array([[4], [5], [2]]), 1), [[1], [4], [5]])


@every_model
def test_padding_of_the_source_counts_for_nothing(model):
    params = parameters(model)
    logits, weights, _ = seq2seq(model, params, SOURCE, TARGET, LENGTHS)
    other = np.where(np.arange(S)[:, None] < LENGTHS, SOURCE, 6 - SOURCE)
    assert (other != SOURCE).any()
    again, *_ = seq2seq(model, params, other, TARGET, LENGTHS)
    np.testing.assert_array_equal(again, logits)
    for b in range(B):
        alone, *_ = seq2seq(model, params, SOURCE[: LENGTHS[b], b : b + 1], TARGET[:, b : b + 1])
        close(alone, logits[:, b : b + 1], 1e-13)
    if model.score:
        assert (weights[:, 1, 2:] == 0).all()


@every_model
def test_one_token_at_a_time_gives_the_logits_of_teacher_forcing(model):
    params = parameters(model)
    logits, *_ = seq2seq(model, params, SOURCE, TARGET, LENGTHS)
    encoded, _ = encode(model, params, SOURCE, LENGTHS)
    step, state = next_token(model, params, encoded), encoded.state
    for t, tokens in enumerate(shifted(TARGET, model.start)):
        log_p, state = step(tokens, state)
        shift = logits[t] - log_p
        close(shift, np.broadcast_to(shift[:, :1], shift.shape), 1e-13)


def test_the_equation_lines_are_what_the_decoder_computes():
    model = MODELS[0]
    params = parameters(model)
    logits, _, tape = seq2seq(model, params, SOURCE, TARGET, LENGTHS)
    context, h = np.split(tape.both, [model.memory], axis=-1)
    values = {"c": context, "h": h}
    for symbol, name in (("c", "combine"), ("s", "readout")):
        values[f"W_{symbol}"] = params[f"{name}.weight"]
        values[f"b_{symbol}"] = params[f"{name}.bias"]
    close(equations.evaluate(EQUATIONS, values, NUMPY)["y"], logits, 1e-14)


def test_it_learns_to_write_digits_backwards():
    """120 updates; 0.95 to 1.0 of 200 strings were right over five seeds, 0.6 to 0.7 without
    attention.  A decoder that saw its target would learn too, and then fail here: greedy writes."""
    task = DigitStrings(1, 4)
    symbols = task.alphabet.size
    model = Seq2Seq(symbols, symbols, embedding=12, hidden=24)
    rng = np.random.default_rng(0)
    params, adam = init_seq2seq(model, rng), optim.Adam(lr=1e-2)
    moments = adam.init(params)
    for _ in range(120):
        x, target, mask = task.sample(rng, 32)
        logits, _, tape = seq2seq(model, params, x, target, lengths(x))
        _, dlogits = losses.cross_entropy(logits, target, mask)
        grads, _ = optim.clip_norm(seq2seq_backward(tape, dlogits), 1.0)
        params, moments = adam.update(params, grads, moments)
    x, target, _ = task.sample(rng, 200)
    encoded, _ = encode(model, params, x, lengths(x))
    step = next_token(model, params, encoded)
    ids = search.greedy(step, encoded.state, start=model.start, end=model.end, limit=6)
    written, wanted = task.alphabet.decode(ids), task.alphabet.decode(target)
    assert np.mean([a == b for a, b in zip(written, wanted, strict=True)]) > 0.85


# -- search ----------------------------------------------------------------------------------------

VOCABULARY, END, LIMIT = 3, 2, 4


def markov(seed):
    """A tiny model whose next token depends on all before: state (N, 1) is a hash of them."""
    rng = np.random.default_rng(seed)
    table = rng.normal(0, 1.5, (64, VOCABULARY))

    def step(tokens, state):
        state = (7 * state[0] + np.asarray(tokens)[:, None] + 1) % 64
        logits = table[state[:, 0].astype(int)]
        return logits - np.log(np.exp(logits).sum(-1, keepdims=True)), (state,)

    return step, (np.zeros((1, 1)),)


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


def test_what_is_refused():
    for make in (Seq2Seq, TorchSeq2Seq):
        with pytest.raises(ValueError, match='order: expected "after" or "before"'):
            make(**SIZES, order="both")
    lru = Seq2Seq(**SIZES, key="lru", order="before")
    with pytest.raises(TypeError, match="key: lru reads or gives more than x and its state"):
        seq2seq(lru, parameters(lru), SOURCE, TARGET)
    narrow = {
        n: p[..., :4] if n == "decoder.weight_ih_l0" else p
        for n, p in parameters(MODELS[3]).items()
    }
    with pytest.raises(ValueError, match="params: the cell should read D \\+ M = 11"):
        seq2seq(MODELS[3], narrow, SOURCE, TARGET)
    step, state = markov(0)
    options = {"start": 0, "end": END, "limit": LIMIT}
    with pytest.raises(ValueError, match="width: expected a positive integer, got 0"):
        search.beam_search(step, state, width=0, **options)
    with pytest.raises(ValueError, match="step: gave a log-probability of NaN"):
        search.beam_search(lambda t, s: (np.full((1, 3), np.nan), s), state, width=2, **options)
    with pytest.raises(IndexError, match="source: 7 is outside the vocabulary of 7"):
        seq2seq(MODELS[0], parameters(MODELS[0]), SOURCE + 7 - SOURCE, TARGET)
    with pytest.raises(ValueError, match="target: axis B should be 3"):
        seq2seq(MODELS[0], parameters(MODELS[0]), SOURCE, TARGET[:, :2])


@every_model
def test_what_stands_after_a_source_may_be_anything(model):
    params = parameters(model)
    after = np.arange(S)[:, None] >= LENGTHS
    found = []
    for rubbish in (0, 6, -9, 99):
        source = np.where(after, rubbish, SOURCE)
        logits, _, tape = seq2seq(model, params, source, TARGET, LENGTHS)
        grads = seq2seq_backward(tape, np.ones_like(logits))
        by_torch, _ = torch_model(model, params)(*map(torch.tensor, (source, TARGET, LENGTHS)))
        found.append([logits, by_torch.detach().numpy(), *grads.values()])
    for others in found[1:]:
        for a, b in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "wrong",
    [{"hidden": 2.0}, {"embedding": True}, {"source_symbols": 0}, {"start": 6}, {"end": -1}],
)
def test_sizes_and_tokens_are_checked_before_anything_is_drawn(wrong):
    for make in (Seq2Seq, TorchSeq2Seq):
        with pytest.raises((ValueError, IndexError), match=r"a positive integer|outside"):
            make(**SIZES | wrong)


def test_ids_of_torch_are_named_too():
    module = torch_model(MODELS[0], parameters(MODELS[0]))
    source, target = torch.tensor(SOURCE), torch.tensor(TARGET)
    with pytest.raises(IndexError, match=r"source: -1 is outside the vocabulary of 7"):
        module(source * 0 - 1, target)
    with pytest.raises(IndexError, match=r"target: 9 is outside the vocabulary of 6"):
        module(source, target * 0 + 9)
    with pytest.raises(TypeError, match=r"source: expected integers, got torch\.float64"):
        module(source.double(), target)


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


def test_torch_translates_many_sources_under_vmap():
    module = torch_model(MODELS[0], parameters(MODELS[0]))
    sources, target = torch.tensor(np.stack([SOURCE, SOURCE[::-1]])), torch.tensor(TARGET)
    found = torch.vmap(lambda source: module(source, target)[0])(sources)
    for source, logits in zip(sources, found, strict=True):
        torch.testing.assert_close(logits, module(source, target)[0])
