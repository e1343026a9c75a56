"""One step of K nets, forward and back, in place; a kernel holds the arrays of all steps.

Gates come first: states are (K, H, B), pre-activations (G, K, H, B), so that a gate of all nets is
one block.  Weights of logistic gates are halved: sigma(a) = 1/2 + 1/2 tanh(a/2), so that one tanh
serves all gates.
"""

import numpy as np

dot, add, sub, mul, tanh = np.matmul, np.add, np.subtract, np.multiply, np.tanh


class Kernel:
    """The arrays of K nets of one cell at one size, and what every cell does with them."""

    logistic = (0,)  # by gate: 1 for sigma, 0 for tanh or relu

    def __init__(self, K, T, B, D, H, dtype):
        self.sizes, self.dtype, self.calls = (K, T, B, D, H), dtype, 0
        G = len(self.logistic)
        self.h, self.z = self.new(T + 1, K, H, B), self.new(T, G, K, H, B)
        self.by_net, self.da = self.new(K, G * H, B), self.new(G, K, H, B)
        self.da_all = self.new(K, G, H, T, B)  # on the way back, as the large products want it
        self.work, self.spare, self.dh = (self.new(K, H, B) for _ in range(3))
        self.x = self.new(T, 1, 1, D + 1, B)  # the last row is 1: the biases ride on the product
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
        if x.ndim == 4 and self.x.shape[2] == 1:
            self.x = self.new(T, 1, K, D + 1, B)
        self.x[:, 0, :, :D] = (x[None] if x.ndim == 3 else x).transpose(1, 0, 3, 2)
        self.x[..., D, :] = 1
        self.weight[..., :D] = self.gate_major(params["weight_ih"] * self.scale)
        self.weight[..., D] = self.gate_major(self.bias(params) * self.scale[:, 0])
        mul(params["weight_hh"], self.scale, out=self.recurrent)
        dot(self.weight, self.x, out=self.z)

    def bias(self, params):
        """What is added to the inputs' share."""
        return params["bias_ih"] + params["bias_hh"]

    def forward(self, params, x, state):
        """state: each (K, H, B) -> last states; the outputs are h[1:]."""
        self.project(params, x)
        self.begin(params, state)
        for t in range(self.sizes[1]):
            dot(self.recurrent, self.h[t], out=self.by_net)
            self.step(t, self.z[t], self.gate_major(self.by_net))
        return self.last()

    def begin(self, params, state):
        """Take in the first states."""
        self.h[0] = state[0]

    def last(self):
        """The last states."""
        return (self.h[-1],)

    def backward(self, params, dy, dstate):
        """dy (K, T, B, H), dstate each (K, H, B) -> dstate0, and the gradients of the two sums."""
        U_T = params["weight_hh"].swapaxes(1, 2)
        self.begin_backward(dstate)
        dh = self.dh
        for t in reversed(range(self.sizes[1])):
            add(dh, dy[:, t].swapaxes(1, 2), out=dh)
            da_h, direct = self.step_backward(t, self.z[t], dh, self.da)
            self.da_all[:, :, :, t] = self.da.swapaxes(0, 1)
            self.gate_major(self.by_net)[...] = da_h
            dot(U_T, self.by_net, out=dh)
            if direct is not None:
                add(dh, direct, out=dh)
        return self.da_all, self.da_all

    def begin_backward(self, dstate):
        """Take in the gradients of the last states."""
        self.dh[...] = dstate[0]

    def first(self):
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
        """As above."""
        np.maximum(add(z, from_h, out=z)[0], 0, out=self.h[t + 1])

    def step_backward(self, t, z, dh, da):
        """As above."""
        mul(dh, self.h[t + 1] > 0, out=da)
        return da, None


class LSTM(Kernel):
    """c = f c_prev + i g, h = o tanh(c)."""

    logistic = (1, 1, 0, 1)
    states = 2

    def __init__(self, K, T, B, D, H, dtype):
        super().__init__(K, T, B, D, H, dtype)
        self.c, self.tanh_c = self.new(T + 1, K, H, B), self.new(T, K, H, B)
        self.dc = self.new(K, H, B)

    def begin(self, params, state):
        """As above."""
        self.h[0], self.c[0] = state

    def last(self):
        """As above."""
        return self.h[-1], self.c[-1]

    def step(self, t, z, from_h):
        """As above; z becomes the gates."""
        tanh(add(z, from_h, out=z), out=z)
        for logistic in (z[:2], z[3]):
            add(mul(logistic, self.half, out=logistic), self.half, out=logistic)
        i, f, g, o = z
        c, tanh_c = self.c[t + 1], self.tanh_c[t]
        mul(f, self.c[t], out=c)
        add(c, mul(i, g, out=self.work), out=c)
        mul(o, tanh(c, out=tanh_c), out=self.h[t + 1])

    def begin_backward(self, dstate):
        """As above."""
        self.dh[...], self.dc[...] = dstate

    def first(self):
        """As above."""
        return self.dh, self.dc

    def step_backward(self, t, z, dh, da):
        """As above; the gradient of c is carried in ``dc``."""
        i, f, g, o = z
        tanh_c, dc, work = self.tanh_c[t], self.dc, self.work
        sub(self.one, mul(tanh_c, tanh_c, out=work), out=work)  # h = o tanh(c)
        mul(work, mul(dh, o, out=self.spare), out=work)
        add(dc, work, out=dc)
        mul(sub(self.one, z, out=da), z, out=da)  # the slope of every logistic gate
        da_i, da_f, da_g, da_o = da
        mul(da_o, mul(dh, tanh_c, out=work), out=da_o)
        mul(da_i, mul(dc, g, out=work), out=da_i)  # c = f c_prev + i g
        mul(da_f, mul(dc, self.c[t], out=work), out=da_f)
        sub(self.one, mul(g, g, out=da_g), out=da_g)
        mul(da_g, mul(dc, i, out=work), out=da_g)
        mul(dc, f, out=dc)
        return da, None


class GRU(Kernel):
    """n = tanh(x_n + r u_n), h = n + z (h_prev - n); the recurrent sum has its own bias."""

    logistic = (1, 1, 0)

    def __init__(self, K, T, B, D, H, dtype):
        super().__init__(K, T, B, D, H, dtype)
        self.u_n, self.b_n = self.new(T, K, H, B), self.new(K, H, 1)
        self.da_h, self.da_h_all = self.new(3, K, H, B), self.new(K, 3, H, T, B)

    def bias(self, params):
        """Without the candidate's share in the recurrent sum, which the reset multiplies."""
        H = self.sizes[-1]
        b = params["bias_ih"].copy()
        b[:, : 2 * H] += params["bias_hh"][:, : 2 * H]
        return b

    def begin(self, params, state):
        """As above."""
        self.h[0] = state[0]
        self.b_n[...] = params["bias_hh"][:, -self.sizes[-1] :, None]

    def step(self, t, z, from_h):
        """As above; z becomes the gates."""
        rz, n = z[:2], z[2]
        tanh(add(rz, from_h[:2], out=rz), out=rz)
        r, update = add(mul(rz, self.half, out=rz), self.half, out=rz)
        u_n = add(from_h[2], self.b_n, out=self.u_n[t])
        tanh(add(n, mul(r, u_n, out=self.work), out=n), out=n)
        h = sub(self.h[t], n, out=self.h[t + 1])
        add(mul(h, update, out=h), n, out=h)

    def step_backward(self, t, z, dh, da):
        """As above."""
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

    def backward(self, params, dy, dstate):
        """As above; the two sums differ in the candidate's rows."""
        super().backward(params, dy, dstate)
        return self.da_all, self.da_h_all


KERNELS = {"rnn": RNN, "rnn_relu": ReluRNN, "lstm": LSTM, "gru": GRU}
