"""A built cell as a tree of segments in plain arrays, at its settled state."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.engines.neuron.currents import measure
from dendmod.engines.neuron.nodes import joined_nodes
from dendmod.engines.neuron.run import Simulator
from dendmod.engines.neuron.session import h
from dendmod.errors import SpecError
from dendmod.mechanisms import MechanismSet, mechanism_set
from dendmod.mechanisms.compartments import inner_concentration
from dendmod.mechanisms.conducting import channel_of, check_quiet, conducting, leak_density
from dendmod.mechanisms.given import given_variables
from dendmod.spec import Cell, ReducedCell, Run, SectionTables, Setup
from dendmod.spec.segments import SegmentTree
from dendmod.units import S_IN_US, UF_IN_NF, UM2_IN_CM2

_NEURONS = {"ena": 50.0, "ek": -77.0}  # mV, where no channel reads it


def segment_tree(
    cell: Cell | ReducedCell, *, settle: float = 1000.0, dt: float = 0.1
) -> SegmentTree:
    """Build a cell, let it settle for `settle` ms and return it as a tree of segments.

    Raises
    ------
    MechanismError
        If a mechanism of its membrane cannot be reduced, with file and reason.
    """
    _check_values(cell)
    run = Run(tstop=dt, dt=dt, settle=settle)
    with Simulator(Setup(cell=cell), run) as simulator:
        simulator.restore()
        built = simulator.cell
        axon = built.axon_sections
        known = mechanism_set(cell.mechanisms)
        rows, segments = _rows(built.all_sections, known)
        _measure(rows, segments, known)
        kept = _concentrations(rows, known)
        del segments, built
    return _tree(rows, cell, axon, {**kept, **cell.globals})


def _check_values(cell: Cell | ReducedCell) -> None:
    """Refuse what compartments cannot have: what a file reads and does not declare as parameter.

    And concentrations of single sections: compartments have one number of each.
    """
    if isinstance(cell, ReducedCell) or not isinstance(cell.biophysics, SectionTables):
        return
    known, tables = mechanism_set(cell.mechanisms), cell.biophysics
    used = {name for s in tables.sections for name in s.values}
    for mechanism in map(known.get, tables.mechanisms):
        given = [n for n in given_variables(mechanism) if f"{n}_{mechanism.suffix}" in used]
        if given:
            raise SpecError(
                f"{given[0]} of {mechanism.suffix} ({mechanism.file}) is set from outside and no "
                "PARAMETER; declare it in the PARAMETER block in place of ASSIGNED"
            )
    ions = {ion.name for m in known.mechanisms.values() for ion in m.ions}
    found = used & {f"{ion}{side}" for ion in ions for side in "io"}
    if found:
        name = sorted(found)[0]
        raise SpecError(
            f"{name} of {tables.name} is set in single sections; what takes the cell apart knows "
            f"one number for all: {inner_concentration(name[:-1])} and the like among the globals "
            "of its conditions"
        )


def _concentrations(rows: list[dict[str, Any]], known: MechanismSet) -> dict[str, float]:
    """Return from what the concentrations (mM) start that matter to channels, by NEURON's name."""
    there = {key.removeprefix("present/") for row in rows for key in row if "present/" in key}
    ions = {ion for suffix in there for ion in known.get(suffix).needs_pool}
    return {name: float(getattr(h, name)) for name in map(inner_concentration, sorted(ions))}


def _rows(sections: list[Any], known: MechanismSet) -> tuple[list[dict[str, Any]], list[Any]]:
    rows: list[dict[str, Any]] = []
    held: list[Any] = []
    for node in joined_nodes(sections):
        if node.segment is None:
            row = {"x": node.x, "v": sections[node.section](node.x).v}
        else:
            row = _row(node.segment, known)
        place = {"parent": node.parent, "g_axial": node.g_axial, "section": node.section}
        rows.append({**row, **place})
        held.append(node.segment)
    return rows, held


def _row(segment: Any, known: MechanismSet) -> dict[str, Any]:
    area = segment.area() * UM2_IN_CM2  # cm2
    row: dict[str, Any] = {
        "area": segment.area(),
        "ca": segment.cm * area * UF_IN_NF,
        "diam": segment.diam,
        "v": segment.v,
        "x": segment.x,
    }
    own_mechanisms = [m for m in (own.name() for own in segment) if m in known.mechanisms]
    pooled = {ion for suffix in own_mechanisms for ion in known.get(suffix).pool_of}
    for ion in {i for m in own_mechanisms for i in known.get(m).reads_reversal_of} - pooled:
        row[f"reversal/e{ion}"] = getattr(segment, f"e{ion}")
    for own in segment:
        suffix = own.name()
        if suffix not in known.mechanisms:
            continue  # ions
        mechanism = known.get(suffix)
        channels = conducting(mechanism)
        check_quiet(mechanism, {name: getattr(own, name) for name, _ in mechanism.quiet_with})
        if mechanism.is_leak:
            name, factor = leak_density(mechanism)
            leak = getattr(own, name) * factor * area * S_IN_US
            row["g_leak"] = row.get("g_leak", 0.0) + leak
            continue
        row[f"present/{suffix}"] = 1.0
        for name in mechanism.parameter_names:
            row[f"parameter/{suffix}/{name}"] = getattr(own, name)
        for channel in channels:
            density = row.pop(f"parameter/{suffix}/{channel.maximal}")
            row[f"gbar/{channel.key}"] = density * channel.factor * area * S_IN_US
            if not channel.is_measured:
                conductance = getattr(own, channel.conductance)
                row[f"open/{channel.key}"] = conductance / density if density > 0 else 0.0
    return row


def _measure(rows: list[dict[str, Any]], segments: list[Any], known: MechanismSet) -> None:
    """Add the open fractions of channels whose conductance no variable shows."""
    keys = {key.removeprefix("gbar/") for row in rows for key in row if key.startswith("gbar/")}
    for channel in (channel_of(known, key) for key in sorted(keys)):
        if not channel.is_measured:
            continue
        there = [i for i, row in enumerate(rows) if f"gbar/{channel.key}" in row]
        slope, _ = measure([segments[i] for i in there], known.get(channel.suffix), channel)
        for i, value in zip(there, slope, strict=True):
            rows[i][f"open/{channel.key}"] = float(value)


def _tree(
    rows: list[dict[str, Any]],
    cell: Cell | ReducedCell,
    axon: tuple[int, ...],
    values: dict[str, float],
) -> SegmentTree:
    def column(name: str, missing: float = 0.0) -> np.ndarray:
        return np.array([row.get(name, missing) for row in rows], dtype=float)

    keys = sorted({key for row in rows for key in row if "/" in key})

    def named(kind: str) -> list[str]:
        return [key.removeprefix(f"{kind}/") for key in keys if key.startswith(f"{kind}/")]

    parameters: dict[str, dict[str, np.ndarray]] = {s: {} for s in named("present")}
    for key in named("parameter"):
        suffix, name = key.split("/")
        parameters[suffix][name] = column(f"parameter/{key}", np.nan)
    reversals = {name: column(f"reversal/{name}", np.nan) for name in named("reversal")}
    return SegmentTree(
        parent=column("parent").astype(int),
        g_axial=column("g_axial"),
        area=column("area"),
        ca=column("ca"),
        g_leak=column("g_leak"),
        gbar={s: column(f"gbar/{s}") for s in named("gbar")},
        open_at_rest={s: column(f"open/{s}") for s in named("gbar")},
        parameters=parameters,
        v_rest=column("v"),
        section=column("section").astype(int),
        x=column("x"),
        ena=_of_cell("ena", reversals),
        ek=_of_cell("ek", reversals),
        celsius=cell.celsius,
        present={s: column(f"present/{s}") > 0 for s in named("present")},
        diam=column("diam"),
        axon=axon,
        mechanisms=cell.mechanisms,
        globals=values,
        reversals=reversals,
    )


def _of_cell(name: str, reversals: dict[str, np.ndarray]) -> float:
    """Return a reversal potential (mV) where channels read it first, from the soma on."""
    found = reversals.get(name, np.empty(0))
    found = found[np.isfinite(found)]
    return float(found[0]) if found.size else _NEURONS[name]
