"""What a network is run on: samples, their stimuli, steps."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from dendmod.arrays import whole_steps
from dendmod.errors import SpecError
from dendmod.network.arrays import ArraySpec, Integers, Reals
from dendmod.network.layers import OUTPUT
from dendmod.network.spec import Layer, NetworkSpec
from dendmod.network.synapses import Background
from dendmod.params import wybo2022
from dendmod.spec.base import Spec

MOST_DRAWN = 200  # mean number of spikes of one stream and sample


class Samples(ArraySpec):
    """The samples, one after the other.

    Parameters
    ----------
    context
        The active context of each, shape (samples,).
    expected
        Expected number of output spikes in the window, shape (samples,).
    number
        By which random numbers are keyed, shape (samples,); None counts from 0.
    """

    context: Integers
    expected: Integers
    number: Integers | None = None

    def __len__(self) -> int:
        return int(self.context.size)

    @property
    def numbers(self) -> Integers:
        """The key of each sample."""
        return np.arange(len(self)) if self.number is None else self.number

    @model_validator(mode="after")
    def _one_row_each(self) -> Samples:
        for name in ("context", "expected", "number"):
            array = getattr(self, name)
            if array is None:
                continue
            if array.ndim != 1 or array.size != self.context.size or array.size == 0:
                raise ValueError(f"{name} has shape {array.shape}; give one number a sample")
            if array.min() < 0 or array.max() >= 2**31:
                raise ValueError(f"{name} ranges from {array.min()} to {array.max()}; give >= 0")
        return self


class Burst(Spec):
    """Spikes at normally distributed times: centre and SD (ms); none before time zero."""

    center: NonNegativeFloat = 40.0
    sd: PositiveFloat


class GeneratedStimulus(ArraySpec):
    """Random spikes of every sample, keyed by (seed, sample, neuron, stream).

    Backgrounds are those of the specification.

    Parameters
    ----------
    feedforward_counts
        Spikes of each input in each sample, shape (samples, inputs), up to 255.
    feedforward, context
        When they come.
    context_mean
        Spikes a contextual synapse of the active context and sample.
    context_poisson
        True: a Poisson number with that mean; False: that number, which is whole.
    """

    kind: Literal["generated"] = "generated"
    feedforward_counts: Integers
    feedforward: Burst = Burst(sd=wybo2022.FEEDFORWARD_SD)
    context: Burst = Burst(sd=wybo2022.CONTEXT_SD)
    context_mean: float = Field(default=wybo2022.CONTEXT_INPUTS, ge=0, le=MOST_DRAWN)
    context_poisson: bool = True

    @model_validator(mode="after")
    def _counts(self) -> GeneratedStimulus:
        counts = self.feedforward_counts
        if counts.ndim != 2:
            raise ValueError(f"feedforward_counts have shape {counts.shape}; (samples, inputs)")
        if counts.size and (counts.min() < 0 or counts.max() > 255):
            raise ValueError(
                f"feedforward_counts range from {counts.min()} to {counts.max()}; give 0..255"
            )
        if not self.context_poisson and self.context_mean != round(self.context_mean):
            raise ValueError(
                f"context_mean = {self.context_mean} is no number of spikes; use context_poisson"
            )
        return self


class Arrivals(ArraySpec):
    """Spikes that arrive at compartments: one entry a spike.

    Parameters
    ----------
    neuron
        Hidden cell, or the number of hidden cells for the output cell, then those of populations
        (`NetworkSpec.layers` has the numbers), shape (spikes,).
    compartment
        Its compartment, shape (spikes,).
    times
        ms after the start of the sample, shape (spikes,).
    """

    neuron: Integers = np.zeros(0, np.int64)
    compartment: Integers = np.zeros(0, np.int64)
    times: Reals = np.zeros(0)

    @model_validator(mode="after")
    def _columns(self) -> Arrivals:
        if (
            not self.neuron.shape
            == self.compartment.shape
            == self.times.shape
            == (self.times.size,)
        ):
            raise ValueError("neuron, compartment and times must be rows of the same length")
        if self.times.size and min(self.times.min(), self.neuron.min(), self.compartment.min()) < 0:
            raise ValueError("times (ms) and numbers must not be negative")
        return self


class SampleTrains(ArraySpec):
    """The spikes of one sample.

    Parameters
    ----------
    feedforward_input, feedforward_times
        Number of the input and time (ms) of each feedforward spike, shape (spikes,).
    context, ampa, gaba
        Spikes at contextual, excitatory and inhibitory background synapses.
    """

    feedforward_input: Integers = np.zeros(0, np.int64)
    feedforward_times: Reals = np.zeros(0)
    context: Arrivals = Arrivals()
    ampa: Arrivals = Arrivals()
    gaba: Arrivals = Arrivals()

    @model_validator(mode="after")
    def _columns(self) -> SampleTrains:
        if not self.feedforward_input.shape == self.feedforward_times.shape:
            raise ValueError("feedforward_input and feedforward_times must have the same length")
        if self.feedforward_times.size and self.feedforward_times.min() < 0:
            raise ValueError(f"a feedforward spike at {self.feedforward_times.min()} ms; give >= 0")
        return self


class ExplicitStimulus(ArraySpec):
    """Given spikes, one `SampleTrains` a sample."""

    kind: Literal["explicit"] = "explicit"
    trains: tuple[SampleTrains, ...]


Stimulus = Annotated[GeneratedStimulus | ExplicitStimulus, Field(discriminator="kind")]


class NetworkRun(ArraySpec):
    """How a network is run.

    Parameters
    ----------
    dt, duration
        Step and length of a sample (ms); spikes are binned to steps as NEURON's fixed steps do.
    settle
        Time before the first sample, without inputs (ms).
    between_samples
        "carry": a sample starts from the state in which the last one ended, as in the paper;
        "rest": every sample starts from the settled state. Weights are kept in both. The filtered
        presynaptic spikes start from zero where the context changes.
    learn
        False: weights stay, whatever the plasticity.
    precision
        Of the engine's numbers; weights are accumulated in float64 in both.
    seed
        Of generated stimuli.
    record_v
        Keep the somatic potentials.
    """

    samples: Samples
    stimulus: Stimulus
    dt: float = Field(default=0.1, gt=0, le=0.2)
    duration: PositiveFloat = wybo2022.SAMPLE_INTERVAL
    settle: NonNegativeFloat = 0.0
    between_samples: Literal["carry", "rest"] = "carry"
    learn: bool = True
    precision: Literal["float64", "float32"] = "float64"
    seed: int = Field(default=0, ge=0, lt=2**63)
    record_v: bool = False

    @property
    def n_steps(self) -> int:
        """Steps of a sample."""
        return round(self.duration / self.dt)

    @property
    def settle_steps(self) -> int:
        """Steps before the first sample."""
        return round(self.settle / self.dt)

    @model_validator(mode="after")
    def _whole_steps(self) -> NetworkRun:
        for name in ("duration", "settle"):
            whole_steps(getattr(self, name), self.dt, name)
        if not 1 <= self.n_steps <= 30_000:
            raise ValueError(f"a sample has {self.n_steps} steps; 1..30000 are allowed")
        given = (
            self.stimulus.feedforward_counts.shape[0]
            if isinstance(self.stimulus, GeneratedStimulus)
            else len(self.stimulus.trains)
        )
        if given != len(self.samples):
            raise ValueError(f"the stimulus has {given} samples, there are {len(self.samples)}")
        return self


def check_run(spec: NetworkSpec, run: NetworkRun) -> None:
    """Check that a run suits a network.

    Raises
    ------
    SpecError
        If contexts, inputs, neurons or compartments are not there, or numbers are not finite
        (a `model_copy` with new arrays is not checked when it is made).
    """
    _check_numbers(spec)
    n_contexts = spec.context.weights.shape[0] if spec.context is not None else 1
    if run.samples.context.max() >= n_contexts:
        raise SpecError(
            f"context {run.samples.context.max()} is asked for; the network has {n_contexts}"
        )
    if isinstance(run.stimulus, GeneratedStimulus):
        given = run.stimulus.feedforward_counts.shape[1]
        if given != spec.n_inputs:
            raise SpecError(f"the stimulus has {given} inputs, the network {spec.n_inputs}")
        _check_backgrounds(spec, run.duration)
        return
    for number, sample in enumerate(run.stimulus.trains):
        _check_sample(spec, number, sample)


def _check_numbers(spec: NetworkSpec) -> None:
    arrays = {"feedforward weights": spec.feedforward.weights}
    if spec.context is not None:
        arrays["contextual weights"] = spec.context.weights
    if spec.output is not None:
        arrays["weights of the output cell"] = spec.output.weights
    arrays |= {f"weights of the {p.name}": spec.matrix(p) for p in spec.projections}
    for name, values in arrays.items():
        bad = np.count_nonzero(~np.isfinite(values))
        if bad:
            raise SpecError(f"{bad} of the {name} are not finite; give finite numbers")
    if spec.context is not None and spec.context.weights.min() < 0:
        raise SpecError(
            f"contextual weights go down to {spec.context.weights.min()} uS; give none below 0"
        )


def _check_backgrounds(spec: NetworkSpec, duration: float) -> None:
    """Refuse more background spikes than are drawn: their distribution is cut at 255."""
    for background in (layer.background for layer in spec.layers):
        if background is None:
            continue
        rate = max(*background.rates(0), *background.rates(1))
        if rate * duration / 1000 > MOST_DRAWN:
            raise SpecError(
                f"a background of {rate:g} Hz has {rate * duration / 1000:g} spikes in a sample of "
                f"{duration:g} ms; {MOST_DRAWN} on average are drawn at most. Give shorter samples "
                "or lower rates"
            )


def _check_sample(spec: NetworkSpec, number: int, sample: SampleTrains) -> None:
    used = sample.feedforward_input
    if used.size and not 0 <= used.min() <= used.max() < spec.n_inputs:
        raise SpecError(
            f"sample {number}: feedforward inputs {used.min()}..{used.max()} are used, the network "
            f"has 0..{spec.n_inputs - 1}"
        )
    for name in ("context", "ampa", "gaba"):
        arrivals: Arrivals = getattr(sample, name)
        if not arrivals.times.size:
            continue
        layers = spec.layers[: 1 if name == "context" else None]
        last = layers[-1].first + len(layers[-1].cells) - 1
        if arrivals.neuron.max() > last:
            raise SpecError(
                f"sample {number}: {name} spikes reach neuron {arrivals.neuron.max()}; the last "
                f"is {last}"
            )
        for layer in layers:
            _check_places(spec, number, name, arrivals, layer)


def _check_places(
    spec: NetworkSpec, number: int, name: str, arrivals: Arrivals, layer: Layer
) -> None:
    own = (arrivals.neuron >= layer.first) & (arrivals.neuron < layer.first + len(layer.cells))
    allowed = _reached(layer.background, layer.n_compartments)
    if name == "context":
        allowed = set(spec.context.compartments) if spec.context is not None else set()
    used = set(np.unique(arrivals.compartment[own]).tolist())
    if not used <= allowed:
        cells = "the output cell" if layer.name == OUTPUT else f"{layer.name} cells"
        raise SpecError(
            f"sample {number}: {name} spikes reach compartments {sorted(used - allowed)} of "
            f"{cells}, which have no such synapse there"
        )


def _reached(background: Background | None, n: int) -> set[int]:
    """Return which of `n` compartments have a background."""
    return {c for c in range(n) if background is not None and background.reaches(c)}
