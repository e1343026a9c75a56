"""Classify: one label for each sequence, all of one length."""

import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from torch import nn

EPOCHS, HIDDEN, SEED = 30, 128, 0
torch.manual_seed(SEED)

x = load_digits().images  # YOUR DATA (N, T, D): a picture row by row, 8 pixels a step
y = load_digits().target  # YOUR LABELS (N,): integers from 0

x, x_test, y, y_test = train_test_split(x, y, test_size=0.25, stratify=y, random_state=SEED)
mean, std = x.mean((0, 1)), x.std((0, 1)) + 1e-6  # (D,), of the training part alone
x, x_test = (x - mean) / std, (x_test - mean) / std
plain = LogisticRegression(max_iter=1000).fit(x.reshape(len(x), -1), y)  # (N, T·D)
baseline = plain.score(x_test.reshape(len(x_test), -1), y_test)


class Net(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.lstm = nn.LSTM(inputs, HIDDEN, batch_first=True)
        self.readout = nn.Linear(HIDDEN, classes)

    def forward(self, x):  # (B, T, D)
        _, (h, _) = self.lstm(x)  # h (layers, B, H): the state after the last step
        return self.readout(h[-1])  # (B, classes)


model = Net(x.shape[2], int(y.max()) + 1)
adam = torch.optim.Adam(model.parameters(), lr=5e-3)
x, x_test = (torch.tensor(part, dtype=torch.float32) for part in (x, x_test))
y, y_test = torch.tensor(y), torch.tensor(y_test)
for _ in range(EPOCHS):
    for rows in torch.randperm(len(x)).split(64):  # (B,)
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
with torch.no_grad():
    reached = (model(x_test).argmax(1) == y_test).float().mean().item()
print(f"accuracy {reached:.3f}, logistic regression on all pixels {baseline:.3f}")
