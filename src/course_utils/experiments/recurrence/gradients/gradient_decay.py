"""Per-step factor of a gradient on its way back, measured beside what theory says of it.

Untrained networks of one shape on random input, many random cotangents at the last step.  Beside
the measured factor stand a bound, the largest singular value times the largest slope; the
mean-field estimate, which follows the expected squared length and is ‖W‖_F / √H times the root of
the mean squared slope; and a guess that looks like it, the spectral radius times the mean slope.
Further: a matrix of radius below 1 that first grows, and the grid of radius, input gain and lag for
the book's explorer.
"""

from dataclasses import dataclass

import numpy as np

from course_utils import numpy_nn

ACTIVATIONS = {"tanh": "rnn", "relu": "rnn_relu"}


@dataclass(frozen=True)
class Config:
    """Size, steps, and what is varied."""

    hidden: int = 64
    steps: int = 121
    cotangents: int = 8
    window: tuple = (20, 100)  # lags between which the rate is measured
    radii: tuple = (0.5, 0.8, 0.9, 1.0, 1.1, 1.5, 3.0)
    starts: tuple = ("gaussian", "orthogonal", "identity")
    gain: float = 0.1
    explorer_radii: tuple = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.5)
    explorer_gains: tuple = (0.01, 0.1, 1.0)
    shear: float = 5.0
    shear_radius: float = 0.9
    seeds: tuple = (0, 1, 2, 3, 4)


QUICK = Config(hidden=24, steps=61, window=(10, 50), explorer_radii=(0.5, 0.9, 1.1), seeds=(0, 1))


def run(config, progress=iter):
    """Rates by activation, start and radius (medians over seeds), the hump, the explorer's grid."""
    results = {"radii": list(config.radii), "rates": {}}
    for name in progress(tuple(ACTIVATIONS)):
        results["rates"][name] = {start: rates(config, name, start) for start in config.starts}
    results["hump"] = hump(config)
    results["explorer"] = explorer(config)
    both = [
        (m, b)
        for by_start in results["rates"].values()
        for r in by_start.values()
        for m, b in zip(r["measured"], r["bound"], strict=True)
    ]
    results["above_bound"] = sum(m > b * (1 + 1e-9) for m, b in both)
    results["off"] = {
        name: {
            theory: np.abs(np.subtract(r["measured"], r[theory])).tolist()
            for theory in ("mean_field", "guess")
        }
        for name, r in (
            ("tanh", results["rates"]["tanh"]["gaussian"]),
            ("relu", results["rates"]["relu"]["gaussian"]),
            ("orthogonal", results["rates"]["tanh"]["orthogonal"]),
        )
    }
    return results


def rates(config, activation, start):
    """Measured factor a step, the mean-field estimate, the guess and the bound, over the radii."""
    rows = []
    for radius in config.radii:
        each = []
        for seed in config.seeds:
            rng = np.random.default_rng(seed)
            W = recurrent(start, radius, config.hidden, rng)
            log_norm, slopes = backwards(config, ACTIVATIONS[activation], W, config.gain, rng)
            low, high = config.window
            slopes = slopes[config.steps - high : config.steps - low]  # of the steps in the window
            rate = np.exp((log_norm[high] - log_norm[low]) / (high - low))
            rate = 0.0 if rate < 1e-9 else rate  # every path was cut: the gradient is exactly zero
            sigma = np.linalg.norm(W) / np.sqrt(config.hidden)  # Frobenius
            mean_field = sigma * np.sqrt(np.mean(slopes**2))
            each.append((rate, mean_field, radius * slopes.mean(), np.linalg.norm(W, 2)))
        rows.append(np.median(each, axis=0))
    names = ("measured", "mean_field", "guess", "bound")
    return dict(zip(names, np.transpose(rows).tolist(), strict=True))


def recurrent(start, radius, hidden, rng):
    """A matrix (H, H) of the given spectral radius."""
    W = rng.standard_normal((hidden, hidden))
    if start == "orthogonal":
        W = np.linalg.qr(W)[0]
    elif start == "identity":
        W = np.eye(hidden)
    return W * (radius / np.abs(np.linalg.eigvals(W)).max())


def backwards(config, key, W, gain, rng):
    """Log of the cotangent's norm by lag (steps,), mean over cotangents; all slopes (T, B, H)."""
    H, T, B = config.hidden, config.steps, config.cotangents
    zero = np.zeros(H)
    params = {"weight_ih": gain * np.eye(H), "weight_hh": W, "bias_ih": zero, "bias_hh": zero}
    y, _, tape = numpy_nn.unroll(key, params, rng.standard_normal((T, B, H)))
    slopes = 1 - y**2 if key == "rnn" else (y > 0).astype(float)
    cell = numpy_nn.get_cell(key)
    v = rng.standard_normal((B, H))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    logs, scale = [0.0], np.zeros(B)
    for t in range(T - 1, 0, -1):
        _, (v,), _ = cell.step_backward(params, tape.caches[t], cell.State(v))
        norm = np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-300)
        v, scale = v / norm, scale + np.log(norm[:, 0])  # renormed: neither 0 nor infinity
        logs.append(scale.mean())
    return np.array(logs), slopes


def hump(config):
    """Norms of the powers of a shear (2, 2), whose eigenvalues both are the radius."""
    k = np.arange(0, 101)
    W = np.array([[config.shear_radius, config.shear], [0.0, config.shear_radius]])
    norms = [float(np.linalg.norm(np.linalg.matrix_power(W, int(p)), 2)) for p in k]
    peak = int(np.argmax(norms))
    return {
        "norms": norms,
        "peak": norms[peak],
        "peak_at": peak,
        "below_one_at": next(int(p) for p in k if p > peak and norms[p] < 1),
        "radius": config.shear_radius,
        "largest_singular_value": norms[1],
    }


def explorer(config):
    """What figures.decay_explorer asks for: log10 of the norm over radius, gain and lag."""
    log10, slopes = [], []
    lag = np.arange(0, config.steps, 4 if config.steps > 100 else 2)
    for radius in config.explorer_radii:
        row, slope_row = [], []
        for gain in config.explorer_gains:
            rng = np.random.default_rng(config.seeds[0])
            W = recurrent("gaussian", radius, config.hidden, rng)
            log_norm, slopes_seen = backwards(config, "rnn", W, gain, rng)
            row.append((log_norm[lag] / np.log(10)).round(3).tolist())
            slope_row.append(round(float(slopes_seen.mean()), 3))
        log10.append(row)
        slopes.append(slope_row)
    return {
        "radius": list(config.explorer_radii),
        "gain": list(config.explorer_gains),
        "lag": lag.tolist(),
        "log10": log10,
        "slope": slopes,
    }
