"""The spikes of one sample, binned to steps: given ones, or generated ones.

A spike at time t arrives at the start of step round(t / dt), as NEURON delivers it with fixed
steps; spikes that would arrive at the end of the sample or later are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.network import philox, tables
from dendmod.network.layers import Projection
from dendmod.network.run import Arrivals, GeneratedStimulus, NetworkRun
from dendmod.network.spec import NetworkSpec
from dendmod.network.synapses import Background

Ints = npt.NDArray[np.int64]

# kinds of streams; the number of a stream is kind * 65536 + compartment
FEEDFORWARD, CONTEXT, AMPA, GABA = 0, 1, 2, 3
STREAM = 1 << 16
_LONGEST = 1_000_000  # steps of a delay
_NEVER = 2**31 - 1  # a step that no sample has


@dataclass(frozen=True)
class Places:
    """Spikes at compartments: cell, compartment and step, shape (spikes,).

    Cells have the numbers of `NetworkSpec.layers`.
    """

    neuron: Ints
    compartment: Ints
    step: Ints


@dataclass(frozen=True)
class Events:
    """All spikes of a sample."""

    feedforward_input: Ints
    feedforward_step: Ints
    context: Places
    ampa: Places
    gaba: Places

    @property
    def first_feedforward(self) -> int | None:
        """Step of the first feedforward spike, or None."""
        return int(self.feedforward_step.min()) if self.feedforward_step.size else None


def events(spec: NetworkSpec, run: NetworkRun, index: int) -> Events:
    """Return the binned spikes of one sample."""
    if isinstance(run.stimulus, GeneratedStimulus):
        return _generated(spec, run, run.stimulus, index)
    sample = run.stimulus.trains[index]
    step = binned_steps(sample.feedforward_times, run.dt)
    kept = step < run.n_steps
    return Events(
        feedforward_input=sample.feedforward_input[kept],
        feedforward_step=step[kept],
        context=_given(sample.context, run),
        ampa=_given(sample.ampa, run),
        gaba=_given(sample.gaba, run),
    )


def window(spec: NetworkSpec, run: NetworkRun, first: int | None) -> tuple[int, int]:
    """Return the steps at which the window of the error opens and closes."""
    rule = spec.plasticity
    if rule is None:
        return 0, run.n_steps
    if first is None:
        first = binned(rule.nominal_onset, run.dt)
    length = binned(rule.window, run.dt)
    return min(first, run.n_steps), min(first + length, run.n_steps)


def delay_steps(spec: NetworkSpec, run: NetworkRun) -> int:
    """Return the delay of the output cell's inputs in steps, at least one."""
    return 1 if spec.output is None else _delay(spec.output.delay, run)


@dataclass(frozen=True)
class Wire:
    """A projection as an engine runs it: numbers in place of rules.

    Parameters
    ----------
    weights
        nA or uS, shape (source cells, target cells).
    delay
        Steps, at least one.
    """

    of: Projection
    weights: npt.NDArray[np.float64]
    delay: int


def wires(spec: NetworkSpec, run: NetworkRun) -> list[Wire]:
    """Return the projections of a network with their weights and delays."""
    return [Wire(p, spec.matrix(p), _delay(p.delay, run)) for p in spec.projections]


def _delay(delay: float, run: NetworkRun) -> int:
    """Return a delay in steps: a spike is known when its step ends, and cannot arrive before."""
    steps = max(1, binned(delay, run.dt))
    if steps > _LONGEST:
        raise SpecError(
            f"a delay of {delay:g} ms has {steps} steps of {run.dt:g} ms; {_LONGEST} are allowed"
        )
    return steps


def binned(time: float, dt: float) -> int:
    """Return the step at whose start a spike at `time` arrives."""
    return int(binned_steps(np.array([time]), dt)[0])


def binned_steps(times: npt.NDArray[np.float64], dt: float) -> Ints:
    """Return the steps at whose start spikes at `times` arrive."""
    # a time half-way between two steps belongs to the earlier one, as in NEURON's queue
    # what is too late for a whole number must not wrap around to a step of the sample
    return np.clip(np.ceil(times / dt - 0.5 - 1e-9), 0, _NEVER).astype(np.int64)


def _given(arrivals: Arrivals, run: NetworkRun) -> Places:
    step = binned_steps(arrivals.times, run.dt)
    kept = step < run.n_steps
    return Places(arrivals.neuron[kept], arrivals.compartment[kept], step[kept])


def _generated(
    spec: NetworkSpec, run: NetworkRun, stimulus: GeneratedStimulus, index: int
) -> Events:
    n_steps, number = run.n_steps, int(run.samples.numbers[index])
    counts = stimulus.feedforward_counts[index]
    used = np.flatnonzero(counts)
    table = tables.burst_table(stimulus.feedforward.center, stimulus.feedforward.sd, run.dt)
    which, step = _bursts(
        run.seed, number, used, FEEDFORWARD * STREAM, counts[used], table, n_steps
    )
    return Events(
        feedforward_input=which,
        feedforward_step=step,
        context=_contexts(spec, run, stimulus, number),
        ampa=_backgrounds(spec, run, number, AMPA),
        gaba=_backgrounds(spec, run, number, GABA),
    )


def _bursts(
    seed: int, number: int, neurons: Ints, stream: int, n: Ints, table: Ints, n_steps: int
) -> tuple[Ints, Ints]:
    """Return neuron and step of the spikes of one stream of many neurons; word 0 is not used."""
    if not neurons.size or not n.max(initial=0):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    drawn = philox.words(seed, number, neurons, stream, 1 + int(n.max()))[:, 1:]
    step = tables.burst_steps(drawn, table)
    kept = (np.arange(step.shape[1]) < n[:, None]) & (step < n_steps)
    row, column = np.nonzero(kept)
    return neurons[row], step[row, column]


def _contexts(
    spec: NetworkSpec, run: NetworkRun, stimulus: GeneratedStimulus, number: int
) -> Places:
    parts = []
    neurons = np.arange(spec.n_hidden)
    table = tables.burst_table(stimulus.context.center, stimulus.context.sd, run.dt)
    for compartment in spec.context.compartments if spec.context is not None else ():
        stream = CONTEXT * STREAM + compartment
        if stimulus.context_poisson:
            first = philox.words(run.seed, number, neurons, stream, 1)[:, 0]
            n = tables.poisson_counts(first, stimulus.context_mean)
        else:
            n = np.full(neurons.size, round(stimulus.context_mean), np.int64)
        which, step = _bursts(run.seed, number, neurons, stream, n, table, run.n_steps)
        parts.append((which, np.full(which.size, compartment), step))
    return _joined(parts)


def _backgrounds(spec: NetworkSpec, run: NetworkRun, number: int, kind: int) -> Places:
    parts = []
    for layer in spec.layers:
        background = layer.background
        neurons = layer.first + np.arange(len(layer.cells))
        for compartment in range(layer.n_compartments) if background is not None else ():
            assert background is not None
            mean = background_mean(background, compartment, kind, run.duration)
            stream = kind * STREAM + compartment
            first = philox.words(run.seed, number, neurons, stream, 1)[:, 0]
            n = tables.poisson_counts(first, mean)
            if not n.max(initial=0):
                continue
            drawn = philox.words(run.seed, number, neurons, stream, 1 + int(n.max()))[:, 1:]
            step = tables.uniform_steps(drawn, run.n_steps)
            kept = (np.arange(step.shape[1]) < n[:, None]) & (step < run.n_steps)
            row, column = np.nonzero(kept)
            parts.append((neurons[row], np.full(row.size, compartment), step[row, column]))
    return _joined(parts)


def background_mean(background: Background, compartment: int, kind: int, duration: float) -> float:
    """Return the mean number of background spikes of a sample at a compartment."""
    return background.rates(compartment)[kind - AMPA] * duration / 1000.0


def _joined(parts: list[tuple[Ints, Ints, Ints]]) -> Places:
    if not parts:
        none = np.zeros(0, np.int64)
        return Places(none, none, none)
    return Places(*(np.concatenate(column) for column in zip(*parts, strict=True)))
