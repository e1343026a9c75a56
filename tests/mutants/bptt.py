"""Wrong and right variants of the exercise ``bptt``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the slope of tanh is 1 - h**2, with its output squared")
def takes_the_slope_of_the_logistic(answers):
    return {"q1": swap(answers["q1"], "(1 - h**2)", "h * (1 - h)")}


@wrong("q1", hint="dh must pass the tanh before it reaches the weights: da = dh * (1 - h**2)")
def forgets_the_slope(answers):
    return {"q1": swap(answers["q1"], "dh * (1 - h**2)", "dh * 1.0")}


@wrong("q1", hint="dh_prev is da @ W_hh: forward multiplied by the transpose, backward does not")
def transposes_the_way_back(answers):
    return {"q1": swap(answers["q1"], "da @ W_hh", "da @ W_hh.T")}


@wrong("q1", hint="W_hh was multiplied by h_prev, so dW_hh = da.T @ h_prev")
def uses_the_new_state(answers):
    return {"q1": swap(answers["q1"], "da.T @ h_prev", "da.T @ h")}


@wrong("q1", hint="the bias was added to every row: sum over the batch, do not average")
def averages_over_the_batch(answers):
    return {"q1": swap(answers["q1"], "da.sum(axis=0)", "da.mean(axis=0)")}


@wrong("q2", "q7", hint="the gradient from the steps after is missing: dh = dy[t] + dh_next")
def forgets_the_carry(answers):
    return {"q2": swap(answers["q2"], "dh = dy[t] + dh_next", "dh = dy[t]")}


@wrong("q2", "q7", hint="dy is read at the wrong time: dy[t] belongs to h[t]")
def reads_dy_backwards(answers):
    return {"q2": swap(answers["q2"], "dh = dy[t] +", "dh = dy[len(x) - 1 - t] +")}


@wrong("q2", "q7", hint="the state before step 0 is h0, not zero and not h[-1]")
def wraps_around_to_the_end(answers):
    return {"q2": swap(answers["q2"], "h[t - 1] if t > 0 else h0", "h[t - 1]")}


@wrong("q2", "q7", hint="a shared weight gets the sum over its uses: +=, not =")
def keeps_one_use_only(answers):
    return {"q2": swap(answers["q2"], "dW_hh += da.T", "dW_hh = da.T")}


@wrong("q2", "q7", hint="only the last step's dy is used; the loss reads every output")
def starts_at_the_end_only(answers):
    return {"q2": swap(answers["q2"], "dh = dy[t] + dh_next",
                       "dh = (dy[t] if t == len(x) - 1 else 0) + dh_next")}  # fmt: skip


@wrong("q3", hint="of k answers k - lag have their cause in the chunk: ask for (k - lag) / k")
def takes_a_share_of_the_lag(answers):
    return {"q3": swap(answers["q3"], "lag / (1 - share)", "lag * (1 + share)")}


@wrong("q3", hint="the share with their cause in sight is 1 - lag / k: divide by 1 - share")
def divides_by_the_share(answers):
    return {"q3": swap(answers["q3"], "(1 - share)", "share")}


@wrong("q3", hint="round up: a shorter chunk shows too few")
def rounds_down(answers):
    return {"q3": swap(answers["q3"], "np.ceil(", "np.floor(")}


@wrong("q3", hint="a chunk as long as the lag shows no answer beside its cause")
def takes_the_lag(answers):
    return {"q3": swap(answers["q3"], "np.ceil(lag / (1 - share))", "(lag + 0 * share)")}


@wrong("q4", hint="b is added twice")
def adds_the_bias_twice(answers):
    return {"q4": swap(answers["q4"], "W_hh.T + b", "W_hh.T + b + b")}


@wrong("q4", hint="b is missing")
def drops_the_bias(answers):
    return {"q4": swap(answers["q4"], " + b", "")}


@wrong("q5", hint="dy is still read at the wrong time: dy[t] belongs to h[t]")
def leaves_dy_turned(answers):
    return {"q5": swap(answers["q5"], "dy[t]", "dy[len(h) - 1 - t]")}


@wrong("q5", hint="W_hh was multiplied by the state before: h[t - 1], and h0 at the first step")
def takes_the_state_of_now(answers):
    return {"q5": swap(answers["q5"], "(h[t - 1] if t > 0 else h0)", "h[t]")}


@wrong("q5", hint="the gradient from the steps after is missing: dh = dy[t] + dh_next")
def drops_the_carry(answers):
    return {"q5": swap(answers["q5"], "(dy[t] + dh_next)", "dy[t]")}


@wrong("q6", hint="nothing is cut: this is the full gradient")
def never_cuts(answers):
    return {"q6": swap(answers["q6"], "0 if t % every == 0 else da @ W_hh", "da @ W_hh")}


@wrong("q6", hint="the chunks are counted from the first step, not from the last")
def counts_from_the_end(answers):
    return {"q6": swap(answers["q6"], "t % every == 0", "(len(h) - t) % every == 0")}


@wrong("q6", hint="the cut comes one step late or early: step 0 of a chunk sends nothing back")
def cuts_one_step_off(answers):
    return {"q6": swap(answers["q6"], "t % every == 0", "(t + 1) % every == 0")}


@wrong("q6", hint="the state is carried across the cut: h_prev of a chunk's first step is not h0")
def resets_the_state(answers):
    return {"q6": swap(answers["q6"], "(h[t - 1] if t > 0 else h0)",
                       "(h[t - 1] if t % every else h0)")}  # fmt: skip


@wrong("q7", hint="the gradients are those of the sum: the loss is a mean, divide by its size")
def descends_the_sum(answers):
    return {"q7": swap(answers["q7"], "2 * error / error.size", "2 * error")}


@wrong("q7", hint="the readout is not trained: W_hy needs its update as well")
def leaves_the_readout(answers):
    return {"q7": swap(answers["q7"], "W_hy - lr * dW_hy", "W_hy")}


@wrong("q7", hint="the losses are those after the updates: the first is that of the given weights")
def measures_after(answers):
    source = swap(answers["q7"], "        losses.append((error**2).mean())\n", "")
    new = "W_hy = W_hy - lr * dW_hy\n        losses.append((error**2).mean())"
    source = swap(source, "W_hy = W_hy - lr * dW_hy", new)
    return {"q7": swap(source, "for _ in range(updates)", "for _ in range(updates + 1)").replace(
        "np.array(losses)", "np.array(losses)[1:]")}  # fmt: skip


@wrong("q7", hint="the loss goes up: a step of descent *subtracts* the gradient")
def climbs(answers):
    return {"q7": answers["q7"].replace("- lr *", "+ lr *")}


@wrong("q7", hint="the gradients of all updates so far are added up: set them to zero before each")
def never_zeroes_the_gradients(answers):
    source = swap(answers["q7"], "losses = []", "losses, kept = [], 0")
    old = "_, _, dW_xh, dW_hh, db = rnn_backward(W_xh, W_hh, x, h0, h, danswer @ W_hy)"
    new = (
        old
        + """
        new = (dW_xh, dW_hh, db, dW_hy)
        kept = new if kept == 0 else tuple(k + n for k, n in zip(kept, new))
        dW_xh, dW_hh, db, dW_hy = kept"""
    )
    return {"q7": swap(source, old, new)}


@right
def written_with_einsum(answers):
    return {
        "q1": "def step_backward(W_xh, W_hh, x, h_prev, h, dh):\n"
        "    da = dh - dh * h * h\n"
        "    e = np.einsum\n"
        "    return (e('bh,hd->bd', da, W_xh), e('bh,hk->bk', da, W_hh), e('bh,bd->hd', da, x),\n"
        "            e('bh,bk->hk', da, h_prev), e('bh->h', da))\n",
        "q2": "def rnn_backward(W_xh, W_hh, x, h0, h, dy):\n"
        "    before = np.concatenate([h0[None], h[:-1]])\n"
        "    da, carry = np.empty_like(h), 0 * h0\n"
        "    for t in range(len(x))[::-1]:\n"
        "        da[t] = (dy[t] + carry) * (1 - h[t] * h[t])\n"
        "        carry = da[t] @ W_hh\n"
        "    e = np.einsum\n"
        "    return (da @ W_xh, carry, e('tbh,tbd->hd', da, x), e('tbh,tbk->hk', da, before),\n"
        "            da.sum((0, 1)))\n",
    }
