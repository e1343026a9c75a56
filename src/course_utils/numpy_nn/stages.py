"""One LSTM forward pass in five stages: the same numbers, each time with less in the way.

Every function takes the parameters of ``init_params("lstm", …)``, x (T, B, D) and the states h, c
(B, H) before the first step, and returns y (T, B, H), h, c.  `STAGES` has them in order.
"""

import numpy as np

from course_utils.numpy_nn.ops import sigmoid, split


def loop(params, x, h, c):
    """As the equations are printed."""
    W, U, b = by_gate(params)
    W_i, W_f, W_g, W_o = W
    U_i, U_f, U_g, U_o = U
    b_i, b_f, b_g, b_o = b
    y = np.empty((len(x), *h.shape), h.dtype)
    for t, x_t in enumerate(x):
        i = sigmoid(x_t @ W_i.T + h @ U_i.T + b_i)
        f = sigmoid(x_t @ W_f.T + h @ U_f.T + b_f)
        g = np.tanh(x_t @ W_g.T + h @ U_g.T + b_g)
        o = sigmoid(x_t @ W_o.T + h @ U_o.T + b_o)
        c = f * c + i * g
        h = o * np.tanh(c)
        y[t] = h
    return y, h, c


def hoisted(params, x, h, c):
    """The input's products, which wait for nobody, for all steps at once."""
    W, (U_i, U_f, U_g, U_o), b = by_gate(params)
    from_x = (x @ W_k.T + b_k for W_k, b_k in zip(W, b, strict=True))  # four of (T, B, H)
    y = np.empty((len(x), *h.shape), h.dtype)
    for t, (x_i, x_f, x_g, x_o) in enumerate(zip(*from_x, strict=True)):
        i = sigmoid(x_i + h @ U_i.T)
        f = sigmoid(x_f + h @ U_f.T)
        g = np.tanh(x_g + h @ U_g.T)
        o = sigmoid(x_o + h @ U_o.T)
        c = f * c + i * g
        h = o * np.tanh(c)
        y[t] = h
    return y, h, c


def stacked(params, x, h, c):
    """One product for all gates: the four matrices are one on top of the other."""
    W, U, b = params["weight_ih"], params["weight_hh"], params["bias_ih"] + params["bias_hh"]
    from_x = flat(x) @ W.T + b  # (T·B, 4H)
    y = np.empty((len(x), *h.shape), h.dtype)
    for t, a_x in enumerate(from_x.reshape(*x.shape[:2], len(b))):
        a_i, a_f, a_g, a_o = split(a_x + h @ U.T, 4)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c = f * c + i * g
        h = o * np.tanh(c)
        y[t] = h
    return y, h, c


def in_place(params, x, h, c):
    """One tanh for all gates, and no new array inside the loop."""
    W, U, b, half = fused(params)
    (T, B, _), H = x.shape, h.shape[1]
    a = (flat(x) @ W.T + b).reshape(T, B, 4 * H)
    y, c, U_T = np.empty_like(a[..., :H]), c.copy(), U.T
    from_h, kept = np.empty_like(a, shape=a.shape[1:]), np.empty_like(c)
    for t in range(T):
        np.dot(h, U_T, out=from_h)
        gates = np.add(a[t], from_h, out=a[t])
        np.tanh(gates, out=gates)
        three = gates[:, : 3 * H]  # i, f, o
        np.multiply(three, half, out=three)
        np.add(three, half, out=three)
        i, f, o, g = (gates[:, k * H : (k + 1) * H] for k in range(4))
        np.multiply(f, c, out=c)
        np.multiply(i, g, out=kept)
        np.add(c, kept, out=c)
        np.tanh(c, out=kept)
        h = np.multiply(o, kept, out=y[t])
    return y, h, c


def columns(params, x, h, c):
    """The same with one column a sequence: a gate is a block of rows, contiguous in memory."""
    W, U, b, half = fused(params)
    (T, B, _), H = x.shape, h.shape[1]
    a = (flat(x) @ W.T + b).reshape(T, B, 4 * H).transpose(0, 2, 1).copy()  # (T, 4H, B)
    y, h, c = np.empty_like(a[:, :H]), h.T.copy(), c.T.copy()
    from_h, kept = np.empty_like(a, shape=a.shape[1:]), np.empty_like(c)
    for t in range(T):
        np.dot(U, h, out=from_h)
        gates = np.add(a[t], from_h, out=a[t])
        np.tanh(gates, out=gates)
        three = gates[: 3 * H]  # i, f, o
        np.multiply(three, half, out=three)
        np.add(three, half, out=three)
        i, f, o, g = (gates[k * H : (k + 1) * H] for k in range(4))
        np.multiply(f, c, out=c)
        np.multiply(i, g, out=kept)
        np.add(c, kept, out=c)
        np.tanh(c, out=kept)
        h = np.multiply(o, kept, out=y[t])
    return y.transpose(0, 2, 1), h.T, c.T


STAGES = {
    "loop": loop,
    "hoisted": hoisted,
    "stacked": stacked,
    "in_place": in_place,
    "columns": columns,
}


def by_gate(params):
    """Four W (H, D), four U (H, H), four b (H,), in the order i, f, g, o."""
    b = params["bias_ih"] + params["bias_hh"]
    return tuple(np.split(p, 4) for p in (params["weight_ih"], params["weight_hh"], b))


def fused(params):
    """W, U, b with the gates in the order i, f, o, g, and 1/2 in their type.

    sigmoid(a) = 1/2 + 1/2 tanh(a/2): with the rows of i, f and o halved, one tanh serves all four.
    """
    b = params["bias_ih"] + params["bias_hh"]
    half = b.dtype.type(0.5)
    arrays = []
    for p in (params["weight_ih"], params["weight_hh"], b):
        i, f, g, o = np.split(p, 4)
        arrays.append(np.concatenate([half * i, half * f, half * o, g]))
    return *arrays, half


def flat(x):
    """(T, B, D) -> (T·B, D), a view."""
    return x.reshape(-1, x.shape[-1])
