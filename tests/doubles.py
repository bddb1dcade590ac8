"""Doubles of an engine and of a sweep: they answer as a test says and keep what they were asked.

With them a test asserts what a task sends to the engine, and that what comes back reaches the
summary and the picture in its right place and unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dendmod.spec import Cell, ReducedCell, Run, Setup, SpikeTrain
from dendmod.spec.result import Result
from dendmod.spec.stimulus import check_trains
from dendmod.sweep import Task

Asked = tuple[Setup, Run, tuple[SpikeTrain, ...]]


def times_of(run: Run) -> np.ndarray:
    """Times (ms) of the samples of a run."""
    return np.arange(round(run.tstop / run.dt) + 1) * run.dt


@contextmanager
def engine(answer: Callable[[Setup, Run, tuple[SpikeTrain, ...]], Result]) -> Iterator[list[Asked]]:
    """Put a double in place of NEURON's `Simulator`; yield the list of all runs asked for."""
    asked: list[Asked] = []

    class Simulator:
        def __init__(self, setup: Setup, run: Run, *, coreneuron: bool | None = None) -> None:
            self.setup, self.spec = setup, run
            self.session = SimpleNamespace(provenance={"engine": "double"})

        def __enter__(self) -> Simulator:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def run(
            self, trains: tuple[SpikeTrain, ...] = (), *, amps: tuple[float, ...] | None = None
        ) -> Result:
            check_trains(self.setup, trains)
            setup = self.setup
            if amps is not None:
                clamps = zip(setup.current_clamps, amps, strict=True)
                changed = tuple(c.model_copy(update={"amp": amp}) for c, amp in clamps)
                setup = setup.model_copy(update={"current_clamps": changed})
            asked.append((setup, self.spec, trains))
            return answer(setup, self.spec, trains)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dendmod.engines.neuron.Simulator", Simulator)
        yield asked


@contextmanager
def impedances(
    matrix: Callable[[Cell | ReducedCell, tuple[Any, ...]], np.ndarray],
) -> Iterator[list[float]]:
    """Put a double in place of NEURON's impedances; yield the settling times asked for."""
    settled: list[float] = []

    def input_and_transfer_impedance(cell, locations, *, settle, dt=0.1):
        settled.append(settle)
        return matrix(cell, tuple(locations))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "dendmod.engines.neuron.input_and_transfer_impedance", input_and_transfer_impedance
        )
        yield settled


REFUSED = {"refused": "no kernel stands behind a double"} | dict.fromkeys(
    ("kernel", "neuron", "rms", "clamp"), ()
)


class SweepDouble:
    """A sweep whose tasks are answered by a function of the name and payload of each.

    The kernel refuses to run, unless the function answers ``hold_kernel`` and the like
    (`holding`).
    """

    holding = False

    def __init__(self, answer: Callable[[str, dict[str, Any]], Mapping[str, Any]]) -> None:
        self.answer, self.asked = answer, list[Task]()
        self.store, self.versions = Path("store"), {"mechanisms": "0123"}

    def __call__(self, store: Path, **_: Any) -> SweepDouble:
        """Stand in for the class too."""
        return self

    def at(self, store: Path) -> SweepDouble:
        return self

    def run(self, tasks: Sequence[Task]) -> dict[str, dict[str, np.ndarray]]:
        found = {}
        for task in tasks:
            name = task.function.partition(":")[2]
            if name.startswith("hold_") and not self.holding:
                found[task.key] = {key: np.asarray(value) for key, value in REFUSED.items()}
                continue
            self.asked.append(task)
            answered = self.answer(name, task.payload)
            found[task.key] = {name: np.asarray(value) for name, value in answered.items()}
        return found


def staircase(first: int, width: int, top: int = 2) -> dict[str, np.ndarray]:
    """An IO curve that is known: 0, 1 and `top` spikes at three numbers of inputs, of 8 trials.

    In the middle half of the trials have no spike and half have two, so that drawn trials differ.
    It crosses .5 and 1.5 spikes at ``first + .5 width`` and ``first + 1.5 width``.
    """
    middle = np.repeat([0, 2], 4)
    return {
        "n_feedforward": first + width * np.arange(3),
        "counts": np.array([0 * middle, middle, np.full(8, top)]),
    }
