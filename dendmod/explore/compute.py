"""Computations of what is chosen: one trial, effective conductance, an IO curve, impedances.

Each is a generator: it yields what is done of it, from 0 to 1, so that another can come between and
it can be given up, and returns its result. Set-ups that were prepared for the kernel are kept.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.cells.channels import blocked
from dendmod.engines.checks import numbered
from dendmod.engines.simulation import simulate
from dendmod.errors import DendmodError, SpecError, UnsupportedByEngine
from dendmod.explore.cells import changed_cell
from dendmod.explore.state import Exploration
from dendmod.explore.stimuli import FEEDFORWARD, SOMA, protocol_of
from dendmod.iocurve import CROSSINGS, MODELS, IOFit, fit_io, thresholds
from dendmod.protocol.conductance import effective_conductance
from dendmod.protocol.stimuli import StimulusProtocol
from dendmod.protocol.stimuli_tasks import setup_of, trains_of
from dendmod.spec import Location, Run, Setup, SpikeTrain, VoltageClamp
from dendmod.spec.result import Result
from dendmod.spec.stimulus import SOMA as AT_SOMA
from dendmod.spec.trial import Trial

Array = npt.NDArray[np.float64]
Trains = tuple[SpikeTrain, ...]
Job = Generator[float, None, Any]
Counts = Generator[list[int], None, None]

_KEPT = 6  # set-ups that stay prepared
_REACH = (-120.0, 90.0)  # mV; what a hand may choose goes further than a protocol
# one core is left to trials
_THREADS = max(1, (os.cpu_count() or 2) - 1)
_POINTS = 13  # numbers of inputs of an IO curve
_AT_ONCE = 32  # trials between two looks at what else is wanted
PARTS = (0.0, 0.5, 1.0)  # of the modulation, the levels of an IO curve


@dataclass(frozen=True)
class TrialResult:
    """One trial.

    Parameters
    ----------
    t
        Times (ms), shape [steps].
    v
        Potentials (mV) by the name of the recording, each of shape [steps].
    spikes
        Times of the soma's spikes (ms), shape [spikes].
    engine
        What ran it.
    note
        Why it was not the kernel, or "".
    seconds
        How long it took, with what was prepared for it.
    """

    t: Array
    v: dict[str, Array]
    spikes: Array
    engine: str
    note: str
    seconds: float

    @property
    def count(self) -> int:
        """Number of spikes."""
        return int(self.spikes.size)


@dataclass(frozen=True)
class ConductanceResult:
    """Effective conductance at the soma (nS) over time (ms), shape [steps], after Eq 7.

    Channels are blocked, as in Figure 1, so that it is the synapses'.
    """

    t: Array
    g: Array
    note: str


@dataclass(frozen=True)
class IOResult:
    """IO curves at parts of the modulation.

    Parameters
    ----------
    n
        Numbers of feedforward inputs, shape [points].
    mean
        Mean spikes, shape [levels, points].
    levels
        Parts of the modulation.
    fits
        One a model, if the thresholds allow it.
    note
        What engine ran it if not the kernel, or why nothing was fitted.
    seconds
        How long it took.
    """

    n: npt.NDArray[np.int64]
    mean: Array
    levels: tuple[float, ...]
    fits: dict[str, IOFit]
    note: str
    seconds: float


@dataclass(frozen=True)
class ImpedanceResult:
    """Input impedance at rest (MOhm) of segments, by section and x; all of shape [segments]."""

    section: npt.NDArray[np.int64]
    x: Array
    z: Array


@dataclass
class Bench:
    """Runs what is chosen, and keeps what was prepared for it."""

    _kept: OrderedDict[str, Any] = field(default_factory=OrderedDict)

    def trial(self, state: Exploration) -> Job:
        """Run one trial; NEURON where the kernel refuses something."""
        start = time.perf_counter()
        protocol, setup, trains = _spec(state)
        yield 0.0
        engine, note = "kernel float32", ""
        try:
            result = self._prepared(setup, protocol.run_spec).run(_trial(setup, trains))
        except UnsupportedByEngine as refused:
            note, engine = f"NEURON, as the kernel refuses this: {refused}", "neuron"
            yield 0.1
            result = simulate(setup, protocol.run_spec, trains, engine="neuron")
        return _trial_result(result, engine, note, start)

    def on_neuron(self, state: Exploration) -> Job:
        """Run the same trial on NEURON, the reference."""
        start = time.perf_counter()
        protocol, setup, trains = _spec(state)
        yield 0.1
        result = simulate(setup, protocol.run_spec, trains, engine="neuron")
        return _trial_result(result, "neuron", "", start)

    def conductance(self, state: Exploration) -> Job:
        """Measure what all but the feedforward inputs conduct at the soma, channels blocked."""
        quiet = state.with_(feedforward=state.feedforward.model_dump() | {"n": 0}, clamps=())
        protocol, setup, trains = _spec(quiet)
        clamp = state.base.clamp
        currents, note = [], ""
        result = None
        for k, v in enumerate(clamp.potentials_mV):
            yield k / 2
            held = VoltageClamp(location=AT_SOMA, v=v, rs=clamp.rs_MOhm)
            still = {"cell": blocked(setup.cell), "record": {SOMA: AT_SOMA}, "voltage_clamp": held}
            one = setup.model_copy(update=still)
            try:
                result = self._prepared(one, protocol.run_spec).run(Trial(trains))
            except UnsupportedByEngine as refused:
                note = f"NEURON, as the kernel refuses this: {refused}"
                yield k / 2
                result = simulate(one, protocol.run_spec, trains, engine="neuron")
            assert result.clamp_current is not None
            currents.append(result.clamp_current)
        assert result is not None
        g = effective_conductance(currents[0], currents[1], *clamp.potentials_mV)
        return ConductanceResult(result.t[1:], g[1:], note)

    def io_curve(self, state: Exploration, most: int, trials: int) -> Job:
        """Count spikes over numbers of feedforward inputs at parts of the modulation, and fit.

        Parameters
        ----------
        most
            Largest number of inputs.
        trials
            At each.
        """
        if most < _POINTS - 1 or trials < 1:
            raise SpecError(
                f"an IO curve up to {most} inputs with {trials} trials: give at least "
                f"{_POINTS - 1} inputs and 1 trial"
            )
        start = time.perf_counter()
        n = np.unique(np.linspace(0, most, _POINTS).round().astype(np.int64))
        protocol, setup, _ = _spec(state)
        setup = setup.model_copy(update={"record": {SOMA: AT_SOMA}})
        given = [
            _trains(protocol_of(state, part=part), int(number), trial)
            for part in PARTS
            for number in n
            for trial in range(trials)
        ]
        counts: list[int] = []
        note = ""
        try:
            runner: Any = self._prepared(setup, protocol.run_spec, lone=False)
            run = _by_kernel(runner, setup, given)
        except UnsupportedByEngine as refused:
            note = f"NEURON, as the kernel refuses this: {refused}"
            run = _by_neuron(setup, protocol.run_spec, given)
        with closing(run):
            for some in run:
                counts += some
                yield len(counts) / len(given)
        mean = np.array(counts, float).reshape(len(PARTS), n.size, trials).mean(axis=2)
        fits, why = _fits(n, mean)
        seconds = time.perf_counter() - start
        return IOResult(n, mean, PARTS, fits, "; ".join(filter(None, (note, why))), seconds)

    def impedance(self, state: Exploration) -> Job:
        """Measure the input impedance of every segment at rest, with gates as they are there."""
        from dendmod.engines.neuron.segments import segment_tree
        from dendmod.reduction.impedance import admittance_of, impedance

        yield 0.0
        tree = segment_tree(changed_cell(state), settle=state.settle_ms)
        nodes = np.flatnonzero(tree.area > 0)
        z = impedance(tree, admittance_of(tree, tree.open_at_rest), [int(k) for k in nodes])
        return ImpedanceResult(tree.section[nodes], tree.x[nodes], np.diag(z).copy())

    def _prepared(self, setup: Setup, run: Run, *, lone: bool = True) -> Any:
        """Return the kernel's simulator of a set-up; amplitudes of clamps are a trial's."""
        from dendmod.engines.kernel.batch import BatchSimulator

        steps = tuple(c.model_copy(update={"amp": 0.0}) for c in setup.current_clamps)
        setup = setup.model_copy(update={"current_clamps": steps})
        key = f"{lone}{run.model_dump_json()}{setup.model_dump_json()}"
        if key not in self._kept:
            self._kept[key] = BatchSimulator(setup, run, lone=lone, reach=_REACH)
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]


def finish(job: Job, progress: Callable[[float], None] = lambda _: None) -> Any:
    """Run a computation to its end and return its result."""
    while True:
        try:
            progress(next(job))
        except StopIteration as done:
            return done.value


def _spec(state: Exploration) -> tuple[StimulusProtocol, Setup, Trains]:
    protocol = protocol_of(state)
    setup = setup_of(protocol, cell=changed_cell(state))
    return protocol, setup, trains_of(protocol)


def _trial(setup: Setup, trains: Trains) -> Trial:
    return Trial(trains, tuple(clamp.amp for clamp in setup.current_clamps))


def _trains(protocol: StimulusProtocol, n: int, trial: int) -> Trains:
    """Return the spikes of a trial with another number of feedforward inputs."""
    fed = protocol.stimuli[FEEDFORWARD].model_copy(update={"n": n})
    changed = protocol.model_copy(update={"stimuli": {**protocol.stimuli, FEEDFORWARD: fed}})
    return trains_of(changed, trial)


def _trial_result(result: Result, engine: str, note: str, start: float) -> TrialResult:
    seconds = time.perf_counter() - start
    return TrialResult(result.t, dict(result.v), result.spike_times(SOMA), engine, note, seconds)


def _by_kernel(simulator: Any, setup: Setup, given: list[Trains]) -> Counts:
    for first in range(0, len(given), _AT_ONCE):
        some = [_trial(setup, trains) for trains in given[first : first + _AT_ONCE]]
        results = simulator.run_many(some, threads=_THREADS)
        yield [result.spike_times(SOMA).size for result in results]


def _by_neuron(setup: Setup, run: Run, given: list[Trains]) -> Counts:
    from dendmod.engines.neuron import Simulator

    with Simulator(setup, run) as simulator:
        for trains in given:
            yield [simulator.run(trains).spike_times(SOMA).size]


def _fits(n: npt.NDArray[np.int64], mean: Array) -> tuple[dict[str, IOFit], str]:
    """Return the fit of each model, or why there is none."""
    found = thresholds(n, mean)
    try:
        return {model: fit_io(found, model, levels=PARTS) for model in MODELS}, ""
    except DendmodError as error:
        return {}, f"no fit: {error}. Crossings at {CROSSINGS[0]} and {CROSSINGS[1]} spikes count"


def place_of(name: str, state: Exploration) -> Location:
    """Return where a place is by number, on the cell that is chosen.

    Raises
    ------
    SpecError
        If there is no such place.
    """
    return numbered(Location(name), changed_cell(state))
