"""Wrong and right variants of the exercise ``sequences``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong

# one number cannot tell these apart
MODEST = "too modest, or the same forecast whatever past it is asked about: read what `past` holds"


@wrong("q1", hint="the first season of the past in place of the last one")
def repeats_the_first_season(answers):
    return {"q1": swap(answers["q1"], "len(past) - season + k % season", "k % season")}


@wrong("q1", hint="the phase is off: step 0 is as the value one season before it")
def is_one_phase_late(answers):
    return {"q1": swap(answers["q1"], "season + k % season", "season + (k + 1) % season")}


@wrong("q1", hint="the rise is added once for each season that the forecast goes ahead")
def adds_the_rise_once(answers):
    return {"q1": swap(answers["q1"], "(1 + k // season)", "np.ones(horizon)")}


@wrong("q1", hint="one season before the last value is past[-1 - season]")
def takes_the_rise_of_a_shorter_season(answers):
    return {"q1": swap(answers["q1"], "past[-1 - season]", "past[-season]")}


@wrong("q2", hint="mean and spread of the whole series: the scale knows the future")
def scales_with_the_future(answers):
    return {"q2": swap(answers["q2"], "known = values[:cut]", "known = values")}


@wrong("q2", hint="the last training windows have targets behind the cut")
def lets_targets_cross_the_cut(answers):
    old = "for first, end in ((lags, cut), (cut, len(values))):"
    new = "for first, end in ((lags, cut + horizon - 1), (cut, len(values))):"
    return {"q2": swap(answers["q2"], old, new)}


@wrong("q2", hint="test windows may know values before the cut: that is the past")
def starts_the_test_late(answers):
    return {"q2": swap(answers["q2"], "(cut, len(values))", "(cut + lags, len(values))")}


@wrong("q2", hint="one window too few: the last one ends where the part does")
def forgets_the_last_window(answers):
    return {"q2": swap(answers["q2"], "end - horizon + 1)", "end - horizon)")}


@wrong("q2", hint="windows run backwards: the oldest value stands first")
def reads_backwards(answers):
    return {"q2": swap(answers["q2"], "np.arange(-lags, 0)", "np.arange(-1, -lags - 1, -1)")}


@wrong(
    "q3", hint="a value that is raised may change nothing where it is already large: lower it too"
)
def changes_in_one_direction(answers):
    return {"q3": swap(answers["q3"], "(far, -far)", "(far,)")}


@wrong(
    "q3", hint="a small change does not show to programs that ask only whether, or for the largest"
)
def changes_by_little(answers):
    return {"q3": swap(answers["q3"], "10 * (np.abs(values).max() + 1)", "1e-3")}


@wrong("q3", hint="all of the future is changed at once: that says whether, not where")
def changes_everything_at_once(answers):
    return {"q3": swap(answers["q3"], "other[k] += change", "other[k:] += change")}


@wrong("q3", hint="the values that you were given are changed, and stay so")
def spoils_what_it_was_given(answers):
    source = swap(answers["q3"], "other = values.copy()", "other = values")
    return {"q3": source}


@wrong("q3", hint="the value at the origin itself belongs to the future")
def begins_behind_the_origin(answers):
    return {
        "q3": swap(answers["q3"], "range(origin, len(values))", "range(origin + 1, len(values))")
    }


@wrong("q4", hint="n + 1: the new error is counted as well")
def forgets_the_new_one(answers):
    return {"q4": swap(answers["q4"], "(len(errors) + 1) * level", "len(errors) * level - 1")}


@wrong("q4", hint="a quantile that interpolates is not the rank that is asked for")
def interpolates(answers):
    old = "np.sort(errors, axis=0)[rank - 1]"
    return {"q4": swap(answers["q4"], old, "np.quantile(errors, level, axis=0)")}


@wrong("q4", hint="ranks begin at 1, indices at 0")
def is_off_by_one(answers):
    old = "np.sort(errors, axis=0)[rank - 1]"
    new = "np.sort(errors, axis=0)[min(rank, len(errors) - 1)]"
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q4", hint="where there are too few errors no margin is wide enough: infinity")
def takes_the_largest(answers):
    return {"q4": swap(answers["q4"], "np.full(errors.shape[1], np.inf)", "errors.max(axis=0)")}


@wrong("q4", hint="one margin for all steps: each step has its own")
def shares_one_margin(answers):
    old = "np.sort(errors, axis=0)[rank - 1]"
    new = "np.sort(errors, axis=0)[rank - 1].mean() * np.ones(errors.shape[1])"
    return {"q4": swap(answers["q4"], old, new)}


@wrong("q4", hint="the ends belong to the interval")
def leaves_the_ends_out(answers):
    return {"q4": swap(answers["q4"], "<= margin", "< margin")}


@wrong("q5", hint="the past is read again at the end: its last value is fed twice")
def reads_the_last_value_twice(answers):
    old = "    v = past[-1]\n"
    return {"q5": swap(answers["q5"], old, old + "    h = np.tanh(w * v + U @ h + b)\n")}


@wrong("q5", hint="the same value is read again and again: read what was said")
def does_not_feed_back(answers):
    old = "        h = np.tanh(w * v + U @ h + b)\n    return"
    new = "        h = np.tanh(w * past[-1] + U @ h + b)\n    return"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q5", hint="the network says a change: it is added to the value before")
def takes_changes_for_values(answers):
    return {"q5": swap(answers["q5"], "v = v + u @ h + d", "v = u @ h + d")}


@wrong("q5", hint="what is fed back is the value, not the change")
def feeds_back_the_change(answers):
    source = swap(answers["q5"], "v = v + u @ h + d", "step = u @ h + d\n        v = v + step")
    old = "        h = np.tanh(w * v + U @ h + b)\n    return"
    return {"q5": swap(source, old, old.replace("w * v", "w * step"))}


@wrong("q5", hint="the state is set to zero where the forecast begins: the past is forgotten")
def forgets_the_past(answers):
    return {"q5": swap(answers["q5"], "    v = past[-1]\n", "    v, h = past[-1], 0 * h\n")}


@wrong("q6", hint="the shares are exchanged: too low a forecast costs q")
def exchanges_the_shares(answers):
    return {
        "q6": swap(answers["q6"], "np.where(over > 0, -q, 1 - q)", "np.where(over > 0, q - 1, q)")
    }


@wrong("q6", hint="uphill: the gradient is subtracted")
def climbs(answers):
    new = "a, c = a + rate * x.T @ slope, c + rate * slope.sum()"
    old = "a, c = a - rate * x.T @ slope, c - rate * slope.sum()"
    return {"q6": swap(answers["q6"], old, new)}


@wrong("q6", hint="the mean over rows is descended, not the sum")
def descends_the_sum(answers):
    return {"q6": swap(answers["q6"], "1 - q) / len(v)", "1 - q)")}


@wrong("q6", hint="the loss before each update is asked for, not the one after it")
def reports_the_loss_after(answers):
    old = "        losses.append(np.maximum(q * over, (q - 1) * over).mean())\n"
    source = swap(answers["q6"], old, "")
    step = "c - rate * slope.sum()\n"
    new = "        over = v - x @ a - c\n" + old
    return {"q6": swap(source, step, step + new)}


@wrong(
    "q7", hint="the word is decided on the values that were fitted to: there every model looks good"
)
def decides_on_what_it_fitted(answers):
    source = swap(answers["q7"], "2 * season, int", "12 * season, int")
    return {"q7": swap(source, "windows(cut, len(values))", "windows(lags, cut)")}


@wrong("q7", hint="not every series can be forecast better than by seasonal naive")
def always_promises(answers):
    source = swap(answers["q7"], "bool(wrong[0] < 0.97 * wrong[1])", "True")
    return {"q7": source}


@wrong("q7", hint=MODEST)
def never_tries(answers):
    return {"q7": swap(answers["q7"], "bool(wrong[0] < 0.97 * wrong[1])", "False")}


@wrong("q7", hint=MODEST)
def forecasts_the_same_for_every_past(answers):
    old = "window = past[-lags:]"
    return {"q7": swap(answers["q7"], old, "window = values[-lags:]")}


@right
def another_way(answers):
    return {
        "q1": "def seasonal_naive(past, horizon, season, rise):\n"
        "    out = []\n"
        "    for k in range(horizon):\n"
        "        ahead = 1 + k // season\n"
        "        add = ahead * (past[-1] - past[-season - 1]) if rise else 0\n"
        "        out.append(past[-season:][k % season] + add)\n"
        "    return np.array(out)\n",
        "q2": "def parts(values, cut, lags, horizon):\n"
        "    z = (values - np.mean(values[:cut])) / np.std(values[:cut])\n"
        "    def cuts(part):\n"
        "        n = len(part) - lags - horizon + 1\n"
        "        rows = [part[k : k + lags + horizon] for k in range(n)]\n"
        "        return np.array(rows)[:, :lags], np.array(rows)[:, lags:]\n"
        "    return [*cuts(z[:cut]), *cuts(z[cut - lags :])]\n",
        "q3": "def looks(program, values, origin, horizon):\n"
        "    found, first = set(), program(values.copy(), origin, horizon)\n"
        "    for k in range(origin, len(values)):\n"
        "        for v in (-1e4, 1e4):\n"
        "            changed = np.array(values)\n"
        "            changed[k] = v\n"
        "            if (program(changed, origin, horizon) != first).any():\n"
        "                found.add(k)\n"
        "    return np.array(sorted(found), dtype=int)\n",
        "q4": "def margins(errors, level):\n"
        "    n = len(errors)\n"
        "    padded = np.concatenate([errors, np.full((n + 1, errors.shape[1]), np.inf)])\n"
        "    return np.sort(padded, 0)[int(np.ceil((n + 1) * level)) - 1]\n"
        "def coverage(forecast, margin, truth):\n"
        "    inside = (forecast - margin <= truth) & (truth <= forecast + margin)\n"
        "    return inside.sum(0) / len(truth)\n",
        "q5": "def go_on(w, U, b, u, d, past, horizon):\n"
        "    v, h = list(past), np.zeros(len(b))\n"
        "    for t in range(len(past) + horizon - 1):\n"
        "        h = np.tanh(w * v[t] + U @ h + b)\n"
        "        if t >= len(past) - 1:\n"
        "            v.append(v[t] + u @ h + d)\n"
        "    return np.array(v[len(past):])\n",
        "q6": "def learn_quantile(x, v, q, rate, updates):\n"
        "    X, w, lost = np.c_[x, np.ones(len(x))], np.zeros(x.shape[1] + 1), []\n"
        "    for _ in range(updates):\n"
        "        e = v - X @ w\n"
        "        lost.append(np.where(e > 0, q * e, (q - 1) * e).mean())\n"
        "        w = w + rate * X.T @ (q - (e < 0)) / len(v)\n"
        "    return w[:-1], w[-1], np.array(lost)\n",
        "q7": "def fit(values, season, horizon):\n"
        "    w, cut = 2 * season, int(0.7 * len(values))\n"
        "    def row(past):\n"
        "        return np.r_[1, past[-w:-1] - past[-1]]\n"
        "    def naive(past):\n"
        "        return past[-season:][:horizon]\n"
        "    ts = range(w, cut - horizon)\n"
        "    A = np.array([row(values[:t]) for t in ts])\n"
        "    Y = np.array([values[t : t + horizon] - values[t - 1] for t in ts])\n"
        "    W = np.linalg.solve(A.T @ A + np.eye(A.shape[1]), A.T @ Y)\n"
        "    def ridge(past):\n"
        "        return row(past) @ W + past[-1]\n"
        "    later = range(cut, len(values) - horizon)\n"
        "    e = [[np.abs(f(values[:t]) - values[t : t + horizon]).mean() for t in later]\n"
        "         for f in (ridge, naive)]\n"
        "    gain = 1 - np.mean(e[0]) / np.mean(e[1])\n"
        "    return (ridge, True) if gain > 0.04 else (naive, False)\n",
    }
