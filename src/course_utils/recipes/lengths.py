"""Different lengths: one label for each sequence, packed batches, nothing computed for padding."""

import torch
from babel import Locale
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from torch import nn
from torch.nn.utils.rnn import pack_sequence

EPOCHS, HIDDEN, SEED = 10, 64, 0
torch.manual_seed(SEED)
names = [set(Locale(code).languages.values()) for code in ("en", "de", "fr", "es", "it", "pl")]
pairs = sorted((n, k) for k in range(6) for n in names[k] if sum(n in s for s in names) == 1)

texts = [name for name, _ in pairs]  # YOUR DATA: N texts of any length, a letter a step
y = torch.tensor([k for _, k in pairs])  # YOUR LABELS (N,): integers from 0, here the language

order = torch.randperm(len(texts))
test, train = order[: len(texts) // 5], order[len(texts) // 5 :]
known = {c: k for k, c in enumerate(sorted({c for i in train for c in texts[i]}), 1)}  # 0: unknown
ids = [torch.tensor([known.get(c, 0) for c in text]) for text in texts]  # N tensors (T_n,)
counts = CountVectorizer(analyzer="char", ngram_range=(1, 2), lowercase=False)
bayes = MultinomialNB(alpha=0.1).fit(counts.fit_transform([texts[i] for i in train]), y[train])
baseline = bayes.score(counts.transform([texts[i] for i in test]), y[test])


class Net(nn.Module):
    def __init__(self, size, classes):
        super().__init__()
        self.embed, self.gru = nn.Embedding(size, 32), nn.GRU(32, HIDDEN)
        self.readout = nn.Linear(HIDDEN, classes)

    def forward(self, ids):  # a list of B tensors (T_n,)
        packed = pack_sequence(ids, enforce_sorted=False)  # .data (T_1 + … + T_B,)
        _, h = self.gru(packed._replace(data=self.embed(packed.data)))  # (1, B, H), each at its end
        return self.readout(h[-1])  # (B, classes)


model = Net(len(known) + 1, int(y.max()) + 1)
adam = torch.optim.Adam(model.parameters(), lr=5e-3)
for _ in range(EPOCHS):
    for rows in train[torch.randperm(len(train))].split(32):  # (B,)
        loss = nn.functional.cross_entropy(model([ids[i] for i in rows]), y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
with torch.no_grad():
    reached = (model([ids[i] for i in test]).argmax(1) == y[test]).float().mean().item()
print(f"accuracy {reached:.3f}, naive Bayes on counts of letters and pairs {baseline:.3f}")
