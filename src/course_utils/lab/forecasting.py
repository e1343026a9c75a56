"""Forecasting a series: windows, parts that follow each other in time, baselines and nets.

An *origin* o is the number of values that are known; a forecast from there says values[o], ...,
values[o + horizon - 1].  Everything here takes origins, so that a test origin can read all of the
past and nothing else.
"""

import warnings

import numpy as np
import torch

from course_utils import numpy_nn, torch_nn


def windows(values, origins, lags, horizon):
    """What is known and what comes: x (n, lags) and y (n, horizon) around origins (n,).

    ValueError where a window does not fit into values (N,).
    """
    origins = np.asarray(origins)
    if len(origins) and (origins.min() < lags or origins.max() + horizon > len(values)):
        raise ValueError(
            f"origins: {lags} values before and {horizon} after do not fit into {len(values)} for "
            f"origins from {origins.min()} to {origins.max()}"
        )
    x = values[origins[:, None] - np.arange(lags, 0, -1)]
    return x, values[origins[:, None] + np.arange(horizon)]


def split(count, ends, lags, horizon):
    """Origins of the parts {name: (n,)} of a series of ``count``, one after the other in time.

    ends {name: index where the part ends}, increasing.  A part's targets all lie in it, so the
    last origin of a part and the first of the next share no target.
    """
    parts, start = {}, lags
    for name, end in ends.items():
        if not start <= end - horizon <= count - horizon:
            raise ValueError(f"ends: part {name!r} up to {end} holds no window of {horizon} steps")
        parts[name] = np.arange(start, end - horizon + 1)
        start = end
    return parts


# -- baselines: (values, origins, horizon) -> (n, horizon), from values before each origin ---------


def last_value(values, origins, horizon):
    """The last value for ever: what no one beats where a series is a random walk."""
    return np.repeat(values[np.asarray(origins) - 1][:, None], horizon, 1)


def seasonal_naive(values, origins, horizon, season):
    """The value of the same phase of the last season that is known."""
    back = season - np.arange(horizon) % season
    return values[np.asarray(origins)[:, None] - back]


def seasonal_rise(values, origins, horizon, season):
    """``seasonal_naive`` plus what the last value rose over the one a season before."""
    origins = np.asarray(origins)
    rise = values[origins - 1] - values[origins - 1 - season]
    seasons = 1 + np.arange(horizon) // season
    return seasonal_naive(values, origins, horizon, season) + rise[:, None] * seasons


def fit_linear(x, y, ridge=1e-3):
    """Least squares of y (n, K) on windows x (n, lags), all minus the window's last value.

    -> weights (lags + 1, K).  ridge: relative to the mean square of the windows.
    """
    design, target = _relative(x), y - x[:, -1:]
    gram = design.T @ design
    gram += ridge * np.trace(gram) / len(gram) * np.eye(len(gram)) * (np.arange(len(gram)) > 0)
    return np.linalg.solve(gram, design.T @ target)


def linear(weights, x):
    """Forecasts (n, K) of ``fit_linear``'s weights from windows x (n, lags)."""
    return _relative(x) @ weights + x[:, -1:]


def _relative(x):
    """A one, then the window minus its last value, which is left out as it is zero."""
    return np.concatenate([np.ones((len(x), 1)), x[:, :-1] - x[:, -1:], 0 * x[:, -1:]], 1)


def feed_back(one_step, x, horizon):
    """Forecast many steps with a model of one: each forecast joins the window of the next.

    one_step: x (n, lags) -> (n,); x (n, lags) -> (n, horizon).
    """
    window, out = x, []
    for _ in range(horizon):
        out.append(one_step(window))
        window = np.concatenate([window[:, 1:], out[-1][:, None]], 1)
    return np.stack(out, 1)


def arima(values, known, origins, horizon, order, seasonal=(0, 0, 0, 0), trend=None):
    """ARIMA by statsmodels: its numbers from values[:known], then from each origin as it is.

    known: how many values the parameters may be fitted to, at most the first origin.
    """
    from statsmodels.tsa.statespace.sarimax import SARIMAX  # with statsmodels

    if known > min(origins):
        raise ValueError(f"known: {known} values reach beyond the first origin {min(origins)}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns of starting values, in every fit
        fitted = SARIMAX(values[:known], order=order, seasonal_order=seasonal, trend=trend).fit(
            disp=0, maxiter=200
        )
    return np.stack([fitted.apply(values[:o]).forecast(horizon) for o in origins])


def ets(values, known, origins, horizon, season):
    """Exponential smoothing by statsmodels, additive trend and season, as ``arima``."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # with statsmodels

    if known > min(origins):
        raise ValueError(f"known: {known} values reach beyond the first origin {min(origins)}")
    how = {"error": "add", "trend": "add", "seasonal": "add", "seasonal_periods": season}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ETSModel(values[:known], **how).fit(disp=0).params
        return np.stack(
            [ETSModel(values[:o], **how).smooth(found).forecast(horizon) for o in origins]
        )


# -- nets -----------------------------------------------------------------------------------------


class Net(torch.nn.Module):
    """x (n, lags), scaled -> (n, outputs); kind "lstm", "rnn", … (one value a step) or "mlp"."""

    def __init__(self, kind, lags, hidden, outputs, seed):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.kind = kind
        inputs = lags if kind == "mlp" else hidden
        if kind == "mlp":
            self.first, inputs = _dense(lags, hidden, rng), hidden
        else:
            params = numpy_nn.init_params(kind, 1, hidden, rng, np.float32)
            self.layer = torch_nn.from_numpy(kind, params)
        self.readout = _dense(inputs, outputs, rng)

    def forward(self, x):
        if self.kind == "mlp":
            return self.readout(self.first(x).tanh())
        return self.readout(self.layer(x.T[..., None])[0][-1])


def _dense(inputs, outputs, rng):
    layer = torch.nn.Linear(inputs, outputs)
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.from_numpy(rng.uniform(-(inputs**-0.5), inputs**-0.5, p.shape)))
    return layer


class Forecaster:
    """A net with its scaling: windows in the series' units (n, lags) -> forecasts (n, K).

    relative: each window and its forecast minus the window's last value, so that the net never has
    to say a level that it has not seen; without it minus the mean of what it was trained on.
    Numbers are divided by ``scale``, from the training windows alone.
    """

    def __init__(self, net, x, relative=True):
        self.net, self.relative = net, relative
        self.mean = float(x.mean())
        self.scale = float((x - self.centre(x)).std())

    def centre(self, x):
        """What is subtracted: (n, 1)."""
        return x[:, -1:] if self.relative else np.full((len(x), 1), self.mean)

    def tensors(self, x, y=None):
        """Scaled float32 tensors."""
        scaled = [(v - self.centre(x)) / self.scale for v in (x, y) if v is not None]
        return [torch.from_numpy(v.astype(np.float32)) for v in scaled]

    @torch.no_grad()
    def __call__(self, x):
        out = self.net(self.tensors(x)[0]).numpy().astype(float)
        return out * self.scale + self.centre(x)


def train(model, parts, *, updates, batch, lr, seed, loss=None, every=25):
    """Train a Forecaster on parts["train"], keep the weights that forecast "validation" best.

    parts {name: (x, y)}; loss(prediction, target) of tensors, default mean squares.  Weight decay
    0.01.  Returns the validation losses.
    """
    from copy import deepcopy

    from course_utils.training import fit, torch_step

    loss = loss or torch.nn.functional.mse_loss
    rng = np.random.default_rng((seed, 1))
    x, y = model.tensors(*parts["train"])
    held = model.tensors(*parts["validation"])
    best = [np.inf, None]

    def sample():
        rows = rng.integers(len(x), size=batch)
        return x[rows], y[rows]

    def check():
        with torch.no_grad():
            found = float(loss(model.net(held[0]), held[1]))
        if found < best[0]:
            best[:] = found, deepcopy(model.net.state_dict())
        return found

    optimiser = torch.optim.AdamW(model.net.parameters(), lr, weight_decay=0.01)
    step = torch_step(model.net, lambda net, b: loss(net(b[0]), b[1]), sample, optimiser=optimiser)
    history = fit(step, updates, check=check, every=min(every, updates), bar=False)
    model.net.load_state_dict(best[1])
    return [value for _, value in history.checks]


# -- intervals -------------------------------------------------------------------------------------


def pinball(quantiles):
    """The loss of quantiles (Q,): prediction (n, Q * K), quantile by quantile; target (n, K)."""
    q = torch.tensor(quantiles, dtype=torch.float32)[:, None, None]

    def loss(prediction, target):
        parts = torch.stack(prediction.chunk(len(quantiles), -1))  # (Q, n, K)
        over = target - parts
        return torch.maximum(q * over, (q - 1) * over).mean()

    return loss


def conformal_margin(scores, level):
    """How far intervals must reach so that a share ``level`` of new scores lies within.

    scores (n, ...) of data that no model was fitted to: the ceil((n + 1) level)-th smallest along
    axis 0.  Split conformal prediction (Lei et al. 2018); infinite where n is too
    small for the level.
    """
    n = len(scores)
    rank = int(np.ceil((n + 1) * level))
    if rank > n:
        return np.full(np.shape(scores)[1:], np.inf)
    return np.sort(scores, axis=0)[rank - 1]


def block_interval(values, block, level=0.95, resamples=2000):
    """Bootstrap interval (low, high) of the mean of values (n,) that stand in order of time.

    Neighbours are alike, so blocks of ``block`` neighbours are drawn, not single values (moving
    blocks, Künsch 1989, taken around the end).  The same at each call.
    """
    values, rng = np.asarray(values, float), np.random.default_rng(0)
    n = len(values)
    if not 1 <= block <= n:
        raise ValueError(f"block: expected 1 to {n}, the number of values, got {block}")
    starts = rng.integers(n, size=(resamples, -(-n // block), 1))
    rows = ((starts + np.arange(block)) % n).reshape(resamples, -1)[:, :n]
    edge = (1 - level) / 2
    return tuple(float(v) for v in np.quantile(values[rows].mean(1), [edge, 1 - edge]))
