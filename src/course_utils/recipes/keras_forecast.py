"""Forecast, in Keras: the next value of a series from those before, tested on its last part."""

import os
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # or "tensorflow", or "jax"
import keras
import numpy as np

EPOCHS, HIDDEN, WINDOW, SEED = 60, 24, 33, 0
keras.utils.set_random_seed(SEED)
file = Path(find_spec("statsmodels").origin).with_name("datasets") / "sunspots" / "sunspots.csv"

series = np.loadtxt(file, delimiter=",", skiprows=1)[:, 1]  # YOUR DATA (M,), in order of time
season = 11  # YOUR SEASON: it repeats after so many steps, at most WINDOW (months 12, none 1)

cut = int(0.75 * len(series))  # the past teaches, the future tests: never at random
mean, std = series[:cut].mean(), series[:cut].std()  # of the past alone
z = (series - mean) / std
windows = np.lib.stride_tricks.sliding_window_view(z, WINDOW + 1)  # (N, WINDOW + 1)
x, y = windows[:, :-1, None], windows[:, -1:]  # (N, T, 1), (N, 1)
past = slice(0, cut - WINDOW)  # the targets before the cut
future = slice(cut - WINDOW, None)
model = keras.Sequential([keras.layers.GRU(HIDDEN), keras.layers.Dense(1)])
model.compile(keras.optimizers.AdamW(3e-3, weight_decay=0.1), "mae")
model.fit(x[past], y[past], batch_size=32, epochs=EPOCHS, verbose=0)
guess = model.predict(x[future], verbose=0)  # (n, 1)
reached = float(np.abs(guess - y[future]).mean() * std)
baseline = float(np.abs(x[future, -season] - y[future]).mean() * std)
print(f"mean error {reached:.1f}; a season ago {baseline:.1f}")
