"""What a run of a network returns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError, did_you_mean
from dendmod.formats.recorded import Recorded, Trace, Train
from dendmod.network.layers import HIDDEN, OUTPUT
from dendmod.network.run import NetworkRun
from dendmod.network.spec import NetworkSpec

if TYPE_CHECKING:
    import neo
    import pandas
    import xarray

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
    spec, run
        What it is the result of; other programs need them (`to_xarray` and the like).
    """

    hidden: Spikes
    output: Spikes
    error: Ints
    weights: Floats | None
    v: Floats | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    populations: dict[str, Spikes] = field(default_factory=dict)
    spec: NetworkSpec | None = None
    run: NetworkRun | None = None

    def spikes(self, name: str) -> Spikes:
        """Return the spikes of a layer: "hidden", "output" or a population.

        Raises
        ------
        SpecError
            If there is no such layer.
        """
        known = self._of_layers
        if name not in known:
            raise SpecError(f"there is no layer {name!r}." + did_you_mean(name, known))
        return known[name]

    @property
    def _of_layers(self) -> dict[str, Spikes]:
        return {HIDDEN: self.hidden, OUTPUT: self.output, **self.populations}

    def to_pandas(self) -> pandas.DataFrame:
        """Return the spikes as a table: a row a spike.

        Returns
        -------
        DataFrame
            Columns ``layer`` ("hidden", "output" or a population), ``sample``, ``neuron`` and
            ``time_ms`` (after the start of the sample).
        """
        import pandas

        tables = [
            pandas.DataFrame(
                {"layer": layer, "sample": s.sample, "neuron": s.neuron, "time_ms": s.times}
            )
            for layer, s in self._of_layers.items()
        ]
        return pandas.concat(tables, ignore_index=True)

    def to_xarray(self) -> xarray.Dataset:
        """Return everything as a data set; needs the extra ``xarray``.

        Returns
        -------
        Dataset
            ``spikes`` (counts) over ``sample`` and ``neuron``, in the order of ``v``; every spike
            as ``spike_time`` (ms after the start of its sample) over ``spike``, with its sample,
            neuron and layer; ``error`` over ``sample``; ``weights`` (uS) over ``context_row``,
            ``hidden`` and ``compartment``, ``v`` (mV) over ``sample``, ``neuron`` and ``t`` (ms)
            where there are any. Context and expected spikes are coordinates of a sample, the
            name of a compartment one of the compartments.

        Raises
        ------
        SpecError
            If xarray is not installed, or the result does not know its specification.
        """
        from dendmod.formats.dataset import dataset

        spec, run = self._asked()
        layers = spec.layers
        spikes = [self.spikes(layer.name) for layer in layers]
        sample = np.concatenate([s.sample for s in spikes])
        neuron = np.concatenate([s.neuron + of.first for s, of in zip(spikes, layers, strict=True)])
        layer = np.repeat([of.name for of in layers], [len(of.cells) for of in layers])
        counts = np.zeros((len(run.samples), layer.size), np.int64)
        np.add.at(counts, (sample, neuron), 1)
        times = np.concatenate([s.times for s in spikes])
        variables: dict[str, Any] = {
            "spikes": (("sample", "neuron"), counts, {"units": "1"}),
            "spike_time": ("spike", times, {"units": "ms"}),
            "error": ("sample", self.error, {"units": "1"}),
        }
        known: dict[str, Any] = {
            "sample": ("sample", run.samples.numbers, {}),
            "context": ("sample", run.samples.context, {}),
            "expected": ("sample", run.samples.expected, {"units": "1"}),
            "layer": ("neuron", layer, {}),
            "spike_sample": ("spike", run.samples.numbers[sample], {}),
            "spike_neuron": ("spike", neuron, {}),
            "spike_layer": ("spike", layer[neuron], {}),
        }
        if self.weights is not None and spec.context is not None:
            rows = ("context_row", "hidden", "compartment")
            variables["weights"] = (rows, self.weights, {"units": "uS"})
            places = [spec.hidden[0].compartments[i].name for i in spec.context.compartments]
            known["compartment"] = ("compartment", list(spec.context.compartments), {})
            known["place"] = ("compartment", places, {})
        if self.v is not None:
            variables["v"] = (("sample", "neuron", "t"), self.v, {"units": "mV"})
            known["t"] = ("t", run.dt * np.arange(run.n_steps + 1.0), {"units": "ms"})
        return dataset(variables, known, self.provenance, self._specification())

    def to_neo(self) -> neo.Block:
        """Return spikes and potentials, a segment a sample; needs the extra ``neo``.

        Raises
        ------
        SpecError
            If neo is not installed, or the result does not know its specification.
        """
        from dendmod.formats.neo import block

        return block(self._recorded())

    def to_nwb(self, path: str | Path) -> Path:
        """Write spikes, potentials and what was asked for as an NWB file; needs the extra ``nwb``.

        Samples follow each other; the table of trials says where each lies. Weights are not part
        of the file, for NWB has no place for them; `to_xarray` has them.

        Raises
        ------
        SpecError
            If pynwb is not installed, or the result does not know its specification.
        """
        from dendmod.formats.nwb import write_nwb

        return write_nwb(self._recorded(), path)

    def _asked(self) -> tuple[NetworkSpec, NetworkRun]:
        if self.spec is None or self.run is None:
            raise SpecError(
                "this result does not know its network and run; make it with simulate(), or give "
                "dataclasses.replace(result, spec=..., run=...)"
            )
        return self.spec, self.run

    def _specification(self) -> str:
        spec, run = self._asked()
        return json.dumps({
            "schema": "dendmod/asked-network/1",
            "spec": spec.model_dump(mode="json"),
            "run": run.model_dump(mode="json"),
        })  # fmt: skip

    def _recorded(self) -> Recorded:
        spec, run = self._asked()
        names = [name for _, name, _ in _cells(spec)]
        traces = () if self.v is None else tuple(
            Trace(name, self.v[:, i], "mV", f"{name}: soma") for i, name in enumerate(names)
        )  # fmt: skip
        return Recorded(
            title="a simulated network of dendritic cells",
            t=run.dt * np.arange(run.n_steps + 1.0),
            duration=run.duration,
            traces=traces,
            trains=tuple(self._trains(spec, len(run.samples))),
            stretches=len(run.samples),
            columns={
                "number": run.samples.numbers, "context": run.samples.context,
                "expected": run.samples.expected, "error": self.error,
            },
            provenance=self.provenance,
            specification=self._specification(),
        )  # fmt: skip

    def _trains(self, spec: NetworkSpec, samples: int) -> Iterator[Train]:
        for layer, name, i in _cells(spec):
            spikes = self.spikes(layer)
            own = spikes.neuron == i
            times = tuple(spikes.times[own & (spikes.sample == k)] for k in range(samples))
            yield Train(name, times, {"layer": layer, "neuron": i})


def _cells(spec: NetworkSpec) -> Iterator[tuple[str, str, int]]:
    """Yield layer, name and number in the layer of each cell, in the order of potentials."""
    for layer in spec.layers:
        for i in range(len(layer.cells)):
            yield layer.name, layer.name if layer.name == OUTPUT else f"{layer.name}{i}", i


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
