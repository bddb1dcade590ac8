"""A reduced cell held against the full one: ``dendmod reduce check FILE``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.cells.provenance import DEPENDS
from dendmod.engines.held import Agreement, Chosen, choose
from dendmod.errors import SpecError
from dendmod.iocurve import thresholds
from dendmod.protocol import Protocol, load_protocol
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.model import DendriticNmda
from dendmod.reduction import compare, read_reduced
from dendmod.reduction.full import full_cell, set_of_hay
from dendmod.reduction.probe import DT, step_amplitudes
from dendmod.spec import Cell, Location, ReducedCell
from dendmod.study.summary import clean, write_summary
from dendmod.sweep import Sweep, Task
from dendmod.units import NS_IN_US

_PROBE = "dendmod.reduction.probe"
_SMALL = (
    "NEURON ran it, which takes less time for so few compartments than holding the kernel does."
)
_FOUR = "NEURON ran them: they are four runs, no more than holding the kernel takes."
# a site alone, without the background and the other sites, has no plateau at the protocol's weight
_PLATEAU_FACTOR = 2.0


def check_reduced(
    file: Path,
    out: Path,
    *,
    sweep: Sweep | None = None,
    changes: Mapping[str, Any] | None = None,
    quick: bool = False,
    full_store: Path | None = None,
    io: bool = True,
    protocol: str | None = None,
) -> dict[str, Any]:
    """Compare a reduced cell with its full one, draw and return the summary.

    Spikes of Hay's cells are counted in the protocol of Figure 1, those of any other in steps of
    current at the soma, as the weights of Figure 1 are for Hay's cell, and in a protocol of its own
    where one is given.

    Parameters
    ----------
    file
        A file of ``dendmod reduce``.
    out
        Folder for the picture and summary.json.
    sweep
        How runs are made; on all cores, if not given. They are kept in ``full`` and ``reduced`` in
        its store (``out/store``).
    changes
        Fields of the protocol, by dotted name.
    quick
        Take its quick scale.
    full_store
        Where runs of the full cell are kept, to share them between files.
    io
        Look for IO thresholds too (most of the time goes there).
    protocol
        A protocol file of a cell that is not Hay's, as ``dendmod protocol scale`` writes it.

    Raises
    ------
    SpecError
        If the file does not say what its sites stand for, or the protocol is for another cell or
        other sites.
    """
    sweep = sweep or Sweep(out / "store")
    reduced = read_reduced(file)
    cell = full_cell(reduced, str(file))
    number = set_of_hay(cell.biophysics.name)
    ranked = [reduced.compartments[s.section].site for s in reduced.sites]
    places = [place for place in ranked if place is not None]
    if len(places) < len(ranked):
        raise SpecError(f"{file} does not say which places of the full cell its sites stand for")
    if not places:
        raise SpecError(f"{file} has a soma and no sites; they are what is compared")
    counts_trials = number is not None or protocol is not None
    of_cell = {
        "cell.biophysics": number, "sites.n": len(places), "cell.morphology": cell.morphology
    } if number is not None else {}  # fmt: skip
    sides = (
        _Side(cell, places, full_store or sweep.store / "full", {}),
        _Side(reduced, list(reduced.sites), sweep.store / "reduced",
              {"cell.file": None, "cell.reduced": str(file.resolve())} if counts_trials else {}),
    )  # fmt: skip
    protocols = [
        load_protocol(
            protocol or "fig1", {**(changes or {}), **of_cell, **side.changes}, quick=quick
        )
        for side in sides
    ]
    asked = protocols[0]
    if protocol is not None:
        _check_fits(protocol, asked, cell, len(places), file)
    chosen = {}
    probes = []
    for name, side, own in zip(("full", "reduced"), sides, protocols, strict=True):
        found, chosen[f"probe of the {name} cell"] = _probe(side, own, sweep)
        probes.append(found)
    curves = None
    levels: dict[str, Any] = {}
    counted: list[dict[str, np.ndarray]] = [{}, {}]
    if counts_trials:
        experiments = [
            Experiment(own, sweep.at(side.store), sites=side.sites)
            for side, own in zip(sides, protocols, strict=True)
        ]
        levels |= asked.levels
        counted = [
            {name: table.counts[:, 0] for name, table in e.spikes().items()} for e in experiments
        ]
        curves = [_thresholds(e) for e in experiments] if io else None
        for name, experiment in zip(("full", "reduced"), experiments, strict=True):
            chosen[f"protocol on the {name} cell"] = experiment.chosen
    if number is None:
        amps = step_amplitudes(probes[0])
        levels["steps"] = amps
        engine = "kernel" if asked.run.engine == "kernel" else "neuron"  # held by the probe
        counted = [
            {**own, **_steps(side, amps, reduced.spike_threshold, sweep, engine)}
            for own, side in zip(counted, sides, strict=True)
        ]
        if asked.run.engine == "auto":
            chosen["steps"] = Chosen("neuron", _FOUR)
    summary = {
        "schema": "dendmod/reduction_check/1",
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "compartments": len(reduced.compartments),
        "capacitances": reduced.provenance.get("capacitances"),
        "morphology": cell.morphology,
        "biophysics": number if number is not None else cell.biophysics.name,
        "seed": asked.run.seed,
        "impedance_gates_held": compare.resistances(probes[0], probes[1], "frozen"),
        "impedance_gates_following": compare.resistances(probes[0], probes[1], "steady"),
        "rest": compare.rest(*probes),
        "epsp": compare.epsps(*probes),
        "plateau": compare.plateaus(probes[0], probes[1], DT),
        "spike_counts": {
            **compare.counts(*counted),
            "mean": {a: [clean(c[a].mean(axis=1)) for c in counted] for a in counted[0]},
            "levels": {a: [float(x) for x in levels[a]] for a in counted[0]},
        },
        "thresholds": {
            **compare.thresholds(*curves),
            "values": {a: [clean(c[a]) for c in curves] for a in curves[0]},
        }
        if curves
        else None,
        "engines": {part: of.summary for part, of in chosen.items()},
        "versions": sweep.at(sides[1].store).versions,
    }
    said = write_summary(out, summary)
    from dendmod.plotting import save, style
    from dendmod.reduction.plot import draw

    with style():
        picture = draw(probes, counted, curves, levels, summary, DT)
        save(picture, out, "reduction_check", note="quick run" if quick else "")
    return said


@dataclass(frozen=True)
class _Side:
    """One of the two cells: its sites, where its runs are kept, what its protocol changes."""

    cell: Cell | ReducedCell
    sites: list[Location]
    store: Path
    changes: dict[str, Any]


def _check_fits(name: str, protocol: Protocol, cell: Cell, sites: int, file: Path) -> None:
    """Refuse a protocol that is for another cell than the reduced one's, or for other sites."""
    if protocol.cell_spec != cell:
        raise SpecError(
            f"{name} is for {protocol.cell.file or protocol.cell.morphology}, and {file} was "
            f"reduced from another cell ({cell.biophysics.name}, {cell.morphology})"
        )
    if protocol.n_sites != sites:
        raise SpecError(
            f"{name} drives {protocol.n_sites} sites, and {file} has {sites}; reduce the cell with "
            f"--sites {protocol.n_sites}"
        )


def _probe(side: _Side, protocol: Protocol, sweep: Sweep) -> tuple[dict[str, np.ndarray], Chosen]:
    """Return what a probe of one side found, and the engine that ran it."""
    name, arm = next((n, a) for n, a in protocol.arms.items() if isinstance(a, DendriticNmda))
    burst = {
        "n": arm.n_context,
        "sd": protocol.context_sd(name),
        "weight": _PLATEAU_FACTOR * arm.high_weight_nS * NS_IN_US,
    }
    payload = {
        "cell": side.cell.model_dump(mode="json", by_alias=True),
        "places": [[s.section, s.x] for s in side.sites],
        "burst": burst,
        "seed": protocol.run.seed,
    }
    kept = sweep.at(side.store / "probe")

    def held() -> Agreement:
        task = Task("held", f"{_PROBE}:hold_probe", payload, 20.0, DEPENDS)
        return Agreement.of(kept.run([task])["held"])

    is_small = isinstance(side.cell, ReducedCell) and protocol.run.engine == "auto"
    chosen = Chosen("neuron", _SMALL) if is_small else choose(protocol.run.engine, held)
    task = Task("probe", f"{_PROBE}:probe", payload | {"engine": chosen.engine}, 60.0, DEPENDS)
    return kept.run([task])["probe"], chosen


def _steps(
    side: _Side, amps: list[float], threshold: float, sweep: Sweep, engine: str
) -> dict[str, np.ndarray]:
    payload = {
        "cell": side.cell.model_dump(mode="json", by_alias=True),
        "amps": amps,
        "threshold": threshold,
        "engine": engine,
    }
    task = Task("steps", f"{_PROBE}:steps", payload, 60.0, DEPENDS)
    return sweep.at(side.store / "steps").run([task])["steps"]


def _thresholds(experiment: Experiment) -> dict[str, np.ndarray]:
    return {
        name: thresholds(table.n_feedforward, table.mean())
        for name, table in experiment.io_curves().items()
    }
