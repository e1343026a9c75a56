"""Align: steps in, fewer labels out, and nobody says which step belongs to which label; CTC."""

import numpy as np
import torch
from torch import nn

from course_utils.tasks import Pen

UPDATES, HIDDEN, SEED = 500, 64, 0
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
task = Pen(letters="acehilnorstu", longest=4)


def batch(n):
    ids, strokes, mask = task.sample(rng, n)
    return strokes, mask.sum(0), ids.T  # YOUR DATA (T, n, D), its lengths; YOUR LABELS (n, U), 0 fills


class Net(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.gru = nn.GRU(inputs, HIDDEN, bidirectional=True)
        self.readout = nn.Linear(2 * HIDDEN, classes)

    def forward(self, x, lengths):  # (T, B, D), (B,)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        h, _ = nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0])  # (T, B, 2H)
        return self.readout(h).log_softmax(2)  # (T, B, classes): CTC wants time first


def tensors(strokes, lengths, ids):
    return torch.tensor(strokes, dtype=torch.float32), torch.tensor(lengths), torch.tensor(ids)


model = Net(3, task.alphabet.size)
adam = torch.optim.Adam(model.parameters(), lr=5e-3)
for _ in range(UPDATES):
    x, lengths, y = tensors(*batch(32))
    log_p = model(x, lengths)
    loss = nn.functional.ctc_loss(log_p, y, lengths, (y > 0).sum(1))  # blank is 0, the filler
    adam.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    adam.step()
x, lengths, y = tensors(*batch(200))
with torch.no_grad():
    best = model(x, lengths).argmax(2)  # (T, B)
wrong = empty = 0
for b in range(len(y)):
    said = torch.unique_consecutive(best[: lengths[b], b])  # first join what repeats,
    said, meant = said[said > 0].tolist(), y[b][y[b] > 0].tolist()  # then drop the blanks
    wrong += said != meant
reached, baseline = wrong / len(y), 1.0
print(f"{reached:.2f} of the words wrong; the network that always says nothing {baseline:.2f}")
