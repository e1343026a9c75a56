"""What the tuned layers share: their buffers, the products before the loop and after it.

Inside a kernel everything is feature-major: a step's state is (H, B), its pre-activations (G·H, B),
so that the recurrent product is weight (G·H, H) @ h (H, B).  BLAS runs it up to twice as fast as
the mirrored h (B, H) @ weight.T, and what is activated together lies together.  The products of a
step are asked for as ``products`` says.

Two stretches of time matter.  The loop runs over *chunks* short enough for what a step reads and
writes to stay in the cache; the weight gradients are products over *spans* of several chunks, long
enough for adding them up to cost little beside the product.
"""

from functools import cached_property

import numpy as np

from course_utils.numpy_nn.buffers import Buffers
from course_utils.numpy_nn.fast.products import Product

CHUNK = 200_000
"""Numbers that a chunk may hold per buffer: 0.8 MB in float32, within a core's cache."""

LINE = 64
"""Bytes of a cache line."""


def aligned(shape, dtype):
    """An empty array that starts where a cache line does.

    A vector register of AVX-512 holds a cache line; read across the seam of two, it takes twice as
    long.  NumPy itself promises 16 bytes.
    """
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.empty(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size].view(dtype).reshape(shape)


class Columns:
    """A matrix (rows, n·B) whose columns run over time, n at most ``steps``, and its views.

    With one sequence it is stored the other way round, so that a step is contiguous.
    """

    def __init__(self, rows, steps, B, new):
        self.rows, self.B = rows, B
        self.data = new(rows * steps * B)

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


class Kernel(Buffers):
    """One layer of one cell at one size: sets out the work, which subclasses do chunk by chunk.

    A subclass gives ``gates``, the order in which it stacks the gates forward, as indices into the
    spec's order; ``halved``, those among them that are logistic; ``slots``, the blocks of H rows
    that it keeps for a step in the backward pass; ``da``, the slice of them (in blocks) that are
    gradients of pre-activations, in the spec's order unless it says otherwise in ``load_backward``
    and ``gather``.  It writes ``load``, ``view``, ``forward_chunk``,
    ``slopes``, ``view_back`` and ``backward_chunk``.
    """

    gates = (0,)
    halved = ()
    slots = 1
    da = slice(0, 1)

    def __init__(self, spec, T, B, D, H, dtype):
        self.spec, self.T, self.B, self.D, self.H, self.dtype = spec, T, B, D, H, dtype
        self.build, self.calls, self.nbytes = (T, B, D, H), 0, 0
        # arrays without axes: NumPy takes twice as long to make one of a number at every call
        self.half, self.one = np.array(0.5, dtype), np.array(1, dtype)
        G = len(self.gates)
        n = max(1, min(T, CHUNK // max(1, self.slots * H * B)))
        self.chunks = [(t, min(t + n, T)) for t in range(0, T, n)]
        self.span = min(T, n * max(1, -(-2 * (D + H) // max(1, n * B))))
        self.h = self.new(T + 1, H, B)
        self.x = self.new(T * B, D + 1)  # with a one, which the bias meets
        self.x[:, D] = 1
        self.x_by_step = self.x[:, :, None] if B == 1 else self.new(T, D + 1, B)
        self.from_x = self.new(n, G * H, B)
        self.weight_x, self.weight_h = self.new(G * H, D + 1), self.new(G * H, H)
        self.inward, self.forth = Product(G * H, D + 1, B), Product(G * H, H, B)
        self.work, self.dh = self.new(H, B), self.new(H, B)
        self.dy, self.d = self.new(n, H, B), self.new(n, self.slots * H, B)
        self.all_da = Columns((self.da.stop - self.da.start) * H, self.span, B, self.new)
        self.all_h = Columns(H, self.span, B, self.new)
        self.dx = self.new(T * B, D)
        self.grads = {name: self.new(*shape) for name, shape in spec.shapes(D, H).items()}
        self.sums = {"x": self.new(G * H, D + 1), "h": self.grads["weight_hh"]}
        self.parts = {k: self.new(*v.shape) for k, v in self.sums.items() if self.span < T}
        self.copies = {}  # of weights, turned for the backward pass

    def new(self, *shape):
        """An array for the kernel to write into, counted in ``nbytes``."""
        made = aligned(shape, self.dtype)
        self.nbytes += made.nbytes
        return made

    def block(self, array, *places):
        """The blocks first..last of array (…, blocks·H, B): ``places`` are their numbers."""
        return array[..., min(places) * self.H : (max(places) + 1) * self.H, :]

    # -- forward -----------------------------------------------------------------------------------

    def forward(self, params, x, state):
        """x (T, B, D), state (each (B, H)) -> y (T, B, H), last states; both are views."""
        self.x[:, : self.D] = x.reshape(-1, self.D)
        if self.B != 1:
            np.copyto(self.x_by_step, self.x.reshape(self.T, self.B, self.D + 1).transpose(0, 2, 1))
        self.arrange(params["weight_hh"], self.weight_h)
        self.arrange(params["weight_ih"], self.weight_x[:, : self.D])
        self.arrange(self.bias(params), self.weight_x[:, self.D])
        self.h[0] = state[0].T
        self.load(params, state)
        for first, end in self.chunks:
            self.project(first, end)
            self.forward_chunk(first, end)
        return self.h[1:].transpose(0, 2, 1), self.last()

    def bias(self, params):
        """What is added to the inputs' share, in the spec's order of gates."""
        return params["bias_ih"] + params["bias_hh"]

    def arrange(self, weight, out):
        """weight (G·H, ·) in the kernel's order of gates, the logistic ones halved."""
        H = self.H
        for place, k in enumerate(self.gates):
            source, target = weight[k * H : (k + 1) * H], out[place * H : (place + 1) * H]
            if k in self.halved:
                np.multiply(source, self.half, out=target)
            else:
                np.copyto(target, source)

    def project(self, first, end):
        """The inputs' share of the pre-activations of steps first..end, biases included."""
        x, out = self.x_by_step[first:end], self.from_x[: end - first]
        if self.B == 1:
            np.dot(x[..., 0], self.weight_x.T, out=out[..., 0])
        else:  # each piece of the weights serves all steps before the next one
            weight, out = self.inward.cut(self.weight_x), self.inward.cut(out)
            np.matmul(weight[..., None, :, :], x, out=np.moveaxis(out, 0, -3))

    @cached_property
    def forward_views(self):
        """What each step reads and writes, cut out once."""
        return [
            self.view(t, self.from_x[t - first])
            for first, end in self.chunks
            for t in range(first, end)
        ]

    def load(self, params, state):
        """Take what the loop needs from params and state, beyond what every cell has."""

    def last(self):
        """The last states, each (B, H)."""
        return (self.h[-1].T,)

    # -- backward ----------------------------------------------------------------------------------

    def backward(self, params, dy, dstate):
        """dy (T, B, H), dstate (each (B, H)) -> dx (T, B, D), dstate0, grads."""
        T, B, D = self.T, self.B, self.D
        self.weight_dx = params["weight_ih"]
        self.back, self.weight_back = self.turned(params["weight_hh"], "weight_back")
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
                self.backward_chunk(start, stop)
                made = self.block(self.d[:n], self.da.start, self.da.stop - 1)
                np.copyto(da[:, start - first : stop - first], made.transpose(1, 0, 2))
            self.multiply(first, end)
            end = first
        self.gather()
        return self.dx.reshape(T, B, D), self.dstate0(), self.grads

    def turned(self, weight, name):
        """weight (R, H) -> the product that takes (R, B) back to (H, B), and what it multiplies.

        That is weight.T, or, where the product is cut into pieces, a copy kept under ``name``.
        """
        R, H = weight.shape
        back = Product(H, R, self.B)
        if back.pieces == 1:
            return back, weight.T
        if name not in self.copies:
            self.copies[name] = self.new(H, R)
        np.copyto(self.copies[name], weight.T)
        return back, back.cut(self.copies[name])

    @cached_property
    def backward_views(self):
        """As ``forward_views``, for the steps of a chunk in the backward pass."""
        return [self.view_back(d, dy) for d, dy in zip(self.d, self.dy, strict=True)]

    def load_backward(self, params, dstate):
        """As ``load``, for the backward pass."""

    def dstate0(self):
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
        np.copyto(self.grads["weight_ih"], self.sums["x"][:, : self.D])
        for name in ("bias_ih", "bias_hh"):
            np.copyto(self.grads[name], self.sums["x"][:, self.D])
