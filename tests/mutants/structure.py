"""Wrong and right variants of the exercise ``structure``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="nn.LSTM has two biases a gate: 8 H for each direction of a layer")
def counts_one_bias(answers):
    return {"q1": swap(answers["q1"], "8 * hidden", "4 * hidden")}


@wrong("q1", hint="an upper layer reads both directions of the one below: its input is 2H wide")
def reads_one_direction(answers):
    return {"q1": swap(answers["q1"], "hidden * directions if n", "hidden if n")}


@wrong("q1", hint="the second direction has weights of its own, in every layer")
def shares_the_directions(answers):
    source = swap(answers["q1"], "parameters += directions * (products", "parameters += (products")
    return {"q1": source}


@wrong("q2", hint="y[t] belongs to x[t]: turn the outputs of the backward direction round")
def leaves_the_order_of_reading(answers):
    old = "    for t in reversed(range(T)):\n        back = backward(x[t], back)"
    new = "    for t in range(T):\n        back = backward(x[T - 1 - t], back)"
    return {"q2": swap(answers["q2"], old, new)}


@wrong("q2", hint="the backward direction has read everything at step 0, not at the last")
def takes_the_last_step(answers):
    return {"q2": swap(answers["q2"], "y[0, :, H:]", "y[-1, :, H:]")}


@wrong("q2", hint="forward before backward of a layer, then the next layer")
def takes_all_forward_first(answers):
    old = "[h[2 * layer], h[2 * layer + 1]]"
    return {"q2": swap(answers["q2"], old, "[h[layer], h[layer + len(h) // 2]]")}


@wrong("q2", hint="each direction begins with zeros, not with where the other one ended")
def goes_on_from_the_end(answers):
    old = "    for t in reversed(range(T)):\n        back"
    new = "    back = h\n    for t in reversed(range(T)):\n        back"
    return {"q2": swap(answers["q2"], old, new)}


@wrong("q3", hint="np.allclose lets small dependences pass: ask whether anything changed at all")
def compares_loosely(answers):
    old = "(network(changed) != y).any(axis=(1, 2))"
    new = "(abs(network(changed) - y) > 1e-6).any(axis=(1, 2))"
    return {"q3": swap(answers["q3"], old, new)}


@wrong("q3", hint="the last of the steps that it depends on, not the first")
def keeps_the_first(answers):
    source = swap(answers["q3"], "for s in range(len(x))", "for s in reversed(range(len(x)))")
    return {"q3": source}


@wrong("q3", hint="x is changed for good: every later step is tested with the earlier ones changed")
def changes_the_input_itself(answers):
    return {"q3": swap(answers["q3"], "x.copy()", "x")}


@wrong("q3", hint="only the outputs at the changed step are looked at")
def looks_at_one_step(answers):
    old = "farthest[(network(changed) != y).any(axis=(1, 2))] = s"
    new = "farthest[s] = s if (network(changed)[s] != y[s]).any() else farthest[s]"
    return {"q3": swap(answers["q3"], old, new)}


@wrong("q4", hint="c[n - 1] with n = 0 is the top layer: below the lowest there is nothing")
def takes_the_top_for_the_ground(answers):
    source = swap(answers["q4"], "dk[n] * (c[n - 1] if n else 0)", "dk[n] * c[n - 1]")
    return {"q4": source}


@wrong("q4", hint="what comes from above is left out: add it to dc before you go on")
def forgets_the_layer_above(answers):
    return {"q4": swap(answers["q4"], "dc[n] + from_above", "dc[n]")}


@wrong("q4", hint="only one step of the ladder: from_above carries what came from higher still")
def stops_after_one_layer(answers):
    return {"q4": swap(answers["q4"], "from_above = dk[n] * d[n]", "from_above = dc[n] * d[n]")}


@wrong("q4", hint="the gate of the layer above lets the gradient down, not the layer's own")
def passes_through_its_own_gate(answers):
    source = swap(answers["q4"], "dk[n] = dc[n] + from_above", "dk[n] = dc[n] + d[n] * from_above")
    return {"q4": swap(source, "from_above = dk[n] * d[n]", "from_above = dk[n]")}


@wrong("q5", hint="a module at rest keeps its state: it is not zero")
def rests_at_zero(answers):
    return {"q5": swap(answers["q5"], "== 0, h, h_prev)", "== 0, h, 0)")}


@wrong("q5", hint="slow modules do not hear fast ones; you have it the other way round")
def hears_the_faster(answers):
    return {"q5": swap(answers["q5"], "period[None, :] >=", "period[None, :] <=")}


@wrong("q5", hint="a module hears itself, and others of the same period")
def hears_only_the_slower(answers):
    return {"q5": swap(answers["q5"], "period[None, :] >=", "period[None, :] >")}


@wrong("q5", hint="the weights that count as zero are not cut")
def forgets_the_mask(answers):
    return {"q5": swap(answers["q5"], "(W_h * hears)", "W_h")}


@wrong("q5", hint="the mask is transposed: row r of W_h is what unit r reads")
def turns_the_mask(answers):
    return {"q5": swap(answers["q5"], "(W_h * hears).T", "W_h.T * hears")}


@wrong("q5", hint="modules are blocks of neighbouring units: np.repeat, not np.tile")
def deals_the_units_out(answers):
    old = "np.repeat(periods, len(b) // len(periods))"
    return {"q5": swap(answers["q5"], old, "np.tile(periods, len(b) // len(periods))")}


@wrong("q5", hint="steps count from 0: at t = 0 every module moves")
def counts_from_one(answers):
    return {"q5": swap(answers["q5"], "t % period", "(t + 1) % period")}


@wrong("q6", hint="a module that rests costs nothing: divide by its period")
def pays_for_rest(answers):
    return {"q6": swap(answers["q6"], " / own", "")}


@wrong("q6", hint="the input is read by the modules that move, too")
def forgets_the_input(answers):
    return {"q6": swap(answers["q6"], "(heard + inputs)", "heard")}


@wrong("q6", hint="a module hears itself, and others of the same period")
def leaves_equals_out(answers):
    return {"q6": swap(answers["q6"], "other >= own", "other > own")}


@wrong("q7", hint="a unit that rests hands its gradient to the step before, whole")
def loses_what_rests(answers):
    return {"q7": swap(answers["q7"], "dh = ~on * dh + ", "dh = ")}


@wrong("q7", hint="a unit that rests has not gone through tanh: no gradient to its weights")
def teaches_what_rests(answers):
    return {"q7": swap(answers["q7"], "da = on * dh", "da = dh")}


@wrong("q7", hint="weights that count as zero get a gradient of zero")
def teaches_cut_weights(answers):
    return {"q7": swap(answers["q7"], "np.outer(da, h_prev) * hears", "np.outer(da, h_prev)")}


@wrong("q7", hint="the gradient comes back through the weights that are there, not through all")
def goes_back_through_cut_weights(answers):
    return {"q7": swap(answers["q7"], "(W * hears).T @ da", "W.T @ da")}


@wrong("q7", hint="the slope is taken at h, which may be old: take it at n = tanh(a)")
def forgets_the_slope(answers):
    return {"q7": swap(answers["q7"], " * (1 - n**2)", "")}


@wrong("q7", hint="the mean over time: divide by T")
def sums_over_time(answers):
    return {"q7": swap(answers["q7"], "2 * (y - target) / T", "2 * (y - target)")}


@wrong("q7", hint="the loss before each update, not after")
def notes_the_loss_late(answers):
    source = swap(answers["q7"], "        losses.append(loss)\n", "")
    old = "for name, p in params.items()}\n    return np.array"
    noted = "        losses.append(gradients(params, target, periods)[0])"
    new = f"for name, p in params.items()}}\n{noted}\n    return np.array"
    return {"q7": swap(source, old, new)}


@wrong("q7", hint="params is the caller's: make new arrays, or copy first")
def trains_in_place(answers):
    old = "        params = {name: p - rate * grads[name] for name, p in params.items()}"
    new = "        for name, p in params.items():\n            p -= rate * grads[name]"
    return {"q7": swap(answers["q7"], old, new)}


@right
def goes_block_by_block(answers):
    return {
        "q5": """# === ANSWER q5 ===
def clockwork_step(W_x, W_h, b, x, h_prev, t, periods):
    n, h = len(b) // len(periods), h_prev.copy()
    for k, own in enumerate(periods):
        if t % own:
            continue
        rows = slice(k * n, (k + 1) * n)
        a = x @ W_x[rows].T + b[rows]
        for j, other in enumerate(periods):
            if other >= own:
                columns = slice(j * n, (j + 1) * n)
                a = a + h_prev[:, columns] @ W_h[rows, columns].T
        h[:, rows] = np.tanh(a)
    return h
"""
    }


@right
def turns_the_sequence_round(answers):
    return {
        "q2": answers["q2"].replace(
            "    for t in reversed(range(T)):\n        back = backward(x[t], back)\n",
            "    for t, x_t in zip(range(T)[::-1], x[::-1]):\n        back = backward(x_t, back)\n",
        )
    }
