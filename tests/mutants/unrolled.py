"""Wrong and right variants of the exercise ``unrolled``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the recurrence is affine: the sum must pass the tanh")
def leaves_out_the_tanh(answers):
    return {"q1": swap(answers["q1"], "np.tanh(x @ W_xh.T + h_prev @ W_hh.T + b)",
                       "x @ W_xh.T + h_prev @ W_hh.T + b")}  # fmt: skip


@wrong("q1", hint="b is added twice: once with each matrix")
def adds_the_bias_twice(answers):
    return {"q1": swap(answers["q1"], "W_hh.T + b", "W_hh.T + b + b")}


@wrong("q1", hint="W_hh is used untransposed; it is square, so nothing complains")
def forgets_a_transpose(answers):
    return {"q1": swap(answers["q1"], "h_prev @ W_hh.T", "h_prev @ W_hh")}


@wrong("q1", hint="the past is squashed apart; it belongs into the same tanh")
def squashes_the_parts(answers):
    return {"q1": swap(answers["q1"], "np.tanh(x @ W_xh.T + h_prev @ W_hh.T + b)",
                       "np.tanh(x @ W_xh.T + b) + np.tanh(h_prev @ W_hh.T)")}  # fmt: skip


@wrong("q2", hint="h0 is ignored: start from it, not from zeros")
def starts_from_zeros(answers):
    return {"q2": swap(answers["q2"], "h, y = h0, []", "h, y = 0 * h0, []")}


@wrong("q2", hint="the state is never handed on")
def never_hands_on(answers):
    return {"q2": swap(answers["q2"], "+ h @ W_hh.T", "+ h0 @ W_hh.T")}


@wrong("q2", hint="h0 was overwritten: make a new array at each step")
def overwrites_the_start(answers):
    return {"q2": swap(answers["q2"], "        h = np.tanh(", "        h[:] = np.tanh(")}


@wrong("q2", hint="every row of y is the same array: keep a new one for each step")
def keeps_one_array(answers):
    return {"q2": swap(swap(answers["q2"], "h, y = h0, []", "h, y = h0.copy(), []"),
                       "        h = np.tanh(", "        h[...] = np.tanh(")}  # fmt: skip


@wrong("q2", hint="time runs from the first step to the last")
def runs_backwards(answers):
    return {"q2": swap(answers["q2"], "for x_t in x:", "for x_t in x[::-1]:")}


@wrong("q3", hint="T is not among them: the weights are shared over time")
def counts_every_step(answers):
    return {"q3": swap(answers["q3"], "return first + others", "return T * (first + others)")}


@wrong("q3", hint="T times the first layer: its weights are shared over time")
def counts_the_first_layer_at_every_step(answers):
    return {"q3": swap(answers["q3"], "return first +", "return T * first +")}


@wrong("q3", hint="two biases in the first layer: each unit has one here")
def counts_two_biases_below(answers):
    return {"q3": swap(answers["q3"], "H * D + H * H + H", "H * D + H * H + 2 * H")}


@wrong("q3", hint="upper layers read H inputs, not D")
def gives_every_layer_the_input(answers):
    return {"q3": swap(answers["q3"], "(H * H + H * H + H)", "(H * D + H * H + H)")}


@wrong("q3", hint="the readout has a bias, too")
def forgets_the_readout_bias(answers):
    return {"q3": swap(answers["q3"], "V * H + V", "V * H")}


@wrong("q4", hint="ids are places in the given vocabulary, not in a sorted one")
def sorts_the_vocabulary(answers):
    return {"q4": swap(answers["q4"], "vocabulary.index(c)", "sorted(vocabulary).index(c)")}


@wrong("q4", hint="counts places from 1: the first character of the vocabulary is 0")
def counts_from_one(answers):
    return {
        "q4": swap(
            answers["q4"], "vocabulary.index(c)", "(vocabulary.index(c) + 1) % len(vocabulary)"
        )
    }


@wrong("q5", hint="multiplied by the temperature: divide by it")
def multiplies_by_the_temperature(answers):
    return {"q5": swap(answers["q5"], ") / temperature)", ") * temperature)")}


@wrong("q5", hint="normalised over the whole array: each row is a distribution")
def normalises_over_everything(answers):
    return {"q5": swap(answers["q5"], "e.sum(axis=1, keepdims=True)", "e.sum()")}


@wrong("q5", hint="this is in nats: bits are log2")
def measures_in_nats(answers):
    return {"q5": swap(answers["q5"], "np.log2(", "np.log(")}


@wrong("q5", hint="overflows at 1000: subtract the largest entry first")
def overflows(answers):
    return {"q5": swap(answers["q5"], "(a - a.max(axis=1, keepdims=True))", "a")}


@wrong("q3", hint="T is not among them: the weights are shared over time, the readout's too")
def counts_everything_every_step(answers):
    old = "return first + others + V * H + V"
    return {"q3": swap(answers["q3"], old, "return T * (first + others + V * H + V)")}


@wrong("q3", hint="each unit has one bias here, not two as in torch.nn.RNN")
def counts_two_biases(answers):
    source = swap(answers["q3"], "H * D + H * H + H", "H * D + H * H + 2 * H")
    return {"q3": swap(source, "(H * H + H * H + H)", "(H * H + H * H + 2 * H)")}


@wrong("q3", hint="the recurrent matrix is missing: every layer has H times H of them")
def forgets_the_recurrence(answers):
    source = swap(answers["q3"], "H * D + H * H + H", "H * D + H")
    return {"q3": swap(source, "(H * H + H * H + H)", "(H * H + H)")}


@wrong("q3", hint="no layer above the first is counted, or one too many: there are layers - 1")
def counts_one_layer_more(answers):
    return {"q3": swap(answers["q3"], "(layers - 1)", "layers")}


@wrong("q5", hint="softmax runs over the wrong axis: each row is a distribution over V")
def normalises_over_the_rows(answers):
    source = swap(answers["q5"], "a.max(axis=1,", "a.max(axis=0,")
    return {"q5": swap(source, "e.sum(axis=1,", "e.sum(axis=0,")}


@wrong("q5", hint="that is the sum over the rows: the mean was asked for")
def adds_the_surprise(answers):
    return {"q5": swap(answers["q5"], ".mean()", ".sum()")}


@wrong("q5", hint="the temperature is ignored")
def ignores_the_temperature(answers):
    return {"q5": swap(answers["q5"], " / temperature)", ")")}


@wrong("q5", hint="that is the entropy of p: the surprise looks at the characters that came")
def takes_the_entropy(answers):
    old = "-np.log2(p[np.arange(len(ids)), ids]).mean()"
    return {"q5": swap(answers["q5"], old, "-(p * np.log2(p + 1e-300)).sum(axis=1).mean()")}


@wrong("q5", hint="the sign is missing: the log of a probability is negative, surprise is not")
def forgets_the_sign(answers):
    return {"q5": swap(answers["q5"], "-np.log2(", "np.log2(")}


@wrong("q6", hint="the rest is no solution of h = tanh(w h): w h = arctanh(h)")
def forgets_the_tanh_at_rest(answers):
    return {"q6": swap(answers["q6"], "np.arctanh(level) / level", "1 + 0 * level")}


@wrong("q6", hint="that u lifts it from 0 to level; at -level it must beat w level as well")
def presses_from_zero(answers):
    return {"q6": swap(answers["q6"], "np.arctanh(level) + w * level", "np.arctanh(level)")}


@wrong("q6", hint="w is that of a unit that swings: below -1 it changes its sign at each step")
def swings(answers):
    source = swap(answers["q6"], "np.arctanh(level) / level", "-np.arctanh(level) / level")
    return {"q6": swap(source, "+ w * level", "- w * level")}


@wrong("q6", hint="u is the distance between the two states; it acts before the tanh: use arctanh")
def presses_by_the_distance(answers):
    return {"q6": swap(answers["q6"], "np.arctanh(level) + w * level", "2 * level")}


@wrong("q7", hint="the logits are fed back, or the output: what goes round is the state h")
def feeds_back_the_probabilities(answers):
    source = swap(answers["q7"], "W_xh[:, token]", "W_xh @ p")
    source = swap(source, "token, ids = np.zeros(len(b)), first, []",
                  "ids, p = np.zeros(len(b)), [], np.eye(len(b_y))[first]")  # fmt: skip
    return {"q7": source}


@wrong("q7", hint="the state is lost: it is carried from token to token")
def forgets_the_state(answers):
    return {"q7": swap(answers["q7"], "W_hh @ h + b", "b")}


@wrong("q7", hint="the likeliest token is taken: draw one, with the random number u[t]")
def takes_the_likeliest(answers):
    old = "min(int((np.cumsum(p) <= u_t).sum()), len(p) - 1)"
    return {"q7": swap(answers["q7"], old, "int(p.argmax())")}


@wrong("q7", hint="the temperature is ignored: the logits are divided by it")
def writes_without_temperature(answers):
    return {"q7": swap(answers["q7"], ") / temperature", ") / 1.0")}


@wrong("q7", hint="each step reads the first token again: feed back what was drawn")
def reads_the_first_again(answers):
    return {"q7": swap(answers["q7"], "W_xh[:, token]", "W_xh[:, first]")}


@right
def another_way(answers):
    return {
        "q1": "def step(W_xh, W_hh, b, x, h_prev):\n"
        "    both = np.concatenate([x, h_prev], axis=1) @ np.concatenate([W_xh, W_hh], axis=1).T\n"
        "    return 2 / (1 + np.exp(-2 * (both + b))) - 1\n",
        "q2": "def unroll(W_xh, W_hh, b, x, h0):\n"
        "    y = np.empty((len(x), *h0.shape))\n"
        "    before = h0\n"
        "    for t in range(len(x)):\n"
        "        y[t] = np.tanh(np.einsum('bd,hd->bh', x[t], W_xh) + before @ W_hh.T + b)\n"
        "        before = y[t]\n"
        "    return y, y[-1]\n",
        "q3": "def count(T, D, H, V, layers):\n"
        "    return sum(H * (n + H + 1) for n in [D] + [H] * (layers - 1)) + V * (H + 1)\n",
    }
