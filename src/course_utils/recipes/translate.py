"""Translate: a sequence in, another one out, of another length; encoder, decoder, attention."""

import difflib

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from course_utils.tasks import Dates

UPDATES, HIDDEN, SEED = 600, 64, 0
torch.manual_seed(SEED)
dates = [Dates(part, locales=("en_GB", "de_DE")) for part in ("train", "test")]  # no day in both

pairs = dates[0].pairs(np.random.default_rng(SEED), 4000)  # YOUR DATA: N pairs of texts
unseen = dates[1].pairs(np.random.default_rng(SEED), 200)  # YOUR TEST: pairs that are not in it

signs = "\0\1" + "".join(sorted(set("".join(a + b for a, b in pairs))))  # 0 padding, 1 begin, end
encode = lambda texts: pad_sequence([torch.tensor([signs.find(c) for c in t]) for t in texts], True)  # noqa: E731
texts, answers = zip(*pairs, strict=True)
x, y = encode(texts), encode(f"\1{answer}\1" for answer in answers)  # (N, S), (N, T)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(len(signs), 32, padding_idx=0)
        self.read = nn.GRU(32, HIDDEN, batch_first=True, bidirectional=True)
        self.write = nn.GRU(32, 2 * HIDDEN, batch_first=True)
        self.readout = nn.Linear(4 * HIDDEN, len(signs))

    def encode(self, x):  # (B, S)
        memory, h = self.read(self.embed(x))  # (B, S, 2H), (2, B, H)
        return memory, x == 0, torch.cat([*h], 1)[None]  # .., (B, S), (1, B, 2H)

    def decode(self, y, memory, padding, state):  # y (B, T): what has been written so far
        h, state = self.write(self.embed(y), state)  # (B, T, 2H)
        scores = h @ memory.mT  # (B, T, S)
        weights = scores.masked_fill(padding[:, None], -torch.inf).softmax(2)
        return self.readout(torch.cat([h, weights @ memory], 2)), state  # (B, T, V)


model = Net()
adam = torch.optim.Adam(model.parameters(), lr=3e-3)
