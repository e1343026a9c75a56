"""A number with an interval: one number for each sequence, and how sure the net is of it."""

import numpy as np
import torch
from torch import nn

EPOCHS, HIDDEN, SEQUENCES, SHARE, SEED = 8, 32, 3000, 0.9, 0
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
rate = rng.gamma(4, 1, (SEQUENCES, 1))  # a bearing wears at a rate of its own, unevenly
wear = np.cumsum(rate * rng.gamma(0.5, 2, (SEQUENCES, 40)), axis=1)  # after each of 40 hours

x = np.diff(wear, axis=1)[..., None] / 5  # YOUR DATA (N, T, D), of size about 1
y = 300 / rate[:, 0] * rng.gamma(20, 1 / 20, SEQUENCES)  # YOUR NUMBERS (N,): hours that are left

train, calibrate, test = np.split(rng.permutation(len(x)), [len(x) * 6 // 10, len(x) * 8 // 10])
scale = y[train].std()
x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y / scale, dtype=torch.float32)
levels = torch.tensor([(1 - SHARE) / 2, 0.5, (1 + SHARE) / 2])  # from, middle, to
gru, readout = nn.GRU(x.shape[2], HIDDEN, batch_first=True), nn.Linear(HIDDEN, 3)
adam = torch.optim.Adam([*gru.parameters(), *readout.parameters()], lr=5e-3)


def predict(x):  # (B, T, D) -> (B, 3)
    return readout(gru(x)[1][-1])


for _ in range(EPOCHS):
    for rows in torch.tensor(rng.permutation(train)).split(32):  # (B,)
        miss = y[rows, None] - predict(x[rows])  # (B, 3)
        loss = torch.maximum(levels * miss, (levels - 1) * miss).mean()  # the pinball loss
        adam.zero_grad()
        loss.backward()
        adam.step()
with torch.no_grad():
    low, _, high = predict(x[calibrate]).T  # (n,): how far must both ends move to hold SHARE?
    far = torch.maximum(low - y[calibrate], y[calibrate] - high)
    widen = far.quantile(min(1, SHARE * (1 + 1 / len(far))))
    low, middle, high = predict(x[test]).T
low, high = low - widen, high + widen
covered = ((low <= y[test]) & (y[test] <= high)).float().mean().item()
same = torch.diff(y[train].quantile(levels[[0, 2]])).item() * scale  # one interval for all
reached, baseline = (high - low).mean().item() * scale, same
print(f"{covered:.0%} inside, {reached:.0f} hours wide; one interval for all {baseline:.0f}")
