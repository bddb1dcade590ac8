"""Many trials of one set-up on an engine: what tasks ask for, whichever engine runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from dendmod.errors import UnsupportedByEngine
from dendmod.spec import Run, Setup, SpikeTrain
from dendmod.spec.result import Result
from dendmod.spec.trial import Trial

Trains = Sequence[SpikeTrain]


class Trials(Protocol):
    """A set-up that was built and settled once."""

    @property
    def engine(self) -> str:
        """What runs it, for results."""

    def run_many(self, trials: Sequence[Trial | Trains]) -> list[Result]:
        """Run trials, each given by its spike trains or with all that it has of its own."""


def _trial(given: Trial | Trains) -> Trial:
    return given if isinstance(given, Trial) else Trial(tuple(given))


def run_in_neuron(simulator: Any, trial: Trial) -> Result:
    """Run a trial in an open `dendmod.engines.neuron.Simulator`.

    Raises
    ------
    UnsupportedByEngine
        If the trial changes densities or currents.
    """
    if trial.scale or trial.currents is not None:
        raise UnsupportedByEngine(
            "in NEURON a trial cannot change densities or currents; give it a set-up of its own, "
            "or use engine='kernel'"
        )
    result: Result = simulator.run(tuple(trial.trains), amps=trial.amps)
    return result


@dataclass(frozen=True)
class _OnNeuron:
    simulator: Any

    @property
    def engine(self) -> str:
        return str(self.simulator.session.provenance["engine"])

    def run_many(self, trials: Sequence[Trial | Trains]) -> list[Result]:
        return [run_in_neuron(self.simulator, _trial(given)) for given in trials]


@dataclass(frozen=True)
class _OnKernel:
    simulator: Any

    @property
    def engine(self) -> str:
        made = self.simulator.provenance
        return f"{made['engine']} {made['precision']}"

    def run_many(self, trials: Sequence[Trial | Trains]) -> list[Result]:
        return list(self.simulator.run_many([_trial(given) for given in trials]))


@contextmanager
def open_trials(
    setup: Setup,
    run: Run,
    engine: str = "neuron",
    *,
    coreneuron: bool | None = None,
    reach: tuple[float, float] | None = None,
) -> Iterator[Trials]:
    """Open a set-up for many trials.

    Parameters
    ----------
    setup, run
        What is run.
    engine
        "kernel", which runs trials side by side in float32, or "neuron"; so does "auto", where
        nobody held the kernel against NEURON first (`dendmod.engines.held.choose`).
    coreneuron
        Of NEURON: None takes CoreNEURON where the mechanisms were built for it.
    reach
        Of the kernel: potentials (mV) that its tables reach over; None takes the usual ones.

    Raises
    ------
    UnsupportedByEngine
        If the kernel cannot run something of it; file, line and reason are named.
    """
    if engine == "kernel":
        from dendmod.engines.kernel.batch import BatchSimulator

        yield _OnKernel(BatchSimulator(setup, run, reach=reach))
        return
    from dendmod.engines.neuron import Simulator

    with Simulator(setup, run, coreneuron=coreneuron) as simulator:
        yield _OnNeuron(simulator)
