"""Wrong and right variants of the exercise ``turing``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="cosine: divide by the lengths of the key and of the slot")
def takes_the_bare_product(answers):
    return {"q1": swap(answers["q1"], " / np.where(lengths > 0, lengths, 1)", "")}


@wrong("q1", hint="the slots have lengths, too: a long slot does not fit better for being long")
def forgets_the_length_of_the_slots(answers):
    return {"q1": swap(answers["q1"], " * np.linalg.norm(memory, axis=1)", " + 0 * memory[:, 0]")}


@wrong("q1", hint="softmax over the slots, axis 1: every head has weights of its own")
def softmax_over_the_heads(answers):
    return {"q1": swap(answers["q1"], "e.sum(axis=1", "e.sum(axis=0")}


@wrong("q1", hint="beta multiplies the cosine inside the exponential")
def leaves_out_the_key_strength(answers):
    return {"q1": swap(answers["q1"], "beta[:, None] * u", "u + 0 * beta[:, None]")}


@wrong("q1", hint="exp(2000) is infinite: subtract the largest before the exponential")
def overflows(answers):
    return {"q1": swap(answers["q1"], "a - a.max(axis=1, keepdims=True)", "a")}


@wrong("q1", hint="an empty slot has length 0: 0/0 is no cosine; count it as 0")
def divides_by_the_empty_slot(answers):
    return {"q1": swap(answers["q1"], "np.where(lengths > 0, lengths, 1)", "lengths")}


@wrong("q2", hint="g is the share of the content, 1 - g that of the old place")
def turns_the_interpolation_round(answers):
    old = "g[:, None] * w_c + (1 - g[:, None]) * w_prev"
    return {"q2": swap(answers["q2"], old, "(1 - g[:, None]) * w_c + g[:, None] * w_prev")}


@wrong("q2", hint="the order of s is -1, 0, +1: with [0, 0, 1] slot 2 goes to slot 3")
def moves_the_other_way(answers):
    return {"q2": swap(answers["q2"], "j - 1", "1 - j")}


@wrong("q2", hint="s(i - j) begins at -1: the middle share stays where it is")
def counts_the_shifts_from_zero(answers):
    return {"q2": swap(answers["q2"], "w_g, j - 1", "w_g, j")}


@wrong("q2", hint="the last slot is followed by the first: nothing may fall off the end")
def falls_off_the_end(answers):
    old = "np.roll(w_g, j - 1, axis=1)"
    new = "np.pad(w_g, ((0, 0), (2, 2)))[:, 3 - j : 3 - j + w_g.shape[1]]"
    return {"q2": swap(answers["q2"], old, new)}


@wrong("q2", hint="the result of sharpening has sum 1 again: divide by the sum of the powers")
def forgets_to_normalise(answers):
    return {"q2": swap(answers["q2"], "power / power.sum(axis=1, keepdims=True)", "power")}


@wrong("q2", hint="0.1 to the power 3000 is 0 for every slot: divide by the largest weight first")
def underflows(answers):
    return {"q2": swap(answers["q2"], "(w_s / w_s.max(axis=1, keepdims=True))", "w_s")}


@wrong("q2", hint="sharpen what was moved, not what was there before the move")
def sharpens_before_it_moves(answers):
    return {"q2": swap(answers["q2"], "(w_s / w_s.max", "(w_g / w_s.max")}


@wrong("q3", hint="all heads erase before any adds: what one adds, no other may erase")
def erases_and_adds_head_by_head(answers):
    source = answers["q3"]
    begin = source.index("    kept =")
    end = source.index("    ### END SOLUTION")
    loop = (
        "    for w_k, e_k, a_k in zip(w, erase, add):\n"
        "        memory = memory * (1 - w_k[:, None] * e_k) + w_k[:, None] * a_k\n"
        "    return memory\n"
    )
    return {"q3": source[:begin] + loop + source[end:]}


@wrong("q3", hint="the erasures multiply: two heads that take half each leave a quarter")
def adds_the_erasures_up(answers):
    old = "np.prod(1 - w[:, :, None] * erase[:, None, :], axis=0)"
    return {"q3": swap(answers["q3"], old, "1 - w.T @ erase")}


@wrong("q3", hint="what is erased is w times e of the slot, not the whole slot")
def erases_without_the_vector(answers):
    return {"q3": swap(answers["q3"], "w[:, :, None] * erase[:, None, :]", "w[:, :, None]")}


@wrong("q3", hint="the blend takes away what it adds: (1 - w) of the old content")
def only_adds(answers):
    return {
        "q3": swap(answers["q3"], "memory = (1 - share[:, None]) * memory +", "memory = memory +")
    }


@wrong("q3", hint="the addition is weighted: w * add is what reaches the slot")
def adds_the_whole_vector(answers):
    return {"q3": swap(answers["q3"], "value + w * add - wanted", "value + add - wanted")}


@wrong("q4", hint="the reading head waits at slot 0 until the mark is past")
def reads_on_during_the_input(answers):
    return {"q4": swap(answers["q4"], "t > L + 1", "t >= 1")}


@wrong("q4", hint="a head moves before it writes: the first vector goes to slot 0, where it stands")
def moves_before_the_first_vector(answers):
    return {"q4": swap(answers["q4"], "(t >= 1) & (t < L)", "t < L")}


@wrong("q4", hint="after the mark the inputs are noise: writing must stop")
def goes_on_writing(answers):
    return {"q4": swap(answers["q4"], "(t < L).astype(float)", "np.ones(T)")}


@wrong("q4", hint="the memory holds noise: erase a slot before you add to it")
def does_not_erase(answers):
    return {"q4": swap(answers["q4"], '"erase": writing', '"erase": 0 * writing')}


@wrong("q4", hint="one step too late: the first answer is read where the head has waited")
def skips_the_first_slot(answers):
    return {"q4": swap(answers["q4"], "t > L + 1", "t > L")}


@wrong("q5", hint="gradients add up: set them to zero before each backward pass")
def never_zeroes_the_gradients(answers):
    return {"q5": swap(answers["q5"], "        optimiser.zero_grad()\n", "")}


@wrong("q5", hint="only the answers that the mask marks count")
def counts_every_step(answers):
    return {"q5": swap(answers["q5"], "(y[mask], target[mask])", "(y, target)")}


@wrong("q5", hint="after the backward pass, the joint norm of all gradients is clipped to 10")
def does_not_clip(answers):
    line = "        nn.utils.clip_grad_norm_(machine.parameters(), 10.0)\n"
    return {"q5": swap(answers["q5"], line, "")}


@wrong("q5", hint="after the backward pass, the joint norm of all gradients is clipped to 10")
def clips_before_the_backward_pass(answers):
    line = "        nn.utils.clip_grad_norm_(machine.parameters(), 10.0)\n"
    source = swap(answers["q5"], line, "")
    return {"q5": swap(source, "        loss.backward()\n", line + "        loss.backward()\n")}


@wrong("q5", hint="start with `slots` slots: the memory of the test is larger")
def ignores_the_slots(answers):
    return {
        "q5": swap(
            answers["q5"], "y = machine(x, slots)\n    return", "y = machine(x, 5)\n    return"
        )
    }


@wrong("q5", hint="y are logits: one half is at 0")
def compares_logits_with_a_half(answers):
    return {"q5": swap(answers["q5"], "(y > 0)", "(y > 0.5)")}


@right
def moves_by_indices(answers):
    old = "sum(s[:, j, None] * np.roll(w_g, j - 1, axis=1) for j in range(3))"
    new = (
        "sum(s[:, j, None] * w_g[:, (np.arange(w_g.shape[1]) - j + 1) % w_g.shape[1]] "
        "for j in range(3))"
    )
    return {"q2": swap(answers["q2"], old, new)}


@right
def another_program_with_the_same_result(answers):
    source = swap(answers["q4"], "(t > L + 1)", "((t >= 1) & (t != L + 1))")
    source = swap(source, "np.where(((t >= 1) & (t != L + 1))[:, None], on, stay)", "walk(L, N)")
    walk = (
        "def walk(L, N):\n"
        "    s = np.zeros((2 * L + 1, 3))\n"
        "    s[:, 1] = 1  # wait, go on, and come back while nothing is read that counts\n"
        "    s[1], s[2] = [0, 0, 1], [1, 0, 0]\n"
        "    s[L + 2 :] = [0, 0, 1]\n"
        "    return s\n\n\n"
    )
    return {"q4": source.replace("def program", walk + "def program")}
