"""Deploy: train in PyTorch, run in NumPy, one step at a time, as the values come in."""

import numpy as np
import torch
from torch import nn

UPDATES, HIDDEN, LENGTH, SEED = 60, 16, 500, 0
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)

x = np.sin(np.arange(LENGTH) / 5) + 0.2 * rng.normal(size=LENGTH)  # YOUR DATA (M,)
y = np.append(x[1:], np.nan)  # YOUR LABELS (M,): what to say at each step, here the next value

cut, x = int(0.8 * LENGTH), x.astype("float32")
signal, wanted = (torch.tensor(part[:cut], dtype=torch.float32)[None] for part in (x, y))  # (1, T)
gru, readout = nn.GRU(1, HIDDEN, batch_first=True), nn.Linear(HIDDEN, 1)
adam = torch.optim.Adam([*gru.parameters(), *readout.parameters()], lr=2e-2)
for _ in range(UPDATES):
    h, _ = gru(signal[..., None])  # (1, T, 1) -> (1, T, H)
    loss = nn.functional.mse_loss(readout(h)[..., 0], wanted)
    adam.zero_grad()
    loss.backward()
    adam.step()
weights = {**gru.state_dict(), **{f"out_{k}": v for k, v in readout.state_dict().items()}}
np.savez("model.npz", **{name: value.numpy() for name, value in weights.items()})

# From here on PyTorch is not needed: this part goes to the device, with model.npz
w = dict(np.load("model.npz"))


def step(value, h):  # a number and the state (H,) -> a forecast and the next state (H,)
    from_x = w["weight_ih_l0"] @ np.array([value]) + w["bias_ih_l0"]  # (3H,): r, z, n
    from_h = w["weight_hh_l0"] @ h + w["bias_hh_l0"]
    (r_x, z_x, n_x), (r_h, z_h, n_h) = np.split(from_x, 3), np.split(from_h, 3)
    r, z = 1 / (1 + np.exp(-r_x - r_h)), 1 / (1 + np.exp(-z_x - z_h))
    h = (1 - z) * np.tanh(n_x + r * n_h) + z * h
    return (w["out_weight"] @ h + w["out_bias"])[0], h


state, said = np.zeros(HIDDEN, "float32"), []
for value in x:  # the state is all that is kept from one value to the next
    guess, state = step(value, state)
    said.append(guess)
with torch.no_grad():
    whole = readout(gru(torch.tensor(x)[None, :, None])[0])[0, :, 0].numpy()  # (M,)
differ = np.abs(whole - said).max()
reached = np.abs(np.array(said) - y)[cut:-1].mean()
baseline = np.abs(x - y)[cut:-1].mean()
print(f"error {reached:.3f}, the last value again {baseline:.3f}; differs by {differ:.0e}")
