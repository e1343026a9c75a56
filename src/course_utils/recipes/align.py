"""Align: many steps in, few labels out, and nobody says which steps belong to which label; CTC."""

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_utils.tasks import Pen

UPDATES, HIDDEN, TEST, SEED = 300, 64, 200, 0
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)


def batch(n):  # strokes of a pen and the words that they write
    ids, strokes, mask = Pen(letters="acehilnorstu", longest=4).sample(rng, n)
    x, lengths = strokes, mask.sum(0)  # YOUR DATA: (T, n, D), time first, and n lengths
    y = ids.T  # YOUR LABELS (n, U): integers from 1, then 0 up to the longest
    return torch.tensor(x, dtype=torch.float32), torch.tensor(lengths), torch.tensor(y)


class Net(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.gru = nn.GRU(inputs, HIDDEN, bidirectional=True)
        self.readout = nn.Linear(2 * HIDDEN, classes)

    def forward(self, x, lengths):  # (T, B, D), (B,)
        h, _ = self.gru(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return self.readout(pad_packed_sequence(h)[0]).log_softmax(2)  # (T, B, 2H) -> (T, B, V)


model = Net(inputs=3, classes=15)  # the blank, 0, is one of the classes
adam = torch.optim.Adam(model.parameters(), lr=5e-3)
for _ in range(UPDATES):
    x, lengths, y = batch(32)
    loss = nn.functional.ctc_loss(model(x, lengths), y, lengths, (y > 0).sum(1))
    adam.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    adam.step()
x, lengths, y = batch(TEST)
with torch.no_grad():
    best = model(x, lengths).argmax(2).T  # (B, T)
read = [row[:n].unique_consecutive() for row, n in zip(best, lengths, strict=True)]  # join repeats,
read = [row[row > 0].tolist() for row in read]  # and only then drop the blanks
reached = sum(a == b[b > 0].tolist() for a, b in zip(read, y, strict=True)) / len(y)
baseline = 0.0  # what a net scores that says nothing but blanks, as it does at first
print(f"{reached:.2f} of the words right; a net that only says blanks {baseline:.2f}")
