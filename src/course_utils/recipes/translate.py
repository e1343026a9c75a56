"""Translate: a sequence in, another of another length out; encoder, decoder and attention."""

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from course_utils.tasks import Dates

UPDATES, HIDDEN, TEXTS, SEED = 500, 96, 5000, 0
torch.manual_seed(SEED)

pairs = Dates("train").pairs(np.random.default_rng(SEED), TEXTS)  # YOUR DATA: (to read, to write)
unseen = Dates("test").pairs(np.random.default_rng(SEED), 200)  # YOUR TEST: pairs of other days

signs = "\0\1" + "".join(sorted(set("".join(a + b for a, b in pairs + unseen))))  # 0 pads, 1 ends
sides = zip(*pairs, *unseen, strict=True)
x, y = (pad_sequence([torch.tensor([*map(signs.index, t), 1]) for t in s], True) for s in sides)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.readout = nn.Embedding(len(signs), 32), nn.Linear(2 * HIDDEN, len(signs))
        self.read, self.write = (nn.GRU(32, HIDDEN, batch_first=True) for _ in range(2))

    def forward(self, x, y, attend):  # (B, S), (B, T); step t reads y of step t - 1
        memory, h = self.read(self.embed(x))  # (B, S, H), (1, B, H)
        h, _ = self.write(self.embed(nn.functional.pad(y[:, :-1], (1, 0), value=1)), h)  # (B, T, H)
        scores = (h @ memory.mT).masked_fill((x == 0)[:, None], -torch.inf)  # (B, T, S)
        return self.readout(torch.cat([h, scores.softmax(2) @ memory * attend], 2))  # (B, T, V)


def right(attend):  # share of the unseen texts that come out without a mistake
    model = Net()
    adam = torch.optim.Adam(model.parameters(), lr=4e-3)
    for _ in range(UPDATES):
        rows = torch.randint(len(pairs), (64,))
        logits = model(x[rows], y[rows], attend).transpose(1, 2)  # (B, V, T): classes on axis 1
        loss = nn.functional.cross_entropy(logits, y[rows], ignore_index=0)
        adam.zero_grad()
        loss.backward()
        adam.step()
    out = torch.zeros_like(y[len(pairs) :])
    with torch.no_grad():
        for t in range(out.shape[1]):  # now each step reads what the net wrote itself
            out[:, t] = model(x[len(pairs) :], out, attend)[:, t].argmax(1)
    return (out == y[len(pairs) :]).all(1).float().mean().item()


baseline, reached = right(attend=False), right(attend=True)
print(f"{reached:.2f} of the dates right, without attention {baseline:.2f}")
