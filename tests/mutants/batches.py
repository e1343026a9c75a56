"""Wrong and right variants of the exercise ``batches``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="y[-1] is after the padding: each sequence ends at its own step")
def takes_the_last_step_of_all(answers):
    return {"q1": swap(answers["q1"], "y[lengths - 1, np.arange(len(lengths))]", "y[-1]")}


@wrong("q1", hint="one step late: the last step of a sequence of length n is n - 1")
def takes_the_step_after_the_end(answers):
    old = "y[lengths - 1, np.arange(len(lengths))]"
    new = "y[np.minimum(lengths, len(y) - 1), np.arange(len(lengths))]"
    return {"q1": swap(answers["q1"], old, new)}


@wrong("q1", hint="negative lengths count from the end of the batch, not of the sequence")
def counts_from_the_end(answers):
    return {"q1": swap(answers["q1"], "lengths - 1,", "-lengths,")}


@wrong("q2", hint="the sum is divided by all steps: divide by those that are there")
def divides_by_everything(answers):
    return {"q2": swap(answers["q2"], "loss[mask].mean()", "np.where(mask, loss, 0).mean()")}


@wrong("q2", hint="NaN times zero is NaN: select with the mask, do not multiply")
def multiplies_by_the_mask(answers):
    return {"q2": swap(answers["q2"], "loss[mask].mean()", "(loss * mask).sum() / mask.sum()")}


@wrong("q2", hint="the mean over steps gives each step one weight; here each sequence has one")
def averages_sequences(answers):
    new = "(np.where(mask, loss, 0).sum(0) / lengths).mean()"
    return {"q2": swap(answers["q2"], "loss[mask].mean()", new)}


@wrong("q2", hint="the step of index n is the first of the padding: t < length")
def lets_one_step_of_padding_in(answers):
    return {"q2": swap(answers["q2"], "[:, None] < lengths", "[:, None] <= lengths")}


@wrong("q3", hint="reshape keeps the numbers in their order: sequences are mixed")
def reshapes_time(answers):
    new = "x.reshape(x.shape[1], x.shape[0], -1)"
    return {"q3": swap(answers["q3"], "x.transpose(1, 0, 2)", new)}


@wrong("q3", hint="the rows of h are stacked, not joined: a sequence gets another one's states")
def reshapes_directions(answers):
    old = "np.concatenate([h[-2], h[-1]], axis=-1)"
    return {"q3": swap(answers["q3"], old, "h[-2:].reshape(h.shape[1], -1)")}


@wrong("q3", hint="those are the two directions of the lowest layer; the top one stands last")
def takes_the_lowest_layer(answers):
    old = "np.concatenate([h[-2], h[-1]], axis=-1)"
    return {"q3": swap(answers["q3"], old, "np.concatenate([h[0], h[1]], axis=-1)")}


@wrong("q3", hint="forward stands before backward")
def exchanges_the_directions(answers):
    return {"q3": swap(answers["q3"], "[h[-2], h[-1]]", "[h[-1], h[-2]]")}


@wrong("q4", hint="the classes are on the last axis, and cross_entropy takes axis 1 for them")
def leaves_the_classes_last(answers):
    old = "logits.flatten(0, 1), ids.flatten()"
    new = "logits if logits.shape[1] == logits.shape[2] else logits.mT, ids"
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q4", hint="reshaping (B, T, V) to (B, V, T) mixes classes and steps: move the axis")
def reshapes_the_classes(answers):
    old = "logits.flatten(0, 1), ids.flatten()"
    new = "logits.reshape(len(logits), logits.shape[2], -1), ids"
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q4", hint="padding is learned as if it were a letter: ignore_index")
def learns_the_padding(answers):
    source = swap(answers["q4"], "ignore_index=padding, ", "")
    return {"q4": swap(source, "(ids != padding).sum().clamp(min=1)", "ids.numel()")}


@wrong("q4", hint="the sum is right, but padding is counted in the mean")
def counts_the_padding(answers):
    return {"q4": swap(answers["q4"], "(ids != padding).sum().clamp(min=1)", "ids.numel()")}


@wrong("q4", hint="where nothing counts, the mean is 0/0 = NaN: the loss there is to be 0")
def divides_zero_by_zero(answers):
    return {"q4": swap(answers["q4"], ".clamp(min=1)", "")}


@wrong("q5", hint="y is in the order of reading: turn it back, y[t] belongs to x[t]")
def leaves_the_order_of_reading(answers):
    return {"q5": swap(answers["q5"], "return y, h", "return y[::-1], h")}


@wrong("q5", hint="padding is read before the sequence: the state must stand still until it begins")
def reads_the_padding(answers):
    old = "np.where(there, step(x[t], h), h)"
    return {"q5": swap(answers["q5"], old, "step(x[t], h)")}


@wrong("q5", hint="y is to be zero in the padding")
def leaves_states_in_the_padding(answers):
    source = swap(answers["q5"], "y[t] = np.where(there, h, 0)", "y[t] = h + 0.1 * ~there")
    return {"q5": source}


@wrong("q5", hint="the state that has read everything stands at step 0, not at the end")
def takes_the_last_row(answers):
    return {"q5": swap(answers["q5"], "return y, h", "return y, y[-1]")}


@wrong("q6", hint="a new mask at each step: draw once, before the loop")
def draws_at_every_step(answers):
    old = "h = step(x_t, h * keep)"
    new = "h = step(x_t, h * ((draw(h.shape) >= p) / (1 - p) if training else 1))"
    source = swap(answers["q6"], old, new)
    return {"q6": swap(source, "keep = (draw(h.shape) >= p) / (1 - p) if training else 1", "pass")}


@wrong("q6", hint="what is left is divided by 1 - p, so that the expectation stays")
def does_not_scale(answers):
    return {"q6": swap(answers["q6"], " / (1 - p)", "")}


@wrong("q6", hint="something is dropped while testing")
def drops_in_testing(answers):
    return {"q6": swap(answers["q6"], " if training else 1", "")}


@wrong("q6", hint="a number below p drops its unit: keep where draw >= p")
def keeps_what_it_should_drop(answers):
    return {"q6": swap(answers["q6"], ">= p", "< p")}


@wrong("q6", hint="one mask for the whole batch: every row has its own")
def shares_a_mask_among_rows(answers):
    return {"q6": swap(answers["q6"], "(draw(h.shape) >= p)", "(draw(h.shape)[:1] >= p)")}


@wrong("q7", hint="the gradients of earlier updates are still there: zero_grad before backward")
def adds_up_gradients(answers):
    return {"q7": swap(answers["q7"], "    optimizer.zero_grad()\n", "")}


@wrong("q7", hint="clipping comes after the step: what was used was not clipped")
def clips_after_the_step(answers):
    clip = (
        "    torch.nn.utils.clip_grad_norm_([*cell.parameters(), *readout.parameters()], limit)\n"
    )
    source = swap(answers["q7"], clip, "")
    return {"q7": swap(source, "    optimizer.step()\n", "    optimizer.step()\n" + clip)}


@wrong("q7", hint="the norm of both modules together is clipped: here only the cell's")
def clips_the_cell_only(answers):
    old = "[*cell.parameters(), *readout.parameters()]"
    return {"q7": swap(answers["q7"], old, "cell.parameters()")}


@wrong("q7", hint="each module is clipped by itself: the step then changes its direction")
def clips_each_by_itself(answers):
    old = "[*cell.parameters(), *readout.parameters()], limit)"
    new = (
        "cell.parameters(), limit)\n    torch.nn.utils.clip_grad_norm_(readout.parameters(), limit)"
    )
    return {"q7": swap(answers["q7"], old, new)}


@wrong("q7", hint="entries are clipped, not the norm: clip_grad_norm_")
def clips_values(answers):
    return {"q7": swap(answers["q7"], "clip_grad_norm_", "clip_grad_value_")}


@wrong("q7", hint="the state still hangs on its graph: detach it")
def keeps_the_graph(answers):
    source = swap(answers["q7"], "state.detach()", "state")  # cut on the way in, not on the way out
    old = "    x, target = pieces\n"
    return {"q7": swap(source, old, old + "    state = state.detach()\n")}


@wrong("q7", hint="the state begins at zero each time: its value is to be carried on")
def forgets_the_state(answers):
    return {"q7": swap(answers["q7"], "state.detach()", "torch.zeros_like(state)")}


@wrong("q7", hint="the loss is a tensor: a plain number lets its graph go")
def returns_a_tensor(answers):
    return {"q7": swap(answers["q7"], "loss.item()", "loss")}


@wrong("q8", hint="exp of a large logit is infinite: subtract the largest first")
def overflows(answers):
    return {"q8": swap(answers["q8"], "    z = z - z.max(-1, keepdims=True)\n", "")}


@wrong("q8", hint="the log of a probability that has become 0: stay with log p")
def takes_the_log_of_zero(answers):
    old = "log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))"
    new = "log_p = np.log(np.exp(z) / np.exp(z).sum(-1, keepdims=True))"
    return {"q8": swap(answers["q8"], old, new)}


@wrong("q8", hint="p - 1 where the right class is, not -1: the line that sets it is wrong")
def forgets_p_in_the_gradient(answers):
    return {"q8": swap(answers["q8"], "dz[rows, k] -= 1", "dz[rows, k] = -1")}


@wrong("q8", hint="the gradient is not divided by the number of steps that count")
def does_not_divide(answers):
    return {"q8": swap(answers["q8"], "dz / len(rows)", "dz")}


@wrong("q8", hint="divided by all steps, padding included")
def divides_the_gradient_by_everything(answers):
    return {"q8": swap(answers["q8"], "dz / len(rows)", "dz / mask.size")}


@wrong("q8", hint="NaN in the padding gets out: zero times NaN is NaN, select with the mask")
def lets_nan_out(answers):
    source = swap(answers["q8"], "np.zeros_like(logits)", "0 * logits")
    return {"q8": source}


@right
def another_way(answers):
    return {
        "q1": "def last_output(y, lengths):\n"
        "    return np.stack([y[n - 1, b] for b, n in enumerate(lengths)])\n",
        "q2": "def sequence_loss(loss, lengths):\n"
        "    return np.concatenate([loss[:n, b] for b, n in enumerate(lengths)]).mean()\n",
        "q3": "def time_first(x):\n"
        "    return np.stack([x[:, t] for t in range(x.shape[1])])\n"
        "def join_directions(h):\n"
        "    return h[-2:].transpose(1, 0, 2).reshape(h.shape[1], -1)\n",
        "q4": "def letter_loss(logits, ids, padding):\n"
        "    loss = F.cross_entropy(logits.mT, ids, reduction='none')\n"
        "    there = (ids != padding).double()\n"
        "    return (loss * there).sum() / max(1, there.sum().item())\n",
        "q5": "def backward_states(step, x, lengths, H):\n"
        "    y, last = np.zeros((*x.shape[:2], H)), []\n"
        "    for b, n in enumerate(lengths):\n"
        "        h = np.zeros((1, H))\n"
        "        for t in range(n - 1, -1, -1):\n"
        "            h = step(x[t, b : b + 1], h)\n"
        "            y[t, b] = h[0]\n"
        "        last.append(h[0])\n"
        "    return y, np.array(last)\n",
        "q8": "def token_loss(logits, ids, mask):\n"
        "    t = torch.tensor(logits[mask], requires_grad=True)\n"
        "    loss = F.cross_entropy(t, torch.tensor(ids[mask]))\n"
        "    loss.backward()\n"
        "    d = np.zeros_like(logits)\n"
        "    d[mask] = t.grad.numpy()\n"
        "    return loss.item(), d\n",
    }
