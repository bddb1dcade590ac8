"""A network of another kind, from a file of fitted IO curves alone.

    python gain_network.py io_nmda.json

Needs numpy, `load_io.py` beside it (or dendmod installed), and nothing else. Hidden units have the
L5 cell's curve. Their feedforward weights are random and stay as they are: a task is learned
through the gain of each unit, which NMDA spikes move between the lowest and the highest fitted one.
"""

import sys
from pathlib import Path

import numpy as np

try:
    from load_io import load_io
except ImportError:
    from dendmod.exchange.load_io import load_io

UNITS, STEPS, RATE = 100, 2000, 0.02
TASKS = {  # of points in a square: is it so or not?
    "x < y": lambda p: p[:, 0] < p[:, 1],
    "upper half": lambda p: p[:, 1] > 0,
    "inside a circle": lambda p: (p**2).sum(axis=1) < 0.6,
    "x and y of one sign": lambda p: p.prod(axis=1) > 0,
}


def learn(shifted, bias, sign, target, gains):
    """Gains [units] and offset of one task, by gradient descent on the logistic loss.

    `shifted` is x - x_shift, [points, units]; `gains` the lowest and highest allowed.
    """
    low, high = gains
    raw, offset = np.zeros(shifted.shape[1]), 0.0  # gain = low + (high - low) * logistic(raw)
    mean, spread = np.zeros(raw.size + 1), np.zeros(raw.size + 1)  # of Adam
    for step in range(1, STEPS + 1):
        part = 1 / (1 + np.exp(-raw))
        y = np.maximum(0, (low + (high - low) * part) * shifted + bias)
        wrong = 1 / (1 + np.exp(-(y @ sign + offset))) - target
        by_gain = (wrong[:, None] * (y > 0) * shifted).mean(axis=0) * sign
        slope = np.append(by_gain * (high - low) * part * (1 - part), wrong.mean())
        mean, spread = 0.9 * mean + 0.1 * slope, 0.999 * spread + 0.001 * slope**2
        change = mean / (1 - 0.9**step) / (np.sqrt(spread / (1 - 0.999**step)) + 1e-12)
        raw, offset = raw - RATE * 5 * change[:-1], offset - RATE * change[-1]
    return low + (high - low) / (1 + np.exp(-raw)), offset


def main(path, seed=1):
    io = load_io(path)
    curves = list(io.fit("gain_xshift").curves.values())
    bias, x_shift = curves[0].bias, curves[0].x_shift  # shared by all levels
    gains = min(c.gain for c in curves), max(c.gain for c in curves)
    rng = np.random.default_rng(seed)
    angle, away = rng.uniform(0, 2 * np.pi, UNITS), rng.uniform(-1, 1, UNITS)
    centre = np.mean([x for curve in curves for x in curve.fit_range])  # inputs at x = y = 0

    def shifted(points):
        direction = np.array([np.cos(angle), np.sin(angle)])
        return centre * (1 + points @ direction + away) - x_shift

    train, test = rng.uniform(-1, 1, (500, 2)), rng.uniform(-1, 1, (2000, 2))
    sign = np.where(np.arange(UNITS) % 2, 1.0, -1.0)
    print(f"{io.name}: {UNITS} units, gains {gains[0]:.4f} to {gains[1]:.4f} spikes per input")
    found = {}
    for name, task in TASKS.items():
        gain, offset = learn(shifted(train), bias, sign, task(train), gains)
        spikes = np.maximum(0, gain * shifted(test) + bias)
        found[name] = float(np.mean((spikes @ sign + offset > 0) == task(test)))
        print(f"{name:20s} correct {found[name]:.3f}")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
