"""Generate: new short texts, character by character, like those that it has read."""

import torch
from babel import Locale
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from course_utils.tasks.ngram import NGram

EPOCHS, HIDDEN, TEMPERATURE, SEED = 12, 128, 0.7, 0
torch.manual_seed(SEED)

texts = sorted(set(Locale("en").languages.values()))  # YOUR DATA: N texts, no line breaks inside
texts = [texts[k] for k in torch.randperm(len(texts))]  # (leave this out if order matters)

cut = int(0.8 * len(texts))
signs = ["\n", *sorted(set("".join(texts)))]  # 0, the line break, begins and ends each text
ids = [torch.tensor([0, *map(signs.index, text), 0]) for text in texts]  # N tensors (T_n,)
x = pad_sequence([row[:-1] for row in ids], batch_first=True)  # (N, T)
y = pad_sequence([row[1:] for row in ids], batch_first=True, padding_value=-100)  # one step ahead
learnt, rest = (torch.cat([row[1:] for row in part]).numpy() for part in (ids[:cut], ids[cut:]))
baseline = NGram(learnt, 3, len(signs)).bits(rest)  # counts what follows each two characters

embed, readout = nn.Embedding(len(signs), 32), nn.Linear(HIDDEN, len(signs))
lstm, drop = nn.LSTM(32, HIDDEN, batch_first=True), nn.Dropout(0.3)
net = nn.ModuleList([embed, lstm, drop, readout])
adam = torch.optim.Adam(net.parameters(), lr=5e-3)


def bits(rows):  # bits per character
    logits = readout(drop(lstm(embed(x[rows]))[0]))  # (B, T) -> (B, T, H) -> (B, T, V)
    loss = nn.functional.cross_entropy(logits.transpose(1, 2), y[rows])  # classes on axis 1
    return loss / torch.log(torch.tensor(2.0))


for _ in range(EPOCHS):
    for rows in torch.randperm(cut).split(16):
        adam.zero_grad()
        bits(rows).backward()
        adam.step()
net.eval()
with torch.no_grad():
    reached = bits(slice(cut, None)).item()
    now, state, written = torch.zeros(8, 1, dtype=torch.long), None, []  # (B, 1): eight texts
    for _ in range(40):
        h, state = lstm(embed(now), state)  # one step; the state remembers the rest
        now = (readout(h[:, 0]) / TEMPERATURE).softmax(1).multinomial(1)  # (B, 1), drawn
        written.append(now)
lines = ["".join(signs[k] for k in row).split("\n")[0] for row in torch.cat(written, 1).tolist()]
print(f"{reached:.2f} bits a character, counting threes {baseline:.2f}\n" + "\n".join(lines))
