"""What the tuned layers share: their buffers, the products before the loop and after it.

Inside a kernel everything is feature-major: a step's state is (H, B), its pre-activations (G·H, B),
so that the recurrent product is weight (G·H, H) @ h (H, B).  BLAS runs it up to twice as fast as
the mirrored h (B, H) @ weight.T, and what is activated together lies together.

Two stretches of time matter.  The loop runs over *chunks* short enough for what a step reads and
writes to stay in the cache; the weight gradients are products over *spans* of several chunks, long
enough for adding them up to cost little beside the product.
"""

import numpy as np

CHUNK = 200_000
"""Numbers that a chunk may hold per buffer: 0.8 MB in float32, within a core's cache."""


class Columns:
    """A matrix (rows, n·B) whose columns run over time, n at most ``steps``, and its views.

    With one sequence it is stored the other way round, so that a step is contiguous.
    """

    def __init__(self, rows, steps, B, dtype):
        self.rows, self.B = rows, B
        self.data = np.empty(rows * steps * B, dtype)

    def stored(self, n):
        """The memory of n steps, contiguous: (rows, n·B), or (n, rows) when B is 1."""
        shape = (n, self.rows) if self.B == 1 else (self.rows, n * self.B)
        return self.data[: self.rows * n * self.B].reshape(shape)

    def matrix(self, n):
        """(rows, n·B)."""
        return self.stored(n).T if self.B == 1 else self.stored(n)

    def by_step(self, n):
        """(rows, n, B), the same memory."""
        stored = self.stored(n)
        return stored.T[:, :, None] if self.B == 1 else stored.reshape(self.rows, n, self.B)


class Kernel:
    """One layer of one cell at one size: sets out the work, which subclasses do chunk by chunk.

    A subclass gives ``gates``, the order in which it stacks the gates, as indices into the spec's
    order; ``halved``, those among them that are logistic; ``slots``, the blocks of H rows that its
    backward pass keeps for a step; ``da``, the slice of them (in blocks) that are gradients of
    pre-activations.  It writes ``load``, ``forward_views``, ``run``, ``slopes`` and ``rerun``.
    """

    gates = (0,)
    halved = ()
    slots = 1
    da = slice(0, 1)

    def __init__(self, spec, T, B, D, H, dtype):
        self.spec, self.T, self.B, self.D, self.H, self.dtype = spec, T, B, D, H, dtype
        self.calls = 0
        self.half, self.one = dtype.type(0.5), dtype.type(1)
        G = len(self.gates)
        n = max(1, min(T, CHUNK // max(1, self.slots * H * B)))
        self.chunks = [(t, min(t + n, T)) for t in range(0, T, n)]
        self.span = min(T, n * max(1, -(-2 * (D + H) // max(1, n * B))))
        self.h = self.new(T + 1, H, B)
        self.x = self.new(T * B, D + 1)  # with a one, which the bias meets
        self.x[:, D] = 1
        self.from_x = Columns(G * H, n, B, dtype)
        self.weight_x, self.weight_h = self.new(G * H, D + 1), self.new(G * H, H)
        self.weight_dx = self.new(G * H, D)
        self.work, self.dh = self.new(H, B), self.new(H, B)
        self.dy, self.d = self.new(n, H, B), self.new(n, self.slots * H, B)
        self.all_da = Columns((self.da.stop - self.da.start) * H, self.span, B, dtype)
        self.all_h = Columns(H, self.span, B, dtype)
        self.dx = self.new(T * B, D)
        self.sums = {"x": self.new(G * H, D + 1), "h": self.new(G * H, H)}
        self.parts = {k: np.empty_like(v) for k, v in self.sums.items() if self.span < T}
        self.grads = {name: self.new(*shape) for name, shape in spec.shapes(D, H).items()}

    def new(self, *shape):
        """An array for the kernel to write into."""
        return np.empty(shape, self.dtype)

    @property
    def nbytes(self):
        """Bytes of all arrays held."""
        held = [*vars(self).values(), *self.grads.values(), *self.sums.values()]
        held += [*self.parts.values()] + [a.data for a in held if isinstance(a, Columns)]
        return sum(a.nbytes for a in held if isinstance(a, np.ndarray) and a.base is None)

    def block(self, array, *places):
        """The blocks first..last of array (…, blocks·H, B): ``places`` are their numbers."""
        return array[..., min(places) * self.H : (max(places) + 1) * self.H, :]

    # -- forward -----------------------------------------------------------------------------------

    def forward(self, params, x, state):
        """x (T, B, D), state (each (B, H)) -> y (T, B, H), last states; both are views."""
        self.x[:, : self.D] = x.reshape(-1, self.D)
        self.arrange(params["weight_hh"], self.weight_h, halve=True)
        self.arrange(params["weight_ih"], self.weight_x[:, : self.D], halve=True)
        self.arrange(self.bias(params), self.weight_x[:, self.D], halve=True)
        self.h[0] = state[0].T
        self.load(params, state)
        for first, end in self.chunks:
            self.project(first, end)
            self.run(first, end)
        return self.h[1:].transpose(0, 2, 1), self.last()

    def bias(self, params):
        """What is added to the inputs' share, in the spec's order of gates."""
        return params["bias_ih"] + params["bias_hh"]

    def arrange(self, weight, out, halve):
        """weight (G·H, ·) in the kernel's order of gates, the logistic ones halved if asked."""
        H = self.H
        for place, k in enumerate(self.gates):
            source, target = weight[k * H : (k + 1) * H], out[place * H : (place + 1) * H]
            if halve and k in self.halved:
                np.multiply(source, self.half, out=target)
            else:
                np.copyto(target, source)

    def project(self, first, end):
        """The inputs' share of the pre-activations of steps first..end, biases included."""
        x, out = self.x[first * self.B : end * self.B], self.from_x.stored(end - first)
        if self.B == 1:
            np.dot(x, self.weight_x.T, out=out)
        else:
            np.dot(self.weight_x, x.T, out=out)

    def load(self, params, state):
        """Take what the loop needs from params and state, beyond what every cell has."""

    def last(self):
        """The last states, each (B, H)."""
        return (self.h[-1].T,)

    # -- backward ----------------------------------------------------------------------------------

    def backward(self, params, dy, dstate):
        """dy (T, B, H), dstate (each (B, H)) -> dx (T, B, D), dstate0, grads."""
        T, B, D = self.T, self.B, self.D
        self.arrange(params["weight_hh"], self.weight_h, halve=False)
        self.arrange(params["weight_ih"], self.weight_dx, halve=False)
        np.copyto(self.dh, dstate[0].T)
        self.load_backward(params, dstate)
        end = T
        for total in self.sums.values() if not T else ():
            total[...] = 0
        while end > 0:
            first = (end - 1) // self.span * self.span
            da = self.all_da.by_step(end - first)
            for start, stop in reversed([c for c in self.chunks if first <= c[0] < end]):
                n = stop - start
                np.copyto(self.dy[:n], dy[start:stop].transpose(0, 2, 1))
                self.slopes(start, stop)
                self.rerun(start, stop)
                made = self.block(self.d[:n], self.da.start, self.da.stop - 1)
                np.copyto(da[:, start - first : stop - first], made.transpose(1, 0, 2))
            self.multiply(first, end)
            end = first
        self.gather()
        return self.dx.reshape(T, B, D), self.first(), self.grads

    def load_backward(self, params, dstate):
        """As ``load``, for the way back."""

    def first(self):
        """The gradients of the states before the first step, each (B, H)."""
        return (self.dh.T,)

    def multiply(self, first, end):
        """dx of the span and its share of the weight gradients."""
        da, x = self.all_da.matrix(end - first), self.x[first * self.B : end * self.B]
        np.dot(da.T, self.weight_dx, out=self.dx[first * self.B : end * self.B])
        self.add_product("x", da, x, end)
        self.add_product("h", da, self.flat(self.h, self.all_h, first, end).T, end)

    def flat(self, states, columns, first, end):
        """The states (·, H, B) first..end as (H, n·B)."""
        np.copyto(columns.by_step(end - first), states[first:end].transpose(1, 0, 2))
        return columns.matrix(end - first)

    def add_product(self, name, left, right, end, rows=slice(None)):
        """Add left @ right to ``sums[name][rows]``; the span that ends the sequence starts it."""
        total = self.sums[name][rows]
        if end == self.T:
            np.dot(left, right, out=total)
        else:
            part = np.dot(left, right, out=self.parts[name][rows])
            np.add(total, part, out=total)

    def gather(self):
        """The sums as gradients, in the spec's order of gates."""
        self.restore(self.sums["x"][:, : self.D], self.grads["weight_ih"])
        self.restore(self.sums["x"][:, self.D], self.grads["bias_ih"])
        self.restore(self.sums["h"], self.grads["weight_hh"])
        np.copyto(self.grads["bias_hh"], self.grads["bias_ih"])

    def restore(self, made, out, gates=None):
        """made (G·H, ·) from the kernel's order of gates (or the one given) to the spec's."""
        H = self.H
        for place, k in enumerate(gates or self.gates):
            np.copyto(out[k * H : (k + 1) * H], made[place * H : (place + 1) * H])
