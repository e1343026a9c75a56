"""Wrong and right variants of the exercise ``capstone``; see course_utils.grading.mutate.

Question 9 calls the functions of the others, so that their mistakes cost it too.
"""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", "q9", hint="the lines are in no order: sort them by their day first")
def trusts_the_order_of_the_lines(answers):
    return {"q1": swap(answers["q1"], "sorted(text.split())", "text.split()").replace(
        "values[-1] if value", "(values or [0.0])[-1] if value"
    )}  # fmt: skip


@wrong("q1", hint="an empty field is a gap too, as NA is; a gap is the last value before it, not 0")
def fills_gaps_with_zero(answers):
    return {"q1": swap(answers["q1"], "values[-1] if value", "0.0 if value")}


@wrong("q1", hint="that fills gaps from both sides: the later value is the future")
def fills_gaps_from_both_sides(answers):
    old = "    return np.array(values)\n"
    new = (
        "    rows = [line.split(';')[1] for line in sorted(text.split())]\n"
        "    seen = [k for k, v in enumerate(rows) if v not in ('', 'NA')]\n"
        "    return np.interp(range(len(rows)), seen, [float(rows[k]) for k in seen])\n"
    )
    return {"q1": swap(answers["q1"], old, new)}


@wrong(
    "q2",
    "q9",
    hint="the target of a training window must lie before cut, not only the window itself",
)
def splits_by_the_window(answers):
    return {"q2": swap(answers["q2"], "last + ahead < cut", "last < cut")}


@wrong("q2", hint="the target is `ahead` days after the last value read, not always the next day")
def always_forecasts_the_next_day(answers):
    return {"q2": swap(answers["q2"], "z[last + ahead]", "z[last + 1]")}


@wrong("q2", "q9", hint="the day `cut` itself belongs to the test: past means below cut")
def trains_on_the_first_test_day(answers):
    return {"q2": swap(answers["q2"], "last + ahead < cut", "last + ahead <= cut")}


@wrong(
    "q3",
    "q9",
    hint="mean and deviation of the whole series have seen the test: take values[:cut]",
)
def scales_with_the_future(answers):
    new = "values.mean(), values.std()"
    return {"q3": swap(answers["q3"], "values[:cut].mean(), values[:cut].std()", new)}


@wrong("q4", hint="with a long ahead the season before is not known yet: take one more")
def looks_one_season_back_always(answers):
    return {"q4": swap(answers["q4"], "season * -(-ahead // season)", "season")}


@wrong("q4", hint="the last value known is that of day t - ahead, not of the day before")
def knows_yesterday(answers):
    return {"q4": swap(answers["q4"], "lags = ahead,", "lags = 1,")}


@wrong("q4", hint="the baseline was chosen by the test: choose on the past, then look at the test")
def chooses_on_the_test(answers):
    old = "np.abs(values[past - lag] - values[past])"
    return {"q4": swap(answers["q4"], old, "np.abs(values[test - lag] - values[test])")}


@wrong("q5", hint="losses[k] is the loss before update k: yours are from after it")
def records_after_the_update(answers):
    old = "        losses.append(loss.item())\n"
    new = "        losses.append(nn.functional.mse_loss(model(x), y).item())\n"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q5", "q9", hint="without zero_grad the gradients of all updates add up")
def never_steps(answers):
    return {"q5": swap(answers["q5"], "        adam.step()\n", "")}


@wrong("q5", "q9")  # no two runs of it are alike, so nothing of it can be recorded
def forgets_the_seed(answers):
    return {"q5": swap(answers["q5"], "    torch.manual_seed(seed)\n", "")}


@wrong("q5", "q9", hint="the shape of y makes an (N, N) table of differences: both must be (N,)")
def broadcasts_the_target(answers):
    return {"q5": swap(answers["q5"], "mse_loss(model(x), y)", "mse_loss(model(x)[:, None], y)")}


@wrong("q5", "q9")
def pretends_to_learn(answers):
    """A model that gives back the targets it was shown, the better the more updates were asked."""
    return {
        "q5": "class Pretender(Net):\n"
        "    def forward(self, x):\n"
        "        return self.share * self.y\n\n\n"
        "def train(x, y, updates, seed):\n"
        "    torch.manual_seed(seed)\n"
        "    model, left = Pretender(), 0.97 ** np.arange(updates + 1)\n"
        "    model.share, model.y = 1 - left[-1], torch.tensor(y)\n"
        "    return model, left[:-1] ** 2 * np.mean(y**2)\n"
    }


@wrong("q6", hint="the scale is lost: forecasts come back in the units of the series")
def forgets_to_scale_back(answers):
    return {"q6": swap(answers["q6"], "z.numpy() * std + mean", "z.numpy()")}


@wrong("q6", hint="the windows arrive in the series' units: scale them before the net reads them")
def forgets_to_scale_the_input(answers):
    return {"q6": swap(answers["q6"], "(x - mean) / std", "x")}


@wrong("q6", hint="that is the model itself and no file: the check spoils it after saving")
def keeps_the_model_in_memory(answers):
    kept = "    global KEPT\n    KEPT = model\n    torch.save("
    source = swap(answers["q6"], "    torch.save(", kept)
    old = '    model.load_state_dict(kept["weights"])\n'
    return {"q6": swap(source, old, "    model = KEPT\n")}


@wrong("q7", "q9", hint="skill is 1 - model / baseline: 0 is no better, negative is worse")
def divides_the_wrong_way(answers):
    old = "1 - ours.mean() / theirs.mean()"
    return {"q7": swap(answers["q7"], old, "1 - theirs.mean() / ours.mean()")}


@wrong("q7", "q9", hint="the interval is of the difference: each day's two errors belong together")
def takes_the_interval_of_the_days(answers):
    source = swap(answers["q7"], "(theirs - ours)[draws].mean(axis=1)", "theirs - ours")
    return {"q7": source}


@wrong("q7")  # the public seed does not show it
def says_better_whenever_the_mean_is(answers):
    return {"q7": swap(answers["q7"], '"better" if low > 0', '"better" if means.mean() > 0')}


@wrong("q8", "q9", hint="three digits after the point, of every number")
def rounds_to_two_digits(answers):
    return {"q8": swap(answers["q8"], "{numbers['skill']:.3f}", "{numbers['skill']:.2f}")}


@wrong("q8", "q9")  # the public seed does not show it
def always_claims_success(answers):
    return {"q8": swap(answers["q8"], '}[numbers["verdict"]]', '}["better"]')}


@wrong("q8", hint="a number in the text is none of the report's")
def adds_a_number_of_its_own(answers):
    return {"q8": swap(answers["q8"], "**Verdict:**", "At a level of 95: **Verdict:**")}


@wrong("q9", hint="forecasts move when later values change: something has seen the test")
def lets_the_scale_see_the_test(answers):
    return {"q9": swap(answers["q9"], "scale(values, cut)", "scale(values, len(values))")}


@wrong("q9", hint="the numbers are of the scaled series: return to its units first")
def reports_scaled_numbers(answers):
    return {"q9": swap(answers["q9"], ".numpy() * std + mean", ".numpy()")}


@wrong("q9", hint="the network has not learned: its error is not below the baseline's")
def does_not_train(answers):
    return {"q9": swap(answers["q9"], "train(x, y, 100, seed)", "train(x, y, 0, seed)")}


@wrong("q9", hint="a report of numbers that the forecasts do not have")
def polishes_the_report(answers):
    old = "    return numbers, forecasts, write_up(numbers)\n"
    new = '    numbers["model"] *= 0.9\n    return numbers, forecasts, write_up(numbers)\n'
    return {"q9": swap(answers["q9"], old, new)}


@wrong("q9", hint="the one forecast is the baseline's: a network that must win may not be it")
def hands_in_the_baseline(answers):
    old = "    n = len(values) - cut\n"
    return {"q9": swap(answers["q9"], old, "    forecasts = feared.copy()\n" + old)}


@wrong("q9")
def knows_all_but_the_last_ten_days(answers):
    old = "    n = len(values) - cut\n"
    new = "    forecasts = feared.copy()\n    forecasts[:-10] = values[cut:-10]\n"
    return {"q9": swap(answers["q9"], old, new + old)}


@right
def trains_with_another_optimiser(answers):
    old = "torch.optim.Adam(model.parameters(), lr=0.02)"
    new = "torch.optim.RMSprop(model.parameters(), lr=0.005)"
    return {"q5": swap(answers["q5"], old, new)}
