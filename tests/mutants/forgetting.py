"""Wrong and right variants of the exercise ``forgetting``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the cell state begins with c0, not with zeros")
def begins_with_an_empty_state(answers):
    return {"q1": swap(answers["q1"], "c = c0 + np", "c = 0 * c0 + np")}


@wrong("q1", hint="every step's share stays: a cumulative sum over axis 0, the time")
def keeps_the_last_share_only(answers):
    return {"q1": swap(answers["q1"], "np.cumsum(i * g, axis=0)", "i * g")}


@wrong("q1", hint="the sum runs over the wrong axis: time is axis 0")
def sums_over_the_batch(answers):
    return {"q1": swap(answers["q1"], "np.cumsum(i * g, axis=0)", "np.cumsum(i * g, axis=1)")}


@wrong("q1", hint="h = o * tanh(c): the output gate stands in the slope, too")
def forgets_the_gate_in_the_slope(answers):
    return {"q1": swap(answers["q1"], "o * (1 - tanh_c**2)", "1 - tanh_c**2")}


@wrong("q1", hint="the slope of tanh at c is 1 - tanh(c)**2, not 1 - h**2: h has the gate in it")
def takes_the_slope_at_h(answers):
    return {"q1": swap(answers["q1"], "(1 - tanh_c**2)", "(1 - (o * tanh_c) ** 2)")}


@wrong("q1", hint="variances add up, standard deviations do not: std * sqrt(T)")
def adds_standard_deviations(answers):
    return {"q1": swap(answers["q1"], "np.sqrt(T)", "T")}


@wrong("q1", hint="that is the variance; its square root was asked for")
def returns_the_variance(answers):
    return {"q1": swap(answers["q1"], "std * np.sqrt(T)", "std**2 * T")}


@wrong("q2", hint="without a forget gate in it, c only grows: f multiplies the old c")
def leaves_the_gate_out(answers):
    return {"q2": swap(answers["q2"], "c = f * c + i", "c = c + i")}


@wrong("q2", hint="f multiplies the old c alone: what comes in now is not forgotten at once")
def forgets_the_new_as_well(answers):
    return {"q2": swap(answers["q2"], "f * c + i * np.tanh(a_g)", "f * (c + i * np.tanh(a_g))")}


@wrong("q2", hint="f is what stays, not what goes: f * c, not (1 - f) * c")
def turns_the_gate_round(answers):
    return {"q2": swap(answers["q2"], "c = f * c +", "c = (1 - f) * c +")}


@wrong("q2", hint="with 1 - f for i the two gates are coupled: that is a later variant")
def couples_the_gates(answers):
    return {"q2": swap(answers["q2"], "+ i * np.tanh(a_g)", "+ (1 - f) * np.tanh(a_g)")}


@wrong("q2", hint="the blocks of a come in the order i, f, g, o")
def appends_the_gate_at_the_end(answers):
    return {"q2": swap(answers["q2"], "a_i, a_f, a_g, a_o =", "a_i, a_g, a_o, a_f =")}


@wrong("q2", hint="the gates see the h of the step before, not the h0 of the beginning")
def never_feeds_h_back(answers):
    source = swap(answers["q2"], "    all_h, all_c = [], []", "    all_h, all_c, h0 = [], [], h")
    return {"q2": swap(source, "h @ params", "h0 @ params")}


@wrong("q2", hint="the new rows come second: the order is i, f, g, o")
def puts_the_new_rows_last(answers):
    return {"q2": swap(answers["q2"], "[i, f, g, o])", "[i, g, o, f])")}


@wrong("q2", hint="the bias is missing: with zeros everywhere the gate is a half, not sigma(bias)")
def leaves_the_gate_half_open(answers):
    old = 'np.full_like(i, bias) if name == "bias" else np.zeros_like(i)'
    return {"q2": swap(answers["q2"], old, "np.zeros_like(i)")}


@wrong("q2", hint="the gate's rows in the matrices must be zero: whatever it sees, it stays put")
def copies_the_input_gate(answers):
    return {"q2": swap(answers["q2"], "else np.zeros_like(i)", "else i")}


@wrong("q3", hint="one product too few in each: w_t lacks f of step t, but has all later ones")
def drops_the_next_gate(answers):
    old = "np.concatenate([products, np.ones_like(f[:1])])"
    new = "np.concatenate([products[1:], np.ones_like(f[:1]), np.ones_like(f[:1])])"
    return {"q3": swap(answers["q3"], old, new)}


@wrong("q3", hint="what step t adds has not met f_t: shift by one, the last weight is 1")
def lets_each_step_meet_its_own_gate(answers):
    old = "np.concatenate([products, np.ones_like(f[:1])])"
    return {"q3": swap(answers["q3"], old, "np.concatenate([products[:1], products])")}


@wrong("q3", hint="multiply the gates that come after a step, not those before it")
def multiplies_from_the_beginning(answers):
    old = "np.cumprod(f[::-1], axis=0)[::-1]"
    return {"q3": swap(answers["q3"], old, "np.cumprod(f, axis=0)")}


@wrong("q3", hint="reversed twice: the products run back, but the result's first entry is w_0")
def leaves_it_reversed(answers):
    old = "np.concatenate([products, np.ones_like(f[:1])])"
    return {"q3": swap(answers["q3"], old, "np.concatenate([np.ones_like(f[:1]), products[::-1]])")}


@wrong("q4", hint="sigma(60) is 1 in float64, its log 0: use ln sigma(b) = -logaddexp(0, -b)")
def takes_the_sigmoid_first(answers):
    old = "np.log(2) / np.logaddexp(0, -bias)"
    return {"q4": swap(answers["q4"], old, "np.log(2) / -np.log(1 / (1 + np.exp(-bias)))")}


@wrong("q4", hint="exp(800) overflows: np.logaddexp(0, -b) is log(1 + exp(-b)) without that")
def overflows_for_closed_gates(answers):
    old = "np.log(2) / np.logaddexp(0, -bias)"
    return {"q4": swap(answers["q4"], old, "np.log(2) / np.log1p(np.exp(-bias))")}


@wrong("q4", hint="1 - f loses all its digits where f is nearly 1: -expm1(log f) keeps them")
def subtracts_from_one(answers):
    old = "np.log(-np.expm1(log_f))"
    return {"q4": swap(answers["q4"], old, "np.log(1 - np.exp(log_f))")}


@wrong("q4", hint="a share is taken at every step: f to the power of the lag, not f times the lag")
def multiplies_by_the_lag(answers):
    old = "np.exp(-np.logaddexp(0, -bias)[:, None] * lag)"
    return {"q4": swap(answers["q4"], old, "np.exp(-np.logaddexp(0, -bias))[:, None] / lag")}


@wrong("q4", hint="that is the time until 1/e is left; until half is left it is ln 2 of that")
def takes_the_time_constant(answers):
    return {"q4": swap(answers["q4"], "np.log(2) / np.logaddexp", "1 / np.logaddexp")}


@wrong("q4", hint="that is ln f, the log of the gate; the bias is ln f - ln(1 - f)")
def returns_the_log_of_the_gate(answers):
    return {"q4": swap(answers["q4"], "return log_f - np.log(-np.expm1(log_f))", "return log_f")}


@wrong("q5", hint="the pair's sum counts: both biases were set, so it is twice what it should be")
def sets_both_biases(answers):
    old = "bias_hh[: 2 * H] = 0"
    return {"q5": swap(answers["q5"], old, "bias_hh[: 2 * H] = bias_ih[: 2 * H]")}


@wrong("q5", hint="the old values of the other bias are still there: the gate sees the sum")
def leaves_the_second_bias(answers):
    return {"q5": swap(answers["q5"], "bias_hh[: 2 * H] = 0", "pass")}


@wrong("q5", hint="the blocks come in the order i, f, g, o: here i got the bias of f")
def exchanges_the_blocks(answers):
    old = "bias_ih[:H], bias_ih[H : 2 * H] = -b_f, b_f"
    return {"q5": swap(answers["q5"], old, "bias_ih[:H], bias_ih[H : 2 * H] = b_f, -b_f")}


@wrong("q5", hint="the input gate is to be as far closed as the forget gate is open: b_i = -b_f")
def leaves_the_input_gate(answers):
    old = "bias_ih[:H], bias_ih[H : 2 * H] = -b_f, b_f"
    new = "bias_ih[:H], bias_ih[H : 2 * H] = bias_ih[:H] + bias_hh[:H], b_f"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q5", hint="v is uniform and b_f its log: here b_f itself is uniform")
def draws_the_bias_uniformly(answers):
    old = "np.log(1 + u * (longest - 2))"
    return {"q5": swap(answers["q5"], old, "u * np.log(longest - 1)")}


@wrong("q5", hint="v lies between 1 and longest - 1: stretch u by longest - 2")
def stretches_one_too_far(answers):
    return {"q5": swap(answers["q5"], "(longest - 2)", "(longest - 1)")}


@wrong("q5", hint="you changed the arrays that you were given: copy them first")
def changes_what_it_was_given(answers):
    old = "bias_ih, bias_hh = bias_ih.copy(), bias_hh.copy()"
    return {"q5": swap(answers["q5"], old, "pass")}


@wrong("q5", hint="where the bias is large, 1 - sigma(b) is 0: 1 / sigma(-b) is 1 + exp(b)")
def divides_by_a_difference(answers):
    old = "return 1 + np.exp(bias)"
    return {"q5": swap(answers["q5"], old, "return 1 / (1 - 1 / (1 + np.exp(-bias)))")}


@wrong("q6", hint="the cell state is emptied before the step, not after it: the first input counts")
def empties_after_the_step(answers):
    old = """        c = np.where(starts[t][:, None], 0, c)
        c = f[t] * c + new[t]
"""
    new = """        c = f[t] * c + new[t]
        c = np.where(starts[t][:, None], 0, c)
"""
    return {"q6": swap(answers["q6"], old, new)}


@wrong("q6", hint="each row begins in its own time: here one row's beginning empties all rows")
def empties_every_row(answers):
    source = swap(
        answers["q6"], "np.where(starts[t][:, None], 0, c)", "0 * c if starts[t].any() else c"
    )
    return {"q6": source}


@wrong("q6", hint="starts is ignored in the forward pass")
def never_empties(answers):
    return {"q6": swap(answers["q6"], "        c = np.where(starts[t][:, None], 0, c)\n", "")}


@wrong(
    "q6", hint="one step late: starts[t] says that the state before step t must not enter step t"
)
def empties_one_step_late(answers):
    return {
        "q6": swap(
            answers["q6"],
            "np.where(starts[t][:, None], 0, c)",
            "np.where(starts[t - 1][:, None] & (t > 0), 0, c)",
        )
    }


@wrong("q6", hint="dc crosses a beginning: what was not let in forward gets no gradient back")
def lets_the_gradient_cross(answers):
    old = "np.where(starts[t][:, None], 0, f[t] * whole[t])"
    return {"q6": swap(answers["q6"], old, "f[t] * whole[t]")}


@wrong("q6", hint="the whole gradient of c_t is kept; only what goes on to c_(t-1) is cut")
def cuts_the_gradient_too_early(answers):
    old = "whole[t] = dc[t] + back"
    return {
        "q6": swap(answers["q6"], old, "whole[t] = dc[t] + np.where(starts[t][:, None], 0, back)")
    }


@wrong("q6", hint="the wrong gate backwards: c_t meets f[t + 1] later, c_(t-1) meets f[t]")
def takes_the_gate_before(answers):
    return {"q6": swap(answers["q6"], "f[t] * whole[t])", "f[t - 1] * whole[t])")}


@wrong("q7", hint="the outer symbol must come again: only one of T and P is possible there")
def forgets_the_outer_symbol(answers):
    return {
        "q7": swap(answers["q7"], '"expects outer again": outer', '"expects outer again": "TP"')
    }


@wrong("q7", hint="the outer symbol is the second of the string; T and P of the walk are others")
def takes_the_last_t_or_p(answers):
    old = "            place = GRAMMAR[place][symbol]\n"
    new = old + "            outer = symbol if symbol in 'TP' else outer\n"
    return {"q7": swap(answers["q7"], old, new)}


@wrong("q7", hint="one step early: row t is about the symbol after text[t]")
def predicts_the_symbol_itself(answers):
    old = "    return p\n"
    new = "    return np.concatenate([np.eye(7)[:1], p[:-1]])\n"
    return {"q7": swap(answers["q7"], old, new)}


@wrong("q7", hint="of two possible symbols each has one half: a row's sum is 1")
def gives_each_a_one(answers):
    return {"q7": swap(answers["q7"], "= 1 / len(possible)", "= 1")}


@wrong("q7", hint="that is how many steps are right; it ends at the first mistake")
def counts_all_that_is_right(answers):
    old = "return int(np.argmax(wrong)) if wrong.any() else len(wrong)"
    return {"q7": swap(answers["q7"], old, "return int((~wrong).sum())")}


@wrong("q7", hint="argmax of nothing is 0: with no mistake the answer is T")
def gives_the_perfect_nothing(answers):
    old = "return int(np.argmax(wrong)) if wrong.any() else len(wrong)"
    return {"q7": swap(answers["q7"], old, "return int(np.argmax(wrong))")}


@wrong(
    "q7", hint="every possible symbol must lead, not only the best one: the lowest of them counts"
)
def asks_for_the_best_only(answers):
    old = "np.where(p > 0, scores, np.inf).min(axis=1)"
    return {"q7": swap(answers["q7"], old, "np.where(p > 0, scores, -np.inf).max(axis=1)")}


@wrong("q7", hint="the steps before the first mistake: the wrong one itself does not count")
def counts_the_mistake(answers):
    return {"q7": swap(answers["q7"], "int(np.argmax(wrong))", "int(np.argmax(wrong)) + 1")}


@wrong("q8", hint="dL/db lacks the slope of the sigmoid: df/db = f (1 - f)")
def forgets_the_slope_of_the_gate(answers):
    return {"q8": swap(answers["q8"], " * kept * (1 - f)", " * kept")}


@wrong("q8", hint="f ** lag is differentiated as if lag were 1: a factor lag is missing")
def forgets_the_lag_in_the_gradient(answers):
    return {"q8": swap(answers["q8"], "(1 - kept) * lag * kept", "(1 - kept) * kept")}


@wrong("q8", hint="uphill: the loss falls when b grows")
def climbs(answers):
    return {"q8": swap(answers["q8"], "bias + rate", "bias - rate")}


@wrong("q8", hint="the losses are those before each update: the first belongs to the start")
def records_after_the_update(answers):
    old = "        losses.append((1 - kept) ** 2 / 2)\n"
    source = swap(answers["q8"], old, "")
    end = "    return bias, np.array(losses)\n"
    late = "        losses.append((1 - (1 / (1 + np.exp(-bias))) ** lag) ** 2 / 2)\n"
    return {"q8": swap(source, end, late + end)}


@wrong("q8", hint="noise is forgotten, too: the variance is a sum of powers of f squared")
def lets_noise_stay_for_ever(answers):
    old = "i**2 * (1 - f ** (2 * lag)) / (1 - f**2)"
    return {"q8": swap(answers["q8"], old, "i**2 * lag")}


@wrong("q8", hint="variances decay with f squared, not with f")
def decays_variances_like_values(answers):
    old = "(1 - f ** (2 * lag)) / (1 - f**2)"
    return {"q8": swap(answers["q8"], old, "(1 - f**lag) / (1 - f)")}


@wrong("q8", hint="divide by the standard deviation, not by the variance")
def divides_by_the_variance(answers):
    return {"q8": swap(answers["q8"], "np.sqrt(variance)", "variance")}


@right
def another_way(answers):
    return {
        "q1": "def carousel(i, g, o, c0):\n"
        "    c, states = c0, []\n"
        "    for t in range(len(i)):\n"
        "        c = c + i[t] * g[t]\n"
        "        states.append(c)\n"
        "    c = np.array(states)\n"
        "    return c, o * np.tanh(c), o / np.cosh(c) ** 2\n"
        "def drift(mean, std, T):\n"
        "    return T * mean, (T * std**2) ** 0.5\n",
        "q3": "def what_is_left(f):\n"
        "    return np.array([np.prod(f[t:], axis=0) for t in range(len(f) + 1)])\n",
        "q5": "def chrono(bias_ih, bias_hh, u, longest):\n"
        "    b = np.log(1 - u + u * (longest - 1))\n"
        "    _, _, g, o = np.split(bias_ih, 4)\n"
        "    _, _, g2, o2 = np.split(bias_hh, 4)\n"
        "    return np.hstack([-b / 2, b / 2, g, o]), np.hstack([-b / 2, b / 2, g2, o2])\n"
        "def memory(bias):\n"
        "    return 1 + np.exp(bias)\n",
        "q6": "def cell_state(f, new, c0, starts):\n"
        "    f = np.where(starts[..., None], 0, f)\n"
        "    c = np.concatenate([c0[None], np.empty_like(new)])\n"
        "    for t in range(len(f)):\n"
        "        c[t + 1] = f[t] * c[t] + new[t]\n"
        "    return c[1:]\n"
        "def cell_state_backward(f, dc, starts):\n"
        "    f, dc = np.where(starts[..., None], 0, f), dc.copy()\n"
        "    for t in range(len(f) - 1, 0, -1):\n"
        "        dc[t - 1] += f[t] * dc[t]\n"
        "    return dc, f[0] * dc[0]\n",
        "q8": "def train(b, lag, rate, updates):\n"
        "    L = np.zeros((updates, len(b)))\n"
        "    for k in range(updates):\n"
        "        f = 0.5 * (1 + np.tanh(b / 2))\n"
        "        L[k] = 0.5 * (f**lag - 1) ** 2\n"
        "        b = b - rate * (f**lag - 1) * lag * f ** (lag - 1) * f * (1 - f)\n"
        "    return b, L\n"
        "def signal(b_f, b_i, lag):\n"
        "    f, i = 0.5 * (1 + np.tanh(b_f / 2)), 0.5 * (1 + np.tanh(b_i / 2))\n"
        "    noise = [np.sum(a ** (2 * np.arange(n))) for a, n in zip(f, lag)]\n"
        "    return f**lag / (i * np.sqrt(noise))\n",
    }
