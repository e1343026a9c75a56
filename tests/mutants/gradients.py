"""Wrong and right variants of the exercise ``gradients``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the slope scales the rows of W_hh, the units of now, not its columns")
def scales_the_columns(answers):
    return {"q1": swap(answers["q1"], "(1 - h**2)[:, :, None]", "(1 - h**2)[:, None, :]")}


@wrong("q1", hint="the slope of tanh is missing: 1 - h**2")
def forgets_the_slope(answers):
    return {"q1": swap(answers["q1"], "(1 - h**2)", "(1 + 0 * h)")}


@wrong("q1", hint="this is the transpose: [b, j, k] is unit j now, unit k before")
def transposes(answers):
    return {"q1": swap(answers["q1"], "* W_hh", "* W_hh.T")}


@wrong("q2", hint="the way back goes through W_hh transposed")
def goes_back_untransposed(answers):
    return {"q2": swap(answers["q2"], "W_hh.T @", "W_hh @")}


@wrong("q2", hint="start at the last step: h[::-1]")
def starts_at_the_first_step(answers):
    return {"q2": swap(answers["q2"], "h[::-1]", "h")}


@wrong("q2", hint="the slope comes before the matrix: first diag(1 - h**2), then W_hh transposed")
def multiplies_in_the_wrong_order(answers):
    return {"q2": swap(answers["q2"], "W_hh.T @ ((1 - h_t**2) * delta)",
                       "(1 - h_t**2) * (W_hh.T @ delta)")}  # fmt: skip


@wrong("q3", hint="the wrong way round: log(share) / log(rate)")
def divides_the_wrong_way(answers):
    return {
        "q3": swap(answers["q3"], "np.log(share) / np.log(rate)", "np.log(rate) / np.log(share)")
    }


@wrong("q3", hint="round up: after the step before, more than the share is left")
def rounds_down(answers):
    return {"q3": swap(answers["q3"], "np.ceil(", "np.floor(")}


@wrong("q4", hint="divided by the largest singular value: the radius is about eigenvalues")
def takes_the_singular_value(answers):
    return {"q4": swap(answers["q4"], "np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(W, 2)")}


@wrong("q4", hint="complex eigenvalues count by their absolute value, not by their real part")
def takes_the_real_part(answers):
    return {"q4": swap(answers["q4"], "np.abs(np.linalg.eigvals(W)).max()",
                       "(1e-9 + np.abs(np.linalg.eigvals(W).real).min())")}  # fmt: skip


@wrong("q4", hint="this is the Frobenius norm; the largest singular value is the 2-norm")
def takes_the_frobenius_norm(answers):
    return {"q4": swap(answers["q4"], "np.linalg.norm(W, 2)", "np.linalg.norm(W)")}


@wrong("q5", hint="each array was clipped on its own: that changes the direction")
def clips_each_apart(answers):
    return {"q5": swap(answers["q5"], "[g * scale for g in grads]",
                       "[g * min(1.0, limit / np.sqrt((g**2).sum())) for g in grads]")}  # fmt: skip


@wrong("q5", hint="clipped by value: scale all entries by one factor instead")
def clips_by_value(answers):
    return {"q5": swap(answers["q5"], "g * scale for", "np.clip(g, -limit, limit) for")}


@wrong("q5", hint="a gradient within the limit must stay as it is")
def always_scales(answers):
    return {"q5": swap(answers["q5"], "min(1.0, limit / norm)", "limit / norm")}


@wrong("q1", hint="1 - h is the slope of nothing here: tanh has 1 - h**2, with its output squared")
def forgets_the_square(answers):
    return {"q1": swap(answers["q1"], "(1 - h**2)", "(1 - h)")}


@wrong("q1", hint="h is tanh of something already: its slope is 1 - h**2, without another tanh")
def squashes_again(answers):
    return {"q1": swap(answers["q1"], "(1 - h**2)", "(1 - np.tanh(h) ** 2)")}


@wrong("q1", hint="h * (1 - h) is the logistic's slope; tanh has 1 - h**2")
def takes_the_slope_of_the_logistic(answers):
    return {"q1": swap(answers["q1"], "(1 - h**2)", "(h * (1 - h))")}


@wrong("q2", hint="the slope is missing: each step passes the tanh as well, diag(1 - h**2)")
def forgets_the_slope_on_the_way(answers):
    return {"q2": swap(answers["q2"], "((1 - h_t**2) * delta)", "delta")}


@wrong("q2", hint="1 - h for the slope: tanh has 1 - h**2")
def forgets_the_square_on_the_way(answers):
    return {"q2": swap(answers["q2"], "(1 - h_t**2)", "(1 - h_t)")}


@wrong("q2", hint="h is tanh of something already: its slope is 1 - h**2, without another tanh")
def squashes_again_on_the_way(answers):
    return {"q2": swap(answers["q2"], "(1 - h_t**2)", "(1 - np.tanh(h_t) ** 2)")}


@wrong("q2", hint="that is the squared length: take the root")
def returns_squares(answers):
    return {"q2": swap(answers["q2"], "np.array(norms)", "np.array(norms) ** 2")}


@wrong("q2", hint="that is the largest entry; the length is the root of the sum of squares")
def takes_the_largest_entry(answers):
    return {"q2": answers["q2"].replace("np.linalg.norm(delta)", "np.abs(delta).max()")}


@wrong("q2", hint="the first of the T + 1 numbers is the length of delta itself, before any step")
def leaves_out_the_first(answers):
    return {"q2": swap(answers["q2"], "np.array(norms)", "np.array(norms)[1:]")}


@wrong("q2", hint="the numbers run back in time: the first belongs to the last step")
def turns_the_result(answers):
    return {"q2": swap(answers["q2"], "np.array(norms)", "np.array(norms)[::-1]")}


@wrong("q3", hint="that is the number of steps after which 1 - share is gone: use log(share)")
def takes_what_is_gone(answers):
    return {"q3": swap(answers["q3"], "np.log(share)", "np.log(1 - share)")}


@wrong("q3", hint="one too many: rate**k may equal or pass the share at k already")
def counts_one_more(answers):
    return {"q3": swap(answers["q3"], "/ np.log(rate))", "/ np.log(rate)) + 1")}


@wrong("q4", hint="multiplied by radius, but not divided by the radius that the matrix had")
def forgets_the_old_radius(answers):
    return {"q4": swap(answers["q4"], "(radius / np.abs(np.linalg.eigvals(W)).max())", "radius")}


@wrong("q4", hint="divided by the root of the radius: eigenvalues scale as the matrix does")
def takes_the_root(answers):
    old = "np.abs(np.linalg.eigvals(W)).max()"
    return {"q4": swap(answers["q4"], old, f"np.sqrt({old})")}


@wrong("q4", hint="the largest singular value is that of the matrix before it was scaled")
def measures_before_scaling(answers):
    source = swap(answers["q4"], "    W = W *", "    largest = np.linalg.norm(W, 2)\n    W = W *")
    return {"q4": swap(source, "return W, np.linalg.norm(W, 2)", "return W, largest")}


@wrong("q5", hint="that is the sum of the arrays' norms; the joint norm is the root of all squares")
def adds_the_norms(answers):
    old = "np.sqrt(sum((g**2).sum() for g in grads))"
    return {"q5": swap(answers["q5"], old, "sum(np.sqrt((g**2).sum()) for g in grads)")}


@wrong("q5", hint="the root is missing: a norm is the square root of the sum of squares")
def forgets_the_root(answers):
    old = "np.sqrt(sum((g**2).sum() for g in grads))"
    return {"q5": swap(answers["q5"], old, "sum((g**2).sum() for g in grads)")}


@wrong("q5", hint="the norm before clipping was asked for, not the one after it")
def returns_the_norm_after(answers):
    return {"q5": swap(answers["q5"], "for g in grads], norm", "for g in grads], norm * scale")}


@wrong("q5", hint="half of the limit: the clipped gradients' joint norm is to equal it")
def clips_to_half(answers):
    new = "(0.5 * limit if norm > limit else 1.0)"
    return {"q5": swap(answers["q5"], "min(1.0, limit / norm)", new)}


@wrong("q5", hint="you changed the arrays that you were given: make new ones")
def changes_what_it_was_given(answers):
    old = "return [g * scale for g in grads], norm"
    new = "for g in grads:\n        g *= scale\n    return list(grads), norm"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q6", hint="without a corner the powers only shrink: radius**k")
def leaves_the_corner_empty(answers):
    return {"q6": swap(answers["q6"], "[radius, shear]", "[radius, 0 * shear]")}


@wrong("q6", hint="the factor k is missing: the corner of W^k is k shear radius^(k-1)")
def forgets_the_count(answers):
    return {"q6": swap(answers["q6"], "(k * radius ** (k - 1)).max()", "(radius ** (k - 1)).max()")}


@wrong("q6", hint="k radius^k is the largest entry's value times the radius: the power is k - 1")
def takes_one_power_more(answers):
    return {"q6": swap(answers["q6"], "radius ** (k - 1)", "radius**k")}


@wrong("q7", hint="the slope is taken before the step: it is 1 - h**2 of the *new* h")
def takes_the_slope_before(answers):
    source = swap(answers["q7"], "        h = np.tanh(w * h)\n", "")
    old = "gradient = gradient * w * (1 - h**2)"
    return {"q7": swap(source, old, old + "\n        h = np.tanh(w * h)")}


@wrong("q7", hint="each step multiplies by w as well as by the slope")
def forgets_the_weight(answers):
    return {"q7": swap(answers["q7"], "gradient * w *", "gradient *")}


@wrong("q7", hint="that is the last step's factor alone: multiply all of them")
def keeps_the_last_factor(answers):
    return {"q7": swap(answers["q7"], "gradient = gradient * w", "gradient = w")}


@wrong("q8", hint="only the immediate derivative: add 1.5 times dh/db of the step before")
def drops_the_past(answers):
    return {"q8": swap(answers["q8"], "(1.5 * slope + 1)", "1.0")}


@wrong("q8", hint="not clipped")
def never_clips(answers):
    return {"q8": swap(answers["q8"], "np.clip(gradient, -limit, limit)", "gradient")}


@wrong("q8", hint="clipped after the step size: clip the gradient, then multiply by lr")
def clips_the_step(answers):
    return {"q8": swap(answers["q8"], "lr * np.clip(gradient, -limit, limit)",
                       "np.clip(lr * gradient, -limit, limit)")}  # fmt: skip


@wrong("q8", hint="the sign was lost in the clipping: a gradient below -limit becomes -limit")
def loses_the_sign(answers):
    return {"q8": swap(answers["q8"], "np.clip(gradient, -limit, limit)",
                       "min(abs(gradient), limit)")}  # fmt: skip


@right
def another_way(answers):
    return {
        "q1": "def jacobian(W_hh, h):\n"
        "    return np.stack([np.diag(1 - row * row) @ W_hh for row in h])\n",
        "q3": "def horizon(rate, share):\n"
        "    found = []\n"
        "    for r, s in zip(rate, share):\n"
        "        k = 1\n"
        "        while r**k > s:\n"
        "            k += 1\n"
        "        found.append(k)\n"
        "    return np.array(found)\n",
        "q5": "def clip(grads, limit):\n"
        "    norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads]))\n"
        "    return [g * limit / max(limit, norm) for g in grads], norm\n",
    }
