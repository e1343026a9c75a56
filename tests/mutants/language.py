"""Wrong and right variants of the exercise ``language``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong

NOT_FINITE = (
    "exp(1000) overflows, log(0) is infinite: subtract the maximum, then log p = a - log(sum)"
)
FOUND = "np.cumsum(p, axis=1) <= u[:, None]"
STRIPS = "strips.T.reshape(K, length, n)"


@wrong(
    "q1",
    hint="a row gets the sum over all its places: += with repeated ids keeps one, np.add.at all",
)
def loses_repeated_letters(answers):
    return {"q1": swap(answers["q1"], "np.add.at(dtable, ids, dout)", "dtable[ids] += dout")}


@wrong("q1", hint="that is the mean over a character's places; the gradient is the sum")
def averages_a_letter(answers):
    old = "    return dtable\n"
    new = "    return dtable / np.maximum(np.bincount(ids.ravel(), minlength=V), 1)[:, None]\n"
    return {"q1": swap(answers["q1"], old, new)}


@wrong("q1", hint="the batch stands where time belongs: row t of the result is row t of ids")
def transposes_the_batch(answers):
    old = "    return table[ids]\n"
    return {
        "q1": swap(
            answers["q1"], old, "    return table[ids.ravel(order='F')].reshape(*ids.shape, -1)\n"
        )
    }


@wrong("q2", hint="a text goes down a column: (T, B), not (B, T)")
def puts_texts_in_rows(answers):
    return {"q2": swap(answers["q2"], "return x, lengths", "return x.T, lengths")}


@wrong("q2", hint="the filler belongs after a text's end, not before its beginning")
def pads_on_the_left(answers):
    return {"q2": swap(answers["q2"], "x[: len(row), b] = row", "x[len(x) - len(row) :, b] = row")}


@wrong("q2", hint="0 is a character like any other: fill with the filler that was given")
def fills_with_zeros(answers):
    old = "np.full((lengths.max(), len(rows)), filler)"
    new = "np.full((lengths.max(), len(rows)), 0)"
    return {"q2": swap(answers["q2"], old, new)}


@wrong("q2", hint="h[-1] has read the padding: take each text's own last step, lengths - 1")
def takes_the_padding_for_the_end(answers):
    return {"q2": swap(answers["q2"], "h[lengths - 1, np.arange(len(lengths))]", "h[-1]")}


@wrong("q2", hint="one too far: the last character of n stands at n - 1")
def takes_the_step_after(answers):
    return {"q2": swap(answers["q2"], "h[lengths - 1, ", "h[lengths, ")}


@wrong("q2", hint="the padding came to the front: turn the first n entries only, text by text")
def turns_the_padding_too(answers):
    old = "    return turned\n"
    return {"q2": swap(answers["q2"], old, "    return x[::-1]\n")}


@wrong("q3", hint="that is in nats: divide by ln 2 for bits")
def counts_nats(answers):
    return {"q3": swap(answers["q3"], " / n / np.log(2)", " / n")}


@wrong("q3", hint="bits are 2 to their power, e belongs to nats: the perplexity is 2**bits")
def takes_e_for_two(answers):
    return {"q3": swap(answers["q3"], "2**bits", "np.exp(bits)")}


@wrong("q3", hint="the padding counts: take it out of the sum and out of the number")
def counts_the_padding(answers):
    source = swap(
        answers["q3"], "    n = mask.sum()\n", "    mask = np.ones_like(mask)\n    n = mask.sum()\n"
    )
    return {"q3": source}


@wrong("q3", hint="the padding is out of the sum, but not out of the number: divide by mask.sum()")
def divides_by_everything(answers):
    return {"q3": swap(answers["q3"], "n = mask.sum()", "n = mask.size")}


@wrong("q3", hint="a mean of the texts' means: characters of short texts count more than others")
def averages_the_texts(answers):
    old = "-(chosen * mask).sum() / n / np.log(2)"
    new = "-((chosen * mask).sum(axis=0) / mask.sum(axis=0)).mean() / np.log(2)"
    return {"q3": swap(answers["q3"], old, new)}


@wrong("q3", hint="dlogits is not zero at the padding: the mask belongs in it, too")
def sends_gradients_to_the_padding(answers):
    return {"q3": swap(answers["q3"], "* mask[..., None] / n", "/ n")}


@wrong("q3", hint="dlogits is n times too large: the loss is a mean, its gradient has a 1 / n")
def forgets_to_divide_the_gradient(answers):
    return {"q3": swap(answers["q3"], "mask[..., None] / n", "mask[..., None]")}


@wrong("q3", hint=NOT_FINITE)
def takes_the_log_of_zero(answers):
    old = "log_p = a - np.log(np.exp(a).sum(axis=-1, keepdims=True))"
    new = "log_p = np.log(np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True))"
    return {"q3": swap(answers["q3"], old, new)}


@wrong("q3", hint=NOT_FINITE)
def overflows(answers):
    old = "a = logits - logits.max(axis=-1, keepdims=True)"
    return {"q3": swap(answers["q3"], old, "a = logits")}


@wrong("q4", hint="divide by the temperature: high makes it even, low makes the largest win")
def multiplies_by_the_temperature(answers):
    return {"q4": swap(answers["q4"], " / temperature)", " * temperature)")}


@wrong("q4", hint="the temperature belongs to the logits, not to the probabilities")
def heats_the_probabilities(answers):
    old = "    p = e / e.sum(axis=1, keepdims=True)\n"
    new = old + "    p = p / temperature\n"
    source = swap(answers["q4"], " / temperature)", ")")
    return {"q4": swap(source, old, new)}


@wrong("q4", hint="overflow: subtract each row's maximum before you divide by the temperature")
def overflows_when_it_is_cold(answers):
    return {"q4": swap(answers["q4"], "(logits - logits.max(axis=1, keepdims=True))", "logits")}


@wrong("q4", hint="that is always the most probable character: u decides which one it is")
def never_draws(answers):
    old = "(np.cumsum(p, axis=1) <= u[:, None]).sum(axis=1)"
    return {"q4": swap(answers["q4"], old, "p.argmax(axis=1)")}


@wrong("q4", hint="u is compared with the pieces themselves: lay them end to end with cumsum")
def forgets_to_add_up(answers):
    return {"q4": swap(answers["q4"], FOUND, "p <= u[:, None]")}


@wrong("q4", hint="one too far: count the pieces that end at or before u")
def draws_the_next_one(answers):
    return {"q4": swap(answers["q4"], f"({FOUND}).sum(axis=1)", f"1 + ({FOUND}).sum(axis=1)")}


@wrong("q5", hint="column j must go on in column j: here the next piece reads other strips")
def cuts_pieces_from_the_text(answers):
    old = STRIPS
    new = "ids[shift : shift + K * length * n].reshape(K, n, length).transpose(0, 2, 1)"
    return {"q5": swap(answers["q5"], old, new)}


@wrong(
    "q5",
    hint="neighbours of the text stand side by side in the batch: they belong one below another",
)
def deals_the_text_like_cards(answers):
    old = STRIPS
    new = "ids[shift : shift + K * length * n].reshape(K, length, n)"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q5", hint="reshaped without turning first: time is the axis before the batch")
def reshapes_without_turning(answers):
    return {"q5": swap(answers["q5"], STRIPS, "strips.reshape(K, length, n)")}


@wrong("q5", hint="the target is the character itself: shift by one")
def copies_the_input(answers):
    return {"q5": swap(answers["q5"], "for shift in (0, 1)", "for shift in (0, 0)")}


@wrong("q5", hint="the target is the character before: the network is to guess the next one")
def predicts_the_past(answers):
    return {"q5": swap(answers["q5"], "for shift in (0, 1)", "for shift in (1, 0)")}


@wrong("q5", hint="at a strip's end the target wraps to its beginning: the text goes on there")
def wraps_the_targets(answers):
    old = "ids[shift : shift + n * strip].reshape(n, strip)[:, : K * length]"
    new = "np.roll(ids[: n * strip].reshape(n, strip)[:, : K * length], -shift, axis=1)"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q5", hint="cut strips of S characters first, then pieces: here the strips lie too close")
def shortens_the_strips_first(answers):
    source = swap(
        answers["q5"],
        "    K = strip // length\n",
        "    K = strip // length\n    strip = K * length\n",
    )
    return {"q5": source}


@wrong("q6", hint="the state is lost between pieces: hand what forward returned to the next call")
def starts_every_piece_anew(answers):
    old = "logits, state = forward(x[start : start + length], state)"
    new = "logits, state = forward(x[start : start + length], state0)"
    return {"q6": swap(answers["q6"], old, new)}


@wrong("q6", hint="the text begins at state0, not at zeros")
def ignores_the_first_state(answers):
    return {
        "q6": swap(answers["q6"], "state, total = state0, 0.0", "state, total = 0 * state0, 0.0")
    }


@wrong("q6", hint="the last piece is missing: it is shorter, but it belongs to the text")
def drops_the_last_piece(answers):
    source = swap(
        answers["q6"], "range(0, len(x), length)", "range(0, len(x) - length + 1, length)"
    )
    return {"q6": source}


@wrong("q6", hint="a mean of the pieces' means: the short last piece counts too much")
def averages_the_pieces(answers):
    source = swap(answers["q6"], "total -= np", "total -= 1 / came.size * np")
    return {"q6": swap(source, "total / y.size", "total / np.ceil(len(y) / length)")}


@wrong("q6", hint="that is in nats: divide by ln 2 for bits")
def measures_nats(answers):
    return {"q6": swap(answers["q6"], " / np.log(2)", "")}


@wrong("q6", hint="that is the sum for each strip: divide by all characters, S times n")
def divides_by_the_steps(answers):
    return {"q6": swap(answers["q6"], "total / y.size", "total / len(y)")}


@wrong("q6", hint="pieces overlap by one character, which is read and counted twice")
def overlaps(answers):
    source = swap(answers["q6"], "x[start : start + length]", "x[start : start + length + 1]")
    return {"q6": swap(source, "y[start : start + length]", "y[start : start + length + 1]")}


@wrong("q7", hint="below the context of length 0 stands the uniform distribution, not zero")
def begins_at_zero(answers):
    return {"q7": swap(answers["q7"], "np.full(V, 1 / V)", "np.zeros(V)")}


@wrong(
    "q7", hint="a shorter context lacks the first character, the one farthest away, not the last"
)
def drops_the_nearest(answers):
    return {"q7": swap(answers["q7"], "context[len(context) - k :]", "context[:k]")}


@wrong("q7", hint="u is how many different characters followed, not how often one followed")
def takes_all_for_kinds(answers):
    return {"q7": swap(answers["q7"], "(count > 0).sum()", "count.sum()")}


@wrong("q7", hint="what never followed has probability 0 here: mix in the shorter context")
def never_mixes(answers):
    old = "(count + kinds * p) / (count.sum() + kinds)"
    return {"q7": swap(answers["q7"], old, "count / count.sum()")}


@wrong("q7", hint="that adds one to every count; the shorter context is left out")
def adds_one(answers):
    old = "(count + kinds * p) / (count.sum() + kinds)"
    return {"q7": swap(answers["q7"], old, "(count + 1) / (count.sum() + V)")}


@wrong("q7", hint="an unseen context adds nothing: keep the p of the shorter one")
def divides_by_nothing(answers):
    return {"q7": swap(answers["q7"], "        if kinds:\n", "        if True:\n")}


@wrong("q7", hint="order n looks at n - 1 characters: here it is one more")
def looks_one_too_far(answers):
    return {"q7": swap(answers["q7"], "t - order + 1", "t - order")}


@wrong("q7", hint="that is in nats: use log2")
def counts_in_nats(answers):
    return {"q7": swap(answers["q7"], "-np.log2(", "-np.log(")}


@wrong("q7", hint="the first characters are left out: they have a shorter context, but they count")
def skips_the_beginning(answers):
    old = "        before = held_out"
    return {
        "q7": swap(answers["q7"], old, "        if t < order - 1:\n            continue\n" + old)
    }


@wrong("q8", hint="that is in nats: the loss is trained with ln, the bits are it over ln 2")
def reports_nats(answers):
    return {"q8": swap(answers["q8"], "after].mean() / np.log(2))", "after].mean())")}


@wrong("q8", hint="each row of A gets the sum over all its places: np.add.at, not dA[before] =")
def keeps_one_gradient_a_row(answers):
    old = "np.add.at(dA, before, dlogits / len(after))"
    return {"q8": swap(answers["q8"], old, "dA[before] = dlogits / len(after)")}


@wrong("q8", hint="the loss is a mean: its gradient has a 1 / (N - 1)")
def forgets_the_mean_while_learning(answers):
    return {"q8": swap(answers["q8"], "dlogits / len(after)", "dlogits")}


@wrong("q8", hint="a row says what comes after its character: here it says what came before")
def reads_the_text_backwards(answers):
    old = "before, after = ids[:-1], ids[1:]"
    return {"q8": swap(answers["q8"], old, "after, before = ids[:-1], ids[1:]")}


@wrong("q8", hint="what was drawn is not fed back: every character is drawn after the first")
def never_feeds_the_drawn_back(answers):
    source = swap(answers["q8"], "A[now] - A[now].max()", "A[first] - A[first].max()")
    return {"q8": source}


@wrong("q8", hint="it never stops: when `end` was drawn the text is over")
def never_stops(answers):
    old = "        if now == end:\n            break\n"
    return {"q8": swap(answers["q8"], old, "")}


@wrong("q8", hint="the end belongs to the text: append it, then stop")
def swallows_the_end(answers):
    old = "        drawn.append(now)\n        if now == end:\n            break\n"
    new = "        if now == end:\n            break\n        drawn.append(now)\n"
    return {"q8": swap(answers["q8"], old, new)}


@wrong("q8", hint="the price is the model's own, at temperature 1: only the drawing is heated")
def charges_the_heated_price(answers):
    price = "    log_p = A - np.logaddexp.reduce(A, axis=1, keepdims=True)\n"
    cold = "    cold = A / temperature\n"
    old, new = price + cold, cold + price.replace("A", "cold")
    return {"q8": swap(answers["q8"], old, new)}


@wrong("q8", hint="characters are drawn at the temperature: weigh prices with those chances")
def draws_at_temperature_one(answers):
    return {"q8": swap(answers["q8"], "cold = A / temperature", "cold = A")}


@right
def another_way(answers):
    return {
        "q1": "def embed(ids, table):\n"
        "    return np.eye(len(table))[ids] @ table\n"
        "def embed_backward(ids, dout, V):\n"
        "    return np.einsum('tbv,tbe->ve', np.eye(V)[ids], dout)\n",
        "q3": "def bits_per_character(logits, target, mask):\n"
        "    log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)\n"
        "    t, b = np.nonzero(mask)\n"
        "    bits = np.mean(-log_p[t, b, target[t, b]]) / np.log(2)\n"
        "    d = np.zeros_like(logits)\n"
        "    d[t, b] = np.exp(log_p[t, b])\n"
        "    d[t, b, target[t, b]] -= 1\n"
        "    return bits, 2**bits, d / len(t)\n",
        "q4": "def draw(logits, temperature, u):\n"
        "    a = logits / temperature\n"
        "    p = np.exp(a - np.logaddexp.reduce(a, axis=1, keepdims=True))\n"
        "    ends = p.cumsum(axis=1)\n"
        "    return p, np.array([np.searchsorted(e, v, 'right') for e, v in zip(ends, u)])\n",
        "q5": "def pieces(ids, n, length):\n"
        "    S = (len(ids) - 1) // n\n"
        "    def at(k, t, j):\n"
        "        return j * S + k * length + t\n"
        "    where = np.array([[[at(k, t, j) for j in range(n)] for t in range(length)]\n"
        "                      for k in range(S // length)])\n"
        "    return ids[where], ids[where + 1]\n",
        "q6": "def evaluate(forward, x, y, length, state):\n"
        "    lost = []\n"
        "    while len(x):\n"
        "        a, state = forward(x[:length], state)\n"
        "        a = a - np.logaddexp.reduce(a, axis=-1, keepdims=True)\n"
        "        lost.extend(-np.take_along_axis(a, y[:length, :, None], axis=-1).ravel())\n"
        "        x, y = x[length:], y[length:]\n"
        "    return np.mean(lost) / np.log(2), state\n",
        "q8": "def learn(ids, V, rate, updates):\n"
        "    n = np.zeros((V, V))\n"
        "    np.add.at(n, (ids[:-1], ids[1:]), 1 / (len(ids) - 1))\n"
        "    A, bits = np.zeros((V, V)), np.zeros(updates)\n"
        "    for k in range(updates):\n"
        "        p = np.exp(A) / np.exp(A).sum(1, keepdims=True)\n"
        "        bits[k] = -(n * np.log2(p)).sum()\n"
        "        A += rate * (n - n.sum(1, keepdims=True) * p)\n"
        "    return A, bits\n"
        "def write(A, first, temperature, u, end):\n"
        "    out = [first]\n"
        "    for v in u:\n"
        "        e = np.exp(A[out[-1]] / temperature)\n"
        "        out.append(int(np.searchsorted(np.cumsum(e / e.sum()), v, 'right')))\n"
        "        if out[-1] == end:\n"
        "            break\n"
        "    return np.array(out[1:])\n"
        "def charged(A, temperature):\n"
        "    p = np.exp(A) / np.exp(A).sum(1, keepdims=True)\n"
        "    q = np.exp(A / temperature)\n"
        "    return (q / q.sum(1, keepdims=True) * -np.log2(p)).sum(1)\n",
    }
