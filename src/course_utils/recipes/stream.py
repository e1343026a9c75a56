"""A long stream: the text is longer than memory, so the state is carried and the gradient cut."""

from pydoc_data.topics import topics

import torch
from torch import nn

from course_utils.tasks.ngram import NGram

EPOCHS, HIDDEN, CHARACTERS, ROWS, LENGTH, SEED = 4, 128, 150_000, 16, 50, 0
torch.manual_seed(SEED)

text = "\n".join(topics[name] for name in sorted(topics))[:CHARACTERS]  # YOUR DATA: one long text

signs = sorted(set(text))
ids = torch.tensor([signs.index(c) for c in text])  # (M,)
cut = int(0.9 * len(ids))  # learn from the beginning, test on the end
baseline = NGram(ids[:cut].numpy(), 3, len(signs)).bits(ids.numpy(), cut)


def strips(ids, rows):  # (M,) -> inputs and targets (rows, M // rows), targets one step ahead
    steps = (len(ids) - 1) // rows  # each row goes on where it was; no row follows another
    return (ids[k : k + rows * steps].reshape(rows, steps) for k in (0, 1))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.lstm = nn.Embedding(len(signs), 64), nn.LSTM(64, HIDDEN, batch_first=True)
        self.readout = nn.Linear(HIDDEN, len(signs))

    def forward(self, x, state=None):  # (B, T), (h, c) each (1, B, H)
        h, state = self.lstm(self.embed(x), state)
        return self.readout(h).transpose(1, 2), state  # (B, V, T): classes on axis 1


model = Net()
adam = torch.optim.Adam(model.parameters(), lr=4e-3)
x, y = strips(ids[:cut], ROWS)  # (ROWS, S)
for _ in range(EPOCHS):
    state = None  # the text begins again
    for x_now, y_now in zip(x.split(LENGTH, 1), y.split(LENGTH, 1), strict=True):  # (ROWS, LENGTH)
        logits, state = model(x_now, state)
        state = tuple(part.detach() for part in state)  # the value goes on, the gradient does not
        loss = nn.functional.cross_entropy(logits, y_now)
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
with torch.no_grad():
    x, y = strips(ids[cut:], 1)
    reached = nn.functional.cross_entropy(model(x)[0], y).item() / torch.tensor(2.0).log().item()
print(f"{reached:.2f} bits a character, counting threes {baseline:.2f}")
