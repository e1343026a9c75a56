"""Wrong and right variants of the exercise ``scan``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the step that is taken second multiplies what the first one added")
def takes_them_in_the_wrong_order(answers):
    return {"q1": swap(answers["q1"], "a2 * b1 + b2", "a1 * b2 + b1")}


@wrong("q1", hint="the second step also multiplies what the first one added")
def adds_what_both_add(answers):
    return {"q1": swap(answers["q1"], "a2 * b1 + b2", "b1 + b2")}


@wrong("q1", hint="factors multiply, they do not add")
def adds_the_factors(answers):
    return {"q1": swap(answers["q1"], "a2 * a1", "a2 + a1")}


@wrong(
    "q2", hint="the near pair's factor multiplies what the far pair adds, not the other way round"
)
def joins_the_near_pair_first(answers):
    return {"q2": swap(answers["q2"], "a[reach:] * b[:-reach] + b[reach:]",
                       "a[:-reach] * b[reach:] + b[:-reach]")}  # fmt: skip


@wrong("q2", hint="factors have to be joined, too, before the next round")
def keeps_the_old_factors(answers):
    old = "        a = np.concatenate([a[:reach], a[reach:] * a[:-reach]])\n"
    return {"q2": swap(answers["q2"], old, "")}


@wrong("q2", hint="the factors of the round before make the new b: compute b first")
def joins_the_factors_before(answers):
    b = "        b = np.concatenate([b[:reach], a[reach:] * b[:-reach] + b[reach:]])\n"
    a = "        a = np.concatenate([a[:reach], a[reach:] * a[:-reach]])\n"
    return {"q2": swap(answers["q2"], b + a, a + b)}


@wrong("q2", hint="each round reaches twice as far as the one before")
def reaches_one_step_more_each_round(answers):
    return {"q2": swap(answers["q2"], "reach *= 2", "reach += 1")}


@wrong("q2", hint="pairs that reach the beginning already stay as they are")
def wraps_around(answers):
    old = "b = np.concatenate([b[:reach], a[reach:] * b[:-reach] + b[reach:]])"
    return {"q2": swap(answers["q2"], old, "b = a * np.roll(b, reach, 0) + b")}


@wrong("q2", hint="with 8 steps three rounds are enough")
def does_one_round_too_many(answers):
    return {"q2": swap(answers["q2"], "while reach < len(a)", "while reach <= len(a)")}


@wrong("q2", hint="the table holds every round, not the last alone")
def returns_the_last_round_alone(answers):
    return {"q2": swap(answers["q2"], "table.append(b)", "table = [b]")}


@wrong("q3", hint="affine is not linear: what is added without h has to be taken off")
def asks_for_linear(answers):
    return {"q3": swap(answers["q3"], "b = step(np.zeros((B, H)), x)", "b = 0 * step(0 * h, x)")}


@wrong("q3", hint="ask with inputs: some recurrences are affine only where x is 0")
def asks_without_input(answers):
    return {"q3": swap(answers["q3"], "x = rng.normal(size=(B, D))", "x = np.zeros((B, D))")}


@wrong("q3", hint="ask at states of size 1: every smooth function looks affine near a point")
def asks_near_zero(answers):
    return {"q3": swap(answers["q3"], "2 * rng.normal(size=(2, B, H))",
                       "1e-6 * rng.normal(size=(2, B, H))")}  # fmt: skip


@wrong("q3", hint="a matrix may be off the diagonal everywhere")
def takes_every_matrix_for_diagonal(answers):
    return {"q3": swap(answers["q3"], "return 1", "return 2")}


@wrong("q3", hint="a diagonal matrix is the best case, not the general one")
def sees_no_diagonal(answers):
    return {"q3": swap(answers["q3"], "    return 2", "    return 1")}


@wrong("q3", hint="a matrix may be off the diagonal everywhere")
def looks_at_one_unit(answers):
    return {"q3": swap(answers["q3"], "for k in range(H)", "for k in range(0)")}


@wrong("q4", hint="the first step starts from h0, reset or not")
def starts_from_zero(answers):
    return {"q4": swap(answers["q4"], "    begins[0] = True\n", "")}


@wrong("q4", hint="where a sequence begins, the factor has to be 0, or the past comes through")
def lets_the_past_through(answers):
    return {"q4": swap(answers["q4"], "a = np.where(begins[..., None], 0, a)", "a = a + 0")}


@wrong("q4", hint="a step from h0 makes a * h0 + b of it")
def adds_the_initial_state_whole(answers):
    return {"q4": swap(answers["q4"], "a * h0 + b, b)", "h0 + b, b)")}


@wrong("q4", hint="a new sequence starts from h0, not from zero")
def resets_to_zero(answers):
    return {"q4": swap(answers["q4"], "np.where(begins[..., None], a * h0 + b, b)",
                       "np.concatenate([a[:1] * h0 + b[:1], b[1:]])")}  # fmt: skip


@wrong("q4", hint="the reset belongs to the step at which it is true, not to the next")
def resets_one_step_late(answers):
    return {"q4": swap(answers["q4"], "begins = resets.copy()",
                       "begins = np.roll(resets, 1, axis=0)")}  # fmt: skip


@wrong("q4", hint="with one step there is nothing to join, but the step itself counts")
def fails_with_one_step(answers):
    return {"q4": swap(answers["q4"], "    return b\n", "    return b if len(b) > 1 else 0 * b\n")}


@wrong("q5", hint="what comes back from step t + 1 is multiplied by that step's a")
def takes_its_own_factor(answers):
    return {"q5": swap(answers["q5"], "dy[t] + later", "dy[t] + a[t] * later").replace(
        "later = a[t] * db[t]", "later = db[t] + 0")}  # fmt: skip


@wrong("q5", hint="backwards time runs from the last step to the first")
def goes_forwards(answers):
    return {"q5": swap(answers["q5"], "reversed(range(len(a)))", "range(len(a))")}


@wrong("q5", hint="a multiplies the state before it, not after")
def multiplies_the_state_after(answers):
    return {"q5": swap(answers["q5"], "np.concatenate([h0[None], h[:-1]])", "h")}


@wrong("q5", hint="the state before the first step is h0")
def forgets_the_initial_state(answers):
    return {"q5": swap(answers["q5"], "h0[None], h[:-1]", "0 * h0[None], h[:-1]")}


@wrong("q5", hint="h0 is multiplied by the first a")
def forgets_the_first_factor(answers):
    return {"q5": swap(answers["q5"], "db, later\n", "db, db[0]\n")}


@wrong("q5", hint="what comes from later steps counts as well, not dy alone")
def sees_its_own_step_only(answers):
    return {"q5": swap(answers["q5"], "dy[t] + later", "dy[t] + 0 * later")}


@wrong("q6", hint="f and J are taken at the states before each step")
def linearises_at_the_state_itself(answers):
    return {"q6": swap(answers["q6"], "np.concatenate([np.zeros_like(h[:1]), h[:-1]])", "h")}


@wrong("q6", hint="row j of the Jacobian is multiplied by the slope of unit j")
def multiplies_the_columns(answers):
    return {"q6": swap(answers["q6"], "(1 - f**2)[:, :, None] * V", "(1 - f**2)[:, None, :] * V")}


@wrong("q6", hint="J times what changed one step before: without it this is fixed-point iteration")
def leaves_the_jacobian_out(answers):
    return {"q6": swap(answers["q6"], "f[t] + J[t] @ change", "f[t]")}


@wrong("q6", hint="J times what changed one step before: without it this is fixed-point iteration")
def forgets_to_go_on(answers):
    return {"q6": swap(answers["q6"], "        change = new[t] - h[t]\n",
                       "        change = change + 0\n")}  # fmt: skip


@wrong("q6", hint="J times the state before: the transpose is the way back")
def takes_the_transpose(answers):
    return {"q6": swap(answers["q6"], "J[t] @ change", "J[t].T @ change")}


@wrong("q6", hint="the slope of tanh is 1 - tanh squared")
def takes_the_slope_twice(answers):
    return {"q6": swap(answers["q6"], "(1 - f**2)", "(1 - f)")}


@wrong("q6", hint="the round that only confirms is counted as well")
def counts_one_less(answers):
    return {"q6": swap(answers["q6"], "return h, count", "return h, count - 1")}


@wrong("q6", hint="go on until nothing moves by more than 1e-10, not by a thousandth")
def stops_too_early(answers):
    return {"q6": swap(answers["q6"], "<= 1e-10", "<= 1e-3")}


@wrong("q7", hint="the first H outputs of the linear layer are the gate's")
def exchanges_gate_and_candidate(answers):
    return {"q7": swap(answers["q7"], "z, n = gates", "n, z = gates")}


@wrong("q7", hint="z writes: the state is kept by 1 - z")
def keeps_by_z(answers):
    return {"q7": swap(answers["q7"], "1 - z.sigmoid(), z.sigmoid() * n",
                       "z.sigmoid(), (1 - z.sigmoid()) * n")}  # fmt: skip


@wrong("q7", hint="the candidate is linear: no tanh")
def squashes_the_candidate(answers):
    return {"q7": swap(answers["q7"], "z.sigmoid() * n", "z.sigmoid() * n.tanh()")}


@wrong("q7", hint="the factors of the round before make the new b: compute b first")
def joins_the_factors_first(answers):
    b = "        b = torch.cat([b[:reach], a[reach:] * b[:-reach] + b[reach:]])\n"
    a = "        a = torch.cat([a[:reach], a[reach:] * a[:-reach]])\n"
    return {"q7": swap(answers["q7"], b + a, a + b)}


@wrong("q7", hint="no detach on the way: the gate learns from what it kept, too")
def cuts_the_past_off(answers):
    return {"q7": swap(answers["q7"], "a[reach:] * b[:-reach]", "a[reach:] * b[:-reach].detach()")}


@wrong("q7", hint="the mean is over all steps, not over the last")
def learns_from_the_last_step(answers):
    return {"q7": swap(answers["q7"], "logits.flatten(0, 1), target.flatten()",
                       "logits[-1], target[-1]")}  # fmt: skip


@wrong("q7", hint="readout and gates both learn")
def leaves_the_readout_out(answers):
    return {"q7": swap(answers["q7"], ", *readout.parameters()]", "]")}


@wrong("q7", hint="zero the gradients before each backward pass, or they add up")
def lets_the_gradients_add_up(answers):
    return {"q7": swap(answers["q7"], "        optimiser.zero_grad()\n", "")}


@wrong("q3")
def looks_the_kinds_up(answers):
    """Who knows the check's text and finds its table need not ask the recurrence."""
    return {
        "q3": "def kind(step, D, H, rng):\n"
        "    known = dict(zip(steps, (2, 0, 1, 0, 1, 0, 0, 2, 1)))\n"
        "    return next(known[name] for name in steps if steps[name] is step)\n"
    }


@right
def step_by_step(answers):
    return {
        "q2": """# === ANSWER q2 ===
def rounds(a, b):
    def two(far, near):
        return near[0] * far[0], near[0] * far[1] + near[1]

    T, table, r = len(a), [], 0
    pairs = list(zip(a, b))
    while 2**r < T:
        pairs = [pairs[t] if t < 2**r else two(pairs[t - 2**r], pairs[t]) for t in range(T)]
        table.append([pair[1] for pair in pairs])
        r += 1
    return np.array(table).reshape((r,) + b.shape)
""",
        "q3": """# === ANSWER q3 ===
def kind(step, D, H, rng):
    def jacobian(h, x):
        columns = [step(h + e, x) - step(h, x) for e in np.eye(H)]
        return np.stack(columns, axis=-1)

    answer = 2
    for _ in range(30):
        x = rng.normal(size=(1, D))
        A, C = (jacobian(2 * rng.normal(size=(1, H)), x)[0] for _ in range(2))
        if np.abs(A - C).max() > 1e-8:
            return 0
        if np.abs(A - np.diag(np.diag(A))).max() > 1e-8:
            answer = 1
    return answer
""",
        "q4": """# === ANSWER q4 ===
def scan(a, b, h0, resets):
    h, states = h0, []
    for t in range(len(a)):
        h = a[t] * np.where(resets[t][:, None], h0, h) + b[t]
        states.append(h)
    return np.stack(states)
""",
        "q5": """# === ANSWER q5 ===
def scan_backward(a, h, h0, dy):
    da, db, dh = np.empty_like(a), np.empty_like(a), np.zeros_like(h0)
    for t in reversed(range(len(a))):
        db[t] = dy[t] + dh
        da[t] = db[t] * (h[t - 1] if t else h0)
        dh = a[t] * db[t]
    return da, db, dh
""",
        "q7": """# === ANSWER q7 ===
import torch
from torch.nn import functional as F


def mingru(gates, x):
    if not len(x):
        return gates(x)[..., : gates.out_features // 2]
    a, n = gates(x).chunk(2, dim=-1)

    def prefix(a, b):
        if len(b) == 1:
            return b
        half = len(b) // 2
        early, late = prefix(a[:half], b[:half]), prefix(a[half:], b[half:])
        return torch.cat([early, late + a[half:].cumprod(dim=0) * early[-1]])

    return prefix(torch.sigmoid(-a), torch.sigmoid(a) * n)


def train(gates, readout, batches, lr):
    optimiser = torch.optim.Adam(torch.nn.ModuleList([gates, readout]).parameters(), lr=lr)
    losses = []
    for x, target in batches:
        optimiser.zero_grad()
        log_p = readout(mingru(gates, x)).log_softmax(dim=-1)
        loss = -log_p.gather(-1, target[..., None]).mean()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return losses
""",
    }
