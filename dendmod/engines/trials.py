"""Many trials of one set-up on an engine: what tasks ask for, whichever engine runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from dendmod.spec import Run, Setup, SpikeTrain
from dendmod.spec.result import Result
from dendmod.spec.trial import Trial

Trains = Sequence[SpikeTrain]


class Trials(Protocol):
    """A set-up that was built and settled once."""

    @property
    def engine(self) -> str:
        """What runs it, for results."""

    def run_many(self, trains: Sequence[Trains]) -> list[Result]:
        """Run a trial with each of these spike trains."""


@dataclass(frozen=True)
class _OnNeuron:
    simulator: Any

    @property
    def engine(self) -> str:
        return str(self.simulator.session.provenance["engine"])

    def run_many(self, trains: Sequence[Trains]) -> list[Result]:
        return [self.simulator.run(tuple(of_trial)) for of_trial in trains]


@dataclass(frozen=True)
class _OnKernel:
    simulator: Any

    @property
    def engine(self) -> str:
        made = self.simulator.provenance
        return f"{made['engine']} {made['precision']}"

    def run_many(self, trains: Sequence[Trains]) -> list[Result]:
        return list(self.simulator.run_many([Trial(tuple(of_trial)) for of_trial in trains]))


@contextmanager
def open_trials(
    setup: Setup, run: Run, engine: str = "neuron", *, coreneuron: bool | None = None
) -> Iterator[Trials]:
    """Open a set-up for many trials.

    Parameters
    ----------
    setup, run
        What is run.
    engine
        "neuron", or "kernel", which runs trials side by side in float32.
    coreneuron
        Of NEURON: None takes CoreNEURON where the mechanisms were built for it.

    Raises
    ------
    UnsupportedByEngine
        If the kernel cannot run something of it; file, line and reason are named.
    """
    if engine == "kernel":
        from dendmod.engines.kernel.batch import BatchSimulator

        yield _OnKernel(BatchSimulator(setup, run))
        return
    from dendmod.engines.neuron import Simulator

    with Simulator(setup, run, coreneuron=coreneuron) as simulator:
        yield _OnNeuron(simulator)
