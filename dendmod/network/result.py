"""What a run of a network returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError, did_you_mean
from dendmod.network.layers import HIDDEN, OUTPUT
from dendmod.network.spec import NetworkSpec

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Spikes:
    """Spikes of a layer, ordered by sample, time and neuron.

    Parameters
    ----------
    sample, neuron
        Shape (spikes,).
    times
        ms after the start of the sample: ends of the steps in which the potential rose through
        the threshold, shape (spikes,).
    """

    sample: Ints
    neuron: Ints
    times: Floats

    def counts(self, n_samples: int, n_neurons: int) -> Ints:
        """Return spike counts, shape (samples, neurons)."""
        flat = np.bincount(self.sample * n_neurons + self.neuron, minlength=n_samples * n_neurons)
        return flat.reshape(n_samples, n_neurons).astype(np.int64)


@dataclass(frozen=True)
class NetworkResult:
    """Result of a `NetworkRun`.

    Parameters
    ----------
    hidden, output
        Spikes; those of the output cell have neuron 0.
    error
        Output spikes generated in the window minus expected ones, shape (samples,).
    weights
        Contextual weights after the run (uS), shape (contexts, hidden cells, compartments), or
        None.
    v
        Somatic potentials (mV) of the hidden cells, then the output cell, then the populations,
        shape (samples, cells, steps + 1), if asked.
    populations
        Spikes of each further population by its name.
    provenance
        Engine, versions and hashes.
    """

    hidden: Spikes
    output: Spikes
    error: Ints
    weights: Floats | None
    v: Floats | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    populations: dict[str, Spikes] = field(default_factory=dict)

    def spikes(self, name: str) -> Spikes:
        """Return the spikes of a layer: "hidden", "output" or a population.

        Raises
        ------
        SpecError
            If there is no such layer.
        """
        known = {HIDDEN: self.hidden, OUTPUT: self.output, **self.populations}
        if name not in known:
            raise SpecError(f"there is no layer {name!r}." + did_you_mean(name, known))
        return known[name]


def ordered(sample: Any, neuron: Any, step: Any, dt: float) -> Spikes:
    """Return spikes in order from arrays of sample, neuron and step."""
    sample, neuron = np.asarray(sample, np.int64), np.asarray(neuron, np.int64)
    step = np.asarray(step, np.int64)
    order = np.lexsort((neuron, step, sample))
    return Spikes(sample[order], neuron[order], step[order] * dt)


def by_layer(spec: NetworkSpec, sample: Any, neuron: Any, step: Any, dt: float) -> dict[str, Any]:
    """Return spikes of all cells as the fields `hidden`, `output` and `populations` of a result."""
    found = {HIDDEN: ordered([], [], [], dt), OUTPUT: ordered([], [], [], dt)}
    for layer in spec.layers:
        own = (neuron >= layer.first) & (neuron < layer.first + len(layer.cells))
        found[layer.name] = ordered(sample[own], neuron[own] - layer.first, step[own], dt)
    return {HIDDEN: found.pop(HIDDEN), OUTPUT: found.pop(OUTPUT), "populations": found}


def fires_at_rest(neuron: int) -> str:
    """Return what engines say of a cell that spikes before the first sample."""
    return (
        f"cell {neuron} fires while the network settles without inputs; choose v_init nearer to "
        "rest, or a threshold above it"
    )
