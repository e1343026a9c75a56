"""Resume: stop at any moment, start again, and end where an unbroken run would have ended."""

from pathlib import Path

import torch
from torch import nn

UPDATES, EVERY, HIDDEN, LENGTH, SEED = 600, 50, 32, 20, 0
FILE = Path("checkpoint.pt")
torch.manual_seed(SEED)


def batch(n):  # YOUR DATA: x (n, T, D), y (n,); here two numbers of a sequence are to be added
    value, mark = torch.rand(n, LENGTH), torch.zeros(n, LENGTH)
    mark.scatter_(1, torch.rand(n, LENGTH).topk(2).indices, 1.0)
    return torch.stack([value, mark], dim=2), (value * mark).sum(1)  # YOUR NUMBERS


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(2, HIDDEN, batch_first=True)
        self.readout = nn.Linear(HIDDEN, 1)

    def forward(self, x):  # (B, T, D)
        return self.readout(self.gru(x)[1][-1])[:, 0]  # (B,)


model, before = Net(), 0
adam = torch.optim.Adam(model.parameters(), lr=1e-2)
if FILE.exists():
    kept = torch.load(FILE, weights_only=True)
    model.load_state_dict(kept["model"])
    adam.load_state_dict(kept["adam"])  # its averages: without them the first steps go astray
    torch.set_rng_state(kept["rng"])  # or the same batches come again
    before = kept["done"]
for done in range(before + 1, UPDATES + 1):
    x, y = batch(32)
    loss = nn.functional.mse_loss(model(x), y)
    adam.zero_grad()
    loss.backward()
    adam.step()
    if done % EVERY == 0:
        kept = {"model": model.state_dict(), "adam": adam.state_dict(), "done": done}
        torch.save(kept | {"rng": torch.get_rng_state()}, "half.pt")
        Path("half.pt").replace(FILE)  # all or nothing: a stop while it writes loses no checkpoint
with torch.no_grad():
    x, y = batch(1000)
    reached, baseline = nn.functional.mse_loss(model(x), y).item(), y.var().item()
print(f"error {reached:.4f} after {UPDATES} updates; always the mean {baseline:.4f}")
