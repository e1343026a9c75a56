"""Attention: tables by hand, NumPy = torch in values and gradients, masks that hide all."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import close

from course_utils import equations
from course_utils.numpy_nn import attention, losses, seq2seq
from course_utils.numpy_nn.attention import scores, window
from course_utils.numpy_nn.attention.attend import EQUATIONS as ATTEND
from course_utils.numpy_nn.attention.attend import SYMBOLS as ATTEND_SYMBOLS
from course_utils.numpy_nn.gradcheck import complex_step
from course_utils.shapes import ShapeError
from course_utils.spec import NUMPY
from course_utils.torch_nn.attention import Attention, causal, padding

KINDS = tuple(attention.SCORES)
T, B, S, V = 4, 3, 5, 2
every_score = pytest.mark.parametrize("kind", KINDS)


class Problem:
    """One attention with all sizes different, and a mask with an empty row."""

    def __init__(self, kind, seed=0, dtype=np.float64):
        self.kind = kind
        rng = np.random.default_rng([seed, *kind.encode()])
        Q, K = (6, 6) if "dot" in kind else (6, 7)

        def normal(*shape):
            return rng.standard_normal(shape).astype(dtype)

        self.params = attention.init_score(kind, Q, K, rng, dtype, hidden_size=8)
        self.queries, self.keys, self.values = normal(T, B, Q), normal(S, B, K), normal(S, B, V)
        self.dcontext, self.dweights = normal(T, B, V), normal(T, B, S)
        self.mask = rng.random((T, B, S)) < 0.6
        self.mask[1, 2] = False
        self.mask[0, 0] = True

    def run(self, **changed):
        """context, weights, dqueries, dkeys, dvalues and the gradients, all in one list."""
        p = {**self.__dict__, **changed}
        context, weights, tape = attention.attend(
            p["kind"], p["params"], p["queries"], p["keys"], p["values"], p["mask"]
        )
        *back, grads = attention.attend_backward(tape, p["dcontext"], p["dweights"])
        return [context, weights, *(b for b in back if b is not None), *grads.values()]

    def run_torch(self, **changed):
        p = {**self.__dict__, **changed}
        layer = torch_layer(p["kind"], p["params"])
        leaves = [
            torch.tensor(p[n], requires_grad=True)
            for n in ("queries", "keys", "values")
            if p[n] is not None
        ]
        values = leaves[2] if len(leaves) == 3 else None
        context, weights = layer(leaves[0], leaves[1], values, torch.tensor(p["mask"]))
        loss = (torch.tensor(p["dcontext"]) * context.nan_to_num()).sum()
        loss = loss + (torch.tensor(p["dweights"]) * weights.nan_to_num()).sum()
        grads = torch.autograd.grad(loss, [*leaves, *layer.parameters()])
        return [t.detach().numpy() for t in (context, weights, *grads)]


def torch_layer(kind, params):
    """The module that holds these arrays."""
    shapes = [p.shape for p in params.values()]
    Q, K, A = {
        "general": lambda: (*shapes[0], None),
        "additive": lambda: (shapes[0][1], shapes[1][1], shapes[0][0]),
    }.get(kind, lambda: (6, 6, None))()
    dtype = torch.float32 if any(p.dtype == np.float32 for p in params.values()) else torch.float64
    layer = Attention(kind, Q, K, A, dtype=dtype)
    layer.load_state_dict({name: torch.tensor(p) for name, p in params.items()})
    return layer


def all_close(found, expected, tolerance):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
        close(np.nan_to_num(a), np.nan_to_num(b), tolerance)


# -- by hand ---------------------------------------------------------------------------------------


def test_dot_attention_by_hand():
    """q = (1, 0) fits k_1 = (ln 3, 0) by ln 3 and k_2 = (0, 1) by 0: weights 3/4 and 1/4."""
    q = np.array([[[1.0, 0]]])
    k = np.array([[[math.log(3), 0]], [[0, 1.0]]])
    v = np.array([[[8.0]], [[4.0]]])
    context, weights, tape = attention.attend("dot", {}, q, k, v)
    np.testing.assert_allclose(weights, [[[0.75, 0.25]]])
    np.testing.assert_allclose(context, [[[7.0]]])
    # covariance of v with k: ¾·¼·(8 − 4)·(k_1 − k_2)
    jacobian = attention.query_jacobian(tape)
    np.testing.assert_allclose(jacobian, [[[[0.75 * math.log(3), -0.75]]]])


@pytest.mark.parametrize(
    "kind, params, expected",
    [
        ("dot", {}, 11),  # (1, 2)·(3, 4)
        ("scaled_dot", {}, 11 / math.sqrt(2)),  # Vaswani 2017, eq. 1
        ("general", {"weight_a": np.array([[0.0, 1], [2, 0]])}, 16),  # (1, 2)·(4, 6)
        (
            "additive",  # Bahdanau 2015, A.1.2: 5·tanh(0.1·(1 + 2·2) + 0.2·(3 − 4))
            {
                "weight_q": np.array([[0.1, 0.2]]),
                "weight_k": np.array([[0.2, -0.2]]),
                "v": np.array([5.0]),
            },
            5 * math.tanh(0.3),
        ),
    ],
)
def test_a_score_by_hand(kind, params, expected):
    q, k = np.array([[[1.0, 2]]]), np.array([[[3.0, 4]]])
    given, _ = attention.SCORES[kind].forward(params, q, k)
    np.testing.assert_allclose(given, [[[expected]]])


def test_the_equation_lines_are_what_the_scores_compute():
    """One query, the positions as rows; sums over positions are not in the language yet."""
    p = Problem("additive")
    given, _ = attention.SCORES["additive"].forward(p.params, p.queries, p.keys)
    general = Problem("general")
    by_general, _ = attention.SCORES["general"].forward(
        general.params, general.queries, general.keys
    )
    for s in range(S):
        names = {"W_a": p.params["weight_q"], "U_a": p.params["weight_k"], "V_a": p.params["v"]}
        values = names | {"s_prev": p.queries, "h": p.keys[s]}
        found = equations.evaluate(scores.EQUATIONS["additive"], values, NUMPY)["e"]
        close(found, given[..., s], 1e-14)
        values = {"W_a": general.params["weight_a"], "k": general.keys[s]}
        u = equations.evaluate(scores.EQUATIONS["general"], values, NUMPY)["u"]
        close((general.queries * u).sum(-1), by_general[..., s], 1e-14)


def test_the_lines_of_attention_compute_what_attend_computes():
    """For each sample's own memory: scaled scores, a softmax, a blend."""
    p = Problem("scaled_dot")
    context, weights, _ = attention.attend("scaled_dot", {}, p.queries, p.keys, p.values)
    for b in range(p.keys.shape[1]):
        given = {"Keys": p.keys[:, b], "Values": p.values[:, b].T, "q": p.queries[:, b]}
        found = equations.evaluate(ATTEND, given | {"d": p.keys.shape[-1]}, NUMPY)
        close(found["w"], weights[:, b], 1e-14)
        close(found["c"], context[:, b], 1e-14)


def test_the_equation_lines_can_be_printed():
    printed = [
        equations.latex(ATTEND, ATTEND_SYMBOLS),
        *(equations.latex(lines, scores.SYMBOLS) for lines in scores.EQUATIONS.values()),
        equations.latex(window.EQUATIONS, window.SYMBOLS),
        equations.latex(seq2seq.EQUATIONS, seq2seq.SYMBOLS),
    ]
    assert r"w_t &= \operatorname{softmax}\left(e_t\right)" in printed.pop(0)
    assert r"e_{ij} &= v_a^{\top}\,\tanh\left(W_{a}\,s_{i-1} + U_{a}\,h_j\right)" in printed[0]
    assert r"\phi_t(u) &= \alpha_t \odot \exp" in printed[2]
    for module, lines in ((window, window.EQUATIONS), (seq2seq, seq2seq.EQUATIONS)):
        names = {n for line in lines for n in (equations.target(line), *equations.names(line))}
        assert set(module.SYMBOLS) <= names
        assert "kappa_{t}" not in "".join(printed)


# -- NumPy and torch -------------------------------------------------------------------------------


@every_score
@pytest.mark.parametrize("shared", [False, True])
def test_numpy_equals_torch_in_gradients_too(kind, shared):
    p = Problem(kind)
    changed = {"values": None} if shared else {}
    if shared:
        changed["dcontext"] = np.random.default_rng(1).standard_normal((T, B, p.keys.shape[-1]))
    all_close(p.run(**changed), p.run_torch(**changed), 1e-13)


@every_score
def test_float32_stays_float32(kind):
    p = Problem(kind, dtype=np.float32)
    wide = {n: v.astype(float) for n, v in vars(p).items() if getattr(v, "dtype", "") == np.float32}
    wide["params"] = {n: v.astype(float) for n, v in p.params.items()}
    for narrow, exact in zip(p.run(), p.run(**wide), strict=True):
        assert narrow.dtype == np.float32
        close(narrow, exact, 1e-5)


@every_score
def test_the_query_jacobian_is_a_covariance(kind):
    """The closed form against the complex step, one output at a time."""
    p = Problem(kind)
    _, _, tape = attention.attend(kind, p.params, p.queries, p.keys, p.values, p.mask)
    jacobian = attention.query_jacobian(tape)
    for v in range(V):

        def component(q, v=v):
            context, *_ = attention.attend(kind, p.params, q, p.keys, p.values, p.mask)
            return context[..., v].sum()

        close(jacobian[:, :, v], complex_step(component, p.queries), 1e-13)


def test_attention_on_one_position_alone_passes_no_gradient_to_the_query():
    p = Problem("dot")
    _, weights, tape = attention.attend("dot", {}, 1e6 * p.queries, p.keys, p.values)
    assert (weights.max(axis=-1) > 1 - 1e-12).all()
    assert np.abs(attention.query_jacobian(tape)).max() < 1e-9


@every_score
def test_pointing_is_a_softmax_over_the_positions(kind):
    p = Problem(kind)
    mask = p.mask | (np.arange(S) == 0)  # every row may point somewhere
    ids = np.where(mask, np.random.default_rng(2).random((T, B, S)), -1).argmax(-1)
    logits, tape = attention.point(kind, p.params, p.queries, p.keys, mask)
    loss, dlogits = losses.cross_entropy(logits, ids)
    dqueries, dkeys, grads = attention.point_backward(tape, dlogits)
    _, weights, _ = attention.attend(kind, p.params, p.queries, p.keys, None, mask)
    close(np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), weights, 1e-13)
    layer = torch_layer(kind, p.params)
    q, k = (torch.tensor(a, requires_grad=True) for a in (p.queries, p.keys))
    by_torch = torch.nn.functional.cross_entropy(
        layer.point(q, k, torch.tensor(mask)).flatten(0, 1), torch.tensor(ids).flatten()
    )
    expected = torch.autograd.grad(by_torch, [q, k, *layer.parameters()])
    assert loss == pytest.approx(by_torch.item(), abs=1e-13)
    all_close([dqueries, dkeys, *grads.values()], [g.numpy() for g in expected], 1e-13)


# -- masks -----------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([0.0, 1.0, 1e4]))
def test_weights_sum_to_one_and_are_zero_where_masked(seed, scale):
    rng = np.random.default_rng(seed)
    given = scale * rng.standard_normal((3, 2, 4))
    mask = rng.random((3, 2, 4)) < 0.5
    weights = attention.masked_softmax(given, mask)
    assert (weights >= 0).all() and (weights[~mask] == 0).all()
    np.testing.assert_allclose(weights.sum(-1), mask.any(-1).astype(float), rtol=1e-14)


@every_score
def test_a_query_that_may_look_nowhere_gets_zeros_and_passes_no_gradient(kind):
    p = Problem(kind)
    context, weights, dqueries, *_ = p.run()
    assert (context[1, 2] == 0).all() and (weights[1, 2] == 0).all()
    assert (dqueries[1, 2] == 0).all()
    nothing = p.run(mask=np.zeros((1, B, 1), bool))
    assert all((part == 0).all() for part in nothing)


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, 1e300])
@every_score
def test_what_is_masked_for_all_may_hold_anything(kind, rubbish):
    """Padding: the same as with zeros there, in values and gradients, NumPy and torch."""
    p = Problem(kind)
    lengths = np.array([3, 5, 0])
    mask = attention.padding(lengths, S)
    np.testing.assert_array_equal(mask, padding(lengths, S).numpy())
    hidden = ~mask[0].T
    clean, dirty = {"mask": mask}, {"mask": mask}
    for name in ("keys", "values"):
        value = getattr(p, name)
        clean[name] = np.where(hidden[..., None], 0, value)
        dirty[name] = np.where(hidden[..., None], rubbish, value)
    expected = p.run(**clean)
    with np.errstate(over="ignore", invalid="ignore"):
        all_close(p.run(**dirty), expected, 1e-14)
    if not math.isfinite(rubbish):
        all_close(p.run_torch(**dirty), expected, 1e-13)


@every_score
def test_a_causal_mask_hides_the_future_even_where_it_is_nan(kind):
    p = Problem(kind)
    mask = attention.causal(T, S)
    np.testing.assert_array_equal(mask, causal(T, S).numpy())
    whole = p.run(mask=mask)
    keys = p.keys.copy()
    keys[2] = np.nan
    found = p.run(mask=mask, keys=keys)
    close(found[0][:2], whole[0][:2], 1e-14)
    close(found[1][:2], whole[1][:2], 1e-14)
    assert np.isnan(found[0][2:]).all()
    assert all(np.isfinite(g).all() for g in found[2:])  # who saw NaN passes no gradient
    all_close(p.run_torch(mask=mask, keys=keys), found, 1e-13)


@every_score
def test_rows_of_a_batch_do_not_meet(kind):
    p = Problem(kind)
    whole = p.run()[:4]
    names = ("queries", "keys", "values", "mask", "dcontext", "dweights")
    for b in range(B):
        alone = p.run(**{n: getattr(p, n)[:, b : b + 1] for n in names})[:4]
        all_close(alone, [part[:, b : b + 1] for part in whole], 1e-13)


@pytest.mark.parametrize(
    "changed, error, message",
    [
        ({"mask": np.ones((T, B, S))}, TypeError, "mask: expected booleans, true = may attend"),
        ({"mask": np.ones((B, S), bool)}, ShapeError, r"mask: expected three axes \(T=4 or 1"),
        ({"mask": np.ones((T, S, B), bool)}, ShapeError, r"got \(4, 5, 3\)"),
        ({"keys": np.ones((0, B, 6)), "values": None}, ValueError, "keys: axis S is empty"),
        ({"keys": np.ones((S, B + 1, 6))}, ShapeError, "keys: axis B should be 3"),
        ({"values": np.ones((S + 1, B, 2))}, ShapeError, "values: axis S should be 5"),
        ({"kind": "cosine"}, KeyError, "score 'cosine' is unknown; there are dot"),
    ],
)
def test_what_is_refused(changed, error, message):
    p = Problem("dot")
    with pytest.raises(error, match=message):
        p.run(**changed)
    if "kind" not in changed:
        tensors = {
            n: None if changed.get(n, 0) is None else torch.tensor(changed.get(n, getattr(p, n)))
            for n in ("queries", "keys", "values", "mask")
        }
        with pytest.raises(error, match=message.replace("booleans", "torch.bool")):
            Attention("dot", 6, 6)(**tensors)


def test_no_queries_and_no_rows_give_empty_results():
    p = Problem("additive")
    empty = p.run(
        queries=p.queries[:0], mask=None, dcontext=p.dcontext[:0], dweights=p.dweights[:0]
    )
    assert empty[0].shape == (0, B, V) and (empty[3] == 0).all()
    names = ("queries", "keys", "values", "mask", "dcontext", "dweights")
    assert p.run(**{n: getattr(p, n)[:, :0] for n in names})[1].shape == (T, 0, S)


def test_both_start_uniform_in_one_over_the_root_of_the_columns():
    for kind in ("general", "additive"):
        drawn = attention.init_score(kind, 50, 80, np.random.default_rng(0), np.float32)
        layer = Attention(kind, 50, 80)
        assert {n: p.shape for n, p in drawn.items()} == {
            n: tuple(p.shape) for n, p in layer.named_parameters()
        }
        for name, p in layer.named_parameters():
            for largest in (np.abs(drawn[name]).max(), p.abs().max().item()):
                assert 0.85 < largest * math.sqrt(p.shape[-1]) <= 1 + 1e-6
            assert drawn[name].dtype == np.float32


def test_sizes_that_do_not_fit_a_dot_product_are_refused_at_the_start():
    with pytest.raises(ValueError, match="dot needs query_size = 3, got 4; use 'general'"):
        attention.init_score("dot", 3, 4, np.random.default_rng(0))
    with pytest.raises(ValueError, match="scaled_dot needs query_size = 3, got 4"):
        Attention("scaled_dot", 3, 4)
