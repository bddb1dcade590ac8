"""A network of reduced cells as SONATA: nodes, edges, input spikes, a circuit and a simulation.

SONATA says which cells there are and what joins them. What has no field there is refused by name:
weights that learn, samples that each start from rest, cells with potentials or temperatures of
their own. Contexts are sources of their own, which are silent where another context is active.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dendmod import __version__
from dendmod.atomic import replacing_folder
from dendmod.cells.exports.readme import copy_mod_files
from dendmod.errors import ExchangeError, SpecError
from dendmod.exchange.networks.hoc_cell import template
from dendmod.exchange.networks.sonata_edges import (
    AMPA,
    CONTEXT,
    GABA,
    POINT_PROCESSES,
    all_edges,
    sources,
)
from dendmod.exchange.networks.sonata_files import (
    Nodes,
    Spikes,
    write_edges,
    write_nodes,
    write_spikes,
)
from dendmod.mechanisms import mechanism_set
from dendmod.network import NetworkRun, NetworkSpec, check_run
from dendmod.network.events import Places, events
from dendmod.network.layers import INPUTS
from dendmod.network.spec import Layer
from dendmod.spec import ReducedCell

_NETWORK, _COMPONENTS = "network", "components"
_HOC, _MOD, _SYNAPSES = "cells", "mechanisms", "synapses"


@dataclass(frozen=True)
class Written:
    """What was written: the folder, nodes and edges by population, spikes by source."""

    folder: Path
    nodes: Mapping[str, int]
    edges: Mapping[str, int]
    spikes: Mapping[str, int]


def write_sonata(spec: NetworkSpec, run: NetworkRun, folder: Path | str) -> Written:
    """Write a network and the spikes that reach it.

    Parameters
    ----------
    spec, run
        The network, and what it is run on. Samples follow each other, after the time of settling.
    folder
        It appears whole or not at all.

    Raises
    ------
    ExchangeError
        If SONATA has no field for something of it, which is named.
    SpecError
        If spec and run do not belong together, there is something in the folder, or h5py is not
        installed.
    """
    check_run(spec, run)
    check_sayable(spec, run)
    out = Path(folder)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SpecError(f"--out {out} is not empty; give a new folder")
    nodes: dict[str, int] = {}
    with replacing_folder(out) as made:
        for part in (_NETWORK, *(f"{_COMPONENTS}/{x}" for x in (_HOC, _MOD, _SYNAPSES))):
            (made / part).mkdir(parents=True)
        entries: dict[str, list[dict[str, Any]]] = {"nodes": [], "edges": []}
        for population in (*_cells(spec, made / _COMPONENTS / _HOC), *_sources(spec)):
            files = write_nodes(population, made / _NETWORK)
            nodes[population.name] = population.type_of.size
            virtual = population.types[0]["model_type"] == "virtual"
            entries["nodes"].append(_entry(files, population.name, virtual))
        edges: dict[str, int] = {}
        for group, parameters in all_edges(spec, run):
            name = group.type["dynamics_params"]
            _json(made / _COMPONENTS / _SYNAPSES / name, parameters)
            files = write_edges(group, made / _NETWORK)
            edges[group.name] = group.source.size
            entries["edges"].append(_entry(files, group.name, None))
        _copy_mechanisms(spec, made / _COMPONENTS / _MOD)
        spikes = list(_spikes(spec, run))
        for given in spikes:
            write_spikes(given, made / f"{given.population}_spikes.h5")
        _json(made / "circuit_config.json", _circuit(entries))
        _json(made / "node_sets.json", {name: {"population": name} for name in nodes})
        _json(made / "simulation_config.json", _simulation(spec, run, spikes))
    return Written(out, nodes, edges, {s.population: s.times.size for s in spikes})


def check_sayable(spec: NetworkSpec, run: NetworkRun) -> None:
    """Refuse what SONATA has no field for.

    Raises
    ------
    ExchangeError
        Naming all of it.
    """
    cells = [cell for layer in spec.layers for cell in layer.cells]
    wrong = []
    if spec.plasticity is not None and run.learn:
        wrong.append("plasticity: weights that learn (run with learn=False to freeze them)")
    if run.between_samples == "rest" and len(run.samples) > 1:
        wrong.append("between_samples='rest': samples that each start from rest (give one sample)")
    for name, what in (("v_init", "initial potential"), ("celsius", "temperature")):
        found = sorted({getattr(cell, name) for cell in cells})
        if len(found) > 1:
            wrong.append(f"{name}: one {what} a simulation; cells have {found}")
    for name in ("globals", "mechanisms"):
        if any(getattr(cell, name) != getattr(cells[0], name) for cell in cells):
            wrong.append(f"{name}: one set a process; cells differ")
    if wrong:
        raise ExchangeError("SONATA cannot say this of the network: " + "; ".join(wrong))


def _cells(spec: NetworkSpec, folder: Path) -> Iterator[Nodes]:
    """Yield the layers; each kind of cell is a template in the folder."""
    for layer in spec.layers:
        kinds: list[ReducedCell] = []
        type_of = []
        for cell in layer.cells:
            # cells are frozen, and mostly one for all
            number = next((i for i, kind in enumerate(kinds) if kind is cell or kind == cell), None)
            if number is None:
                number = len(kinds)
                kinds.append(cell)
                name = _template_name(layer, number)
                (folder / f"{name}.hoc").write_text(template(cell, name), encoding="utf-8")
            type_of.append(number)
        types = [
            {"model_type": "biophysical", "model_template": f"hoc:{_template_name(layer, i)}"}
            for i in range(len(kinds))
        ]
        yield Nodes(layer.name, types, np.array(type_of), {})


def _template_name(layer: Layer, number: int) -> str:
    return f"{layer.name}_cell_{number}"


def _sources(spec: NetworkSpec) -> Iterator[Nodes]:
    """Yield the populations of sources of given spikes."""
    for name, columns in sources(spec).items():
        n = len(next(iter(columns.values())))
        yield Nodes(name, [{"model_type": "virtual"}], np.zeros(n, np.int64), columns)


def _spikes(spec: NetworkSpec, run: NetworkRun) -> Iterator[Spikes]:
    """Yield the spikes of every source, at the starts of the steps at which they arrive."""
    columns = sources(spec)
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in columns}
    number = {
        name: {place: i for i, place in enumerate(zip(*of.values(), strict=True))}
        for name, of in columns.items()
    }
    for index in range(len(run.samples)):
        given = events(spec, run, index)
        start = run.settle_steps + index * run.n_steps
        found[INPUTS].append((given.feedforward_input, start + given.feedforward_step))
        active = int(run.samples.context[index])
        parts = {CONTEXT: given.context, AMPA: given.ampa, GABA: given.gaba}
        for name, places in parts.items():
            if name in number:
                own = (active,) if name == CONTEXT else ()
                found[name].append((_nodes(number[name], places, own), start + places.step))
    for name, parts_of in found.items():
        node, step = (np.concatenate(column) for column in zip(*parts_of, strict=True))
        yield Spikes(name, step * run.dt, node.astype(np.int64))


def _nodes(number: Mapping[tuple, int], places: Places, own: tuple[int, ...]) -> np.ndarray:
    """Return the source of each spike that arrives at a place."""
    pairs = zip(places.neuron.tolist(), places.compartment.tolist(), strict=True)
    return np.array([number[(*own, *pair)] for pair in pairs], np.int64)


def _copy_mechanisms(spec: NetworkSpec, folder: Path) -> None:
    cells = [cell for layer in spec.layers for cell in layer.cells]
    known = mechanism_set(cells[0].mechanisms)
    inserted = {s for cell in cells for c in cell.compartments for s in (*c.channels, *c.pools)}
    copy_mod_files([known.get(s) for s in sorted(inserted | POINT_PROCESSES)], folder)


def _entry(files: Mapping[str, str], name: str, virtual: bool | None) -> dict[str, Any]:
    """Return what a circuit says of a population: its files, and how its attributes are read."""
    entry: dict[str, Any] = {key: f"$NETWORK_DIR/{file}" for key, file in files.items()}
    if virtual is None:
        return entry | {"populations": {name: {"type": "chemical"}}}
    return entry | {"populations": {name: {"type": "virtual" if virtual else "biophysical"}}}


def _circuit(networks: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": 2,
        "metadata": {"source": f"dendmod {__version__}"},
        "manifest": {"$NETWORK_DIR": f"./{_NETWORK}", "$COMPONENTS_DIR": f"./{_COMPONENTS}"},
        "components": {
            "biophysical_neuron_models_dir": f"$COMPONENTS_DIR/{_HOC}",
            "mechanisms_dir": f"$COMPONENTS_DIR/{_MOD}",
            "synaptic_models_dir": f"$COMPONENTS_DIR/{_SYNAPSES}",
            "morphologies_dir": f"$COMPONENTS_DIR/{_HOC}",
        },
        "node_sets_file": "./node_sets.json",
        "networks": dict(networks),
    }


def _simulation(spec: NetworkSpec, run: NetworkRun, spikes: list[Spikes]) -> dict[str, Any]:
    cell = spec.layers[0].cells[0]
    tstop = (run.settle_steps + len(run.samples) * run.n_steps) * run.dt
    return {
        "version": 2,
        "network": "./circuit_config.json",
        "node_sets_file": "./node_sets.json",
        "target_simulator": "NEURON",
        "run": {
            "tstop": tstop, "dt": run.dt, "spike_threshold": spec.threshold,
            "random_seed": run.seed % 2**31,
        },
        "conditions": {
            "celsius": cell.celsius, "v_init": cell.v_init, "spike_location": "soma",
        },
        "output": {"output_dir": "./output", "spikes_file": "spikes.h5"},
        "inputs": {
            given.population: {
                "module": "synapse_replay", "input_type": "spikes", "delay": 0.0,
                "duration": tstop, "node_set": spec.layers[0].name,
                "spike_file": f"./{given.population}_spikes.h5",
                "input_file": f"./{given.population}_spikes.h5",
            }
            for given in spikes
        },
    }  # fmt: skip


def _json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
