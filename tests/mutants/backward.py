"""Wrong and right variants of the exercise ``backward``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", "q9", hint="h = o * tanh(c), so do is dh times tanh(c), not times c")
def forgets_the_tanh_in_do(answers):
    return {"q1": swap(answers["q1"], "do = dh * tanh_c", "do = dh * c")}


@wrong("q1", "q9", hint="between h and c stands a tanh: what comes from h carries 1 - tanh(c)**2")
def drops_the_slope_of_the_cell_state(answers):
    return {"q1": swap(answers["q1"], "dh * o * (1 - tanh_c**2)", "dh * o")}


@wrong("q1", "q9", hint="dc gets two shares: add what comes from h to what comes along c")
def forgets_what_comes_along_c(answers):
    return {"q1": swap(answers["q1"], "dc = dc + dh", "dc = dh")}


@wrong("q1", "q9", hint="the forget gate multiplied c_prev, not the new c")
def takes_the_new_state_for_the_old(answers):
    return {"q1": swap(answers["q1"], "dc * c_prev", "dc * c")}


@wrong("q1", "q9", hint="along the cell state the gradient is multiplied by f: dc_prev = dc * f")
def forgets_the_forget_gate_along_c(answers):
    return {"q1": swap(answers["q1"], "dc_prev = dc * f", "dc_prev = dc")}


@wrong("q1", "q9", hint="dc_prev takes the whole dc, with what came from h, not only what arrived")
def sends_on_only_what_arrived(answers):
    source = swap(answers["q1"], "    dc = dc + dh", "    dc_prev = dc * f\n    dc = dc + dh")
    return {"q1": swap(source, "    dc_prev = dc * f\n    da_i", "    da_i")}


@wrong("q1", "q9", hint="da_i was made from df: each gate has its own")
def gives_the_input_gate_the_forget_delta(answers):
    return {"q1": swap(answers["q1"], "da_i = di *", "da_i = df *")}


@wrong("q1", "q9", hint="g is activated already: its slope is 1 - g**2, without another tanh")
def squashes_the_candidate_again(answers):
    return {"q1": swap(answers["q1"], "(1 - g**2)", "(1 - np.tanh(g) ** 2)")}


@wrong("q1", "q9", hint="i, f, o are sigmoids: the slope is v * (1 - v); da_o lacks it")
def misses_the_slope_of_a_gate(answers):
    return {"q1": swap(answers["q1"], "do * o * (1 - o)", "do")}


@wrong(
    "q1", "q9", hint="some lines are still as handed out: compare each with its equation, dc first"
)
def hands_it_in_as_it_was(answers):
    source = answers["q1"]
    for old, new in (
        ("do = dh * tanh_c", "do = dh * c"),
        ("dh * o * (1 - tanh_c**2)", "dh * o"),
        ("dc * c_prev", "dc * c"),
        ("dc_prev = dc * f", "dc_prev = dc"),
        ("di * i * (1 - i)", "df * i * (1 - i)"),
        ("(1 - g**2)", "(1 - np.tanh(g) ** 2)"),
    ):
        source = swap(source, old, new)
    return {"q1": source}


@wrong(
    "q2", "q9", hint="W_hh was multiplied by the state before: shift h by one step, begin with h0"
)
def uses_the_new_h(answers):
    old = "np.concatenate([h0[None], h[:-1]])"
    return {"q2": swap(answers["q2"], old, "h")}


@wrong("q2", hint="the state before step 0 is h0, not zeros")
def begins_with_zeros(answers):
    return {"q2": swap(answers["q2"], "h0[None]", "0 * h0[None]")}


@wrong("q2", "q9", hint="the state before step 0 is h0, not the last one")
def wraps_around(answers):
    old = "np.concatenate([h0[None], h[:-1]])"
    return {"q2": swap(answers["q2"], old, "np.roll(h, 1, axis=0)")}


@wrong("q2", "q9", hint="db is there twice: two names for one array, and += fell on it from both")
def adds_the_bias_twice(answers):
    return {"q2": swap(answers["q2"], "da.sum(axis=(0, 1))", "2 * da.sum(axis=(0, 1))")}


@wrong(
    "q2", "q9", hint="the two biases do not share db: each was added in full, each gets all of it"
)
def halves_the_bias(answers):
    return {"q2": swap(answers["q2"], "da.sum(axis=(0, 1))", "da.sum(axis=(0, 1)) / 2")}


@wrong(
    "q2",
    "q9",
    hint="= in a loop keeps the last step's share only: a shared weight gets the sum, +=",
)
def keeps_the_last_step_only(answers):
    return {"q2": swap(answers["q2"], '"tbg,tbd->gd", da, x', '"tbg,tbd->gd", da[-1:], x[-1:]')}


@wrong("q2", "q9", hint="sum over the batch, do not average: the loss has done its own averaging")
def averages_over_the_batch(answers):
    old, new = "da, h_prev)", "da / len(h0), h_prev)"
    return {"q2": swap(answers["q2"], old, new)}


@wrong("q2", hint="dx belongs to one row of the batch: nothing to average")
def averages_dx(answers):
    old = 'da @ params["weight_ih"]'
    return {"q2": swap(answers["q2"], old, old + " / x.shape[1]")}


@wrong(
    "q2",
    "q9",
    hint="this is still the code handed out: each of its results is wrong in its own way",
)
def collects_as_it_was(answers):
    return {
        "q2": "def weight_gradients(params, x, h0, h, da):\n"
        "    grads = {name: np.zeros_like(p) for name, p in params.items()}\n"
        "    grads['bias_hh'] = grads['bias_ih']\n"
        "    dx = np.zeros_like(x)\n"
        "    for t in range(len(x)):\n"
        "        grads['weight_ih'] = da[t].T @ x[t]\n"
        "        grads['weight_hh'] += da[t].T @ h[t]\n"
        "        grads['bias_ih'] += da[t].sum(axis=0)\n"
        "        grads['bias_hh'] += da[t].sum(axis=0)\n"
        "        dx[t] = da[t] @ params['weight_ih'] / x.shape[1]\n"
        "    return grads, dx\n"
    }


@wrong(
    "q3",
    "q8",
    "q9",
    hint="dh_next is missing: what the step after sends back to h must be added to dy[t]",
)
def forgets_dh_next(answers):
    old = "dh, dc = dy[t] + dh_next, dc_next"
    return {
        "q3": swap(
            answers["q3"], old, "dh, dc = dy[t] + (dh_last if t == len(dy) - 1 else 0), dc_next"
        )
    }


@wrong("q3", "q8", "q9", hint="dc_next is missing: the cell state carries its own gradient back")
def forgets_dc_next(answers):
    old = "dh, dc = dy[t] + dh_next, dc_next"
    return {
        "q3": swap(answers["q3"], old, "dh, dc = dy[t] + dh_next, dc_last * (t == len(dy) - 1)")
    }


@wrong("q3", "q8", hint="dh_last and dc_last are ignored: the last pair may have a loss of its own")
def ignores_what_follows_the_end(answers):
    old = "dh_next, dc_next = dh_last, dc_last"
    return {"q3": swap(answers["q3"], old, "dh_next, dc_next = 0 * dh_last, 0 * dc_last")}


@wrong("q3", "q8", "q9", hint="walk from the last step to the first")
def walks_forwards(answers):
    return {"q3": swap(answers["q3"], "reversed(range(len(dy)))", "range(len(dy))")}


@wrong("q3", "q8", "q9", hint="dy is read at the wrong time: dy[t] belongs to step t")
def reads_dy_backwards(answers):
    return {"q3": swap(answers["q3"], "dy[t] + dh_next", "dy[len(dy) - 1 - t] + dh_next")}


@wrong(
    "q3",
    "q8",
    "q9",
    hint="dy[t] is there twice: it is in dh already, so do not add it to dh_next as well",
)
def counts_dy_twice(answers):
    old = "dh_next, dc_next = back(t, dh, dc)"
    return {"q3": swap(answers["q3"], old, old + "\n        dh_next = dh_next + dy[t]")}


@wrong("q3", "q8", "q9", hint="pairs were exchanged: back returns dh_prev first, then dc_prev")
def exchanges_the_pair(answers):
    return {"q3": swap(answers["q3"], "dh_next, dc_next = back", "dc_next, dh_next = back")}


@wrong("q4", "q7", hint="ch is zero here: c sees the old h through three layers, i, f and g")
def forgets_the_gates(answers):
    return {"q4": swap(answers["q4"], "return hh, s * cc, ch, cc", "return hh, s * cc, 0 * ch, cc")}


@wrong("q4", "q7", hint="the path through the forget gate is missing: f depends on the old h, too")
def forgets_the_path_through_f(answers):
    old = "ch = (c_prev * f * (1 - f))[:, None] * W_f"
    return {"q4": swap(answers["q4"], old, "ch = 0 * W_f")}


@wrong("q4", "q7", hint="the output gate sees the old h, too: hh has a part with W_o")
def forgets_the_output_gate(answers):
    old = " + (np.tanh(c) * o * (1 - o))[:, None] * W_o"
    return {"q4": swap(answers["q4"], old, "")}


@wrong("q4", "q7", hint="cc is diag(f) alone: the old h is held fixed when the old c moves")
def moves_both_at_once(answers):
    return {"q4": swap(answers["q4"], "cc = np.diag(f)", "cc = np.diag(f) + ch @ np.diag(o)")}


@wrong("q4", hint="a slope belongs to the row, the unit that moves: v[:, None] * W, not v * W")
def scales_columns_for_rows(answers):
    return {"q4": swap(answers["q4"], "(i * (1 - g**2))[:, None] * W_g", "(i * (1 - g**2)) * W_g")}


@wrong("q4", hint="the later step stands on the left of the product")
def multiplies_in_the_wrong_order(answers):
    old = "np.block([[hh, hc], [ch, cc]]) @ all_paths"
    return {"q4": swap(answers["q4"], old, "all_paths @ np.block([[hh, hc], [ch, cc]])")}


@wrong("q4", hint="all paths: multiply whole matrices of both halves, then take the block c to c")
def multiplies_only_the_direct_path(answers):
    return {"q4": swap(answers["q4"], "return all_paths[H:, H:], direct", "return direct, direct")}


@wrong("q5", hint="cut takes the path through h: nothing comes back from the next step's gates")
def cuts_nothing(answers):
    return {"q5": swap(answers["q5"], "cut_next + dy[t] * slope", "cut_next + dh * slope")}


@wrong("q5", hint="the cell state was cut as well: only the path through the gates' inputs ends")
def cuts_the_cell_state_too(answers):
    return {"q5": swap(answers["q5"], "cut_next = cut[t] * f", "cut_next = 0")}


@wrong("q5", hint="this cell state has a forget gate: its error is multiplied by f at every step")
def has_no_forget_gate(answers):
    return {"q5": swap(answers["q5"], "cut_next = cut[t] * f", "cut_next = cut[t]")}


@wrong("q5", hint="the loss reads every output: each step's own dy belongs to cut, too")
def keeps_the_last_output_only(answers):
    old = "cut[t] = cut_next + dy[t] * slope"
    new = "cut[t] = cut_next + (dy[t] * slope if t == len(dy) - 1 else 0)"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q5", hint="full lacks the path through the output gate: four layers see the old h")
def leaves_out_the_output_gate(answers):
    return {"q5": swap(answers["q5"], "[da_i, da_f, da_g, da_o]", "[da_i, da_f, da_g, 0 * da_o]")}


@wrong("q5", hint="this is the cosine's numerator: divide by both lengths")
def forgets_the_lengths(answers):
    old = " / np.sqrt((full**2).sum() * (cut**2).sum())"
    return {"q5": swap(answers["q5"], old, "")}


@wrong("q6", hint="a difference of two losses: the constant ate it; one imaginary part is enough")
def takes_a_difference(answers):
    old = (
        "        moved = value.astype(complex)\n        moved[index] += 1e-30j\n"
        "        gradient[index] = loss(moved).imag / 1e-30"
    )
    new = (
        "        up, down = value.copy(), value.copy()\n        up[index] += 1e-5\n"
        "        down[index] -= 1e-5\n"
        "        gradient[index] = (loss(up) - loss(down)).real / 2e-5"
    )
    return {"q6": swap(answers["q6"], old, new)}


@wrong("q6", hint="divide by the step")
def forgets_to_divide(answers):
    return {"q6": swap(answers["q6"], ".imag / 1e-30", ".imag")}


@wrong("q6", hint="move one entry at a time, from a fresh copy: here earlier ones stay moved")
def lets_the_entries_stay_moved(answers):
    old = (
        "    for index in np.ndindex(value.shape):\n        moved = value.astype(complex)\n"
        "        moved[index] += 1e-30j\n"
    )
    new = (
        "    moved = value.astype(complex)\n    for index in np.ndindex(value.shape):\n"
        "        moved[index] += 1e-30j\n"
    )
    return {"q6": swap(answers["q6"], old, new)}


@wrong("q6", hint="the mean hides a single wrong entry: take the largest")
def takes_the_mean(answers):
    old = "np.abs(claimed[name] - true).max()"
    return {"q6": swap(answers["q6"], old, "np.abs(claimed[name] - true).mean()")}


@wrong("q6", hint="divide by the largest true value of the array")
def measures_absolutely(answers):
    return {"q6": swap(answers["q6"], " / np.abs(true).max()", "")}


@wrong("q6", hint="divided by the claim: it may be wrong, the truth is the measure")
def divides_by_the_claim(answers):
    return {"q6": swap(answers["q6"], "/ np.abs(true).max()", "/ np.abs(claimed[name]).max()")}


@wrong("q7", hint="this is f: the eigenvalue holds the paths through h as well")
def takes_the_forget_gate_for_the_rate(answers):
    return {"q7": swap(answers["q7"], "return f, abs(np.linalg.eigvals(M)).max()", "return f, f")}


@wrong("q7", hint="c's row alone: f + A s is no rate when the output gate listens to h")
def follows_the_cell_state_alone(answers):
    old = "abs(np.linalg.eigvals(M)).max()"
    new = "(cc + ch * o * (1 - np.tanh(c) ** 2)).item()"
    return {"q7": swap(answers["q7"], old, new)}


@wrong("q7", hint="run 500 time steps: this is not yet the fixed point")
def stops_before_it_rests(answers):
    return {"q7": swap(answers["q7"], "range(500)", "range(2)")}


@wrong("q7", hint="the rate is the largest |eigenvalue|, not the largest singular value")
def takes_the_norm(answers):
    old = "abs(np.linalg.eigvals(M)).max()"
    return {"q7": swap(answers["q7"], old, "np.linalg.norm(M, 2)")}


@wrong("q7", hint="the order of w and b is i, f, g, o")
def exchanges_two_blocks(answers):
    return {"q7": swap(answers["q7"], "a_i, a_f, a_g, a_o =", "a_f, a_i, a_g, a_o =")}


@wrong("q7", hint="the gates read h, what is shown, not c")
def listens_to_the_cell_state(answers):
    return {"q7": swap(answers["q7"], "w * h + b", "w * c + b")}


@wrong("q8", hint="this is right everywhere: write the mistake")
def makes_no_mistake(answers):
    return {"q8": swap(answers["q8"], "dy[::-1]", "dy")}


@wrong("q8", hint="ones see this one: without dh_next each dh is dy alone")
def leaves_out_dh_next(answers):
    old = "return through_time(back, dy[::-1], dh_last, dc_last)"
    new = """T, dh, dc_next = len(dy), dy.copy(), dc_last
    dc, dh[-1] = 0 * dy, dy[-1] + dh_last
    for t in reversed(range(T)):
        dc[t] = dc_next
        dh_next, dc_next = back(t, dh[t], dc[t])
    return dh, dc, dh_next, dc_next"""
    return {"q8": swap(answers["q8"], old, new)}


@wrong("q8", hint="ones see this one: without dc_next the cell state's own gradient is lost")
def sets_dc_next_to_zero(answers):
    old = "return through_time(back, dy[::-1], dh_last, dc_last)"
    new = "return through_time(lambda t, *d: (back(t, *d)[0], 0 * d[1]), dy, dh_last, dc_last)"
    return {"q8": swap(answers["q8"], old, new)}


@wrong("q8", hint="only dy is read from the wrong end; the steps keep their order")
def walks_forwards_as_well(answers):
    old = "through_time(back, dy[::-1]"
    return {
        "q8": swap(answers["q8"], old, "through_time(lambda t, *d: back(len(dy) - 1 - t, *d), dy")
    }


@wrong("q9", hint="the mean is over all entries: dy is divided by target.size")
def forgets_the_mean(answers):
    return {"q9": swap(answers["q9"], " / target.size", " / len(target)")}


@wrong("q9", hint="the loss is squared: dy has a factor 2")
def forgets_the_two(answers):
    return {"q9": swap(answers["q9"], "dy = 2 * (", "dy = (")}


@wrong("q9", hint="against the gradient, not along it")
def climbs(answers):
    return {"q9": swap(answers["q9"], "p - lr * scale", "p + lr * scale")}


@wrong("q9", hint="clip all gradients together: one norm, one factor")
def clips_each_array(answers):
    source = swap(answers["q9"], "scale = min(1, clip / norm)", "scale = 1")
    new = "min(1, clip / np.linalg.norm(grads[name])) * grads[name]"
    return {"q9": swap(source, "scale * grads[name]", new)}


@wrong("q9", hint="the norm is returned before clipping")
def returns_the_clipped_norm(answers):
    return {"q9": swap(answers["q9"], "norms.append(norm)", "norms.append(min(norm, clip))")}


@wrong("q9", hint="clipping only shortens: a norm below clip stays as it is")
def always_scales(answers):
    return {"q9": swap(answers["q9"], "min(1, clip / norm)", "clip / norm")}


@wrong("q9", hint="the loss before each update, not after")
def reports_the_loss_after(answers):
    return {
        "q9": swap(
            answers["q9"], "return np.array(losses)", "return np.array(losses[1:] + losses[:1])"
        )
    }


@wrong("q9", hint="gradients of h go on to the step before through W_hh: back must return them")
def cuts_the_gradient_of_h(answers):
    return {"q9": swap(answers["q9"], 'da[k] @ params["weight_hh"], dc_prev', "0 * dh, dc_prev")}


@wrong("q9", hint="without clipping the first updates differ")
def never_clips(answers):
    return {"q9": swap(answers["q9"], "min(1, clip / norm)", "1")}


@right
def another_way(answers):
    return {
        "q2": "def weight_gradients(params, x, h0, h, da):\n"
        "    grads = {name: np.zeros_like(p) for name, p in params.items()}\n"
        "    dx, h_prev = [], h0\n"
        "    for t in range(len(x)):\n"
        "        grads['weight_ih'] += da[t].T @ x[t]\n"
        "        grads['weight_hh'] += da[t].T @ h_prev\n"
        "        grads['bias_ih'] += da[t].sum(axis=0)\n"
        "        dx.append(da[t] @ params['weight_ih'])\n"
        "        h_prev = h[t]\n"
        "    grads['bias_hh'] = grads['bias_ih']\n"
        "    return grads, np.array(dx)\n",
        "q4": answers["q4"].split("def over_the_gap")[0] + "def over_the_gap(steps):\n"
        "    H = len(steps[0][0])\n"
        "    h, c, direct = np.zeros((H, H)), np.eye(H), np.ones(H)\n"
        "    for hh, hc, ch, cc in steps:\n"
        "        h, c = hh @ h + hc @ c, ch @ h + cc @ c\n"
        "        direct = np.diag(cc) * direct\n"
        "    return c, np.diag(direct)\n",
        "q6": swap(answers["q6"], "+= 1e-30j", "+= 1e-100j").replace(
            ".imag / 1e-30", ".imag * 1e100"
        ),
    }
