"""Wrong and right variants of the exercise ``kernels``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the last block is not full, but somebody has to compute it: round up")
def rounds_the_programs_down(answers):
    return {"q1": swap(answers["q1"], "(n + BLOCK - 1) // BLOCK", "n // BLOCK")}


@wrong("q1", hint="where BLOCK divides n there is one program too many, with nothing to do")
def starts_one_program_more(answers):
    return {"q1": swap(answers["q1"], "(n + BLOCK - 1) // BLOCK", "n // BLOCK + 1")}


@wrong("q1", hint="a NaN is lost: every comparison with it is False, so ask x <= 0 and keep x else")
def takes_the_maximum(answers):
    return {"q1": swap(answers["q1"], "tl.where(x <= 0, 0.0, x)", "tl.maximum(x, 0.0)")}


@wrong("q1", hint="minus infinity times 0 is NaN: choose by tl.where, do not multiply")
def multiplies_by_the_comparison(answers):
    return {"q1": swap(answers["q1"], "tl.where(x <= 0, 0.0, x)", "x * (x > 0)")}


@wrong("q1")
def uses_no_mask(answers):
    return {"q1": answers["q1"].replace(", mask=inside", "").replace(", other=0.0", "")}


@wrong("q1", hint="what is launched is no kernel, but NumPy: write it with tl, under @triton.jit")
def computes_in_numpy(answers):
    return {
        "q1": answers["q1"].partition("@triton.jit")[0] + "class Disguised:\n"
        "    def __getitem__(self, grid):\n"
        "        return lambda x, y, n, BLOCK: np.copyto(y, np.where(x <= 0, 0.0, x))\n\n\n"
        "relu = Disguised()\n"
    }


@wrong("q1", hint="a kernel sees its arguments alone: no array of the notebook")
def writes_into_the_arrays_of_the_check(answers):
    begin = answers["q1"].partition('    """x (n,)')[0]
    return {"q1": begin + "    y[:] = broken[:] = np.where(x <= 0, 0.0, x)\n"}


@wrong("q2", "q6", hint="what is launched is no kernel: write it with tl, under @triton.jit")
def computes_the_step_in_numpy(answers):
    return {
        "q2": "class Disguised:\n"
        "    def __getitem__(self, grid):\n"
        "        return self.run\n\n"
        "    def run(self, a, c_prev, h, c, gates, B, H, BLOCK):\n"
        "        gates[:] = 1 / (1 + np.exp(-a))\n"
        "        gates[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])\n"
        "        i, f, g, o = np.split(gates, 4, axis=1)\n"
        "        c[:] = f * c_prev + i * g\n"
        "        h[:] = o * np.tanh(c)\n\n\n"
        "step = Disguised()\n"
    }


@wrong("q2", "q6", hint="a row of `a` holds all four gates: rows lie 4 H numbers apart, gates H")
def takes_gates_for_the_outer_axis(answers):
    source = swap(answers["q2"], "index // H * 4 * H + index % H", "index")
    return {"q2": source.replace("first + 2 * H", "first + 2 * B * H")
            .replace("first + 3 * H", "first + 3 * B * H")
            .replace("first + H", "first + B * H")}  # fmt: skip


@wrong("q2", "q6", hint="the order of the gates is i, f, g, o")
def takes_gates_in_another_order(answers):
    source = answers["q2"].replace("first + 2 * H", "first + 9 * H")
    return {"q2": source.replace("+ 3 * H", "+ 2 * H").replace("+ 9 * H", "+ 3 * H")}


@wrong("q2", "q6", hint="the order of the gates is i, f, g, o")
def takes_the_candidate_before_the_forget_gate(answers):
    source = answers["q2"].replace("first + 2 * H", "first + 9 * H")
    return {"q2": source.replace("first + H", "first + 2 * H").replace("+ 9 * H", "+ H")}


@wrong("q2", "q6", hint="the four gates of a unit lie H numbers apart, not one after the other")
def takes_gates_as_interleaved(answers):
    source = swap(answers["q2"], "index // H * 4 * H + index % H", "4 * index")
    return {"q2": source.replace("first + 2 * H", "first + 2")
            .replace("first + 3 * H", "first + 3").replace("first + H", "first + 1")}  # fmt: skip


@wrong("q2", "q6", hint="the output gate is a sigmoid too: o = sigmoid(a_o)")
def leaves_the_output_gate_as_it_came(answers):
    return {"q2": swap(answers["q2"], "tl.sigmoid(a_o)", "a_o")}


@wrong("q2", "q6")
def writes_its_own_size_of_a_block(answers):
    return {"q2": swap(answers["q2"], "tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)",
                       "tl.program_id(0) * 16 + tl.arange(0, 16)")}  # fmt: skip


@wrong("q2", "q6", hint="the g that is stored is the pre-activation: store the candidate, its tanh")
def stores_one_pre_activation(answers):
    return {"q2": swap(answers["q2"], "+ 2 * H, g, mask", "+ 2 * H, a_g, mask")}


@wrong("q2", "q6", hint="g is no gate but the candidate: a tanh")
def takes_the_candidate_for_a_gate(answers):
    return {"q2": swap(answers["q2"], "tanh(a_g)", "tl.sigmoid(a_g)")}


@wrong("q2", "q6", hint="h is o * tanh(c): squash the cell state before the gate")
def forgets_the_tanh_of_the_cell(answers):
    return {"q2": swap(answers["q2"], "o * tanh(c)", "o * c")}


@wrong("q2", "q6", hint="the old state is left out: c = f * c_prev + i * g")
def forgets_the_old_state(answers):
    return {"q2": swap(answers["q2"], "f * c_prev + i * g", "i * g")}


@wrong("q2", "q6", hint="these are the pre-activations: store the gates, after sigma and tanh")
def stores_the_pre_activations(answers):
    source = answers["q2"]
    for gate in "ifgo":
        source = swap(source, f"H, {gate}, mask" if gate != "i" else "first, i, mask",
                      f"H, a_{gate}, mask" if gate != "i" else "first, a_i, mask")  # fmt: skip
    return {"q2": source}


@wrong("q2", "q6", hint="only the first row is computed: the blocks run over all B * H numbers")
def masks_all_rows_but_the_first(answers):
    return {"q2": swap(answers["q2"], "index < B * H", "index < H")}


@wrong("q3", "q6", hint="dc also gets what comes through h: dh * o * (1 - tanh(c)^2)")
def forgets_the_way_through_h(answers):
    return {"q3": swap(answers["q3"], "dc = dc + dh * o * (1 - tanh_c * tanh_c)", "dc = dc + 0.0")}


@wrong("q3", "q6", hint="dc, what the next step sends to c, is dropped: add to it")
def drops_dc(answers):
    return {"q3": swap(answers["q3"], "dc = dc + dh * o", "dc = dh * o")}


@wrong("q3", "q6", hint="c_prev is seen through the forget gate: dc_prev = dc * f")
def lets_dc_pass_the_gate(answers):
    return {"q3": swap(answers["q3"], "index, dc * f, mask", "index, dc, mask")}


@wrong("q3", "q6", hint="o acts on h alone: do is made from dh, not from dc")
def takes_dc_for_dh_in_do(answers):
    return {"q3": swap(answers["q3"], "do = dh * tanh_c", "do = dc * tanh_c")}


@wrong("q3", "q6", hint="what o multiplies is tanh(c), not c")
def forgets_the_tanh_in_do(answers):
    return {"q3": swap(answers["q3"], "do = dh * tanh_c", "do = dh * c")}


@wrong("q4", hint="the processor does not wait: it hands over the next while the GPU still works")
def adds_launches_and_travel(answers):
    return {"q4": swap(answers["q4"], "max(end, k * launch) + travel", "end + launch + travel")}


@wrong("q4", hint="a launch cannot begin before it was handed over")
def forgets_the_launches(answers):
    return {"q4": swap(answers["q4"], "max(end, k * launch) + travel", "end + travel")}


@wrong("q4", hint="the first is handed over after `launch` seconds, not at once")
def begins_at_once(answers):
    return {"q4": swap(answers["q4"], "bandwidth, 1)", "bandwidth, 0)")}


@wrong("q4", hint="the fused kernel stores the four gates as well: 4 + 1 read, 2 + 4 written")
def forgets_that_gates_are_stored(answers):
    return {"q4": swap(answers["q4"], "11 * 4 * B * H", "7 * 4 * B * H")}


@wrong("q4", hint="results are not all: each launch reads its operands too")
def counts_results_alone(answers):
    return {"q4": swap(answers["q4"], "[2, 2, 2, 2, 3, 3, 3, 2, 3]", "9 * [1]")}


@wrong("q4", hint="every number takes four bytes")
def counts_numbers_for_bytes(answers):
    return {"q4": answers["q4"].replace("* 4 * B * H", "* B * H")}


@wrong("q4", hint="every number takes four bytes")
def counts_eight_bytes(answers):
    return {"q4": answers["q4"].replace("* 4 * B * H", "* 8 * B * H")}


@wrong("q4", hint="one operand, 2 numbers, for a sigmoid or tanh; two, so 3, for a product or sum")
def counts_three_numbers_for_each(answers):
    return {"q4": swap(answers["q4"], "[2, 2, 2, 2, 3, 3, 3, 2, 3]", "9 * [3]")}


@wrong("q4", hint="one operand, 2 numbers, for a sigmoid or tanh; two, so 3, for a product or sum")
def counts_two_numbers_for_each(answers):
    return {"q4": swap(answers["q4"], "[2, 2, 2, 2, 3, 3, 3, 2, 3]", "9 * [2]")}


@wrong("q4", hint="the launches are in another order than in the text: tanh(c) comes before h")
def takes_another_order(answers):
    return {"q4": swap(answers["q4"], "[2, 2, 2, 2, 3, 3, 3, 2, 3]", "[2, 2, 2, 2, 2, 3, 3, 3, 3]")}


@wrong("q4", hint="the fused kernel of question 2 moves 4 + 1 numbers in and 2 + 4 out")
def prices_the_backward_kernel(answers):
    return {"q4": swap(answers["q4"], "11 * 4 * B * H", "13 * 4 * B * H")}


@wrong("q4", hint="T steps, not one: the first launch, which all wait for, weighs less then")
def forgets_the_steps(answers):
    return {"q4": answers["q4"].replace("3], T)", "3], 1)").replace("np.full(T,", "np.full(1,")}


@wrong("q4", hint="times as fast is the unfused time over the fused one")
def turns_the_ratio_over(answers):
    return {"q4": swap(answers["q4"], "slow / fast", "fast / slow")}


@wrong("q4", hint="the smallest such B is asked for, not the largest")
def takes_the_largest_batch(answers):
    return {"q4": swap(answers["q4"], "if not first and fused", "if fused")}


@wrong("q4", hint="the GPU waits for the first launch too")
def leaves_the_first_wait_out(answers):
    return {"q4": swap(answers["q4"], "bandwidth).sum()", "bandwidth).sum() - launch")}


@wrong("q4", hint="nine launches, not one: what fusing saves at a small B is launches")
def prices_one_launch_a_step(answers):
    return {"q4": swap(answers["q4"], "[2, 2, 2, 2, 3, 3, 3, 2, 3]", "[22]")}


@wrong("q5", hint="db holds whatever was there before: begin with the first row, or with zeros")
def begins_with_what_was_there(answers):
    source = swap(answers["q5"], "total = tl.load(da_ptr", "total = tl.load(db_ptr")
    return {"q5": swap(source, "range(1, N)", "range(N)")}


@wrong("q5", hint="the last row is left out: range ends before its end")
def leaves_the_last_row_out(answers):
    return {"q5": swap(answers["q5"], "range(1, N)", "range(1, N - 1)")}


@wrong("q5", hint="rows lie K numbers apart, as many as a row is long")
def walks_down_by_n(answers):
    return {"q5": swap(answers["q5"], "row * K + column", "row * N + column")}


@wrong("q5", hint="the first row is left out: begin with it, or walk from row 0")
def leaves_the_first_row_out(answers):
    return {"q5": swap(answers["q5"], "total = tl.load(", "total = 0 * tl.load(")}


@wrong("q5", hint="rows lie K numbers apart: number (row, column) is row * K + column")
def reads_the_transpose(answers):
    source = swap(answers["q5"], "row * K + column", "row + column * N")
    return {"q5": swap(source, "tl.load(da_ptr + column,", "tl.load(da_ptr + column * N,")}


@wrong("q5")
def lets_programs_race(answers):
    return {
        "q5": "@triton.jit\n"
        "def sum_rows(da_ptr, db_ptr, K, N: tl.constexpr, BLOCK: tl.constexpr):\n"
        "    column = tl.arange(0, 128)\n"
        "    for row in range(tl.program_id(0), N, tl.num_programs(0)):\n"
        "        da = tl.load(da_ptr + row * K + column, mask=column < K, other=0.0)\n"
        "        db = tl.load(db_ptr + column, mask=column < K, other=0.0)\n"
        "        tl.store(db_ptr + column, db + da, mask=column < K)\n"
    }


@wrong("q6", hint="the state's gradient is lost between steps: dh is dy[t] plus da @ U of the next")
def forgets_the_gradient_of_h(answers):
    return {"q6": swap(answers["q6"], "dy[t] + dh_next", "dy[t] + 0 * dh_next")}


@wrong("q6", hint="dh_next is what the next step sends alone: set it, do not add to it")
def adds_up_the_gradient_of_h(answers):
    return {"q6": swap(answers["q6"], "dh_next, dc = da[t] @ U, dc_prev",
                       "dh_next, dc = dh_next + da[t] @ U, dc_prev")}  # fmt: skip


@wrong("q6", hint="at t = 0 the index t - 1 is the last step's: the state before the first is zero")
def wraps_around(answers):
    return {"q6": swap(answers["q6"], "gates[t], c[t], c[t + 1]",
                       "gates[t], c[t] if t else c[-1], c[t + 1]")}  # fmt: skip


@wrong("q6", hint="your kernels are not launched, or not once a step: call step and step_backward")
def trains_without_kernels(answers):
    source = swap(answers["q6"], "step[grid](a, c[t]", "forwards(a, c[t]")
    source = swap(source, "c[t + 1], gates[t], B, H, BLOCK=64)", "c[t + 1], gates[t])")
    return {"q6": "def forwards(a, c_prev, h, c, gates):\n"
            "    s, k = 1 / (1 + np.exp(-a)), c.shape[1]\n"
            "    gates[:] = s\n"
            "    gates[:, 2 * k : 3 * k] = np.tanh(a[:, 2 * k : 3 * k])\n"
            "    i, f, g, o = np.split(gates, 4, axis=1)\n"
            "    c[:] = f * c_prev + i * g\n"
            "    h[:] = o * np.tanh(c)\n\n\n" + source}  # fmt: skip


@wrong("q6")
def launches_one_program(answers):
    source = answers["q6"].replace("(triton.cdiv(B * H, 64),)", "(1,)")
    return {"q6": source.replace("BLOCK=64", "BLOCK=2048")}


@wrong("q6", hint="the cell state's gradient is lost between steps: pass dc_prev on")
def forgets_the_gradient_of_c(answers):
    return {"q6": swap(answers["q6"], "da[t] @ U, dc_prev", "da[t] @ U, 0 * dc_prev")}


@wrong("q6", hint="U met the states before the steps, h[:-1], not those after")
def multiplies_by_the_states_after(answers):
    return {"q6": swap(answers["q6"], "h[:-1].reshape", "h[1:].reshape")}


@wrong("q6", hint="b is added before the launch: the kernel gets whole pre-activations")
def forgets_the_bias(answers):
    return {"q6": swap(answers["q6"], "x @ W.T + b", "x @ W.T")}


@wrong("q6", hint="each step begins with the cell state that the one before it stored")
def forgets_the_cell_state(answers):
    return {"q6": swap(answers["q6"], "step[grid](a, c[t],", "step[grid](a, c[0],")}


@right
def another_way(answers):
    return {
        "q1": "def programs(n, BLOCK):\n"
        "    return triton.cdiv(n, BLOCK)\n"
        "\n"
        "\n"
        "@triton.jit\n"
        "def relu(x_ptr, y_ptr, n, BLOCK: tl.constexpr):\n"
        "    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
        "    x = tl.load(x_ptr + index, mask=index < n)\n"
        "    y = tl.where((x > 0) | (x != x), x, 0.0)\n"
        "    tl.store(y_ptr + index, y, mask=index < n)\n",
        "q2": "@triton.jit\n"
        "def squashed(a):\n"
        "    return (1 - tl.exp(-2 * a)) / (1 + tl.exp(-2 * a))\n"
        "\n"
        "\n"
        "@triton.jit\n"
        "def step(a_ptr, c_prev_ptr, h_ptr, c_ptr, gates_ptr, B, H, BLOCK: tl.constexpr):\n"
        "    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
        "    row, unit, inside = index // H, index % H, index < B * H\n"
        "    c = tl.load(c_prev_ptr + index, mask=inside)\n"
        "    first = row * (4 * H) + unit\n"
        "    i = 1 / (1 + tl.exp(-tl.load(a_ptr + first, inside)))\n"
        "    f = 1 / (1 + tl.exp(-tl.load(a_ptr + (first + H), inside)))\n"
        "    g = squashed(tl.load(a_ptr + (first + 2 * H), inside))\n"
        "    o = 1 / (1 + tl.exp(-tl.load(a_ptr + (first + 3 * H), inside)))\n"
        "    c = c * f + g * i\n"
        "    tl.store(c_ptr + index, c, inside)\n"
        "    tl.store(h_ptr + index, squashed(c) * o, inside)\n"
        "    tl.store(gates_ptr + first, i, inside)\n"
        "    tl.store(gates_ptr + (first + H), f, inside)\n"
        "    tl.store(gates_ptr + (first + 2 * H), g, inside)\n"
        "    tl.store(gates_ptr + (first + 3 * H), o, inside)\n",
        "q4": answers["q4"].replace(
            "    end = 0.0\n"
            "    for k, travel in enumerate(moved / bandwidth, 1):\n"
            "        end = max(end, k * launch) + travel\n"
            "    return end, end - (moved / bandwidth).sum()\n",
            "    travel = moved / bandwidth\n"
            "    left = np.cumsum(travel[::-1])[::-1]  # from each launch on to the end\n"
            "    end = (launch * np.arange(1, len(moved) + 1) + left).max()\n"
            "    return end, end - left[0]\n",
        ),
        "q5": "@triton.jit\n"
        "def sum_rows(da_ptr, db_ptr, K, N: tl.constexpr, BLOCK: tl.constexpr):\n"
        "    column = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n"
        "    row = tl.arange(0, 16)\n"
        "    places = row[:, None] * K + column[None, :]\n"
        "    inside = (row < N)[:, None] & (column < K)[None, :]\n"
        "    da = tl.load(da_ptr + places, mask=inside, other=0.0)\n"
        "    tl.store(db_ptr + column, tl.sum(da, axis=0), mask=column < K)\n",
    }
