"""Save and load: weights, vocabulary and names of the classes in one file, and the same answers."""

import torch
from babel import Locale
from torch import nn

EPOCHS, HIDDEN, SEED = 8, 48, 0
torch.manual_seed(SEED)
names = {code: set(Locale(code).territories.values()) for code in ("en", "de", "fr", "es", "pl")}
pairs = sorted((n, c) for c in names for n in names[c] if sum(n in s for s in names.values()) == 1)

texts = [name for name, _ in pairs]  # YOUR DATA: N texts of any length, a letter a step
labels = [code for _, code in pairs]  # YOUR LABELS: N names of classes, here the language

train, test = torch.randperm(len(texts)).tensor_split([4 * len(texts) // 5])
known = {c: k for k, c in enumerate(sorted({c for i in train for c in texts[i]}), 1)}  # 0: unknown
kinds = sorted(set(labels))
sizes = [len(known) + 1, HIDDEN, len(kinds)]


class Net(nn.Module):
    def __init__(self, V, H, K):  # letters, hidden units, classes
        super().__init__()
        self.embed, self.gru, self.readout = nn.Embedding(V, 32), nn.GRU(32, H), nn.Linear(H, K)

    def forward(self, texts, known):  # a list of B texts -> (B, K)
        ids = [torch.tensor([known.get(c, 0) for c in text]) for text in texts]
        packed = nn.utils.rnn.pack_sequence(ids, enforce_sorted=False)
        return self.readout(self.gru(packed._replace(data=self.embed(packed.data)))[1][-1])


model, y = Net(*sizes), torch.tensor([kinds.index(label) for label in labels])
adam = torch.optim.Adam(model.parameters(), lr=5e-3)
for _ in range(EPOCHS):
    for rows in train[torch.randperm(len(train))].split(32):  # (B,)
        loss = nn.functional.cross_entropy(model([texts[i] for i in rows], known), y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
before = model.eval()([texts[i] for i in test], known)  # (n, K)
kept = {"weights": model.state_dict(), "sizes": sizes, "known": known, "kinds": kinds}
torch.save(kept, "classifier.pt")

kept = torch.load("classifier.pt", weights_only=True)  # from here another program, which has Net
loaded = Net(*kept["sizes"]).eval()
loaded.load_state_dict(kept["weights"])
after = loaded([texts[i] for i in test], kept["known"])
reached = (after.argmax(1) == y[test]).float().mean().item()
baseline = (y[test] == y[train].mode().values).float().mean().item()
print(f"accuracy {reached:.3f}, the commonest {baseline:.3f}; the same: {after.equal(before)}")
