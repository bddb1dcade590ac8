"""Learning curves at two time steps and in two precisions, side by side, with samples a second.

Run: python benchmarks/switching_precision.py [samples] [seeds]
"""

from __future__ import annotations

import sys
import time
from typing import Literal

import numpy as np

from dendmod.switching.assembly import build_network
from dendmod.switching.boolean import input_vectors
from dendmod.switching.cells import cells
from dendmod.switching.classification import BooleanTasks
from dendmod.switching.experiment import load_training
from dendmod.switching.training import Training

TASKS = BooleanTasks(("and", "xor"))


def main(samples: int = 600, seeds: int = 2) -> None:
    given = load_training("figS3")
    hidden, output = cells(given.settings.cell, given.settings.biophysics)
    update = {"samples": samples, "block": max(1, samples // 3), "test_samples": 100}
    schedule = given.schedule.model_copy(update={**update, "curve_samples": 100})
    ways: tuple[tuple[float, Literal["float32", "float64"]], ...] = (
        (0.1, "float32"), (0.1, "float64"), (0.025, "float32"),
    )  # fmt: skip
    for dt, precision in ways:
        settings = given.settings.model_copy(update={"dt": dt})
        for seed in range(seeds):
            network = build_network(
                hidden, output, input_vectors(10, seed), len(TASKS.names), settings, seed=seed
            )
            began = time.process_time()
            learned = Training(network, TASKS, settings, schedule, seed, precision=precision).run()
            n = len(TASKS.names) * (samples + 100 * len(learned.samples))
            spent = time.process_time() - began
            curve = np.round(learned.accuracy.mean(axis=1), 2).tolist()
            print(
                f"dt {dt} {precision} seed {seed}: mean accuracy {curve} after "
                f"{learned.samples.tolist()} samples; {1e3 * spent / n:.2f} ms CPU a sample"
            )


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
