"""Both directions: a label at every step that depends on what comes after: where is a space?"""

from pydoc_data.topics import topics

import torch
from torch import nn

EPOCHS, HIDDEN, CHARACTERS, LENGTH, SEED = 2, 64, 120_000, 60, 0
torch.manual_seed(SEED)
text = " ".join(" ".join(topics[name] for name in sorted(topics)).split())[:CHARACTERS]

steps = text.replace(" ", "")  # YOUR DATA: a stream of M steps, here letters without spaces
labels = [b == " " for a, b in zip(text, text[1:] + " ", strict=True) if a != " "]  # YOUR LABELS: M

known = {c: k for k, c in enumerate(sorted(set(steps)))}
rows = len(steps) // LENGTH  # cut into pieces
x = torch.tensor([known[c] for c in steps])[: rows * LENGTH].reshape(rows, LENGTH)  # (N, T)
y = torch.tensor(labels)[: rows * LENGTH].reshape(rows, LENGTH).float()  # (N, T)
cut = int(0.8 * rows)  # the end is the test


class Net(nn.Module):
    def __init__(self, both):
        super().__init__()
        self.embed = nn.Embedding(len(known), 32)
        self.lstm = nn.LSTM(32, HIDDEN, batch_first=True, bidirectional=both)
        self.readout = nn.Linear(HIDDEN * (1 + both), 1)

    def forward(self, x):  # (B, T)
        h, _ = self.lstm(self.embed(x))  # (B, T, 2H): from the left, then from the right
        return self.readout(h)[..., 0]  # (B, T)


def error(both):  # share of the test's labels that are wrong
    model = Net(both)
    adam = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(EPOCHS):
        for batch in torch.randperm(cut).split(16):  # (B,)
            loss = nn.functional.binary_cross_entropy_with_logits(model(x[batch]), y[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
    with torch.no_grad():
        return ((model(x[cut:]) > 0) != y[cut:].bool()).float().mean().item()


baseline, reached = error(False), error(True)
print(f"wrong: {reached:.3f}; reading from the left only {baseline:.3f}")
