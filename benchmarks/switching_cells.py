"""What a context does to a hidden cell, and what networks of such cells could learn.

python benchmarks/switching_cells.py [background weight in uS] [scale of SK] [--reading NAME]

prints spikes a sample of the cell of Figure 5 for graded drives and contextual weights, then the
balanced accuracy of 100 cells that a formula stands for, on digits 0 to 2: cells whose context
shifts their threshold, and cells whose context scales their spikes. With a reading it prints the
first table alone: the second has none of its cell.
"""

from __future__ import annotations

import argparse

import numpy as np

from dendmod.engines.simulation import simulate
from dendmod.network import NetworkRun, Samples
from dendmod.rng import stream
from dendmod.switching.assembly import build_network
from dendmod.switching.cells import cells
from dendmod.switching.experiment import load_training
from dendmod.switching.images import feedforward, load_images
from dendmod.switching.settings import Settings
from dendmod.switching.training import bursts

DRIVES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)  # nA, summed over the spikes of a burst
WEIGHTS = (1e-5, 5e-5, 8e-5, 1.2e-4, 2e-4)  # uS
INPUTS, SPIKES, COPIES, SAMPLES = 30, 5, 8, 8
STEPS, FIRST_STEP, NOISE = 4000, 0.2, 0.15


def spike_table(settings: Settings) -> np.ndarray:
    """Return spikes a sample, shape [weights, drives]."""
    drive = np.repeat(DRIVES, COPIES)
    pair = cells(
        settings.cell, settings.biophysics, morphology=settings.morphology,
        channels=settings.channels, bifurcations=settings.bifurcations,
    )  # fmt: skip
    settings = settings.model_copy(update={"hidden_scale": "literal"})
    network = build_network(*pair, np.ones((INPUTS, drive.size)), 1, settings, seed=0)
    currents = np.tile(drive / (INPUTS * SPIKES), (INPUTS, 1))
    given = network.feedforward.model_copy(update={"weights": currents})
    zeros = np.zeros(SAMPLES, np.int64)
    run = NetworkRun(
        samples=Samples(context=zeros, expected=zeros),
        stimulus=bursts(np.full((SAMPLES, INPUTS), SPIKES), settings),
        settle=150.0,
        learn=False,
        precision="float32",
        seed=1,
    )
    rows = []
    for weight in WEIGHTS:
        assert network.context is not None
        same = np.full_like(network.context.weights, weight)
        context = network.context.model_copy(update={"weights": same})
        spec = network.model_copy(update={"feedforward": given, "context": context})
        counts = simulate(spec, run).hidden.counts(SAMPLES, drive.size)
        rows.append(counts.reshape(SAMPLES, len(DRIVES), COPIES).mean(axis=(0, 2)))
    return np.array(rows)


def formula_accuracy(kind: str, threshold: float, target: int) -> float:
    """Return the balanced accuracy on test images of cells that a formula stands for."""
    data = load_images("digits")
    w = feedforward("dPMD", data, 100, 0)
    drive = {p: data.x[p].reshape(len(data.x[p]), -1).astype(float) @ w for p in data.x}
    drive = {p: d / np.percentile(np.abs(drive["train"]), 95, axis=0) for p, d in drive.items()}
    rng = stream(0, "formula", kind, target)

    def spikes(d: np.ndarray, context: np.ndarray) -> np.ndarray:
        if kind == "gain":
            expected = 3 * context * np.maximum(d, 0)
            return np.clip(np.floor(expected + rng.random(d.shape)), 0, 3)
        shifted = d + 2.5 * context - 1.5 + NOISE * rng.standard_normal(d.shape)
        return (shifted > 1).astype(float)

    fires = {p: data.y[p] != target for p in data.y}
    groups = [np.flatnonzero(fires["train"] == value) for value in (False, True)]
    context = rng.uniform(0, 1, w.shape[1])
    for i in range(STEPS):
        image = rng.choice(groups[i % 2])
        votes = spikes(drive["train"][image], context)
        error = int(votes.sum() > threshold) - i % 2
        step = FIRST_STEP * np.exp(-3 * i / STEPS)
        context = np.clip(context - step * error * votes, 0, 1)
    out = np.array([spikes(d, context).sum() > threshold for d in drive["test"]])
    right = out == fires["test"]
    return float(np.mean([right[fires["test"] == v].mean() for v in (False, True)]))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("background", nargs="?", type=float)
    parser.add_argument("sk_scale", nargs="?", type=float)
    parser.add_argument("--reading", default="")
    given = parser.parse_args()
    settings = load_training("fig5", given.reading).settings
    changes = {"background_weight": given.background, "sk_scale": given.sk_scale}
    settings = settings.model_copy(update={k: v for k, v in changes.items() if v is not None})
    print("weight (nS); drive (nA):", *DRIVES)
    for weight, row in zip(WEIGHTS, spike_table(settings), strict=True):
        print(f"{weight * 1e3:.2f}", *(f"{x:.1f}" for x in row))
    for kind in () if given.reading else ("shift", "gain"):
        for threshold in (6, 10, 15, 24, 34):
            each = [formula_accuracy(kind, threshold, c) for c in (0, 1, 2)]
            print(
                kind, "fires above", threshold, "spikes:", f"{np.mean(each):.2f}", np.round(each, 2)
            )


if __name__ == "__main__":
    main()
