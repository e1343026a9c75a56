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
