"""Both GRUs, tuned: reset after the matrix (``gru``) and before it (``gru_2014``).

Blocks of a step (see ``lstm``): forward r, z, then what r multiplies and n (``gru``), or n and r·h
(``gru_2014``); backward keep, n, z, r, reset, of which the first three are multiplied by dh.
"""

import numpy as np

from course_utils.numpy_nn.fast.kernel import Columns, Kernel
from course_utils.numpy_nn.fast.products import Product

GRU_KEYS = ("gru", "gru_2014")


class GRUKernel(Kernel):
    """h = (1 - z) n + z h_prev; gates r, z, n in PyTorch's order."""

    gates = (0, 1, 2)
    halved = (0, 1)
    slots = 5

    def __init__(self, spec, T, B, D, H, dtype):
        self.after = spec.key == "gru"
        self.da = slice(1, 5 if self.after else 4)  # n, z, r and, times r, n again
        super().__init__(spec, T, B, D, H, dtype)
        self.Z = self.new(T, 4 * H, B)
        self.n = self.block(self.Z, 3 if self.after else 2)
        self.dreset, self.bias_n = self.new(H, B), self.new(H, B)
        self.reset = None if self.after else Columns(H, self.span, B, self.new)
        self.rows_x = self.new(3 * H, D)  # the weights as the gradients lie: n, z, r
        self.rows_h = self.new(3 * H, H)  # z, r, n
        self.sums["h"] = self.new(3 * H, H)
        self.forth_rz, self.forth_n = Product(2 * H, H, B), Product(H, H, B)
        self.ones = np.ones(self.span * B, dtype)
        self.sum_n = np.zeros(H, dtype)

    # -- forward -----------------------------------------------------------------------------------

    def bias(self, params):
        bias = params["bias_ih"] + params["bias_hh"]
        if self.after:  # that of n stands inside the reset
            bias[2 * self.H :] = params["bias_ih"][2 * self.H :]
        return bias

    def load(self, params, state):
        self.bias_n[...] = params["bias_hh"][2 * self.H :, None]

    def view(self, t, x_t):
        """What one step reads and writes."""
        z, H = self.Z[t], self.H
        blocks = [self.block(z, k) for k in range(4)]
        n = blocks[3] if self.after else self.forth_n.cut(blocks[2])
        sums = self.forth.cut(z[: 3 * H]) if self.after else self.forth_rz.cut(z[: 2 * H])
        return (self.h[t], sums, z[: 2 * H], x_t[: 2 * H], x_t[2 * H :],
                *blocks, n, self.h[t + 1])  # fmt: skip

    def forward_chunk(self, first, end):
        add, mul, tanh, sub, half = np.add, np.multiply, np.tanh, np.subtract, self.half
        after, weight, bias_n, rows = self.after, self.weight_h, self.bias_n, 2 * self.H
        forth = self.forth if after else self.forth_rz
        weight_rz = forth.cut(weight if after else weight[:rows])
        weight_n = self.forth_n.cut(weight[rows:])
        dot, dot_n = forth.multiply, self.forth_n.multiply
        views = self.forward_views[first:end]
        for h_prev, sums, rz, x_rz, x_n, r, z, third, fourth, sum_n, h in views:
            dot(weight_rz, h_prev, out=sums)
            add(rz, x_rz, out=rz)
            tanh(rz, out=rz)
            mul(rz, half, out=rz)
            add(rz, half, out=rz)
            if after:
                n = fourth
                add(third, bias_n, out=third)
                mul(r, third, out=n)
            else:
                n = third
                mul(r, h_prev, out=fourth)
                dot_n(weight_n, fourth, out=sum_n)
            add(n, x_n, out=n)
            tanh(n, out=n)
            sub(h_prev, n, out=h)
            mul(h, z, out=h)
            add(h, n, out=h)

    # -- backward ----------------------------------------------------------------------------------

    def load_backward(self, params, dstate):
        H = self.H
        self.sum_n[...] = 0
        for out, name, order in (
            (self.rows_x, "weight_ih", (2, 1, 0)),
            (self.rows_h, "weight_hh", (1, 0, 2)),
        ):
            for place, k in enumerate(order):
                np.copyto(out[place * H : (place + 1) * H], params[name][k * H : (k + 1) * H])
        self.weight_dx = self.rows_x
        gated = self.rows_h if self.after else self.rows_h[: 2 * H]
        self.back, self.weight_back = self.turned(gated, "gates")
        if not self.after:
            self.back_n, self.weight_back_n = self.turned(self.rows_h[2 * H :], "n")

    def view_back(self, d, dy):
        """As ``view``, for the backward pass."""
        parts = d.reshape(5, self.H, self.B)
        through = self.block(d, 2, 4) if self.after else self.block(d, 2, 3)
        return dy, parts[:3], parts[0], parts[1], parts[3:], parts[4], through

    def slopes(self, first, end):
        """What dh (keep, n, z) and then dn or d(r h) (r, reset) are multiplied by, into ``d``."""
        keep, dn, dz, dr, reset = (self.block(self.d[: end - first], k) for k in range(5))
        Z, h_prev, n = self.Z[first:end], self.h[first:end], self.n[first:end]
        r, z = self.block(Z, 0), self.block(Z, 1)
        sub, mul, one = np.subtract, np.multiply, self.one
        sub(one, z, out=keep)  # for the moment
        mul(n, n, out=dn)
        sub(one, dn, out=dn)
        mul(dn, keep, out=dn)
        sub(h_prev, n, out=dz)
        mul(dz, z, out=dz)
        mul(dz, keep, out=dz)
        np.copyto(keep, z)
        sub(one, r, out=dr)
        mul(dr, r, out=dr)
        mul(dr, self.block(Z, 2) if self.after else h_prev, out=dr)
        np.copyto(reset, r)

    def backward_chunk(self, first, end):
        add, mul = np.add, np.multiply
        after, dh, dreset, back = self.after, self.dh, self.dreset, self.weight_back
        dot, product = self.back.multiply, self.back.cut(dh)
        if not after:
            dot_n, back_n = self.back_n.multiply, self.weight_back_n
            product_n = self.back_n.cut(dreset)
        views = reversed(self.backward_views[: end - first])
        for dy, outward, keep, dn, gated, reset, through in views:
            add(dh, dy, out=dh)
            mul(outward, dh, out=outward)
            if after:
                mul(gated, dn, out=gated)
            else:
                dot_n(back_n, dn, out=product_n)
                mul(gated, dreset, out=gated)
            dot(back, through, out=product)
            add(dh, keep, out=dh)
            if not after:
                add(dh, reset, out=dh)

    def multiply(self, first, end):
        H, n = self.H, end - first
        da, x = self.all_da.matrix(n), self.x[first * self.B : end * self.B]
        h = self.flat(self.h, self.all_h, first, end).T
        np.dot(da[: 3 * H].T, self.weight_dx, out=self.dx[first * self.B : end * self.B])
        self.add_product("x", da[: 3 * H], x, end)  # n, z, r
        if self.after:
            self.add_product("h", da[H:], h, end)  # z, r, n
            self.sum_n += np.dot(da[3 * H :], self.ones[: n * self.B])
        else:
            self.add_product("h", da[H:], h, end, slice(0, 2 * H))
            reset = self.flat(self.block(self.Z, 3), self.reset, first, end).T
            self.add_product("h", da[:H], reset, end, slice(2 * H, 3 * H))

    def gather(self):
        H, grads = self.H, self.grads
        self.restore(self.sums["x"][:, : self.D], grads["weight_ih"], (2, 1, 0))
        self.restore(self.sums["x"][:, self.D], grads["bias_ih"], (2, 1, 0))
        self.restore(self.sums["h"], grads["weight_hh"], (1, 0, 2))
        np.copyto(grads["bias_hh"], grads["bias_ih"])
        if self.after:
            grads["bias_hh"][2 * H :] = self.sum_n

    def restore(self, made, out, order):
        """made (3H, ·), its gates in this order, to the spec's."""
        H = self.H
        for place, k in enumerate(order):
            np.copyto(out[k * H : (k + 1) * H], made[place * H : (place + 1) * H])
