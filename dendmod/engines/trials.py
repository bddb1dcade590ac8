"""Many trials of one set-up on an engine: what tasks ask for, whichever engine runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from dendmod.engines.kernel.vectors import Precision
from dendmod.errors import OutOfReach, UnsupportedByEngine
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


class _OnKernel:
    """Trials side by side; `neuron` opens what runs those that leave the tables."""

    def __init__(self, simulator: Any, neuron: Callable[[], Trials] | None) -> None:
        self.simulator, self._open_neuron = simulator, neuron
        self._neuron: Trials | None = None
        self._beyond = 0

    @property
    def engine(self) -> str:
        made = self.simulator.provenance
        beyond = f", {self._beyond} trials in NEURON" if self._beyond else ""
        return f"{made['engine']} {made['precision']}{beyond}"

    def run_many(self, trials: Sequence[Trial | Trains]) -> list[Result]:
        given, lanes = [_trial(one) for one in trials], self.simulator.layout.lanes
        return [
            result
            for first in range(0, len(given), lanes)
            for result in self._block(given[first : first + lanes])
        ]

    def _block(self, trials: Sequence[Trial]) -> list[Result]:
        """Run trials side by side; a trial's result does not depend on those that leave."""
        try:
            return list(self.simulator.run_many(trials)) if trials else []
        except OutOfReach as error:
            if self._open_neuron is None:
                raise
            left = {min(lane, len(trials) - 1) for lane in error.lanes}
        self._beyond += len(left)
        self._neuron = self._neuron or self._open_neuron()
        beyond = dict(zip(sorted(left), self._neuron.run_many([trials[i] for i in sorted(left)]),
                          strict=True))  # fmt: skip
        others = iter(self._block([t for i, t in enumerate(trials) if i not in left]))
        return [beyond[i] if i in beyond else next(others) for i in range(len(trials))]


@contextmanager
def open_trials(
    setup: Setup,
    run: Run,
    engine: str = "neuron",
    *,
    coreneuron: bool | None = None,
    precision: Precision = "float32",
    reach: tuple[float, float] | None = None,
    strict: bool = False,
) -> Iterator[Trials]:
    """Open a set-up for many trials.

    Parameters
    ----------
    setup, run
        What is run.
    engine
        "kernel", which runs trials side by side, or "neuron"; so does "auto", where nobody held
        the kernel against NEURON first (`dendmod.engines.held.choose`).
    coreneuron
        Of NEURON: None takes CoreNEURON where the mechanisms were built for it.
    precision
        Of the kernel; NEURON has float64 alone.
    reach
        Of the kernel: potentials (mV) that its tables reach over; None takes the usual ones.
    strict
        Of the kernel: raise where a trial leaves these, in place of running that trial in NEURON.

    Raises
    ------
    UnsupportedByEngine
        If the kernel cannot run something of it; file, line and reason are named.
    OutOfReach
        If `strict` and a trial leaves the tables.
    """
    with ExitStack() as stack:

        def neuron() -> Trials:
            from dendmod.engines.neuron import Simulator

            return _OnNeuron(stack.enter_context(Simulator(setup, run, coreneuron=coreneuron)))

        if engine != "kernel":
            yield neuron()
            return
        from dendmod.engines.kernel.batch import BatchSimulator

        simulator = BatchSimulator(setup, run, precision=precision, reach=reach)
        yield _OnKernel(simulator, None if strict else neuron)
