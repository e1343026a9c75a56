"""Wrong and right variants of the exercise ``pondering``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the glass is full where the sum reaches 1 - epsilon: exactly is enough")
def must_exceed_the_threshold(answers):
    return {"q1": swap(answers["q1"], "axis=0) < 1 - epsilon", "axis=0) <= 1 - epsilon")}


@wrong("q1", hint="full is 1 - epsilon, not 1")
def forgets_epsilon(answers):
    return {"q1": swap(answers["q1"], "< 1 - epsilon", "< 1")}


@wrong("q1", hint="N counts from 1: the step at which the sum is reached counts as well")
def counts_the_steps_before(answers):
    return {"q1": swap(answers["q1"], ".sum(axis=0) + 1, S)", ".sum(axis=0), S)")}


@wrong("q1", hint="where the sum is never reached, step S is the last")
def goes_past_the_end(answers):
    return {"q1": swap(answers["q1"], "np.minimum(", "np.maximum(0, ").replace(" + 1, S)", " + 1)")}


@wrong("q1", hint="R is 1 minus the steps before the last: the last one does not count in it")
def takes_the_last_step_off_the_remainder(answers):
    return {"q1": swap(answers["q1"], "np.where(n < N, h, 0)", "np.where(n <= N, h, 0)")}


@wrong("q1", hint="the last step counts with R, not with its own h")
def leaves_the_last_step_its_own(answers):
    return {"q1": swap(answers["q1"], "np.where(n == N, R, kept)", "np.where(n <= N, h, 0)")}


@wrong("q1", hint="0 times NaN is NaN: choose with np.where, do not multiply by a mask")
def multiplies_by_the_mask(answers):
    return {"q1": swap(answers["q1"], "np.where(n < N, h, 0)", "(n < N) * h")}


@wrong("q2", hint="padding costs nothing: count the steps of each sequence only")
def charges_for_padding(answers):
    return {
        "q2": swap(answers["q2"], "np.where(there, N + R, 0)", "np.where(there | True, N + R, 0)")
    }


@wrong("q2", hint="step t is there where t < length: the first step behind the end is not")
def counts_one_step_more(answers):
    return {"q2": answers["q2"].replace("[:, None] < lengths", "[:, None] <= lengths")}


@wrong("q2", hint="a step costs N + R, not N alone: R is what the gradient sees")
def leaves_the_remainder_out(answers):
    return {"q2": swap(answers["q2"], "N + R, 0)", "N + 0 * R, 0)")}


@wrong("q2", hint="each time step waits for its own slowest row: the maximum is over the batch")
def waits_for_the_slowest_of_all_times(answers):
    return {
        "q2": swap(
            answers["q2"], "counted.max(axis=1).sum() * N.shape[1]", "counted.max() * N.size"
        )
    }


@wrong("q2", hint="a row that is over keeps nobody waiting: mask before you take the maximum")
def waits_for_rows_that_are_over(answers):
    return {"q2": swap(answers["q2"], "counted.max(axis=1)", "N.max(axis=1)")}


@wrong("q2", hint="the share that does not count: 1 minus the one that does")
def gives_the_share_that_counts(answers):
    return {"q2": swap(answers["q2"], "1 - counted.sum()", "counted.sum()")}


@wrong("q3", hint="p of the last step is R: its gradient belongs to R as well")
def forgets_the_last_weight(answers):
    return {"q3": swap(answers["q3"], "dR + np.where(n == N, dp, 0).sum(axis=0)", "dR")}


@wrong("q3", hint="R = 1 minus the sum: its gradient comes with a minus")
def adds_the_remainder(answers):
    return {"q3": swap(answers["q3"], "dp - dlast", "dp + dlast")}


@wrong("q3", hint="h of the last step is not used at all: its gradient is 0")
def gives_the_last_step_a_gradient(answers):
    return {"q3": swap(answers["q3"], "np.where(n < N,", "np.where(n <= N,")}


@wrong("q3", hint="R falls as h grows: the cost alone has gradient -1 before the last step")
def detaches_the_remainder(answers):
    return {"q3": swap(answers["q3"], "dp - dlast", "dp")}


@wrong("q3", hint="steps after the last get nothing")
def lets_later_steps_see_something(answers):
    return {"q3": swap(answers["q3"], "np.where(n < N,", "np.where(n != N,")}


@wrong("q4", hint="N - 1 halting probabilities rise together: each needs only its part of the gap")
def raises_only_one(answers):
    return {"q4": swap(answers["q4"], ".sum()) / (N - 1)", ".sum()) / 1")}


@wrong("q4", hint="the last step's own h is not used: raising it saves nothing")
def raises_the_last_as_well(answers):
    return {"q4": swap(answers["q4"], ".sum()) / (N - 1)", ".sum()) / N")}


@wrong("q4", hint="the steps before the last must reach 1 - epsilon, not 1")
def fills_to_the_brim(answers):
    return {"q4": swap(answers["q4"], "(1 - epsilon - h", "(1 - h")}


@wrong("q4", hint="N falls by 1 and R jumps up: the drop is less than 1")
def forgets_that_the_remainder_jumps(answers):
    return {"q4": swap(answers["q4"], "1 - (h[N - 2] + delta)", "1.0")}


@wrong("q4", hint="at the moment of the jump h of the last but one has risen by delta")
def looks_before_the_push(answers):
    return {"q4": swap(answers["q4"], "1 - (h[N - 2] + delta)", "1 - h[N - 2]")}


@wrong(
    "q4", hint="the remainder after the jump holds the step last but one, which becomes the last"
)
def takes_the_last_step(answers):
    return {"q4": swap(answers["q4"], "h[N - 2] + delta", "h[N - 1]")}


@wrong("q4", hint="with N = 1 there is nothing to be saved")
def saves_the_only_step(answers):
    return {"q4": swap(answers["q4"], "return np.inf, 0.0", "return 1 - epsilon, 1.0")}


@wrong("q5", "q6", hint="the flag is 1 at the first ponder step of each input, and 0 after it")
def raises_the_flag_always(answers):
    return {"q5": swap(answers["q5"], "(B, 1), n == 0)", "(B, 1), 1.0)")}


@wrong("q5", "q6", hint="the flag marks the first ponder step, not the first time step")
def flags_the_first_time_step(answers):
    return {"q5": swap(answers["q5"], "(B, 1), n == 0)", "(B, 1), t == 0)")}


@wrong("q5", hint="where a sequence is over the state stands still, and y, N, R are 0")
def thinks_about_padding(answers):
    return {"q5": swap(answers["q5"], "there = t < lengths", "there = lengths > -1")}


@wrong(
    "q5", "q6",
    hint="the state that goes on is the mean of the ponder steps, not the last of them",
)  # fmt: skip
def goes_on_from_the_last_state(answers):
    return {
        "q5": swap(
            swap(answers["q5"], "mean.where(there[:, None], state)", "keep"),
            "            mean = mean + p",
            "            keep = torch.where(live[:, None], now, state if n == 0 else keep)\n"
            "            mean = mean + p",
        )
    }


@wrong("q5", "q6", hint="the last step counts with 1 - total, what the glass still lacks")
def leaves_the_last_weight(answers):
    return {"q5": swap(answers["q5"], "torch.where(full, 1 - total, h)", "h")}


@wrong("q5", hint="at max_steps thinking ends, and that step gets the remainder")
def does_not_close_at_the_limit(answers):
    return {"q5": swap(answers["q5"], " | (n == max_steps - 1)", "")}


@wrong(
    "q5", "q6",
    hint="every row has its own N: one that has stopped must not wait for the others",
)  # fmt: skip
def stops_all_rows_together(answers):
    old = "full = (total + h >= 1 - 0.01) | (n == max_steps - 1)"
    new = "full = (total + h >= 1 - 0.01)[live].all() | torch.full((B,), n == max_steps - 1)"
    return {"q5": swap(answers["q5"], old, new)}


@wrong("q5", hint="a row that has stopped goes back to its old state, or it overflows unseen")
def drives_stopped_rows_on(answers):
    return {"q5": swap(answers["q5"], "now = now.where(live[:, None], state)", "now = now + 0")}


@wrong(
    "q5", "q6",
    hint="each input is pondered from the state of the time step before, not from zero",
)  # fmt: skip
def starts_from_zero_each_time(answers):
    return {
        "q5": swap(
            answers["q5"],
            "live, now, total = there, state,",
            "live, now, total = there, 0 * state,",
        )
    }


@wrong("q5", "q6", hint="R must keep its graph: it is all that the price's gradient passes through")
def detaches_the_remainder_in_the_layer(answers):
    return {
        "q5": swap(answers["q5"], "R = torch.where(live & full, 1 - total, R)",
                   "R = torch.where(live & full, (1 - total).detach(), R)")
    }  # fmt: skip


@wrong("q6", hint="the price is in the loss: tau times N + R")
def thinks_for_nothing(answers):
    return {"q6": swap(answers["q6"], " + tau * (N + R)[there].mean()", "")}


@wrong("q6", hint="R is what moves: with N alone the price has no gradient")
def charges_for_whole_steps_only(answers):
    return {"q6": swap(answers["q6"], "(N + R)[there]", "(N + R.detach())[there]")}


@wrong("q6", hint="the mean over the steps that are there, not over the rectangle")
def averages_over_padding(answers):
    return {"q6": swap(answers["q6"], "(N + R)[there].mean()", "(N + R).mean()")}


@wrong(
    "q6", hint="every step that is there has the same weight, in short sequences as in long ones"
)
def averages_sequence_by_sequence(answers):
    old = "(N + R)[there].mean()"
    new = "((N + R).sum(dim=0) / lengths).mean()"
    return {"q6": swap(answers["q6"], old, new)}


@wrong("q6", hint="the halting unit learns, too: its weights belong to the optimiser")
def leaves_the_halting_unit_out(answers):
    return {
        "q6": swap(answers["q6"], "*cell.parameters(), *halt.parameters(),", "*cell.parameters(),")
    }


@wrong("q6", hint="zero the gradients before each backward pass, or they add up")
def lets_the_gradients_add_up(answers):
    return {"q6": swap(answers["q6"], "        optimiser.zero_grad()\n", "")}


@wrong("q6", hint="the mean number of ponder steps is over the steps that are there")
def reports_padding(answers):
    return {"q6": swap(answers["q6"], "N[there].double()", "N.double()")}


@right
def row_by_row_and_one_sequence_at_a_time(answers):
    return {
        "q1": """# === ANSWER q1 ===
def halting(h, epsilon):
    S, B = h.shape
    N, R, p = np.zeros(B, int), np.zeros(B), np.zeros((S, B))
    for b in range(B):
        total = 0.0
        for n in range(S):
            if total + h[n, b] >= 1 - epsilon or n == S - 1:
                N[b], R[b], p[n, b] = n + 1, 1 - total, 1 - total
                break
            p[n, b] = h[n, b]
            total += h[n, b]
    return N, R, p
""",
        "q3": """# === ANSWER q3 ===
def halting_backward(N, dp, dR):
    dh = np.zeros_like(dp)
    for b, last in enumerate(N - 1):
        dh[:last, b] = dp[:last, b] - dp[last, b] - dR[b]
    return dh
""",
        "q5": """# === ANSWER q5 ===
import torch


def ponder(cell, halt, x, lengths, max_steps):
    T, B, D = x.shape
    rows = []
    for b, length in enumerate(lengths.tolist()):
        state, found = x.new_zeros(1, halt.in_features), []
        for t in range(T):
            if t >= length:
                found.append((0 * state[0], x.new_zeros(()), x.new_zeros(())))
                continue
            now, total, mean = state, x.new_zeros(()), torch.zeros_like(state)
            for n in range(max_steps):
                flag = x.new_full((1, 1), float(n == 0))
                now = cell(torch.cat([x[t, b : b + 1], flag], dim=1), now)
                h = torch.sigmoid(halt(now))[0, 0]
                if total + h >= 0.99 or n == max_steps - 1:
                    mean = mean + (1 - total) * now
                    break
                mean, total = mean + h * now, total + h
            state = mean
            found.append((mean[0], x.new_tensor(n + 1.0), 1 - total))
        rows.append([torch.stack(kind) for kind in zip(*found)])
    return tuple(torch.stack(kind, dim=1) for kind in zip(*rows))
""",
    }
