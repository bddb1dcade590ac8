"""Learn by blocks, with a checkpoint after each: a killed training goes on to the same weights."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from dendmod.atomic import replacing
from dendmod.engines.simulation import Progress, simulate
from dendmod.errors import SpecError, SweepError
from dendmod.network import (
    Burst,
    GeneratedStimulus,
    NetworkRun,
    NetworkSpec,
    Samples,
)
from dendmod.npz import read_npz
from dendmod.params import wybo2022
from dendmod.rng import stream
from dendmod.sweep.fingerprint import fingerprint
from dendmod.switching.classification import Drawn, Tasks, balanced_accuracy
from dendmod.switching.settings import Schedule, Settings

Array = npt.NDArray[np.float64]
_TEST = 1 << 30  # numbers of test samples start here, far from those of training


@dataclass(frozen=True)
class Learned:
    """A network that has learned.

    Parameters
    ----------
    weights
        Contextual weights (uS), shape [tasks, hidden cells, compartments].
    samples
        Samples a task after which performance was measured, shape [measurements].
    accuracy
        Balanced accuracy then, shape [measurements, tasks].
    """

    weights: Array
    samples: npt.NDArray[np.int64]
    accuracy: Array


@dataclass(frozen=True)
class Training:
    """A network, its tasks, and how long it learns.

    Parameters
    ----------
    network
        As `build_network` returns it.
    tasks
        One a context.
    precision
        Of the kernel; NEURON has float64 alone.
    """

    network: NetworkSpec
    tasks: Tasks
    settings: Settings
    schedule: Schedule
    seed: int
    precision: Literal["float32", "float64"] = "float32"
    settle: ClassVar[float] = 150.0  # ms before the first sample of a block; ours

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return -(-self.schedule.samples // self.schedule.block)

    def digest(self) -> str:
        """Return the hash of all that the weights depend on."""
        parts = {
            "network": hashlib.sha256(self.network.model_dump_json().encode()).hexdigest(),
            "tasks": self.tasks.digest(),
            "settings": self.settings.model_dump(),
            "schedule": self.schedule.model_dump(),
            "seed": self.seed,
            "precision": self.precision,
            "made by": fingerprint(__name__),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def run(
        self, checkpoint: Path | None = None, progress: Callable[[float, int], Any] | None = None
    ) -> Learned:
        """Learn, or go on from a checkpoint.

        Parameters
        ----------
        checkpoint
            File that is written after each block and read at the start.
        progress
            Called with the number of blocks done and of all; within a block, with a part of one,
            where NEURON runs the network.
        """
        weights = self.network.context.weights if self.network.context is not None else None
        assert weights is not None
        accuracy: list[Array] = []
        done, samples = 0, [0]
        if checkpoint is not None and checkpoint.exists():
            done, weights, samples, accuracy = self._restored(checkpoint)
        else:
            accuracy = [self.measure(weights, self.schedule.curve_samples)]
        while done < self.blocks:
            within = partial(_within_block, progress, done, self.blocks)
            weights = self._block(weights, done, within)
            done += 1
            if done % self.schedule.test_every == 0 or done == self.blocks:
                samples.append(min(done * self.schedule.block, self.schedule.samples))
                last = done == self.blocks
                n = self.schedule.test_samples if last else self.schedule.curve_samples
                accuracy.append(self.measure(weights, n))
            if checkpoint is not None:
                self._save(checkpoint, done, weights, samples, accuracy)
            if progress is not None:
                progress(done, self.blocks)
        return Learned(weights, np.array(samples), np.array(accuracy))

    def measure(self, weights: Array, n: int) -> Array:
        """Return the balanced accuracy of each task on `n` samples, the rule frozen, [tasks]."""
        run = self.test_run(n)
        task, expected = run.samples.context, run.samples.expected
        result = simulate(self.with_weights(weights), run, engine=self.settings.engine)
        correct = ((result.error + expected) > 0) == (expected > 0)
        return np.array(
            [
                balanced_accuracy(correct[task == t], expected[task == t])
                for t in range(len(self.tasks.names))
            ]
        )

    def test_run(self, n: int) -> NetworkRun:
        """Return a run of `n` samples of each task from the test part, the rule frozen."""
        task, drawn = self._drawn("test", 0, n)
        return self._run(task, drawn, _TEST + np.arange(task.size), learn=False)

    def _block(self, weights: Array, block: int, progress: Progress) -> Array:
        left = self.schedule.samples - block * self.schedule.block
        n = min(self.schedule.block, left)
        task, drawn = self._drawn("train", block, n)
        numbers = block * self.schedule.block * len(self.tasks.names) + np.arange(task.size)
        spec = self.with_weights(weights)
        decay = self.settings.error_decay
        if decay is not None and spec.plasticity is not None:
            part = block * self.schedule.block / self.schedule.samples
            factor = float(np.exp(-part / decay))
            scale = spec.plasticity.error_scale * factor
            rule = spec.plasticity.model_copy(update={"error_scale": scale})
            spec = spec.model_copy(update={"plasticity": rule})
        run = self._run(task, drawn, numbers, learn=True)
        result = simulate(spec, run, engine=self.settings.engine, progress=progress)
        assert result.weights is not None
        return result.weights

    def _drawn(self, part: str, block: int, n: int) -> tuple[npt.NDArray[np.int64], Drawn]:
        """Draw `n` samples of each task, interleaved at random."""
        each = [
            self.tasks.draw(t, n, stream(self.seed, "samples", part, block, t), part)
            for t in range(len(self.tasks.names))
        ]
        task = np.repeat(np.arange(len(each)), n)
        order = stream(self.seed, "order", part, block).permutation(task.size)
        counts = np.concatenate([d.counts for d in each])[order]
        return task[order], Drawn(counts, np.concatenate([d.expected for d in each])[order])

    def _run(
        self,
        task: npt.NDArray[np.int64],
        drawn: Drawn,
        numbers: npt.NDArray[np.int64],
        *,
        learn: bool,
    ) -> NetworkRun:
        return NetworkRun(
            samples=Samples(context=task, expected=drawn.expected, number=numbers),
            stimulus=bursts(drawn.counts, self.settings),
            dt=self.settings.dt,
            settle=self.settle,
            learn=learn,
            precision=self.precision if self.settings.engine == "kernel" else "float64",
            seed=self.seed,
        )

    def with_weights(self, weights: Array) -> NetworkSpec:
        """Return the network with other contextual weights."""
        assert self.network.context is not None
        context = self.network.context.model_copy(update={"weights": weights})
        return self.network.model_copy(update={"context": context})

    def _save(
        self, path: Path, done: int, weights: Array, samples: list[int], accuracy: list[Array]
    ) -> None:
        buffer = io.BytesIO()
        np.savez(
            buffer, digest=np.array(self.digest()), done=np.array(done), weights=weights,
            samples=np.array(samples), accuracy=np.array(accuracy),
        )  # fmt: skip
        with replacing(path) as partial:
            partial.write_bytes(buffer.getvalue())

    def _restored(self, path: Path) -> tuple[int, Array, list[int], list[Array]]:
        try:
            found = read_npz(path)
            digest = str(found["digest"])
            state = int(found["done"]), found["weights"]
            curves = found["samples"].tolist(), list(found["accuracy"])
        except (SpecError, ValueError, KeyError) as error:
            raise SweepError(
                f"the checkpoint {path} cannot be read ({error}); remove it to start anew"
            ) from None
        if digest != self.digest():
            raise SweepError(
                f"the checkpoint {path} belongs to a training with other settings, data or seed; "
                "name another file, or remove it to start anew"
            )
        return (*state, *curves)


def _within_block(
    progress: Callable[[float, int], Any] | None, done: int, blocks: int, samples: int, of: int
) -> None:
    if progress is not None and samples < of:
        progress(done + samples / of, blocks)


def bursts(counts: npt.NDArray[np.int64], settings: Settings) -> GeneratedStimulus:
    """Return the stimulus of samples with these feedforward spikes, shape [samples, inputs]."""
    return GeneratedStimulus(
        feedforward_counts=counts,
        feedforward=Burst(center=settings.feedforward_center, sd=wybo2022.FEEDFORWARD_SD),
        context=Burst(center=settings.context_center, sd=settings.context_sd),
    )
