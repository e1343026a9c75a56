"""One step of K nets, forward and back, in place; a kernel holds the arrays of all steps.

Inside, states are (K, H, B) and pre-activations (G, K, H, B), gates first, so that a gate of all
nets is one block.  Weights of logistic gates are halved: sigma(a) = 1/2 + 1/2 tanh(a/2), so that
one tanh serves all gates.
"""

import numpy as np

from course_utils.numpy_nn.buffers import Buffers

dot, add, sub, mul, tanh = np.matmul, np.add, np.subtract, np.multiply, np.tanh


class Kernel(Buffers):
    """The arrays of K nets of one cell at one size, and what every cell does with them."""

    logistic = (0,)  # by gate: 1 for sigma, 0 for tanh or relu

    def __init__(self, spec, K, T, B, D, H, dtype):
        self.spec, self.sizes, self.dtype, self.calls = spec, (K, T, B, D, H), dtype, 0
        self.build = self.sizes
        G = len(self.logistic)
        self.h, self.z = self.new(T + 1, K, H, B), self.new(T, G, K, H, B)
        self.by_net, self.da = self.new(K, G * H, B), self.new(G, K, H, B)
        self.da_all = self.new(K, G, H, T, B)  # in the backward pass, as the large products want it
        self.work, self.spare, self.dh = (self.new(K, H, B) for _ in range(3))
        self.x = self.new(1, T, D + 1, B)  # the last row is 1: the biases ride on the products
        self.weight, self.recurrent = self.new(G, K, H, D + 1), self.new(K, G * H, H)
        scale = 1 - 0.5 * np.array(self.logistic, dtype)
        self.scale = np.repeat(scale, H)[:, None]  # (G·H, 1)
        self.half, self.one = dtype.type(0.5), dtype.type(1)

    def new(self, *shape):
        """An array to write into."""
        return np.empty(shape, self.dtype)

    def gate_major(self, a):
        """(K, G·H, ...) -> (G, K, H, ...), a view."""
        K, H, G = self.sizes[0], self.sizes[-1], len(self.logistic)
        return a.reshape(K, G, H, *a.shape[2:]).swapaxes(0, 1)

    def project(self, params, x):
        """The inputs' share of all pre-activations into z: x (T, B, D) or (K, T, B, D)."""
        K, T, B, D, _ = self.sizes
        nets = 1 if x.ndim == 3 else K
        if len(self.x) != nets:
            self.x = self.new(nets, T, D + 1, B)
        self.x[:, :, :D] = x.swapaxes(-1, -2)
        self.x[:, :, D] = 1
        self.weight[..., :D] = self.gate_major(params["weight_ih"] * self.scale)
        self.weight[..., D] = self.gate_major(self.bias(params) * self.scale[:, 0])
        mul(params["weight_hh"], self.scale, out=self.recurrent)
        if nets == 1:  # all gates of all nets read the same x: one product for each step
            weight = self.weight.reshape(-1, D + 1)
            dot(weight, self.x[0], out=self.z.reshape(T, len(weight), B))
        else:
            dot(self.weight, self.x.swapaxes(0, 1)[:, None], out=self.z)

    def bias(self, params):
        """What is added to the inputs' share."""
        return params["bias_ih"] + params["bias_hh"]

    def forward(self, params, x, state):
        """x (T, B, D) or (K, T, B, D), state each (K, B, H) -> y (K, T, B, H), last states."""
        self.project(params, x)
        self.begin(params, tuple(s.swapaxes(1, 2) for s in state))
        for t in range(self.sizes[1]):
            dot(self.recurrent, self.h[t], out=self.by_net)
            self.step(t, self.z[t], self.gate_major(self.by_net))
        return self.h[1:].transpose(1, 0, 3, 2), tuple(s.swapaxes(1, 2) for s in self.last())

    def begin(self, params, state):
        """Take in the first states, each (K, H, B)."""
        self.h[0] = state[0]

    def last(self):
        """The last states."""
        return (self.h[-1],)

    def backward(self, params, dy, dstate):
        """dy (K, T, B, H), dstate each (K, B, H) -> dx (K, T, B, D), dstate0, grads."""
        U_T = params["weight_hh"].swapaxes(1, 2)
        self.begin_backward(params, tuple(d.swapaxes(1, 2) for d in dstate))
        dh = self.dh
        for t in reversed(range(self.sizes[1])):
            add(dh, dy[:, t].swapaxes(1, 2), out=dh)
            da_h, direct = self.step_backward(t, self.z[t], dh, self.da)
            self.da_all[:, :, :, t] = self.da.swapaxes(0, 1)
            self.gate_major(self.by_net)[...] = da_h
            dot(U_T, self.by_net, out=dh)
            if direct is not None:
                add(dh, direct, out=dh)
        dx, grads = self.products(params, *self.sums())
        return dx, tuple(d.swapaxes(1, 2).copy() for d in self.dstate0()), grads

    def sums(self):
        """The gradients of the inputs' and of the recurrent sum, both (K, G, H, T, B)."""
        return self.da_all, self.da_all

    def products(self, params, *sums):
        """dx and the gradients of the parameters, in one product each over all steps."""
        K, T, B, D, H = self.sizes
        da_x, da_h = (a.reshape(K, a.shape[1] * H, T * B) for a in sums)
        x = self.x.swapaxes(2, 3).reshape(len(self.x), T * B, D + 1)
        h_prev = self.h[:T].transpose(1, 0, 3, 2).reshape(K, T * B, H)
        from_x = da_x @ x
        dx = da_x.swapaxes(1, 2) @ params["weight_ih"]
        return dx.reshape(K, T, B, D), {
            "weight_ih": from_x[..., :D],
            "weight_hh": da_h @ h_prev,
            "bias_ih": from_x[..., D],
            "bias_hh": from_x[..., D].copy() if sums[0] is sums[1] else da_h.sum(axis=2),
        }

    def begin_backward(self, params, dstate):
        """Take in the gradients of the last states, each (K, H, B)."""
        self.dh[...] = dstate[0]

    def dstate0(self):
        """The gradients of the first states."""
        return (self.dh,)


class RNN(Kernel):
    """h = tanh(a)."""

    def step(self, t, z, from_h):
        """z holds the inputs' share; into h[t + 1]."""
        tanh(add(z, from_h, out=z)[0], out=self.h[t + 1])

    def step_backward(self, t, z, dh, da):
        """dh -> da, in place; returns that of the recurrent sum, and what h gets past it."""
        h = self.h[t + 1]
        mul(h, h, out=da)
        sub(self.one, da, out=da)
        mul(da, dh, out=da)
        return da, None


class ReluRNN(RNN):
    """h = relu(a)."""

    def step(self, t, z, from_h):
        """z (1, K, H, B) holds the inputs' share; relu of the sum into h[t + 1]."""
        np.maximum(add(z, from_h, out=z)[0], 0, out=self.h[t + 1])

    def step_backward(self, t, z, dh, da):
        """dh (K, H, B) -> da, in place; returns that of the recurrent sum, and None."""
        mul(dh, self.h[t + 1] > 0, out=da)
        return da, None


class GRU(Kernel):
    """n = tanh(x_n + r u_n), h = n + z (h_prev - n); the recurrent sum has its own bias."""

    logistic = (1, 1, 0)

    def __init__(self, spec, K, T, B, D, H, dtype):
        super().__init__(spec, K, T, B, D, H, dtype)
        self.u_n, self.b_n = self.new(T, K, H, B), self.new(K, H, 1)
        self.da_h, self.da_h_all = self.new(3, K, H, B), self.new(K, 3, H, T, B)

    def bias(self, params):
        """Without the candidate's share in the recurrent sum, which the reset multiplies."""
        H = self.sizes[-1]
        b = params["bias_ih"].copy()
        b[:, : 2 * H] += params["bias_hh"][:, : 2 * H]
        return b

    def begin(self, params, state):
        """Take in the first states, each (K, H, B), and the candidate's recurrent bias."""
        self.h[0] = state[0]
        self.b_n[...] = params["bias_hh"][:, -self.sizes[-1] :, None]

    def step(self, t, z, from_h):
        """z (3, K, H, B) holds the inputs' share and becomes the gates r, z, n; h into h[t + 1]."""
        rz, n = z[:2], z[2]
        tanh(add(rz, from_h[:2], out=rz), out=rz)
        r, update = add(mul(rz, self.half, out=rz), self.half, out=rz)
        u_n = add(from_h[2], self.b_n, out=self.u_n[t])
        tanh(add(n, mul(r, u_n, out=self.work), out=n), out=n)
        h = sub(self.h[t], n, out=self.h[t + 1])
        add(mul(h, update, out=h), n, out=h)

    def step_backward(self, t, z, dh, da):
        """dh (K, H, B) -> da, in place; returns that of the recurrent sum, and h's direct share."""
        r, update, n = z
        work, direct = self.work, self.spare
        mul(sub(self.one, z, out=da), z, out=da)
        da_r, da_z, da_n = da
        mul(dh, update, out=direct)  # h = n + z (h_prev - n)
        mul(da_z, mul(dh, sub(self.h[t], n, out=work), out=work), out=da_z)
        sub(self.one, mul(n, n, out=da_n), out=da_n)
        mul(da_n, sub(dh, direct, out=work), out=da_n)
        mul(da_r, mul(da_n, self.u_n[t], out=work), out=da_r)  # n = tanh(x_n + r u_n)
        self.da_h[...] = da
        mul(da_n, r, out=self.da_h[2])
        self.da_h_all[:, :, :, t] = self.da_h.swapaxes(0, 1)
        return self.da_h, direct

    def sums(self):
        """Both (K, 3, H, T, B); they differ in the candidate's rows, which the reset multiplies."""
        return self.da_all, self.da_h_all
