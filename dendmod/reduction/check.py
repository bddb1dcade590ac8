"""A reduced cell held against the full one: ``dendmod reduce check FILE``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.cells.l5 import L5PyramidalCell
from dendmod.errors import SpecError
from dendmod.figure import FigureOptions, plain, write_summary
from dendmod.iocurve import thresholds
from dendmod.morphology import resolve
from dendmod.protocol import Protocol, load_protocol
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.model import DendriticNmda
from dendmod.protocol.provenance import DEPENDS, versions
from dendmod.protocol.tables import IOTable
from dendmod.reduction import compare, read_reduced
from dendmod.reduction.probe import DT, probe
from dendmod.spec import Cell, Location, ReducedCell
from dendmod.sweep import Task, run_tasks

# a site alone, without the background and the other sites, has no plateau at the protocol's weight
_PLATEAU_FACTOR = 2.0
_QUICK_TRIALS, _QUICK_RESOLUTION = 4, 12


def full_cell(reduced: ReducedCell, origin: str) -> tuple[Cell, int]:
    """Return the cell that a reduced one was made from, and its biophysics set.

    Raises
    ------
    SpecError
        If the file does not say, or the morphology has changed since.
    """
    facts = reduced.provenance
    family, _, number = str(facts.get("biophysics", "")).partition("/")
    if family != "hay2011" or not number.isdigit() or "morphology" not in facts:
        raise SpecError(
            f"{origin} does not say which cell it was reduced from; `dendmod reduce` writes this"
        )
    now = resolve(facts["morphology"]).without_axon().sha256
    if facts.get("morphology_sha256") != now:
        raise SpecError(
            f"{origin} was reduced from another {facts['morphology']} than the one that is there "
            "now; reduce the cell again"
        )
    return L5PyramidalCell(facts["morphology"], int(number)), int(number)


def check_reduced(
    file: Path, options: FigureOptions, *, full_store: Path | None = None, io: bool = True
) -> dict[str, Any]:
    """Compare a reduced cell with its full one, draw and return the summary.

    Parameters
    ----------
    file
        A file of ``dendmod reduce``.
    options
        Output folder, seed, trials, workers, quick.
    full_store
        Where runs of the full cell are kept, to share them between files; in the output folder
        if not given.
    io
        Look for IO thresholds too (most of the time goes there).
    """
    reduced = read_reduced(file)
    cell, number = full_cell(reduced, str(file))
    ranked = [reduced.compartments[s.section] for s in reduced.sites]
    if not ranked:
        raise SpecError(f"{file} has a soma and no sites; the protocols of Figure 1 need sites")
    changes = {**options.changes(), "cell.biophysics": number, "sites.n": len(ranked)}
    changes["cell.morphology"] = cell.morphology
    stores = (full_store or options.out / "store" / "full", options.out / "store" / "reduced")
    protocols = [load_protocol("fig1", {**changes, **extra}) for extra in (
        {}, {"cell.reduced": str(file.resolve())})]  # fmt: skip
    sites = [[c.site for c in ranked], list(reduced.sites)]
    cells: list[Cell | ReducedCell] = [cell, reduced]
    experiments = [
        Experiment(p, s, workers=options.workers, sites=places)
        for p, s, places in zip(protocols, stores, sites, strict=True)
    ]
    pair = (
        _probe(c, e, p, places, options.workers)
        for c, e, p, places in zip(cells, experiments, protocols, sites, strict=True)
    )
    probes = (next(pair), next(pair))
    counted = [_counts(e, options) for e in experiments]
    found = [_thresholds(e, options) for e in experiments] if io else []
    curves = (found[0], found[1]) if io else None
    summary = {
        "schema": "dendmod/reduction_check/1",
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "compartments": len(reduced.compartments),
        "capacitances": reduced.provenance.get("capacitances"),
        "morphology": cell.morphology,
        "biophysics": number,
        "seed": protocols[0].run.seed,
        "impedance_gates_held": compare.resistances(*probes, "frozen"),
        "impedance_gates_following": compare.resistances(*probes, "steady"),
        "rest": compare.rest(*probes),
        "epsp": compare.epsps(*probes),
        "plateau": compare.plateaus(*probes, DT),
        "spike_counts": {
            **compare.counts(*counted),
            "mean": {a: [plain(c[a].mean(axis=1)) for c in counted] for a in counted[0]},
        },
        "thresholds": {
            **compare.thresholds(*curves),
            "values": {a: [plain(c[a]) for c in curves] for a in curves[0]},
        }
        if curves
        else None,
        "versions": versions(),
    }
    _draw(options.out, probes, counted, curves, _levels(protocols[0], options), summary)
    write_summary(options.out, summary)
    return summary


def _probe(
    cell: Cell | ReducedCell,
    experiment: Experiment,
    protocol: Protocol,
    sites: list[Location],
    workers: int | None,
) -> dict[str, np.ndarray]:
    name, arm = next((n, a) for n, a in protocol.arms.items() if isinstance(a, DendriticNmda))
    burst = {
        "n": arm.n_context,
        "sd": protocol.context_sd(name),
        "weight": _PLATEAU_FACTOR * arm.high_weight_nS * 1e-3,
    }
    payload = {
        "cell": json.loads(cell.model_dump_json(by_alias=True)),
        "places": [[s.section, s.x] for s in sites],
        "burst": burst,
        "seed": protocol.run.seed,
    }
    task = Task(
        "probe",
        f"{probe.__module__}:{probe.__name__}",
        payload,
        60.0,
        DEPENDS,
    )
    done = run_tasks([task], experiment.store / "probe", workers=workers)
    return done["probe"]


def _levels(protocol: Protocol, options: FigureOptions) -> dict[str, tuple[int, ...]]:
    return {
        name: arm.quick_levels if options.quick and arm.quick_levels else arm.levels
        for name, arm in protocol.arms.items()
    }


def _trials(protocol: Protocol, options: FigureOptions) -> int:
    return options.trials or (_QUICK_TRIALS if options.quick else protocol.run.trials)


def _counts(experiment: Experiment, options: FigureOptions) -> dict[str, np.ndarray]:
    protocol = experiment.protocol
    tables = experiment.spikes(
        _levels(protocol, options), trials=_trials(protocol, options), seed=protocol.run.seed
    )
    return {name: table.counts[:, 0] for name, table in tables.items()}


def _thresholds(experiment: Experiment, options: FigureOptions) -> dict[str, np.ndarray]:
    protocol = experiment.protocol
    tables: dict[str, IOTable] = experiment.io_curves(
        _levels(protocol, options),
        trials=_trials(protocol, options),
        seed=protocol.run.seed,
        resolution=_QUICK_RESOLUTION if options.quick else None,
    )
    return {name: thresholds(t.n_feedforward, t.mean()) for name, t in tables.items()}


def _draw(out, probes, counted, curves, levels, summary) -> None:  # type: ignore[no-untyped-def]
    from dendmod.plotting import save, style
    from dendmod.reduction.plot import draw

    with style():
        save(draw(probes, counted, curves, levels, summary, DT), out, "reduction_check")
