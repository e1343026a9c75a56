"""Wrong and right variants of the exercise ``relatives``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the output gate sees the new cell state: here it looks at the old one")
def shows_the_output_gate_the_old_state(answers):
    source = swap(answers["q1"], "    c = f * c + i", "    old = c\n    c = f * c + i")
    return {"q1": swap(source, "sigmoid(a_o + p_o * c)", "sigmoid(a_o + p_o * old)")}


@wrong("q1", hint="i and f make the new state and see the old one; f was let in first here")
def shows_the_input_gate_the_new_state(answers):
    old = """    i, f = sigmoid(a_i + p_i * c), sigmoid(a_f + p_f * c)
    c = f * c + i * np.tanh(a_g)
"""
    new = """    f = sigmoid(a_f + p_f * c)
    i = sigmoid(a_i + p_i * (f * c))
    c = f * c + i * np.tanh(a_g)
"""
    return {"q1": swap(answers["q1"], old, new)}


@wrong("q1", hint="the rows of weight_p are p_i, p_f, p_o")
def exchanges_the_peepholes(answers):
    return {"q1": swap(answers["q1"], "p_i, p_f, p_o =", "p_f, p_i, p_o =")}


@wrong("q1", hint="the output gate has a peephole, too")
def leaves_the_output_gate_blind(answers):
    return {"q1": swap(answers["q1"], "sigmoid(a_o + p_o * c)", "sigmoid(a_o)")}


@wrong("q1", hint="the candidate has no peephole: only i, f and o see the state")
def lets_the_candidate_look(answers):
    return {"q1": swap(answers["q1"], "np.tanh(a_g)", "np.tanh(a_g + p_f * c)")}


@wrong("q1", hint="the blocks of a come in the order i, f, g, o")
def takes_keras_for_another_order(answers):
    return {"q1": swap(answers["q1"], "a_i, a_f, a_g, a_o =", "a_i, a_g, a_f, a_o =")}


@wrong("q1", hint="h did not change: without peepholes the gate does not change at all")
def lets_a_blind_gate_see(answers):
    old = "np.zeros_like(c1), params"
    return {"q1": swap(answers["q1"], old, "np.tanh(c2) - np.tanh(c1), params")}


@wrong("q1", hint="the row of f is the second")
def takes_the_row_of_the_input_gate(answers):
    return {"q1": swap(answers["q1"], 'params["weight_p"][1]', 'params["weight_p"][0]')}


@wrong("q2", hint="coupled means 1 - f for the candidate, f for the old state: here round")
def turns_the_coupled_gate_round(answers):
    return {"q2": swap(answers["q2"], "f * c + (1 - f) * np", "(1 - f) * c + f * np")}


@wrong("q2", hint="the candidate must be scaled by 1 - f")
def writes_everything(answers):
    return {"q2": swap(answers["q2"], "(1 - f) * np.tanh(a_g)", "np.tanh(a_g)")}


@wrong("q2", hint="1 - sigmoid(a) = sigmoid(-a), not sigmoid(1 - a): negate the rows of f")
def subtracts_the_rows_from_one(answers):
    return {"q2": swap(answers["q2"], "[-f, f, g, o]", "[1 - f, f, g, o]")}


@wrong("q2", hint="the input gate's rows are the negatives of the forget gate's")
def copies_the_rows(answers):
    return {"q2": swap(answers["q2"], "[-f, f, g, o]", "[f, f, g, o]")}


@wrong("q2", hint="the LSTM's order is i, f, g, o: here i and f are exchanged")
def stacks_them_the_other_way(answers):
    return {"q2": swap(answers["q2"], "[-f, f, g, o]", "[f, -f, g, o]")}


@wrong("q2", hint="the bias must be negated, too")
def forgets_to_negate_the_bias(answers):
    old = "np.concatenate([-f, f, g, o])"
    new = 'np.concatenate([f if name == "bias" else -f, f, g, o])'
    return {"q2": swap(answers["q2"], old, new)}


@wrong("q2", hint="one gate has H (D + H + 1) numbers: the bias counts")
def saves_no_bias(answers):
    return {"q2": swap(answers["q2"], "one = H * (D + H + 1)", "one = H * (D + H)")}


@wrong("q2", hint="the size grows with the square of the units: 4/3 of them are too many")
def scales_the_units_by_four_thirds(answers):
    source = swap(answers["q2"], "    b = D + 1  # 3 (h^2 + b h) <= 4 one, solved for h\n", "")
    a, b = source.index("    units = np.floor("), source.index("    return one, units")
    return {"q2": source[:a] + "    units = 4 * H // 3\n" + source[b:]}


@wrong("q3", hint="2014: the reset stands before the matrix, W (r * h)")
def resets_after_the_matrix_in_both(answers):
    return {"q3": swap(answers["q3"], "(r * h) @ W_n.T + b_n", "r * (h @ W_n.T + b_n)")}


@wrong("q3", hint="libraries reset after the matrix, and the bias b_hn is reset with it")
def leaves_the_bias_out_of_the_reset(answers):
    source = swap(
        answers["q3"],
        "    n = np.tanh(x_n + r * h_n)\n",
        '    b_n = params["bias_hh"][2 * len(h[0]) :]\n'
        "    n = np.tanh(x_n + r * (h_n - b_n) + b_n)\n",
    )
    return {"q3": source}


@wrong("q3", hint="z keeps the old state here, (1 - z) * n + z * h: turned round")
def lets_z_write(answers):
    return {"q3": answers["q3"].replace("(1 - z) * n + z * h", "z * n + (1 - z) * h")}


@wrong("q3", hint="the blocks come in the order r, z, n")
def reads_keras_order(answers):
    return {"q3": swap(answers["q3"], "h_r, h_z, h_n =", "h_z, h_r, h_n =")}


@wrong("q3", hint="the reset gate must not scale the input's share of the candidate")
def resets_the_input_as_well(answers):
    return {"q3": swap(answers["q3"], "np.tanh(x_n + r * h_n)", "np.tanh(r * (x_n + h_n))")}


@wrong("q3", hint="the sign: W (r * h) comes first, so column minus row, r_j - r_i")
def exchanges_rows_and_columns(answers):
    return {"q3": swap(answers["q3"], "r[None, :] - r[:, None]", "r[:, None] - r[None, :]")}


@wrong("q3", hint="that is W (r * h) alone: the other product must be taken off")
def gives_one_product_only(answers):
    return {"q3": swap(answers["q3"], "(r[None, :] - r[:, None])", "r[None, :]")}


@wrong("q4", hint="Keras stacks z, r, n: here its blocks are read as r, z, n")
def reads_keras_as_ours(answers):
    old, new = (f"{o} = np.split(value, 3)\n        params" for o in ("z, r, n", "r, z, n"))
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q4", hint="kernels multiply from the right: transpose them")
def forgets_to_transpose(answers):
    new = "(kernel.T, recurrent.reshape(-1, len(recurrent)),"
    return {"q4": swap(answers["q4"], "(kernel.T, recurrent.T,", new)}


@wrong("q4", hint="the second row of the bias belongs to the hidden state: they are exchanged")
def exchanges_the_biases(answers):
    return {"q4": swap(answers["q4"], "biases = bias if", "biases = bias[::-1] if")}


@wrong("q4", hint="both rows count: adding them is right for r and z, wrong for n, which is reset")
def adds_the_biases(answers):
    old = "bias if bias.ndim == 2 else"
    return {"q4": swap(answers["q4"], old, "(bias.sum(0), 0 * bias[0]) if bias.ndim == 2 else")}


@wrong("q4", hint="one bias means reset_after=False, the reset before the matrix: gru_2014")
def always_names_the_library(answers):
    return {"q4": swap(answers["q4"], '"gru" if bias.ndim == 2 else "gru_2014"', '"gru"')}


@wrong("q4", hint="Keras' z keeps, as ours: only the paper's is turned")
def turns_keras_too(answers):
    return {"q4": swap(answers["q4"], "np.concatenate([r, z, n])", "np.concatenate([r, -z, n])")}


@wrong("q4", hint="z is turned by its sign: 1 - sigmoid(a) = sigmoid(-a)")
def leaves_z_as_it_is(answers):
    return {"q4": swap(answers["q4"], "np.concatenate([r, -z, n])", "np.concatenate([r, z, n])")}


@wrong("q4", hint="the candidate is not turned: only z changes its meaning")
def negates_the_candidate(answers):
    return {"q4": swap(answers["q4"], "np.concatenate([r, -z, n])", "np.concatenate([r, -z, -n])")}


@wrong("q4", hint="you changed the arrays that you were given: copy them first")
def changes_what_it_was_given(answers):
    old = "        turned[name] = np.concatenate([r, -z, n])\n"
    new = "        z *= -1\n        turned[name] = value\n"
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q5", hint="that is what is left of the start; the state fills up: 1 - z^n")
def gives_what_is_left(answers):
    return {"q5": swap(answers["q5"], "return 1 - z**n", "return z**n")}


@wrong("q5", hint="that would be a sum without forgetting: the old state is multiplied by z")
def counts_like_an_lstm(answers):
    return {"q5": swap(answers["q5"], "return 1 - z**n", "return n * (1 - z)")}


@wrong("q5", hint="one too few: h_n - h_(n - 1) = (1 - z) z^(n - 1)")
def is_one_short(answers):
    return {"q5": swap(answers["q5"], "np.floor(1 + np.log", "np.floor(np.log")}


@wrong("q5", hint="rounded up: the largest n that still satisfies it is the floor")
def rounds_up(answers):
    return {"q5": swap(answers["q5"], "np.floor(", "np.ceil(")}


@wrong("q5", hint="the step is (1 - z) z^(n - 1), not z^(n - 1): the factor 1 - z is missing")
def forgets_what_is_written(answers):
    return {"q5": swap(answers["q5"], "np.log(eps / (1 - z))", "np.log(eps)")}


@wrong("q5", hint="near 1 everything is kept and nothing written: set the derivative to zero")
def takes_one_over_e(answers):
    return {"q5": swap(answers["q5"], "(n - 1) / n", "np.exp(-1 / n)")}


@wrong("q6", hint="the gradient stops after one step: dc goes on to c_(t-1) with the factor f")
def forgets_what_comes_back(answers):
    return {"q6": swap(answers["q6"], "back = dc * f", "back = 0.0")}


@wrong("q6", hint="f multiplies the state before the step: df takes c[t], that is c_(t-1)")
def takes_the_new_state(answers):
    return {"q6": swap(answers["q6"], "df += dc * c[t]", "df += dc * c[t + 1]")}


@wrong("q6", hint="i = 1 - f: what i earns goes to f with a minus")
def lets_the_coupled_gate_forget_its_other_half(answers):
    return {"q6": swap(answers["q6"], "df -= di  # i = 1 - f", "pass")}


@wrong("q6", hint="the sign: di/df is -1")
def adds_the_other_half(answers):
    return {"q6": swap(answers["q6"], "df -= di", "df += di")}


@wrong("q6", hint="the slope of the sigmoid is missing for i")
def forgets_the_slope(answers):
    return {"q6": swap(answers["q6"], "rate * di * i * (1 - i)", "rate * di")}


@wrong("q6", hint="the loss is a mean over N steps: its gradient has the factor 2 / N")
def forgets_the_mean(answers):
    return {"q6": swap(answers["q6"], "2 * error[t] / N", "2 * error[t]")}


@wrong("q6", hint="the losses are those before each update")
def records_after_the_update(answers):
    source = swap(answers["q6"], "np.array(losses)", "np.array([*losses[1:], losses[-1]])")
    return {"q6": source}


@wrong("q6", hint="coupled, i = 1 - f: the state is 1 - f^steps and never passes 1")
def goes_on_uncoupled(answers):
    old = "    i = 1 - f if coupled else sigmoid(a_i)\n    return"
    return {"q6": swap(answers["q6"], old, "    i = sigmoid(a_i)\n    return")}


@right
def another_way(answers):
    return {
        "q2": answers["q2"].replace("1 - f", "sigmoid(-a_f)"),
        "q3": swap(
            answers["q3"],
            "return W_hn * (r[None, :] - r[:, None])",
            "return W_hn @ np.diag(r) - np.diag(r) @ W_hn",
        ),
        "q5": swap(
            answers["q5"],
            "return np.floor(1 + np.log(eps / (1 - z)) / np.log(z)).astype(int)",
            "n = np.arange(1, 5000)[:, None]\n"
            "    return ((1 - z) * z ** (n - 1) >= eps).sum(axis=0)",
        ),
    }
