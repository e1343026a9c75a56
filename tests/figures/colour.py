"""Colour science in NumPy: WCAG contrast, colour-vision simulation, CIEDE2000."""

import numpy as np

# Machado, Oliveira and Fernandes 2009, severity 1.0, for linear RGB
VISION = {
    "normal": np.eye(3),
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "grey": [[0.2126, 0.7152, 0.0722]] * 3,
}
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = XYZ.sum(axis=1)


def linear(hex_colour):
    """'#rrggbb' -> linear RGB in [0, 1], shape (3,)."""
    v = np.array([int(hex_colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    """WCAG 2 contrast ratio of two '#rrggbb', 1 to 21."""
    luminances = (float(linear(c) @ VISION["grey"][0]) for c in (a, b))
    high, low = sorted(luminances, reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """Linear RGB (..., 3) -> CIELAB, D65."""
    t = np.clip(rgb, 0, 1) @ XYZ.T / WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def seen(hex_colours, vision):
    """Lab (n, 3) of the colours as that eye sees them."""
    rgb = np.array([linear(c) for c in hex_colours])
    return lab(np.clip(rgb @ np.array(VISION[vision]).T, 0, 1))


def ciede2000(p, q):
    """CIEDE2000 between Lab arrays (..., 3).  Sharma, Wu and Dalal 2005."""
    (L1, a1, b1), (L2, a2, b2) = np.moveaxis(p, -1, 0), np.moveaxis(q, -1, 0)
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(c7 / (c7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    C1, C2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.arctan2(b1, a1) % (2 * np.pi), np.arctan2(b2, a2) % (2 * np.pi)
    dh = np.where(C1 * C2 == 0, 0, (h2 - h1 + np.pi) % (2 * np.pi) - np.pi)
    L, C = (L1 + L2) / 2, (C1 + C2) / 2
    h = np.where(C1 * C2 == 0, h1 + h2, h1 + dh / 2)
    T = (
        1
        - 0.17 * np.cos(h - np.radians(30))
        + 0.24 * np.cos(2 * h)
        + 0.32 * np.cos(3 * h + np.radians(6))
        - 0.20 * np.cos(4 * h - np.radians(63))
    )
    S_L = 1 + 0.015 * (L - 50) ** 2 / np.sqrt(20 + (L - 50) ** 2)
    S_C, S_H = 1 + 0.045 * C, 1 + 0.015 * C * T
    turn = np.radians(60) * np.exp(-((((np.degrees(h) % 360) - 275) / 25) ** 2))
    R = -np.sin(turn) * 2 * np.sqrt(C**7 / (C**7 + 25.0**7))
    dL, dC = (L2 - L1) / S_L, (C2 - C1) / S_C
    dH = 2 * np.sqrt(C1 * C2) * np.sin(dh / 2) / S_H
    return np.sqrt(dL**2 + dC**2 + dH**2 + R * dC * dH)
