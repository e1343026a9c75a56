"""Validate: learn from the past, stop by what follows it, test once on the end of the series."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import nn

EPOCHS, PATIENCE, HIDDEN, WINDOW, AHEAD, SEED = 400, 10, 24, 24, 6, 0
torch.manual_seed(SEED)
file = Path(find_spec("statsmodels").origin).with_name("datasets") / "elnino" / "elnino.csv"

series = np.loadtxt(file, delimiter=",", skiprows=1)[:, 1:].ravel()  # YOUR DATA (M,), in time
season = 12  # YOUR SEASON: it repeats after so many steps, at most WINDOW (months 12, none 1)

cuts = [0, int(0.6 * len(series)), int(0.8 * len(series)), len(series)]  # past, validation, test
assert np.isfinite(series).all(), "series: has a gap; fill it with the last value known"
z, std = series / series[: cuts[1]].std(), series[: cuts[1]].std()  # of the first part alone


def windows(begin, end):  # those with all targets in this part; what they read may lie before it
    rows = range(max(begin, WINDOW), end - AHEAD + 1)  # each from its last value: levels may rise
    pairs = [(z[k - WINDOW : k] - z[k - 1], z[k : k + AHEAD] - z[k - 1]) for k in rows]
    return [torch.tensor(np.stack(side), dtype=torch.float32) for side in zip(*pairs, strict=True)]


(x, y), validation, test = (windows(*cuts[k : k + 2]) for k in range(3))  # (n, WINDOW), (n, AHEAD)
gru, readout = net = nn.ModuleList([nn.GRU(1, HIDDEN, batch_first=True), nn.Linear(HIDDEN, AHEAD)])
adam = torch.optim.Adam(net.parameters(), lr=3e-3)


def error(x, y):  # (n, WINDOW), (n, AHEAD) -> the mean absolute error, in units of std
    return nn.functional.l1_loss(readout(gru(x[..., None])[1][-1]), y)


best, at, kept = np.inf, 0, None
for epoch in range(EPOCHS):
    for rows in torch.randperm(len(x)).split(32):  # (B,)
        adam.zero_grad()
        error(x[rows], y[rows]).backward()
        adam.step()
    now = error(*validation).item()
    if now < best:  # copies: the arrays of state_dict() are the weights, and go on changing
        best, at, kept = now, epoch, {name: w.clone() for name, w in net.state_dict().items()}
    elif epoch - at >= PATIENCE:
        break
net.load_state_dict(kept)
reached = error(*test).item() * std  # here the test is opened, once
naive = test[0][:, [k % season - season for k in range(AHEAD)]]
linear = test[0] @ torch.linalg.lstsq(x, y).solution
baseline, fear = ((guess - test[1]).abs().mean().item() * std for guess in (naive, linear))
print(f"error {reached:.2f}, stopped at {at}; a season ago {baseline:.2f}, linear {fear:.2f}")
