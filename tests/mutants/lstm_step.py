"""Wrong and right variants of the exercise ``lstm_step``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the candidate g is squashed by tanh, not by the sigmoid")
def sigmoid_for_the_candidate(answers):
    return {"q1": swap(answers["q1"], "np.tanh(a_g)", "1 / (1 + np.exp(-a_g))")}


@wrong("q1", hint="the blocks come in the order i, f, g, o")
def blocks_with_the_candidate_last(answers):
    return {"q1": swap(answers["q1"], "a_i, a_f, a_g, a_o =", "a_i, a_f, a_o, a_g =")}


@wrong("q1", hint="there are two biases; bias_hh is missing")
def forgets_the_second_bias(answers):
    return {"q1": swap(answers["q1"], ' + params["bias_hh"]', "")}


@wrong("q1", hint="h_prev @ weight_hh.T is missing: the gates must see the past")
def forgets_the_past(answers):
    return {"q1": swap(answers["q1"], 'h_prev @ params["weight_hh"].T', "0")}


@wrong("q1", hint="weight_hh is used untransposed: it is (4H, H), one row per gate unit")
def mixes_up_rows_and_columns(answers):
    old = 'h_prev @ params["weight_hh"].T'
    new = 'np.hstack([h_prev @ w for w in np.split(params["weight_hh"], 4)])'
    return {"q1": swap(answers["q1"], old, new)}


@wrong("q2", hint="h is o * tanh(c): squash the cell state before the gate")
def forgets_the_tanh(answers):
    return {"q2": swap(answers["q2"], "o * np.tanh(c)", "o * c")}


@wrong("q2", hint="the candidate enters through the input gate: i * g")
def forgets_the_input_gate(answers):
    return {"q2": swap(answers["q2"], "i * g", "g")}


@wrong("q2", hint="the forget gate multiplies c_prev, the input gate multiplies g")
def exchanges_the_gates(answers):
    return {"q2": swap(answers["q2"], "f * c_prev + i * g", "i * c_prev + f * g")}


@wrong("q2", hint="with 1 - f for i this is the coupled gate; here i is a gate of its own")
def couples_the_gates(answers):
    return {"q2": swap(answers["q2"], "i * g", "(1 - f) * g")}


@wrong("q2", hint="return h first, then c")
def returns_them_the_wrong_way_round(answers):
    return {"q2": swap(answers["q2"], "o * np.tanh(c), c", "c, o * np.tanh(c)")}


@wrong("q3", hint="the state must be fed back: h, c = step(x_t, h, c)")
def never_feeds_back(answers):
    return {"q3": swap(answers["q3"], "h, c = step(x_t, h, c)", "h, c = step(x_t, h0, c0)")}


@wrong("q3", hint="h0 and c0 are ignored: start from them, not from zeros")
def starts_from_zeros(answers):
    old = "h, c, y = h0, c0, []"
    return {"q3": swap(answers["q3"], old, "h, c, y = 0 * h0, 0 * c0, []")}


@wrong("q3", hint="keep h after the step, not before it")
def keeps_the_state_before(answers):
    old = "        h, c = step(x_t, h, c)\n        y.append(h)"
    new = "        y.append(h)\n        h, c = step(x_t, h, c)"
    return {"q3": swap(answers["q3"], old, new)}


@wrong("q3", hint="time runs from the first step to the last")
def runs_backwards(answers):
    return {"q3": swap(answers["q3"], "for x_t in x:", "for x_t in x[::-1]:")}


@wrong("q3", hint="the last step is missing from the loop")
def stops_one_early(answers):
    return {"q3": swap(answers["q3"], "for x_t in x:", "for x_t in x[:-1]:")}


@wrong("q3", hint="y holds what is shown, h; the cell state c stays inside")
def shows_the_cell_state(answers):
    return {"q3": swap(answers["q3"], "y.append(h)", "y.append(c)")}


@wrong("q3", hint="c is kept as it was at the beginning: both halves of the state go on")
def carries_only_h(answers):
    old = "h, c = step(x_t, h, c)\n"
    return {"q3": swap(answers["q3"], old, "h, _ = step(x_t, h, c)\n")}


@wrong("q4", hint="this is the gate f itself; the bias is its logit, log(f / (1 - f))")
def returns_the_gate(answers):
    return {"q4": swap(answers["q4"], "np.log(f / (1 - f))", "f")}


@wrong("q4", hint="the state is multiplied by f in every step: f = share ** (1 / steps)")
def divides_instead_of_rooting(answers):
    return {"q4": swap(answers["q4"], "share ** (1 / steps)", "share / steps")}


@wrong("q4", hint="the wrong way round: the logit of f is log(f / (1 - f))")
def turns_the_logit_round(answers):
    return {"q4": swap(answers["q4"], "np.log(f / (1 - f))", "np.log((1 - f) / f)")}


@wrong("q4", hint="f**steps == share, so f is the root of share, not its power")
def takes_the_power(answers):
    return {"q4": swap(answers["q4"], "share ** (1 / steps)", "share**steps")}


@wrong("q4", hint="this is ln f; the bias is the logit, ln f - ln(1 - f)")
def returns_the_log_of_the_gate(answers):
    return {"q4": swap(answers["q4"], "np.log(f / (1 - f))", "np.log(f)")}


@wrong("q4", hint="the sigmoid of f, not its inverse: which b has sigmoid(b) = f?")
def squashes_the_gate(answers):
    return {"q4": swap(answers["q4"], "np.log(f / (1 - f))", "1 / (1 + np.exp(-f))")}


@wrong("q4", hint="the gate reads h too: b + w . h is the logit of f, so subtract w . h")
def makes_the_gate_deaf(answers):
    return {"q4": swap(answers["q4"], " - (w * h).sum(axis=1)", "")}


@wrong("q4", hint="b + w . h is the logit: what h adds is taken off the bias, not added")
def adds_what_h_says(answers):
    return {"q4": swap(answers["q4"], " - (w * h)", " + (w * h)")}


@wrong("q4", hint="the gate reads the sum over all units of w * h, not the mean")
def averages_over_the_units(answers):
    return {"q4": swap(answers["q4"], ".sum(axis=1)", ".mean(axis=1)")}


@wrong("q5", hint="the gate is sigmoid(sure), not sure")
def multiplies_by_the_pre_activation(answers):
    return {"q5": swap(answers["q5"], "(1 / (1 + np.exp(-sure)))", "sure")}


@wrong("q5", hint="one factor a step: f ** steps")
def takes_the_root_of_the_gate(answers):
    return {"q5": swap(answers["q5"], "))) ** steps", "))) ** (1 / steps)")}


@wrong("q5", hint="each step multiplies by the slope of tanh too, 1 - h**2")
def forgets_the_slope(answers):
    return {"q5": swap(answers["q5"], " * (1 - h**2)", "")}


@wrong("q5", hint="each step multiplies by w too")
def forgets_the_weight(answers):
    return {"q5": swap(answers["q5"], "gradient * w *", "gradient *")}


@wrong("q5", hint="each unit has its own number of steps")
def takes_the_most_steps_for_all(answers):
    return {"q5": swap(answers["q5"], "np.where(t < steps, gradient * w * (1 - h**2), gradient)",
                       "gradient * w * (1 - h**2)")}  # fmt: skip


@wrong("q5", hint="the unit starts at 0.5")
def starts_at_its_rest(answers):
    return {"q5": swap(answers["q5"], "np.full(len(w), 0.5)", "np.full(len(w), 0.9)")}


@wrong(
    "q5", hint="i and f are exchanged: to store, the input gate opens and the forget gate closes"
)
def stores_when_it_should_keep(answers):
    source = swap(answers["q5"], "weight[0, :, -1] = 2", "weight[0, :, -1] = -2")
    source = swap(source, "weight[1, :, -1] = -2", "weight[1, :, -1] = 2")
    return {"q5": swap(source, "[-sure, sure, 0, sure]", "[sure, -sure, 0, sure]")}


@wrong("q5", hint="the forget gate never closes: what was there stays under what is stored")
def adds_to_what_is_there(answers):
    return {"q5": swap(answers["q5"], "weight[1, :, -1] = -2 * sure", "weight[1, :, -1] = 0")}


@wrong("q5", hint="from -sure to +sure is a step of 2 * sure: with one the gate stands at a half")
def opens_half_way(answers):
    source = swap(answers["q5"], "weight[0, :, -1] = 2 * sure", "weight[0, :, -1] = sure")
    return {"q5": swap(source, "= -2 * sure", "= -sure")}


@wrong("q5", hint="the output gate is always open: its bias is +sure, at 0 it stands at a half")
def shows_one_half(answers):
    return {"q5": swap(answers["q5"], "[-sure, sure, 0, sure]", "[-sure, sure, 0, 0]")}


@wrong("q5", hint="the order of the blocks is i, f, g, o: g and o are exchanged")
def exchanges_the_candidate(answers):
    source = swap(answers["q5"], "weight[2, :, :n]", "weight[3, :, :n]")
    return {"q5": swap(source, "[-sure, sure, 0, sure]", "[-sure, sure, sure, 0]")}


@wrong("q5", hint="w is the last input, the v come before it")
def takes_the_first_input(answers):
    source = answers["q5"].replace("[0, :, -1]", "[0, :, 0]").replace("[1, :, -1]", "[1, :, 0]")
    return {"q5": swap(source, "[2, :, :n]", "[2, :, 1:]")}


@wrong("q5", hint="h passes a second tanh on its way out: o * tanh(c)")
def shows_what_it_stored(answers):
    old = "np.tanh(v), np.tanh(np.tanh(v))"
    return {"q5": swap(answers["q5"], old, "np.tanh(v), np.tanh(v)")}


@wrong("q5", hint="c holds g = tanh(v), not v itself")
def stores_it_unsquashed(answers):
    old = "np.tanh(v), np.tanh(np.tanh(v))"
    return {"q5": swap(answers["q5"], old, "v, np.tanh(v)")}


@wrong("q6", hint="the ONNX blocks are still in their order i, o, f, g")
def keeps_the_order(answers):
    return {"q6": swap(answers["q6"], "        i, o, f, g = np", "        i, f, g, o = np")}


@wrong("q6", hint="the biases of an ONNX file have four blocks each, in the order of the weights")
def keeps_the_order_of_the_biases(answers):
    old = "for name, value in params.items():\n"
    new = "for name, value in list(params.items())[:2]:\n"
    return {"q6": swap(answers["q6"], old, new)}


@wrong("q6", hint="the two biases of B are exchanged: the first half belongs to W, to the input")
def exchanges_the_biases(answers):
    return {"q6": swap(answers["q6"], "B_w, B_r = np", "B_r, B_w = np")}


@wrong("q6", hint="the order of the checkpoint is i, g, f, o: the candidate comes second")
def takes_the_checkpoint_for_keras(answers):
    return {"q6": answers["q6"].replace("i, g, f, o = ", "i, f, g, o = ")}


@wrong("q6", hint="the checkpoint's code adds forget_bias while it runs: put it into the bias of f")
def forgets_the_hidden_bias(answers):
    return {"q6": swap(answers["q6"], "f + forget_bias", "f")}


@wrong("q6", hint="forget_bias belongs to the forget gate alone")
def adds_it_to_every_gate(answers):
    old = "[i, f + forget_bias, g, o]"
    return {"q6": swap(answers["q6"], old, "[i, f, g, o]) + (forget_bias")}


@wrong("q6", hint="in the kernel the rows of x come first, then those of h_prev")
def takes_the_state_first(answers):
    source = swap(answers["q6"], "weight[:, :D]", "weight[:, -D:]")
    return {"q6": swap(source, "weight[:, D:]", "weight[:, :-D]")}


@wrong("q7", hint="only the first layer reads D inputs; the others read H")
def reads_the_input_in_every_layer(answers):
    old = "4 * H * (D + H) + (layers - 1) * 4 * H * (H + H)"
    return {"q7": swap(answers["q7"], old, "layers * 4 * H * (D + H)")}


@wrong("q7", hint="the biases are missing")
def counts_no_bias(answers):
    return {"q7": swap(answers["q7"], "biases = 4 * H * layers", "biases = 0 * H")}


@wrong("q7", hint="the candidate has weights, too: four blocks, not three")
def counts_the_gates_only(answers):
    return {"q7": answers["q7"].replace("4 * H", "3 * H")}


@wrong("q7", hint="h_prev has weights, too: each block is H times (inputs + H)")
def forgets_the_recurrence(answers):
    source = swap(answers["q7"], "(D + H)", "D")
    return {"q7": swap(source, "(H + H)", "H")}


@wrong("q1", hint="the blocks lie one behind the other, H entries each, not entry by entry in turn")
def takes_every_fourth_entry(answers):
    old = "np.split(a, 4, axis=-1)"
    return {"q1": swap(answers["q1"], old, "(a[:, k::4] for k in range(4))")}


@wrong("q7", hint="the two are exchanged: one bias a gate first, then PyTorch's two")
def exchanges_the_counts(answers):
    old = "return weights + biases, weights + 2 * biases"
    return {"q7": swap(answers["q7"], old, "return weights + 2 * biases, weights + biases")}


@wrong("q7", hint="the biases of the first layer only: every layer has its own")
def counts_the_first_layers_bias(answers):
    return {"q7": swap(answers["q7"], "biases = 4 * H * layers", "biases = 4 * H")}


@wrong("q7", hint="PyTorch's two biases in both: the first count has one bias a gate")
def counts_two_biases_in_both(answers):
    return {"q7": swap(answers["q7"], "return weights + biases,", "return weights + 2 * biases,")}


@wrong("q7", hint="one bias in both: the second count has two a gate, as PyTorch keeps them")
def counts_one_bias_in_both(answers):
    return {"q7": swap(answers["q7"], "weights + 2 * biases", "weights + biases")}


@wrong("q7", hint="the network reads what it wrote: feed back the last token, not the first")
def reads_the_first_token_for_ever(answers):
    return {"q7": swap(answers["q7"], "[token], h, c)", "[first], h, c)")}


@wrong("q7", hint="draw from the distribution; the likeliest token is something else")
def takes_the_likeliest(answers):
    return {"q7": swap(answers["q7"], "(np.cumsum(p) <= u_t).sum()", "p.argmax()")}


@wrong("q7", hint="the end token stops the writing")
def never_stops(answers):
    return {"q7": swap(answers["q7"], "token == 0", "False")}


@wrong("q7", hint="the end token is returned too")
def drops_the_end(answers):
    return {
        "q7": swap(
            answers["q7"], "return np.array(tokens)", "return np.array([k for k in tokens if k])"
        )
    }


@wrong("q7", hint="c is not carried: both halves of the state go on")
def resets_the_cell_state(answers):
    return {"q7": swap(answers["q7"], "h, c = step", "h, _ = step")}


@wrong("q7", hint="the softmax takes exponentials of the logits")
def forgets_the_exponential(answers):
    return {"q7": swap(answers["q7"], "np.exp(W @ h + b)", "abs(W @ h + b)")}


@wrong("q7", hint="the first token is read, not returned")
def returns_what_it_was_given(answers):
    return {
        "q7": swap(answers["q7"], "token, tokens = first, []", "token, tokens = first, [first]")
    }


@wrong("q7", hint="the readout has a bias b")
def forgets_the_bias(answers):
    return {"q7": swap(answers["q7"], "W @ h + b", "W @ h")}


@right
def written_out_by_hand(answers):
    return {
        "q1": "def gates(params, x, h_prev):\n"
        "    H = h_prev.shape[1]\n"
        "    out = []\n"
        "    for k, squash in enumerate('ssts'):\n"
        "        rows = slice(k * H, (k + 1) * H)\n"
        "        a = np.einsum('bd,hd->bh', x, params['weight_ih'][rows])\n"
        "        a = a + np.einsum('bd,hd->bh', h_prev, params['weight_hh'][rows])\n"
        "        a = a + params['bias_ih'][rows] + params['bias_hh'][rows]\n"
        "        out.append(np.tanh(a) if squash == 't' else 0.5 * (1 + np.tanh(a / 2)))\n"
        "    return out\n",
        "q2": "def state(i, f, g, o, c_prev):\n"
        "    c = np.add(np.multiply(c_prev, f), np.multiply(g, i))\n"
        "    return np.tanh(c) * o, c\n",
        "q3": "def unroll(step, x, h0, c0):\n"
        "    y = np.empty((x.shape[0], *h0.shape))\n"
        "    for t in range(x.shape[0]):\n"
        "        h0, c0 = step(x[t], h0, c0)\n"
        "        y[t] = h0\n"
        "    return y, h0, c0\n",
        "q4": "def forget_bias(share, steps, w, h):\n"
        "    z = np.log(share) / steps\n"
        "    return z - np.log(-np.expm1(z)) - np.einsum('nh,nh->n', w, h)\n",
        "q7": answers["q7"].split("def write")[0] + "def write(step, W, b, h, c, first, u):\n"
        "    ids = []\n"
        "    while len(ids) < len(u) and 0 not in ids:\n"
        "        x = np.zeros(len(b))\n"
        "        x[([first] + ids)[-1]] = 1\n"
        "        h, c = step(x, h, c)\n"
        "        a = W @ h + b\n"
        "        p = np.exp(a - a.max())\n"
        "        ids.append(int(np.searchsorted(np.cumsum(p / p.sum()), u[len(ids)], 'right')))\n"
        "    return np.array(ids)\n",
    }


@right
def float32_throughout(answers):
    old = 'a = x @ params["weight_ih"].T + params["bias_ih"]'
    new = 'a = x.astype(np.float32) @ params["weight_ih"].astype(np.float32).T + params["bias_ih"]'
    return {"q1": swap(answers["q1"], old, new)}
