"""Wrong and right variants of the exercise ``programmer``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="every row is summed: weight the rows by the selection")
def sums_all_rows(answers):
    old, new = '"brc,br,bc->b", table, rows, col', '"brc,bc->b", table, col'
    return {"q1": swap(answers["q1"], old, new)}


@wrong("q1", hint="a mean of the columns: the column weights decide which column is summed")
def averages_the_columns(answers):
    old, new = '"brc,br,bc->b", table, rows, col', '"brc,br->b", table, rows'
    return {"q1": swap(answers["q1"], old, new)}


@wrong("q1", hint="count adds up how far rows are selected: all R rows is right at the start only")
def counts_all_rows(answers):
    return {"q1": swap(answers["q1"], "rows.sum(axis=1)]", "np.full(len(rows), rows.shape[1])]")}


@wrong("q1", hint="a cell that equals the number is not greater: use >, not >=")
def lets_equal_cells_be_greater(answers):
    return {"q1": swap(answers["q1"], "table > pivot", "table >= pivot")}


@wrong("q1", hint="lesser is not what greater leaves: a cell that equals the number is neither")
def takes_lesser_as_the_rest(answers):
    return {"q1": swap(answers["q1"], "table < pivot", "table <= pivot")}


@wrong("q1", hint="compare each cell, then blend: comparing the blended column is another result")
def compares_the_blend(answers):
    old = '    greater = np.einsum("brc,bc->br", table > pivot, col)\n'
    new = '    greater = (np.einsum("brc,bc->br", table, col) > pivot[:, 0]).astype(float)\n'
    return {"q1": swap(answers["q1"], old, new)}


@wrong("q1", hint="reset selects every row: ones, not the selection's zeros")
def resets_to_nothing(answers):
    return {"q1": swap(answers["q1"], "np.ones_like(greater)", "np.zeros_like(greater)")}


@wrong("q2", hint="operations run on the rows of the step before: here they see the new ones")
def sums_what_it_selects_now(answers):
    old = """        total = np.einsum("brc,br,bc->b", table, rows, c)
        scalars.append(o[:, 0] * total + o[:, 1] * rows.sum(axis=1))
"""
    source = swap(answers["q2"], old, "")
    end = "        every.append(rows)\n"
    return {"q2": swap(source, end, end + old)}


@wrong("q2", hint="the answers of earlier steps are gone: each step's scalar is its own")
def adds_up_the_scalars(answers):
    return {"q2": swap(answers["q2"], "np.stack(scalars)", "np.cumsum(scalars, axis=0)")}


@wrong("q2", hint="before the first step all rows are selected, not none")
def begins_with_no_rows(answers):
    return {"q2": swap(answers["q2"], "np.ones(table.shape[:2])", "np.zeros(table.shape[:2])")}


@wrong("q2", hint="a step that selects nothing leaves no rows: do not add the selection before")
def keeps_the_rows_it_had(answers):
    return {"q2": swap(answers["q2"], "rows = o[:, 2, None]", "rows = rows + o[:, 2, None]")}


@wrong("q2", hint="each step has its own column weights: these are always those of step 0")
def uses_the_first_columns(answers):
    return {"q2": swap(answers["q2"], "zip(op, col)", "zip(op, [col[0]] * len(op))")}


@wrong("q2", hint="the order is sum, count, greater, lesser, reset: here lesser comes first")
def exchanges_greater_and_lesser(answers):
    old = "o[:, 2, None] * greater + o[:, 3, None] * lesser"
    return {"q2": swap(answers["q2"], old, "o[:, 3, None] * greater + o[:, 2, None] * lesser")}


@wrong("q2", hint="reset adds its own weight to every row, not 1")
def always_resets(answers):
    return {"q2": swap(answers["q2"], "lesser + o[:, 4, None]", "lesser + 1")}


@wrong("q3", hint="the gradient needs r_k - soft: the weights move against each other")
def forgets_the_softmax(answers):
    return {"q3": swap(answers["q3"], "(results - soft[:, None])", "results")}


@wrong("q3", hint="that is the gradient with respect to the weights; p_k is missing for the logits")
def stops_at_the_weights(answers):
    return {"q3": swap(answers["q3"], " * p * ", " * ")}


@wrong("q3", hint="compare with the soft answer: r_k - soft, not r_k - asked")
def compares_with_the_right_answer(answers):
    return {"q3": swap(answers["q3"], "results - soft[:, None]", "results - asked[:, None]")}


@wrong("q3", hint="the loss is half the square: its slope is soft - asked, without a 2")
def forgets_the_half(answers):
    old = "(soft - asked)[:, None] * p"
    return {"q3": swap(answers["q3"], old, f"2 * {old}")}


@wrong("q3", hint="of the mean loss: divide by the number of questions")
def sums_over_questions(answers):
    return {"q3": swap(answers["q3"], " / len(z)", "")}


@wrong("q3", hint="exp of 10000 overflows: subtract each row's largest logit first")
def overflows(answers):
    return {"q3": swap(answers["q3"], "z - z.max(axis=1, keepdims=True)", "z")}


@wrong("q3", hint="subtract each row's own largest logit: one for all lets other rows underflow")
def subtracts_one_for_all(answers):
    return {"q3": swap(answers["q3"], "z.max(axis=1, keepdims=True)", "z.max()")}


@wrong("q3", hint="up the hill: soft - asked, not asked - soft")
def turns_the_sign(answers):
    return {"q3": swap(answers["q3"], "(soft - asked)", "(asked - soft)")}


@wrong("q4", hint="all that are largest got a 1: only the first of equals does")
def hardens_all_equals(answers):
    old = """    best = weights.argmax(axis=-1)
    return (np.arange(weights.shape[-1]) == best[..., None]).astype(weights.dtype)
"""
    new = "    return (weights == weights.max(axis=-1, keepdims=True)).astype(weights.dtype)\n"
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q4", hint="the last of equals got the 1: take the first, as argmax does")
def takes_the_last(answers):
    old = "weights.argmax(axis=-1)\n"
    new = "weights.shape[-1] - 1 - weights[..., ::-1].argmax(axis=-1)\n"
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q4", hint="float32 came in and must come out")
def forgets_the_dtype(answers):
    return {"q4": swap(answers["q4"], ".astype(weights.dtype)", ".astype(float)")}


@wrong("q4", hint="rounding is not hardening: three choices of a third give no 1 at all")
def rounds(answers):
    old = "(np.arange(weights.shape[-1]) == best[..., None])"
    return {"q4": swap(answers["q4"], old, "(weights > 0.5)")}


@wrong("q4", hint="a distance: take the absolute value")
def keeps_the_sign_of_the_gap(answers):
    old = "np.abs((p * results).sum(axis=1) - hard[:, 0])"
    return {"q4": swap(answers["q4"], old, "(p * results).sum(axis=1) - hard[:, 0]")}


@wrong("q4", hint="the weight that is left over is 1 - max p, not max p")
def bounds_with_the_wrong_share(answers):
    return {"q4": swap(answers["q4"], "(1 - p.max(axis=1))", "p.max(axis=1)")}


@wrong("q4", hint="the hard answer is that of the likeliest operation, not the largest result")
def hardens_the_results(answers):
    return {"q4": swap(answers["q4"], "p.argmax(axis=1)", "results.argmax(axis=1)")}


@wrong("q5", hint="w times S must be what was asked: divide by S, not the other way round")
def divides_the_wrong_way(answers):
    return {"q5": swap(answers["q5"], "    return asked / S\n", "    return S / asked\n")}


@wrong("q5", hint="the blend keeps its weight from the first table; only the sum is new")
def fits_the_second_table(answers):
    return {"q5": swap(answers["q5"], "asked / S * other_S", "other_asked / other_S * S")}


@wrong("q5", hint="compare with what the second table asks for, not with the first")
def asks_for_the_first_again(answers):
    return {"q5": swap(answers["q5"], "other_S - other_asked", "other_S - asked")}


@wrong("q5", hint="the loss is half of the square")
def forgets_the_half_again(answers):
    return {"q5": swap(answers["q5"], ") ** 2 / 2", ") ** 2")}


@wrong("q5", hint="weights must go on summing to 1: that takes one direction more away")
def forgets_that_weights_sum_to_one(answers):
    old = "np.vstack([results, np.ones(results.shape[1])])"
    return {"q5": swap(answers["q5"], old, "results")}


@wrong("q5", hint="tables that agree teach nothing twice: take the rank, not the number of tables")
def counts_the_tables(answers):
    return {"q5": swap(answers["q5"], "np.linalg.matrix_rank(seen)", "min(seen.shape)")}


@wrong("q5", hint="that is how many directions are seen; asked are those that are not")
def counts_what_is_seen(answers):
    return {"q5": swap(answers["q5"], "results.shape[1] - np.linalg", "np.linalg")}


@wrong("q6", hint="uphill: the logits move against the gradient")
def climbs(answers):
    return {"q6": swap(answers["q6"], "z - rate", "z + rate")}


@wrong("q6", hint="the mean over the questions, not the sum")
def sums_the_gradients(answers):
    return {"q6": swap(answers["q6"], "pull.mean(axis=0)", "pull.sum(axis=0)")}


@wrong("q6", hint="this moves the logits by the gradient of the weights; p_k is missing")
def forgets_the_weights(answers):
    return {"q6": swap(answers["q6"], "rate * p * pull", "rate * pull")}


@wrong("q6", hint="losses are those before each update: the first belongs to even weights")
def records_after_the_update(answers):
    old = "        losses.append(((soft - asked) ** 2).mean() / 2)\n"
    source = swap(answers["q6"], old, "")
    end = "        leader.append(z.argmax())\n"
    late = (
        "        e = np.exp(z - z.max())\n"
        "        losses.append(((results @ (e / e.sum()) - asked) ** 2).mean() / 2)\n"
    )
    return {"q6": swap(source, end, late + end)}


@wrong("q6", hint="leader is told after each update; this is the one from before it")
def tells_the_old_leader(answers):
    source = swap(answers["q6"], "        leader.append(z.argmax())\n", "")
    old = "        e = np.exp(z - z.max())\n"
    return {"q6": swap(source, old, "        leader.append(z.argmax())\n" + old)}


@wrong("q6", hint="one table after the other is another descent: take all questions at each update")
def takes_one_question_at_a_time(answers):
    old = "        pull = (soft - asked)[:, None] * (results - soft[:, None])\n"
    new = old + "        pull = pull[len(losses) % len(pull)][None]\n"
    return {"q6": swap(answers["q6"], old, new)}


@right
def another_way(answers):
    return {
        "q1": "def answers(table, rows, col):\n"
        "    sums = (rows[..., None] * table).sum(1)\n"
        "    return np.column_stack([(sums * col).sum(1), rows @ np.ones(rows.shape[1])])\n"
        "def selections(table, number, col):\n"
        "    d = np.sign(table - number[:, None, None])\n"
        "    both = [(np.maximum(s * d, 0) * col[:, None]).sum(2) for s in (1, -1)]\n"
        "    return np.stack([*both, np.ones(table.shape[:2])], 1)\n",
        "q3": "def select(z, results, asked):\n"
        "    p = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])\n"
        "    soft = np.einsum('bk,bk->b', p, results)\n"
        "    dp = (soft - asked)[:, None] * results / len(z)\n"
        "    return soft, p * (dp - (p * dp).sum(1, keepdims=True))\n",
        "q4": "def harden(weights):\n"
        "    hard = np.zeros_like(weights)\n"
        "    np.put_along_axis(hard, weights.argmax(-1)[..., None], 1, -1)\n"
        "    return hard\n"
        "def gap(p, results):\n"
        "    off = results - (harden(p) * results).sum(1, keepdims=True)\n"
        "    return abs((p * off).sum(1)), (1 - p.max(1)) * abs(off).max(1)\n",
        "q5": "def impostor(S, asked):\n"
        "    return asked / S\n"
        "def caught(S, asked, other_S, other_asked):\n"
        "    return 0.5 * (other_S * impostor(S, asked) - other_asked) ** 2\n"
        "def blind(results):\n"
        "    moved = (results[:, 1:] - results[:, :1]).T\n"
        "    return len(moved) - np.linalg.matrix_rank(moved)\n",
    }
