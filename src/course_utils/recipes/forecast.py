"""Forecast: the next values of a series from the values before, tested on its last part."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import nn

EPOCHS, HIDDEN, WINDOW, AHEAD, SEED = 60, 24, 33, 1, 0
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
file = Path(find_spec("statsmodels").origin).with_name("datasets") / "sunspots" / "sunspots.csv"

series = np.loadtxt(file, delimiter=",", skiprows=1)[:, 1]  # YOUR DATA (M,), in order of time
season = 11  # YOUR SEASON: it repeats after so many steps, at most WINDOW (months 12, none 1)

cut = int(0.75 * len(series))  # the past teaches, the future tests: never at random
mean, std = series[:cut].mean(), series[:cut].std()  # of the past alone
rows = np.arange(WINDOW, len(series) - AHEAD + 1)  # the first step that each window forecasts
before = np.stack([series[k - WINDOW : k] for k in rows])  # (N, WINDOW)
after = np.stack([series[k : k + AHEAD] for k in rows])  # (N, AHEAD)
past, future = rows + AHEAD <= cut, rows >= cut  # no window of the past has a target in the future
naive = before[future][:, [k % season - season for k in range(AHEAD)]]
weights, *_ = np.linalg.lstsq(np.c_[before[past], np.ones(past.sum())], after[past])
linear = np.c_[before[future], np.ones(future.sum())] @ weights  # (N, AHEAD)

x, y = (torch.tensor((part - mean) / std, dtype=torch.float32) for part in (before, after))
gru, readout = nn.GRU(1, HIDDEN, batch_first=True), nn.Linear(HIDDEN, AHEAD)
adam = torch.optim.AdamW([*gru.parameters(), *readout.parameters()], lr=3e-3, weight_decay=0.1)
for _ in range(EPOCHS):
    for batch in torch.tensor(rng.permutation(np.flatnonzero(past))).split(32):  # (B,)
        _, h = gru(x[batch, :, None])  # (B, T, 1) -> h (1, B, H)
        loss = nn.functional.l1_loss(readout(h[-1]), y[batch])  # (B, AHEAD)
        adam.zero_grad()
        loss.backward()
        adam.step()
with torch.no_grad():
    forecast = readout(gru(x[future, :, None])[1][-1]).numpy() * std + mean  # (N, AHEAD)
guesses = (forecast, naive, linear)
reached, baseline, fear = (float(np.abs(guess - after[future]).mean()) for guess in guesses)
print(f"mean error {reached:.1f}; a season ago {baseline:.1f}, linear autoregression {fear:.1f}")
