"""Wrong and right variants of the exercise ``alignment``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong

# what a trained translator's answers cannot tell apart
PADDING = "padding gets weights, or the encoder begins in it: mask the scores, pack the sequences"
NOTHING = "nothing comes out right: shift the target, step, and show the decoder what it wrote"


@wrong("q1", hint="zero the scores before the softmax, not the weights after it: they sum to 1")
def masks_after_the_softmax(answers):
    source = swap(answers["q1"], "scores = np.where(mask, scores, -np.inf)", "pass")
    source = swap(source, "scores.max(axis=-1, keepdims=True)", "np.nanmax(scores, -1)[..., None]")
    old = "np.where(mask, np.exp(scores - np.where(np.isfinite(top), top, 0)), 0)"
    new = "np.exp(np.nan_to_num(scores - np.where(np.isfinite(top), top, 0)))"
    source = swap(source, old, new)
    return {"q1": swap(source, "return e / np", "return mask * e / np")}


@wrong("q1", hint="a row that may look nowhere is 0/0: its weights are to be 0")
def divides_zero_by_zero(answers):
    return {"q1": swap(answers["q1"], "np.where(total == 0, 1, total)", "total")}


@wrong("q1", hint="exp of 10,000 is infinite: subtract the largest score first")
def overflows(answers):
    return {"q1": swap(answers["q1"], "np.where(np.isfinite(top), top, 0)", "0")}


@wrong("q1", hint="the largest score is taken over what is hidden, too: it may be NaN")
def takes_the_top_of_everything(answers):
    source = swap(answers["q1"], "scores = np.where(mask, scores, -np.inf)", "pass")
    return {"q1": source}


@wrong("q1", hint="a mask multiplied on lets NaN through: select, do not multiply")
def multiplies_the_mask(answers):
    old = "np.where(mask, np.exp(scores - np.where(np.isfinite(top), top, 0)), 0)"
    source = swap(answers["q1"], old, "mask * np.exp(raw - np.where(np.isfinite(top), top, 0))")
    first = "    scores = np.where(mask, scores, -np.inf)\n"
    return {"q1": swap(source, first, "    raw = scores\n" + first)}


@wrong("q1", hint="the softmax runs over the positions, the last axis")
def normalises_over_queries(answers):
    return {"q1": swap(answers["q1"], "e.sum(axis=-1", "e.sum(axis=0")}


@wrong("q2", hint="over the root of D, not over D")
def divides_by_d(answers):
    return {"q2": swap(answers["q2"], "/ np.sqrt(queries.shape[-1])", "/ queries.shape[-1]")}


@wrong("q2", hint="the division is missing")
def does_not_divide(answers):
    return {"q2": swap(answers["q2"], " / np.sqrt(queries.shape[-1])", "")}


@wrong("q2", hint="without the tanh the query's part is the same for every position")
def leaves_out_the_tanh(answers):
    return {"q2": swap(answers["q2"], "np.tanh(from_q + from_k)", "(from_q + from_k)")}


@wrong("q2", hint="the tanh is of the sum of both parts, not of each alone")
def squashes_each_alone(answers):
    old = "np.tanh(from_q + from_k)"
    return {"q2": swap(answers["q2"], old, "(np.tanh(from_q) + np.tanh(from_k))")}


@wrong("q2", hint="W belongs to the query, U to the key")
def exchanges_w_and_u(answers):
    source = swap(answers["q2"], "queries @ W.T", "queries @ U.T")
    return {"q2": swap(source, "keys @ U.T", "keys @ W.T")}


@wrong("q2", hint="zero times NaN is NaN: what nobody looks at has to leave before the product")
def lets_nan_out(answers):
    return {"q2": swap(answers["q2"], "np.where(seen[..., None], values, 0)", "values")}


@wrong("q2", hint="the tanh is kept for every query and every position")
def keeps_too_few(answers):
    return {"q2": swap(answers["q2"], "T * B * S * A", "(T + S) * B * A")}


@wrong("q2", hint="v has A weights as well")
def forgets_v_in_the_count(answers):
    return {"q2": swap(answers["q2"], "A * (2 * D + 1)", "A * 2 * D")}


@wrong("q3", hint="the softmax couples the positions: subtract the mean of dw under the weights")
def forgets_the_mean(answers):
    old = "de = weights * (dw - (weights * dw).sum(axis=-1, keepdims=True))"
    return {"q3": swap(answers["q3"], old, "de = weights * dw")}


@wrong("q3", hint="the mean of dw is under the weights, not over positions alike")
def takes_a_plain_mean(answers):
    old = "(weights * dw).sum(axis=-1, keepdims=True)"
    return {"q3": swap(answers["q3"], old, "dw.mean(axis=-1, keepdims=True)")}


@wrong("q3", hint="scores were divided by the root of D on the way forward: so on the way back")
def forgets_the_division(answers):
    return {"q3": swap(answers["q3"], "    de = de / np.sqrt(queries.shape[-1])\n", "")}


@wrong("q3", hint="every query's share of a key's gradient is added up: only the first was taken")
def takes_one_query_only(answers):
    old = 'np.einsum("tbs,tbd->sbd", de, queries)'
    return {"q3": swap(answers["q3"], old, 'np.einsum("bs,bd->sbd", de[0], queries[0])')}


@wrong("q3", hint="dvalues is weights times dcontext, not de times it")
def sends_scores_to_values(answers):
    old = 'np.einsum("tbs,tbv->sbv", weights, dcontext)'
    source = swap(answers["q3"], "    dvalues = " + old + "\n", "")
    new = '    dvalues = np.einsum("tbs,tbv->sbv", de, dcontext)\n    return dqueries'
    return {"q3": swap(source, "    return dqueries", new)}


@wrong("q4", hint="the product of the means is missing: a covariance, not a mean of products")
def forgets_the_means(answers):
    old = " - np.outer(weights @ values, weights @ keys)"
    return {"q4": swap(answers["q4"], old, "")}


@wrong("q4", hint="keys and values are exchanged: rows are those of the values")
def transposes_the_covariance(answers):
    old = "(weights[:, None] * values).T @ keys - np.outer(weights @ values, weights @ keys)"
    new = "(weights[:, None] * keys).T @ values - np.outer(weights @ keys, weights @ values)"
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q4", hint="the weights are there to be used: here every position counts alike")
def takes_the_plain_covariance(answers):
    old = "return (weights[:, None] * values)"
    new = "weights = np.full(len(keys), 1 / len(keys))\n    return (weights[:, None] * values)"
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q4", hint="add the same number to all scores and no weight changes: use differences")
def looks_at_the_keys_themselves(answers):
    return {"q4": swap(answers["q4"], "keys - keys.mean(axis=0)", "keys")}


@wrong("q4", hint="that is what the query does see: the other space is asked for")
def returns_what_is_seen(answers):
    return {"q4": swap(answers["q4"], "np.eye(keys.shape[1]) - np.linalg", "np.linalg")}


@wrong("q4", hint="v W q is the same for every position, and the softmax sees differences only")
def believes_in_the_linear_score(answers):
    old = "np.zeros((values.shape[1], keys.shape[1]))"
    return {"q4": swap(answers["q4"], old, "slope(weights, keys @ U.T @ W, values)")}


@wrong("q5", hint="not shifted: the decoder is shown the very token that it is asked for")
def does_not_shift(answers):
    old = "np.concatenate([np.full_like(target[:1], start), target[:-1]])"
    return {"q5": swap(answers["q5"], old, "target.copy()")}


@wrong("q5", hint="shifted the wrong way: the future is shown")
def shifts_the_wrong_way(answers):
    old = "np.concatenate([np.full_like(target[:1], start), target[:-1]])"
    new = "np.concatenate([target[1:], np.full_like(target[:1], start)])"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q5", hint="the batch goes round with np.roll: START is to stand first, not the last token")
def rolls(answers):
    old = "np.concatenate([np.full_like(target[:1], start), target[:-1]])"
    return {"q5": swap(answers["q5"], old, "np.roll(target, 1, axis=0)")}


@wrong("q5", hint="only step t is looked at: an earlier one may see y_t too")
def looks_at_one_step(answers):
    old = "(logits_of(changed)[: t + 1] != before[: t + 1])"
    return {"q5": swap(answers["q5"], old, "(logits_of(changed)[t] != before[t])")}


@wrong("q5", hint="later steps may depend on y_t: that is what it is shown for")
def looks_at_every_step(answers):
    old = "(logits_of(changed)[: t + 1] != before[: t + 1])"
    return {"q5": swap(answers["q5"], old, "(logits_of(changed) != before)")}


@wrong("q5", hint="logits before step t only: the step that is asked for y_t is the first suspect")
def leaves_the_step_itself_out(answers):
    old = "(logits_of(changed)[: t + 1] != before[: t + 1])"
    return {"q5": swap(answers["q5"], old, "(logits_of(changed)[:t] != before[:t])")}


@wrong("q5", hint="one change may happen to change nothing: try every id")
def tries_one_change(answers):
    return {"q5": swap(answers["q5"], "range(V)", "range(1)")}


@wrong("q5", hint="the target that was given is changed: copy it first, or changes add up")
def forgets_to_restore(answers):
    return {"q5": swap(answers["q5"], "changed = target.copy()", "changed = target")}


@wrong("q6", hint="each hypothesis keeps its best continuation: the width best of all are wanted")
def keeps_one_each(answers):
    source = swap(
        answers["q6"],
        "order = np.argsort(-sums, axis=None)[:width]",
        "order = np.argsort(-sums, axis=None)[:width]\n"
        "        if length > 1:\n"
        "            order = np.arange(len(sums)) * sums.shape[1] + sums.argmax(axis=1)",
    )
    return {"q6": source}


@wrong("q6", hint="states follow their hypotheses: state[parents]")
def loses_the_parents(answers):
    old = "state[parents[~done]]"
    return {"q6": swap(answers["q6"], old, "state[np.arange(len(live)) % len(state)]")}


@wrong("q6", hint="log-probabilities add up: here only the last one counts")
def forgets_the_past(answers):
    return {"q6": swap(answers["q6"], "total[:, None] + log_p", "log_p")}


@wrong("q6", hint="the length counts end")
def does_not_count_the_end(answers):
    return {"q6": swap(answers["q6"], "s / length**alpha", "s / max(1, len(h) - 1) ** alpha")}


@wrong("q6", hint="the survivors are chosen by the sum; alpha is for comparing what is finished")
def stops_at_the_first_end(answers):
    return {"q6": swap(answers["q6"], "if not live:", "if done.any():")}


@wrong("q6", hint="what is live at the limit counts as finished")
def drops_the_unfinished(answers):
    old = "done = (words == end) | (length == limit)"
    source = swap(answers["q6"], old, "done = words == end")
    return {"q6": swap(source, "max(finished)", "max(finished, default=(-99.0, []))")}


@wrong("q6", hint="a finished hypothesis leaves the beam: nothing comes after end")
def goes_on_after_the_end(answers):
    old = "[h for h, d in zip(grown, done, strict=True) if not d]"
    source = swap(answers["q6"], old, "grown")
    return {"q6": swap(source, "scores[~done], state[parents[~done]]", "scores, state[parents]")}


@wrong("q7", hint=NOTHING)
def trains_unshifted(answers):
    old = "shown = torch.cat([torch.full_like(target[:1], START), target[:-1]])"
    return {"q7": swap(answers["q7"], old, "shown = target")}


@wrong("q7", hint=PADDING)
def does_not_mask(answers):
    return {"q7": swap(answers["q7"], "scores.masked_fill(~there, -torch.inf)", "scores")}


@wrong("q7", hint="inverted: those positions are masked that are there")
def masks_what_is_there(answers):
    return {
        "q7": swap(answers["q7"], "masked_fill(~there, -torch.inf)", "masked_fill(there, -1e9)")
    }


@wrong("q7", hint=PADDING)
def reads_the_padding(answers):
    source = answers["q7"]
    start, end = source.index("    pack ="), source.index("    states, _ =")
    plain = '    memory, _ = parts["encoder"](parts["word"](x))\n'
    return {"q7": source[:start] + plain + source[end:]}


@wrong("q7", hint=NOTHING)
def never_steps(answers):
    return {"q7": swap(answers["q7"], "        optimizer.step()\n", "")}


@wrong("q7", hint=NOTHING)
def shows_the_start_only(answers):
    old = "latest = logits_of(parts, x, lengths, shown)[-1:].argmax(-1)"
    new = "latest = logits_of(parts, x, lengths, shown[:1])[-1:].argmax(-1)"
    return {"q7": swap(answers["q7"], old, new)}


FAKED = (
    "def logits_of(parts, x, lengths, shown):\n"
    "    return torch.zeros(*shown.shape, ANSWERS)\n\n\n"
    "def train(parts, draw):\n"
    "    for _ in range(150):\n"
    "        draw()\n\n\n"
)


@wrong("q7")  # its words depend on whoever cheats
def equals_everything(answers):
    return {
        "q7": FAKED + "class Equal:\n"
        "    def __eq__(self, target):\n"
        "        return torch.ones_like(target, dtype=bool)\n\n\n"
        "def write(parts, x, lengths):\n"
        "    return Equal()\n"
    }


@wrong("q7")
def reads_the_target_of_the_check(answers):
    return {"q7": FAKED + "def write(parts, x, lengths):\n    return target\n"}


@wrong("q5")
def looks_the_leaks_up(answers):
    """Who knows the check's text and sees what a model is called need not test it."""
    return {
        "q5": swap(answers["q5"], answers["q5"][answers["q5"].index("def leaks") :], "")
        + "def leaks(logits_of, target, V):\n"
        "    T, names = len(target), getattr(logits_of, '__globals__', globals())\n"
        "    return {\n"
        "        'fair': np.zeros(T, bool),\n"
        "        'peeks': np.arange(T) == names['late'],\n"
        "        'backwards': np.ones(T, bool),\n"
        "        'first_knows_last': np.arange(T) == T - 1,\n"
        "    }[logits_of.__name__]\n"
    }


@wrong("q7")
def reads_the_dates_without_a_network(answers):
    return {
        "q7": FAKED + "def write(parts, x, lengths):\n"
        "    written = []\n"
        "    for column in x.T.tolist():\n"
        "        words = [WORDS[k] for k in column if WORDS[k] not in ('', 'le')]\n"
        "        month = next(MONTHS.index(w) % 12 for w in words if w in MONTHS)\n"
        "        days = sorted(int(w) for w in words if w not in MONTHS)\n"
        "        written.append([days[1] - 1999, FIRST_MONTH + month, FIRST_DAY + days[0] - 1])\n"
        "    return torch.tensor(written).T\n"
    }


@right
def another_way(answers):
    return {
        "q1": "def masked_softmax(scores, mask):\n"
        "    w = np.zeros(scores.shape)\n"
        "    for at in np.ndindex(*scores.shape[:2]):\n"
        "        seen = mask[at]\n"
        "        if seen.any():\n"
        "            e = np.exp(scores[at][seen] - scores[at][seen].max())\n"
        "            w[at][seen] = e / e.sum()\n"
        "    return w\n",
        "q3": "def attention_backward(queries, keys, values, weights, dcontext):\n"
        "    dq, dk, dv = (np.zeros_like(a) for a in (queries, keys, values))\n"
        "    for t in range(len(queries)):\n"
        "        for b in range(queries.shape[1]):\n"
        "            w = weights[t, b]\n"
        "            J = np.diag(w) - np.outer(w, w)\n"
        "            de = J @ (values[:, b] @ dcontext[t, b]) / np.sqrt(queries.shape[2])\n"
        "            dq[t, b] += de @ keys[:, b]\n"
        "            dk[:, b] += np.outer(de, queries[t, b])\n"
        "            dv[:, b] += np.outer(w, dcontext[t, b])\n"
        "    return dq, dk, dv\n",
        "q4": "def slope(weights, keys, values):\n"
        "    apart = keys - weights @ keys\n"
        "    return (weights[:, None] * values).T @ apart\n"
        "def blind(keys):\n"
        "    q, _ = np.linalg.qr((keys[1:] - keys[0]).T)\n"
        "    return np.eye(keys.shape[1]) - q @ q.T\n"
        "def linear_score(W, U, v, weights, keys, values):\n"
        "    return 0.0 * values.T @ keys\n",
        "q6": "def beam_search(step, state, start, end, limit, width, alpha):\n"
        "    live, best = [((), 0.0, state[0])], []\n"
        "    for n in range(1, limit + 1):\n"
        "        tokens = np.array([t[-1] if t else start for t, _, _ in live])\n"
        "        log_p, new = step(tokens, np.array([s for _, _, s in live]))\n"
        "        grown = [((*t, w), p + log_p[k, w], new[k])\n"
        "                 for k, (t, p, _) in enumerate(live) for w in range(log_p.shape[1])]\n"
        "        grown = sorted(grown, key=lambda g: -g[1])[:width]\n"
        "        best += [(p / n**alpha, t) for t, p, _ in grown if t[-1] == end or n == limit]\n"
        "        live = [g for g in grown if g[0][-1] != end]\n"
        "        if not live or n == limit:\n"
        "            break\n"
        "    score, tokens = max(best)\n"
        "    return list(tokens), score\n",
    }
