"""The LSTM and its relatives, tuned: one kernel, whose switches are read off the spec.

A step's numbers lie as blocks (H, B) in an order that lets one call do the work of several:
forward o, i, f, g, c_prev, so that one tanh serves four gates and one product makes i·g and
f·c_prev; backward keep, i, f, g, o, from_h, of which the last two are multiplied by dh and
the others by dc, and the middle lies as PyTorch stacks the gates.  Blocks that a variant lacks are
left out.
"""

from functools import cached_property

import numpy as np

from course_utils.numpy_nn.fast.kernel import Kernel

LSTM_KEYS = (
    "lstm",
    "lstm_1997",
    "lstm_peephole",
    "lstm_gers2002",
    "lstm_coupled",
    "lstm_cifg",
    "lstm_nig",
    "lstm_nfg",
    "lstm_nog",
    "lstm_niaf",
    "lstm_noaf",
)


class LSTMKernel(Kernel):
    """c = f c_prev + i g, h = o tanh(c), with each part optional as the spec says."""

    def __init__(self, spec, T, B, D, H, dtype):
        key, gates = spec.key, spec.gates
        peeping = [p.name[-1] for p in spec.params if p.name.startswith("weight_c")]
        self.has_o, self.late = "o" in gates, "o" in peeping  # late: o reads the new c
        self.early = [k for k in "if" if k in gates]
        self.peeping = self.early if set(self.early) & set(peeping) else []
        self.squash_g = key not in ("lstm_niaf", "lstm_gers2002")
        self.squash_c = key not in ("lstm_noaf", "lstm_gers2002")
        self.coupled = {"lstm_coupled": "f", "lstm_cifg": "i"}.get(key)  # the gate that is left
        self.keeps = self.coupled is not None or "f" in gates
        order = ["o"] * self.has_o + self.early + ["g"]
        self.gates = tuple(gates.index(k) for k in order)
        self.halved = tuple(gates.index(k) for k in "oif" if k in gates)
        self.place = {k: n for n, k in enumerate([*order, "c"])}  # blocks of a step, forward
        names = ["keep"] * self.keeps + [*self.early, "g"] + ["o"] * self.has_o + ["from_h"]
        self.slot = {k: n for n, k in enumerate(names)}  # and in the backward pass
        self.slots, self.da = len(names), slice(self.keeps, len(names) - 1)
        super().__init__(spec, T, B, D, H, dtype)
        self.Z = self.new(T + 1, len(self.place) * H, B)
        self.c = self.block(self.Z, self.place["c"])
        # tanh(c): of its own, or h where no output gate stands between them, or c itself
        self.tanh_c = self.c[1:] if not self.squash_c else self.h[1:]
        if self.squash_c and self.has_o:
            self.tanh_c = self.new(T, H, B)
        self.dc, self.pair = self.new(H, B), self.new(2, H, B)
        self.seen = self.new(len(self.peeping), H, B)
        # peepholes, repeated for every sequence: a row times one number is slower than two rows
        self.inner = self.new(len(self.peeping), H, B) if self.peeping else None
        self.outer = self.new(H, B) if self.late else None
        self.advance = getattr(self, f"_advance_{self.coupled or ''.join(self.early)}")

    # -- forward -----------------------------------------------------------------------------------

    def view(self, t, x_t):
        """What one step reads and writes."""
        z, place, H = self.Z[t], self.place, self.H
        gated = self.early if self.late else ["o"] * self.has_o + self.early
        logistic = self.block(z, *(place[k] for k in gated))
        active = self.block(z, *(place[k] for k in gated), *[place["g"]] * self.squash_g)
        o = self.block(z, place["o"]) if self.has_o else None
        early = self.block(z, *(place[k] for k in self.early)).reshape(len(self.early), H, self.B)
        moved = z[place["g"] * H :].reshape(2, H, self.B)  # g, c_prev
        return (
            self.h[t], self.forth.cut(z[: len(self.gates) * H]), z[: len(self.gates) * H],
            x_t, active, logistic, early, moved, moved[1], self.c[t + 1], o,
            self.tanh_c[t], self.h[t + 1],
        )  # fmt: skip

    def load(self, params, state):
        self.c[0] = state[1].T
        self._load_peepholes(params, self.half)

    def _load_peepholes(self, params, scale):
        for n, k in enumerate(self.peeping):
            np.multiply(params[f"weight_c{k}"][:, None], scale, out=self.inner[n])
        if self.late:
            np.multiply(params["weight_co"][:, None], scale, out=self.outer)

    def last(self):
        return self.h[-1].T, self.c[-1].T

    def forward_chunk(self, first, end):
        add, mul, tanh, half = np.add, np.multiply, np.tanh, self.half
        dot, weight = self.forth.multiply, self.forth.cut(self.weight_h)
        outer, seen, work = self.outer, self.seen, self.work
        inner = [*zip(self.inner, seen, strict=True)] if self.peeping else ()
        advance, squash_c = self.advance, self.squash_c
        views = self.forward_views[first:end]
        for h_prev, sums, z, x_t, active, logistic, early, moved, c_prev, c, o, tanh_c, h in views:
            dot(weight, h_prev, out=sums)
            add(z, x_t, out=z)
            if inner:
                for peephole, part in inner:
                    mul(c_prev, peephole, out=part)
                add(early, seen, out=early)
            tanh(active, out=active)
            mul(logistic, half, out=logistic)
            add(logistic, half, out=logistic)
            advance(early, moved, c)
            if outer is not None:
                mul(c, outer, out=work)
                add(o, work, out=o)
                tanh(o, out=o)
                mul(o, half, out=o)
                add(o, half, out=o)
            if squash_c:
                tanh(c, out=tanh_c)
            if o is not None:
                mul(o, tanh_c, out=h)
            elif not squash_c:
                np.copyto(h, c)

    def _advance_if(self, early, moved, c):
        pair = np.multiply(early, moved, out=self.pair)
        np.add(pair[0], pair[1], out=c)

    def _advance_i(self, early, moved, c):
        g, c_prev = moved
        if self.coupled:  # i g + (1 - i) c_prev = c_prev + i (g - c_prev)
            np.subtract(g, c_prev, out=c)
            np.multiply(early[0], c, out=c)
        else:
            np.multiply(early[0], g, out=c)
        np.add(c, c_prev, out=c)

    def _advance_f(self, early, moved, c):
        g, c_prev = moved
        if self.coupled:  # f c_prev + (1 - f) g = g + f (c_prev - g)
            np.subtract(c_prev, g, out=c)
            np.multiply(early[0], c, out=c)
        else:
            np.multiply(early[0], c_prev, out=c)
        np.add(c, g, out=c)

    # -- backward ----------------------------------------------------------------------------------

    def view_back(self, d, dy):
        """As ``view``, for the backward pass."""
        slot, parts = self.slot, d.reshape(self.slots, self.H, self.B)
        outward = slot["o"] if self.has_o else slot["from_h"]  # from here on times dh
        return (
            dy, [*parts[outward:]], parts[-1], parts[slot["o"]] if self.has_o else None,
            parts[:outward], parts[self.keeps : slot["g"]],
            parts[0] if self.keeps else self.dc,
            self.block(d, self.da.start, self.da.stop - 1),
        )  # fmt: skip

    def load_backward(self, params, dstate):
        np.copyto(self.dc, dstate[1].T)
        self._load_peepholes(params, self.one)
        for name, grad in self.grads.items():
            if name.startswith("weight_c"):
                grad[...] = 0

    def dstate0(self):
        return self.dh.T, self.dc.T

    @cached_property
    def slope_views(self):
        """By the chunk's first step what ``slopes`` reads and writes: its blocks by name."""
        views = {}
        for first, end in self.chunks:
            all_d, all_z = self.d[: end - first], self.Z[first:end]
            d = {k: self.block(all_d, n) for k, n in self.slot.items()}
            z = {k: self.block(all_z, n) for k, n in self.place.items()}
            # i and f as one block, and what they multiply, g and the old c, as another
            d["early"] = self.block(all_d, *(self.slot[k] for k in self.early))
            z["early"] = self.block(all_z, *(self.place[k] for k in self.early))
            moved = (self.place["g" if k == "i" else "c"] for k in self.early)
            z["moved"] = self.block(all_z, *moved)
            views[first] = d, z, self.h[first + 1 : end + 1], self.tanh_c[first:end]
        return views

    def slopes(self, first, end):
        """What dh and dc are multiplied by in each step, into ``d``."""
        d, z, h, tanh_c = self.slope_views[first]
        sub, mul, one = np.subtract, np.multiply, self.one
        sub(one, z["early"], out=d["early"])
        mul(d["early"], z["early"], out=d["early"])
        if not self.coupled:
            mul(d["early"], z["moved"], out=d["early"])
        else:  # by what the gate moves c
            moved = ("c", "g") if self.coupled == "f" else ("g", "c")
            sub(z[moved[0]], z[moved[1]], out=d["from_h"])
            mul(d[self.coupled], d["from_h"], out=d[self.coupled])
            sub(one, z[self.coupled], out=d["keep"])
        if self.squash_g:
            mul(z["g"], z["g"], out=d["g"])
            sub(one, d["g"], out=d["g"])
        else:
            d["g"][...] = one
        if "i" in d:
            mul(d["g"], z["i"], out=d["g"])
        elif self.coupled:
            mul(d["g"], d["keep"], out=d["g"])
        if "f" in d:
            np.copyto(d["keep"], z["f"])
        through = z["o"] if self.has_o else one
        if self.squash_c:  # o (1 - tanh²) = o - h tanh
            sub(through, mul(h, tanh_c, out=d["from_h"]), out=d["from_h"])
        else:
            d["from_h"][...] = through
        if self.has_o:  # o (1 - o) tanh = (1 - o) h
            sub(one, z["o"], out=d["o"])
            mul(d["o"], h, out=d["o"])

    def backward_chunk(self, first, end):
        add, mul = np.add, np.multiply
        dot, back, product = self.back.multiply, self.weight_back, self.back.cut(self.dh)
        dh, dc, work = self.dh, self.dc, self.work
        inner, outer, seen, carried = self.inner, self.outer, self.seen, self.dc
        seen_parts = [*seen]
        views = reversed(self.backward_views[: end - first])
        for dy, outward, from_h, da_o, inward, early, kept, da in views:
            add(dh, dy, out=dh)
            for part in outward:
                mul(part, dh, out=part)
            add(carried, from_h, out=dc)
            if outer is not None:
                mul(da_o, outer, out=work)
                add(dc, work, out=dc)
            mul(inward, dc, out=inward)
            carried = kept
            if inner is not None:
                mul(early, inner, out=seen)
                for part in seen_parts:
                    add(carried, part, out=carried)
            dot(back, da, out=product)
        if carried is not dc:
            np.copyto(dc, carried)
        self._peephole_gradients(first, end)

    def _peephole_gradients(self, first, end):
        """Add the chunk's share of the gradients of weight_ci, weight_cf and weight_co."""
        seen = dict.fromkeys(self.peeping, self.c[first:end])
        if self.late:
            seen["o"] = self.c[first + 1 : end + 1]
        for k, c in seen.items():
            da = self.block(self.d[: end - first], self.slot[k])
            self.grads[f"weight_c{k}"] += np.einsum("thb,thb->h", da, c)
