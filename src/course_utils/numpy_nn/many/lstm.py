"""The LSTM and its relatives, K nets at a time: one kernel, its switches read off the spec."""

import numpy as np

from course_utils.numpy_nn.fast.lstm import LSTM_KEYS
from course_utils.numpy_nn.many.kernels import Kernel, add, mul, sub, tanh

__all__ = ["LSTM", "LSTM_KEYS"]


class LSTM(Kernel):
    """c = f c_prev + i g, h = o tanh(c), with each part optional as the spec says.

    The gates i and f come first in every spec, o last: z[:n] are those that see the old state.
    """

    def __init__(self, spec, K, T, B, D, H, dtype):
        self.place = {k: n for n, k in enumerate(spec.gates)}
        self.logistic = tuple(k != "g" for k in spec.gates)
        self.early = [k for k in "if" if k in self.place]
        candidate, cell, output = (spec.lines(name)[0] for name in ("g", "c", "h"))
        self.squash_g, self.squash_c = "tanh" in candidate, "tanh" in output
        self.coupled = any(f"(1 - {k})" in cell for k in self.early)
        peeping = [p.name[-1] for p in spec.params if p.name.startswith("weight_c")]
        self.inner = [k for k in self.early if k in peeping]
        self.late = "o" in peeping  # o sees the new c
        # how many gates one tanh serves, before there is a new c
        self.at_once = len(self.early) + self.squash_g
        if self.squash_g and not self.late:
            self.at_once = len(self.place)
        super().__init__(spec, K, T, B, D, H, dtype)
        self.c, self.dc = self.new(T + 1, K, H, B), self.new(K, H, B)
        # tanh(c): of its own, or h where no output gate stands between them, or c itself
        self.tanh_c = self.h[1:] if self.squash_c else self.c[1:]
        if self.squash_c and "o" in self.place:
            self.tanh_c = self.new(T, K, H, B)
        self.rest = self.new(T, K, H, B) if self.coupled else None  # 1 - the gate there is
        self.seen = self.new(len(self.inner), K, H, B)

    def gates(self, t, z):
        """i, f, g, o of a step; None for a gate that is always open."""
        i, f, g, o = (z[self.place[k]] if k in self.place else None for k in "ifgo")
        if self.coupled and f is None:
            f = self.rest[t]
        elif self.coupled:
            i = self.rest[t]
        return i, f, g, o

    def begin(self, params, state):
        """Take in the first states h and c, each (K, H, B), and the peepholes, halved as a is."""
        self.h[0], self.c[0] = state
        self.load_peepholes(params, self.half)

    def load_peepholes(self, params, scale):
        """The vectors of i and f, (n, K, H, 1), and of o, (K, H, 1)."""
        if self.inner:
            self.w_inner = np.stack([params[f"weight_c{k}"] for k in self.inner])[..., None] * scale
        if self.late:
            self.w_outer = params["weight_co"][..., None] * scale

    def last(self):
        """The last states h and c, each (K, H, B)."""
        return self.h[-1], self.c[-1]

    def step(self, t, z, from_h):
        """z (G, K, H, B) holds the inputs' share and becomes the gates; h, c into step t + 1."""
        i, f, g, o = self.gates(t, z)
        early, c_prev, c, tanh_c = z[: len(self.early)], self.c[t], self.c[t + 1], self.tanh_c[t]
        add(z, from_h, out=z)
        if self.inner:
            add(early, mul(self.w_inner, c_prev, out=self.seen), out=early)
        tanh(z[: self.at_once], out=z[: self.at_once])
        self.logistic_of(early)
        if self.coupled:
            sub(self.one, early[0], out=self.rest[t])
        mul(f, c_prev, out=c) if f is not None else np.copyto(c, c_prev)
        add(c, mul(i, g, out=self.work) if i is not None else g, out=c)
        if self.squash_c:
            tanh(c, out=tanh_c)
        if o is not None:
            if self.late:
                add(o, mul(self.w_outer, c, out=self.work), out=o)
            if self.at_once < len(z):
                tanh(o, out=o)
            self.logistic_of(o)
            mul(o, tanh_c, out=self.h[t + 1])

    def logistic_of(self, z):
        """sigma(a) from tanh(a/2), in place."""
        add(mul(z, self.half, out=z), self.half, out=z)

    def begin_backward(self, params, dstate):
        """Take in the gradients of the last h and c, each (K, H, B), and the peepholes."""
        self.dh[...], self.dc[...] = dstate
        self.load_peepholes(params, self.one)

    def dstate0(self):
        """The gradients of the first h and c, each (K, H, B)."""
        return self.dh, self.dc

    def step_backward(self, t, z, dh, da):
        """dh (K, H, B) -> da (G, K, H, B), in place; returns that of the recurrent sum, and None.

        The gradient of c is carried in ``dc``.
        """
        i, f, g, o = self.gates(t, z)
        h, c_prev, tanh_c = self.h[t + 1], self.c[t], self.tanh_c[t]
        dc, work, n = self.dc, self.work, len(self.early)
        through = o if o is not None else self.one
        if self.squash_c:  # h = o tanh(c), whose slope o (1 - tanh²) is o - h tanh
            through = sub(through, mul(h, tanh_c, out=work), out=work)
        add(dc, mul(dh, through, out=work), out=dc)
        if o is not None:  # and o (1 - o) tanh(c) is (1 - o) h
            da_o = mul(sub(self.one, o, out=da[-1]), h, out=da[-1])
            mul(da_o, dh, out=da_o)
        if self.late:
            add(dc, mul(da_o, self.w_outer, out=work), out=dc)
        early = mul(sub(self.one, z[:n], out=da[:n]), z[:n], out=da[:n])
        mul(early, dc, out=early)
        for k, da_k in zip(self.early, early, strict=True):  # c = f c_prev + i g
            moved, against = (g, c_prev) if k == "i" else (c_prev, g)
            mul(da_k, sub(moved, against, out=work) if self.coupled else moved, out=da_k)
        da_g = da[n]
        if self.squash_g:
            mul(sub(self.one, mul(g, g, out=da_g), out=da_g), dc, out=da_g)
        else:
            np.copyto(da_g, dc)
        if i is not None:
            mul(da_g, i, out=da_g)
        if f is not None:
            mul(dc, f, out=dc)
        if self.inner:
            for part in mul(early, self.w_inner, out=self.seen):
                add(dc, part, out=dc)
        return da, None

    def products(self, params, *sums):
        """dx (K, T, B, D) and the gradients of all parameters, peepholes among them."""
        dx, grads = super().products(params, *sums)
        T = self.sizes[1]
        seen = dict.fromkeys(self.inner, self.c[:T]) | ({"o": self.c[1:]} if self.late else {})
        for k, c in seen.items():
            da = self.da_all[:, self.place[k]]
            grads[f"weight_c{k}"] = np.einsum("khtb,tkhb->kh", da, c)
        return dx, grads
