"""Wrong and right variants of the exercise ``lstm_step``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the candidate g is squashed by tanh, not by the sigmoid")
def sigmoid_for_the_candidate(answers):
    return {"q1": swap(answers["q1"], "np.tanh(a_g)", "1 / (1 + np.exp(-a_g))")}


@wrong("q1", hint="the blocks come in the order i, f, g, o")
def blocks_in_keras_order(answers):
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


@wrong("q4", hint="this is the gate f itself; the bias is its logit, log(f / (1 - f))")
def returns_the_gate(answers):
    return {"q4": swap(answers["q4"], "return np.log(f / (1 - f))", "return f")}


@wrong("q4", hint="the state is multiplied by f in every step: f = share ** (1 / steps)")
def divides_instead_of_rooting(answers):
    return {"q4": swap(answers["q4"], "share ** (1 / steps)", "share / steps")}


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
        "q4": "def forget_bias(share, steps):\n"
        "    z = np.log(share) / steps\n"
        "    return z - np.log(-np.expm1(z))\n",
    }


@right
def float32_throughout(answers):
    old = 'a = x @ params["weight_ih"].T + params["bias_ih"]'
    new = 'a = x.astype(np.float32) @ params["weight_ih"].astype(np.float32).T + params["bias_ih"]'
    return {"q1": swap(answers["q1"], old, new)}
