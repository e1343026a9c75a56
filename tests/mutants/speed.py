"""Wrong and right variants of the exercise ``speed``; see course_utils.grading.mutate."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="an addition counts too: a multiply-add is two operations")
def counts_multiplications_only(answers):
    return {"q1": swap(answers["q1"], "2 * T * B * 4 * H", "T * B * 4 * H")}


@wrong("q1", hint="the inputs' products are one call in all, not one a gate")
def leaves_four_products_for_the_inputs(answers):
    return {"q1": swap(answers["q1"], "T + 1", "T + 4")}


@wrong("q1", hint="U is read anew at every step")
def reads_u_once(answers):
    return {"q1": swap(answers["q1"], "4 * T * 4 * H * H", "4 * 4 * H * H")}


@wrong("q1", hint="every number of U takes four bytes")
def counts_numbers_for_bytes(answers):
    return {"q1": swap(answers["q1"], "4 * T * 4 * H * H", "T * 4 * H * H")}


@wrong("q2", hint="the numbers may be right, but the products of the inputs are still in the loop")
def hands_in_the_slow_one(answers):
    return {"q2": "def stacked(W, U, b, x, h, c):\n    return naive(W, U, b, x, h, c)\n"}


@wrong("q2", hint="stacked, but x_t @ W.T is still made at every step")
def does_not_hoist(answers):
    source = swap(answers["q2"], "for from_x in x @ W.T + b:", "for x_t in x:")
    return {"q2": swap(source, "from_x + h @ U.T", "x_t @ W.T + b + h @ U.T")}


@wrong("q2", hint="one product a step of [x, h] with [W, U]: the inputs' share can leave the loop")
def joins_input_and_state(answers):
    source = swap(answers["q2"], "for from_x in x @ W.T + b:",
                  "WU = np.concatenate([W, U], axis=1)\n    for x_t in x:")  # fmt: skip
    joined = "np.concatenate([x_t, h], axis=1) @ WU.T + b"
    return {"q2": swap(source, "from_x + h @ U.T", joined)}


@wrong("q2", hint="the order of the gates is i, f, g, o")
def takes_gates_in_another_order(answers):
    return {"q2": swap(answers["q2"], "a_i, a_f, a_g, a_o =", "a_i, a_f, a_o, a_g =")}


@wrong("q2", hint="right numbers from products that were not counted: compute with what you get")
def computes_where_nobody_counts(answers):
    return {
        "q2": "def stacked(W, U, b, x, h, c):\n"
        "    state = h\n"
        "    x @ W.T\n"
        "    for _ in x:\n"
        "        state @ U.T\n"
        "    return naive(*(np.array(v.tolist()) for v in (W, U, b, x, h, c)))\n"
    }


@wrong("q3", hint="five tanhs a step: scale the gates so that one call serves all four")
def does_not_fuse(answers):
    return {"q3": answers["q2"].replace("def stacked", "def fused")}


@wrong("q3", hint="the bias is a part of the pre-activation: halve it as well")
def forgets_to_halve_the_bias(answers):
    return {"q3": swap(answers["q3"], "scale * b", "b")}


@wrong("q3", hint="the candidate g is a plain tanh: scale 1, nothing added")
def squashes_the_candidate(answers):
    return {"q3": swap(answers["q3"], "[0.5, 0.5, 1.0, 0.5]", "[0.5, 0.5, 0.5, 0.5]")}


@wrong("q3", hint="sigma(a) is 1/2 + 1/2 tanh(a/2): the scale comes back after the tanh")
def scales_only_before(answers):
    return {"q3": swap(answers["q3"], "scale * np.tanh(", "np.tanh(")}


@wrong("q3", hint="the recurrent matrix is a part of the pre-activation: halve it as well")
def forgets_to_halve_u(answers):
    return {"q3": swap(answers["q3"], "scale[:, None] * U", "U")}


@wrong("q4", hint="the numbers are right; collect first, then multiply once")
def adds_up_step_by_step(answers):
    return {
        "q4": "def late(da, x, h_prev):\n"
        "    dW = sum(d.T @ x_t for d, x_t in zip(da, x))\n"
        "    dU = sum(d.T @ h_t for d, h_t in zip(da, h_prev))\n"
        "    return dW, dU, da.sum(axis=(0, 1))\n"
    }


@wrong("q4", hint="only one sequence: join time and batch before you multiply")
def takes_one_sequence(answers):
    return {
        "q4": "def late(da, x, h_prev):\n"
        "    d = da[:, 0]\n"
        "    return d.T @ x[:, 0], d.T @ h_prev[:, 0], d.sum(axis=0)\n"
    }


@wrong("q4", hint="transposed: dW has the shape of W, (4H, D)")
def transposes_the_gradients(answers):
    return {"q4": swap(answers["q4"], "return dW, dU,", "return dW.T, dU.T,")}


@wrong("q5", hint="whichever is longer, not both: work and travel overlap")
def adds_work_and_travel(answers):
    return {"q5": swap(answers["q5"], "np.maximum(work, travel).sum()", "(work + travel).sum()")}


@wrong("q5", hint="every call pays the fixed price")
def pays_the_price_once(answers):
    return {"q5": swap(answers["q5"], "len(flops) * call", "call")}


@wrong("q5", hint="the roof is for each call; a sum over all calls first hides who waits for what")
def sums_before_the_roof(answers):
    return {"q5": swap(answers["q5"], "np.maximum(work, travel).sum()",
                       "max(work.sum(), travel.sum())")}  # fmt: skip


@wrong("q6", hint="a fused loop makes no calls of its own: only the product's is left")
def keeps_paying_nine_calls(answers):
    return {"q6": swap(answers["q6"], "fused = product +", "fused = product + 9 * call +")}


@wrong("q6", hint="fused, each number still travels once: 21 numbers a unit")
def fuses_the_bytes_away(answers):
    return {"q6": swap(answers["q6"], "fused = product + 4 * 21 * H * B / bandwidth",
                       "fused = product")}  # fmt: skip


@wrong("q6", hint="operations run faster, not travel: a product limited by bytes gains nothing")
def speeds_up_the_whole_product(answers):
    return {"q6": swap(answers["q6"], "np.maximum(work / gain, travel)",
                       "np.maximum(work, travel) / gain")}  # fmt: skip


@wrong("q6", hint="the matrix travels once for all sequences, not once for each")
def fetches_the_matrix_for_each_sequence(answers):
    return {"q6": swap(answers["q6"], "4 * H * H + 5 * H * B", "4 * H * H * B + 5 * H * B")}


@wrong("q6", hint="asked for is the batch, not its place in the list")
def returns_the_place_in_the_list(answers):
    return {"q6": swap(answers["q6"], "int(better[0])", "int(np.log2(better[0]))")}


@right
def another_way(answers):
    return {
        "q2": "def stacked(W, U, b, x, h, c):\n"
        "    T, B, D = x.shape\n"
        "    H = h.shape[1]\n"
        "    y = np.empty((T, B, H))\n"
        "    from_x = np.dot(x.reshape(T * B, D), W.T).reshape(T, B, 4 * H)\n"
        "    for t in range(T):\n"
        "        a = from_x[t] + np.dot(h, U.T) + b\n"
        "        i, f = (1 / (1 + np.exp(-a[:, k * H : (k + 1) * H])) for k in (0, 1))\n"
        "        g = np.tanh(a[:, 2 * H : 3 * H])\n"
        "        o = 1 / (1 + np.exp(-a[:, 3 * H :]))\n"
        "        c = f * c + i * g\n"
        "        h = o * np.tanh(c)\n"
        "        y[t] = h\n"
        "    return y, h, c\n",
        "q3": "def fused(W, U, b, x, h, c):\n"
        "    H = h.shape[1]\n"
        "    W, U, b = W.copy(), U.copy(), b.copy()\n"
        "    for rows in (slice(0, 2 * H), slice(3 * H, 4 * H)):\n"
        "        for p in (W, U, b):\n"
        "            p[rows] *= 0.5\n"
        "    a = x @ W.T + b\n"
        "    y = np.zeros_like(a[..., :H])\n"
        "    for t in range(len(x)):\n"
        "        z = a[t]\n"
        "        z += np.matmul(h, U.T)\n"
        "        np.tanh(z, out=z)\n"
        "        i, f, g, o = (z[:, k * H : (k + 1) * H] for k in range(4))\n"
        "        i, f, o = (0.5 * v + 0.5 for v in (i, f, o))\n"
        "        c = f * c + i * g\n"
        "        h = y[t] = o * np.tanh(c)\n"
        "    return y, h, c\n",
        "q4": "def late(da, x, h_prev):\n"
        "    dW = np.einsum('tbg,tbd->gd', da, x)\n"
        "    dU = np.tensordot(da, h_prev, axes=([0, 1], [0, 1]))\n"
        "    return dW, dU, da.sum(axis=(0, 1))\n",
        "q6": "def worth(H, peak, bandwidth, call, gain):\n"
        "    def step(B, gain, calls, numbers):\n"
        "        product = max(2 * 4 * H * H * B / (gain * peak),\n"
        "                      (16 * H * H + 20 * H * B) / bandwidth)\n"
        "        return product + calls * call + 4 * numbers * H * B / bandwidth\n"
        "    sizes = [2**k for k in range(11)]\n"
        "    now = np.array([step(B, 1, 10, 30) for B in sizes])\n"
        "    fused = np.array([step(B, 1, 1, 21) for B in sizes])\n"
        "    packed = np.array([step(B, gain, 10, 30) for B in sizes])\n"
        "    first = [B for B, f, p in zip(sizes, fused, packed) if p < f]\n"
        "    return now / fused, now / packed, first[0] if first else 0\n",
    }
