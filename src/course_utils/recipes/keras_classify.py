"""Classify, in Keras: one label for each sequence, all of one length."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # or "tensorflow", or "jax"
import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

EPOCHS, HIDDEN, SEED = 30, 128, 0
keras.utils.set_random_seed(SEED)

x = load_digits().images  # YOUR DATA (N, T, D): a picture row by row, 8 pixels a step
y = load_digits().target  # YOUR LABELS (N,): integers from 0

x, x_test, y, y_test = train_test_split(x, y, test_size=0.25, stratify=y, random_state=SEED)
mean, std = x.mean((0, 1)), x.std((0, 1)) + 1e-6  # (D,), of the training part alone
x, x_test = (x - mean) / std, (x_test - mean) / std
plain = LogisticRegression(max_iter=1000).fit(x.reshape(len(x), -1), y)  # (N, T·D)
baseline = plain.score(x_test.reshape(len(x_test), -1), y_test)
model = keras.Sequential([
    keras.layers.LSTM(HIDDEN),  # (B, T, D) -> (B, H): the last output; return_sequences is off
    keras.layers.Dense(int(y.max()) + 1),  # (B, classes): logits, no softmax
])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(5e-3), loss)
model.fit(x, y, batch_size=64, epochs=EPOCHS, verbose=0)
reached = float(np.mean(model.predict(x_test, verbose=0).argmax(1) == y_test))
print(f"accuracy {reached:.3f}, logistic regression on all pixels {baseline:.3f}")
