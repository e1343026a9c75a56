"""Tag every step, in Keras: one label for each step, padded batches, masked by themselves."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # or "tensorflow", or "jax"
import keras
import numpy as np

from course_utils.tasks.python_lines import python_lines

EPOCHS, HIDDEN, LINES, SEED = 4, 48, 1000, 0
keras.utils.set_random_seed(SEED)

texts = python_lines()[0][:LINES]  # YOUR DATA: N texts (or lists of words)
tags = python_lines()[1][:LINES]  # YOUR LABELS: N lists of integers from 0, here kinds of token

cut = int(0.8 * len(texts))  # learn from the first, test on the last: neighbours are alike
known = sorted({c for text in texts[:cut] for c in text})
known = {c: k for k, c in enumerate(known, 2)}  # 0 padding, 1 unknown
x, y = np.zeros((2, len(texts), max(map(len, texts))), int)  # (N, T)
for row, (text, tag) in enumerate(zip(texts, tags, strict=True)):
    x[row, : len(text)], y[row, : len(tag)] = [known.get(c, 1) for c in text], tag
real = x > 0  # (N, T): what counts
count = np.zeros((x.max() + 1, y.max() + 1))
np.add.at(count, (x[:cut], y[:cut]), 1)  # how often each character was of each kind
baseline = float((count.argmax(1)[x] == y)[cut:][real[cut:]].mean())
model = keras.Sequential([
    keras.layers.Embedding(len(known) + 2, 32, mask_zero=True),  # (B, T) -> (B, T, 32), a mask
    keras.layers.Bidirectional(keras.layers.LSTM(HIDDEN, return_sequences=True)),  # (B, T, 2H)
    keras.layers.Dense(int(y.max()) + 1),  # (B, T, kinds)
])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # the mask reaches it
model.compile(keras.optimizers.Adam(5e-3), loss)
model.fit(x[:cut], y[:cut], batch_size=32, epochs=EPOCHS, verbose=0)
guess = model.predict(x[cut:], verbose=0).argmax(2)  # (n, T)
reached = float((guess == y[cut:])[real[cut:]].mean())
print(f"{reached:.3f} of the characters right, each character's commonest kind {baseline:.3f}")
