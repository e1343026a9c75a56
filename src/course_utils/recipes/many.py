"""Many series: one net forecasts them all, each scaled by its own past, tested on their ends."""

import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import nn

EPOCHS, HIDDEN, WINDOW, AHEAD, SEED = 6, 32, 10, 5, 0
torch.manual_seed(SEED)
file = Path(find_spec("statsmodels").origin).with_name("datasets") / "fertility" / "fertility.csv"
table = [row[4:55] for row in csv.reader(file.read_text("utf-8").splitlines())][1:]  # a year each

series = [np.array(row, float) for row in table if all(row)]  # YOUR DATA: N arrays (M_n,), in time
season = 1  # YOUR SEASON: it repeats after so many steps, at most WINDOW (months 12, none 1)

series = [values for values in series if len(values) >= WINDOW + AHEAD]  # others: no window
past = [values[:-AHEAD] for values in series]  # the ends are the test
size = np.array([np.abs(p[season:] - p[:-season]).mean() + 1e-9 for p in past])  # (N,), its change


def window(n, k):  # of series n before and after step k, from its last value, in its own size
    part = (series[n][k - WINDOW : k + AHEAD] - series[n][k - 1]) / size[n]
    return part[:WINDOW], part[WINDOW:]


learn = [(n, k) for n, p in enumerate(past) for k in range(WINDOW, len(p) - AHEAD + 1)]
test = [(n, len(p)) for n, p in enumerate(past)]
sides = [zip(*(window(*place) for place in places), strict=True) for places in (learn, test)]
(before, after), (last, truth) = ([np.stack(side) for side in pair] for pair in sides)
naive = last[:, [k % season - season for k in range(AHEAD)]]
linear = last @ np.linalg.lstsq(before, after)[0]  # one linear model for all
of = np.array(learn)[:, 0]  # whose window it is
each = [last[n] @ np.linalg.lstsq(before[of == n], after[of == n])[0] for n, _ in test]
x, y, now = (torch.tensor(part, dtype=torch.float32) for part in (before, after, last))
gru, readout = nn.GRU(1, HIDDEN, batch_first=True), nn.Linear(HIDDEN, AHEAD)
adam = torch.optim.Adam([*gru.parameters(), *readout.parameters()], lr=3e-3)
for _ in range(EPOCHS):
    for rows in torch.randperm(len(x)).split(64):  # (B,), windows of all series, mixed
        loss = nn.functional.l1_loss(readout(gru(x[rows, :, None])[1][-1]), y[rows])  # (B, AHEAD)
        adam.zero_grad()
        loss.backward()
        adam.step()
forecast = readout(gru(now[..., None])[1][-1]).detach().numpy()  # (N, AHEAD)
guesses = (forecast, naive, linear, each)
reached, baseline, fear, alone = (float(np.abs(guess - truth).mean()) for guess in guesses)
print(f"error {reached:.2f}; no change {baseline:.2f}, linear {fear:.2f}, one for each {alone:.2f}")
