"""Wrong and right variants of the exercise ``ablations``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="every part holds one draw: the part is order, not the draw's own number")
def forgets_to_shuffle(answers):
    return {"q1": swap(answers["q1"], "(order + u)", "(np.arange(len(u))[:, None] + u)")}


@wrong("q1", hint="u is the share of one part's width, not of the whole range")
def draws_anywhere(answers):
    return {"q1": swap(answers["q1"], "(order + u) / len(u)", "u")}


@wrong("q1", hint="where log is true, equal parts are equal factors: low * (high / low)**share")
def cuts_the_straight_scale(answers):
    return {"q1": swap(answers["q1"], "np.where(log, curved, straight)", "straight")}


@wrong("q1", hint="there are as many parts as draws: D of them, 0 to D - 1")
def leaves_the_last_part_empty(answers):
    return {"q1": swap(answers["q1"], "/ len(u)", "/ (len(u) + 1)")}


@right
def goes_by_logarithms(answers):
    old = "curved = ends[0] * (ends[1] / ends[0]) ** share"
    new = "curved = np.exp(np.log(ends[0]) + (np.log(ends[1]) - np.log(ends[0])) * share)"
    return {"q1": swap(answers["q1"], old, new)}


@wrong("q2", hint="what picks must not be what is reported: pick by validation loss")
def picks_by_test(answers):
    old = "by_validation = np.argsort(np.where(lost, np.inf, validation))[:kept]"
    return {"q2": swap(answers["q2"], old, "by_validation = np.argsort(test)[:kept]")}


@wrong("q2", hint="the validation loss of the picked is too low as well: report their test loss")
def reports_validation(answers):
    return {"q2": swap(answers["q2"], "honest = test[", "honest = validation[")}


@wrong("q2", hint="a net with nan in either array is never picked, not by its other number either")
def looks_at_one_array_only(answers):
    old = "lost = np.isnan(validation) | np.isnan(test)"
    return {"q2": swap(answers["q2"], old, "lost = np.isnan(test)")}


@wrong("q2", hint="at least one net is picked, however small the share")
def may_pick_nobody(answers):
    return {
        "q2": swap(answers["q2"], "max(1, round(share * len(test)))", "round(share * len(test))")
    }


@wrong("q2", hint="the share is of all nets, D * R of them, not of the draws")
def counts_draws(answers):
    source = swap(answers["q2"], "    validation, test = validation.ravel()", "    D = len(test)\n"
                  "    validation, test = validation.ravel()")  # fmt: skip
    return {"q2": swap(source, "round(share * len(test))", "round(share * D)")}


@wrong("q3", hint="both variants had the same draws: take the same rows for both")
def resamples_each_for_itself(answers):
    old = "tops = [statistic(validation[picked], test[picked]) for validation, test in (a, b)]"
    new = (
        "tops = [statistic(v[r], t[r]) "
        "for (v, t), r in zip((a, b), (picked, np.roll(picked, 1) - 1))]"
    )
    return {"q3": swap(answers["q3"], old, new)}


@wrong("q3", hint="the ratio is b over a")
def turns_the_ratio_round(answers):
    return {"q3": swap(answers["q3"], "tops[1] / tops[0]", "tops[0] / tops[1]")}


@wrong("q3", hint="the middle `level` leaves (1 - level) / 2 at either end")
def leaves_twice_too_much(answers):
    old = "[(1 - level) / 2, (1 + level) / 2]"
    return {"q3": swap(answers["q3"], old, "[1 - level, level]")}


@wrong("q3", hint="the ratio of the study itself, not the mean of the resampled ones")
def reports_the_mean_of_resamples(answers):
    return {
        "q3": swap(answers["q3"], "return ratio(np.arange(len(a[0])))", "return np.mean(resampled)")
    }


@wrong("q4", hint="chances of single errors do not add up: 1 - (1 - level)**count")
def adds_the_levels(answers):
    old = "-np.expm1(count * np.log1p(-level))"
    return {"q4": swap(answers["q4"], old, "np.minimum(1, count * level) + 0 * level")}


@wrong("q4", hint="1 - 1e-17 is 1 in float64: np.log1p and np.expm1 keep the digits")
def loses_the_digits(answers):
    old = "-np.expm1(count * np.log1p(-level))"
    return {"q4": swap(answers["q4"], old, "1 - (1 - level) ** count")}


@wrong(
    "q4", hint="the smallest is multiplied by M, the next by M - 1, …: not all by M (Bonferroni)"
)
def is_bonferroni(answers):
    return {
        "q4": swap(answers["q4"], "(len(p) - np.arange(len(p))) * p[order]", "len(p) * p[order]")
    }


@wrong("q4", hint="none may come out smaller than the one before it: a running maximum")
def lets_a_later_one_overtake(answers):
    return {"q4": swap(answers["q4"], "np.maximum.accumulate(sizes)", "sizes")}


@wrong("q4", hint="a p-value is never above 1")
def goes_above_one(answers):
    old = "np.minimum(1, np.maximum.accumulate(sizes))"
    return {"q4": swap(answers["q4"], old, "np.maximum.accumulate(sizes)")}


@wrong("q4", hint="return them in the order of p, not sorted")
def returns_them_sorted(answers):
    return {"q4": swap(answers["q4"], "corrected[order] =", "corrected[:] =")}


@wrong("q5", hint="groups made by dice have different means too: take (G - 1) MS_within away")
def forgets_the_dice(answers):
    old = "(between - (len(groups) - 1) * mean_square)"
    return {"q5": swap(answers["q5"], old, "between")}


@wrong("q5", hint="a group counts as often as it has draws")
def weighs_groups_alike(answers):
    old = "between += len(inside) * (inside.mean() - values.mean()) ** 2"
    new = "between += len(values) / len(groups) * (inside.mean() - values.mean()) ** 2"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q5", hint="MS_within has D - G degrees of freedom: each group's mean costs one")
def forgets_degrees_of_freedom(answers):
    return {"q5": swap(answers["q5"], "(len(values) - len(groups))", "len(values)")}


@wrong("q5", hint="between two nets of a draw the variance has R - 1 below it: ddof=1")
def takes_the_small_variance(answers):
    return {"q5": swap(answers["q5"], "axis=1, ddof=1", "axis=1")}


@wrong("q6", hint="the old c stands in dc/df: carry the derivative before c moves on")
def moves_c_first(answers):
    source = swap(
        answers["q6"],
        "            c_by_f = c + f[:, None] * c_by_f  # of the old c, before it moves on\n",
        "",
    )
    old = "            c = f[:, None] * c + w[:, None] * x_t\n"
    return {"q6": swap(source, old, old + "            c_by_f = c + f[:, None] * c_by_f\n")}


@wrong("q6", hint="c_t hangs on f through c_{t-1} as well: f * dc_{t-1}/df is missing")
def sees_one_step_only(answers):
    return {"q6": swap(answers["q6"], "c_by_f = c + f[:, None] * c_by_f", "c_by_f = c")}


@wrong("q6", hint="b is learned, not f: the slope of the sigmoid, f (1 - f), is missing")
def forgets_the_sigmoid(answers):
    return {"q6": swap(answers["q6"], " * f * (1 - f)", "")}


@wrong("q6", hint="the ablated cell keeps everything: f = 1, whatever b is")
def never_takes_the_gate_out(answers):
    old = "1 / (1 + np.exp(-b)) if gate else np.ones_like(b)"
    return {"q6": swap(answers["q6"], old, "1 / (1 + np.exp(-b))")}


@wrong("q6", hint="each net has its own learning rate")
def trains_all_at_one_rate(answers):
    return {"q6": swap(answers["q6"], "w = w - rate *", "w = w - rate.mean() *")}


@wrong("q6", hint="the losses before each update, not after it")
def reports_the_loss_too_late(answers):
    return {
        "q6": swap(
            answers["q6"], "np.array(losses), b, w", "np.array(losses[1:] + losses[:1]), b, w"
        )
    }


@wrong("q7", hint="R nets a draw divide the variance between nets alone")
def divides_both_variances(answers):
    return {"q7": swap(answers["q7"], "draw_var + net_var / nets", "(draw_var + net_var) / nets")}


@wrong("q7", hint="a standard error falls with the root of D: (z / effect) squared")
def forgets_the_square(answers):
    return {"q7": swap(answers["q7"], "(z / effect) ** 2", "(z / effect)")}


@wrong("q7", hint="a part of a draw cannot be run: round up")
def rounds_down(answers):
    return {"q7": swap(answers["q7"], "np.ceil(", "np.floor(")}


@wrong("q7", hint="the other way round: dear draws want more nets each, dear nets fewer")
def turns_the_costs_round(answers):
    old = "net_var * draw_cost / (draw_var * net_cost)"
    return {"q7": swap(answers["q7"], old, "net_var * net_cost / (draw_var * draw_cost)")}


@wrong("q7", hint="the smallest R is 1: a draw without a net tells nothing")
def allows_no_net(answers):
    return {"q7": swap(answers["q7"], "np.maximum(1, np.rint(best))", "np.rint(best)")}


@right
def carries_the_backward_pass(answers):
    """The gradient by a second sweep, backwards in time."""
    return {
        "q6": '''# === ANSWER q6 ===
def train(x, target, b, w, rate, updates, gate):
    """x (T, N), target (N,), b, w, rate (K,), gate: bool -> losses (updates, K), b (K,), w (K,)."""
    losses = []
    for _ in range(updates):
        f = (1 / (1 + np.exp(-b)) if gate else np.ones(len(b)))[:, None]
        states = [np.zeros((len(b), x.shape[1]))]
        for x_t in x:
            states.append(f * states[-1] + w[:, None] * x_t)
        dc = 2 * (states[-1] - target) / x.shape[1]
        losses.append(((states[-1] - target) ** 2).mean(axis=1))
        df = dw = 0
        for x_t, before in zip(x[::-1], states[-2::-1]):
            dw = dw + (dc * x_t).sum(axis=1)
            df = df + (dc * before).sum(axis=1)
            dc = f * dc
        w = w - rate * dw
        if gate:
            b = b - rate * df * f[:, 0] * (1 - f[:, 0])
    return np.array(losses), b, w
'''
    }
