"""A full cell as compartments, one a segment, for networks: nothing is fitted or left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dendmod.engines.checks import numbered, section_names
from dendmod.errors import SpecError
from dendmod.mechanisms import MechanismSet, mechanism_set
from dendmod.mechanisms.compartments import inner_concentration
from dendmod.mechanisms.conducting import leak_density
from dendmod.spec import Cell, Compartment, Location, ReducedCell
from dendmod.spec.nodes import Array, CellNodes, Ints
from dendmod.spec.reduced import Role
from dendmod.units import PF_PER_UM2_IN_UF_PER_CM2, S_PER_CM2_IN_NS_PER_UM2, US_IN_NS

_JOINT_PF, _JOINT_UM2 = 1e-6, 1e-3  # of an end at which sections meet, which has no membrane


def whole(
    cell: Cell,
    sites: Sequence[Location] | Mapping[str, Location] = (),
    *,
    name: str | None = None,
) -> ReducedCell:
    """Return a full cell as a `ReducedCell` with a compartment for each of its segments.

    Where sections meet, a compartment of 1e-6 pF without membrane stands for their common end.

    Parameters
    ----------
    cell
        The full cell.
    sites
        Places whose compartments are named, "site00", "site01" ... or as given, and are sites of
        the cell (`ReducedCell.site_numbers`). Every compartment's `site` says where it lies.

    Raises
    ------
    SpecError
        If two sites lie in one segment, or a section is not there.
    UnsupportedByEngine
        If something is inserted that no .mod file describes.
    """
    from dendmod.engines.neuron.nodes import cell_nodes

    known = mechanism_set(cell.mechanisms)
    nodes = cell_nodes(cell)
    named = _named(cell, nodes, sites)
    kept, parent, coupling = _joined(nodes)
    number = {node: i for i, node in enumerate(kept)}
    axon = {i for i, of in enumerate(section_names(cell)) if of.startswith("axon")}
    compartments = []
    for node in kept:
        above = int(parent[node])
        role: Role = "soma" if above < 0 else "site" if node in named else "support"
        if role == "support" and int(nodes.section[node]) in axon:
            role = "axon"
        compartments.append(
            Compartment(
                name=named.get(node, "soma" if above < 0 else ""),
                role=role,
                parent=number[above] if above >= 0 else -1,
                g_couple=coupling[node] * US_IN_NS,
                site=Location(section=int(nodes.section[node]), x=float(nodes.x[node])),
                **_membrane(known, nodes, node),
            )
        )
    return ReducedCell(
        name=name or f"{cell.morphology}_whole",
        compartments=tuple(compartments),
        ena=_of_cell(nodes, "na", 50.0),
        ek=_of_cell(nodes, "k", -77.0),
        celsius=cell.celsius,
        v_init=cell.v_init,
        mechanisms=cell.mechanisms,
        receptors=cell.receptors,
        globals={**_constant(known, nodes), **cell.globals},
    )


def _named(
    cell: Cell, nodes: CellNodes, sites: Sequence[Location] | Mapping[str, Location]
) -> dict[int, str]:
    """Return the names of the nodes that are sites."""
    if not isinstance(sites, Mapping):
        sites = {f"site{i:02d}": place for i, place in enumerate(sites)}
    named: dict[int, str] = {}
    for name, place in sites.items():
        node = nodes.node(numbered(place, cell))
        if node in named or node == 0:
            other = named.get(node, "soma")
            raise SpecError(f"{name} lies in the same segment as {other}; give one of them")
        named[node] = name
    return named


def _joined(nodes: CellNodes) -> tuple[list[int], Ints, Array]:
    """Return the nodes that are kept, and the parent and the conductance to it (uS) of each.

    An end without children ends there; one with a single child is a resistance in series.
    """
    parent, g = nodes.parent.copy(), nodes.g_axial.astype(float)
    kept: list[int] = []
    children = np.bincount(parent[1:], minlength=nodes.n)
    for node in range(nodes.n):
        above = int(parent[node])
        if above >= 0 and nodes.area[above] <= 0 and children[above] == 1:
            g[node] = 1 / (1 / g[node] + 1 / g[above])
            parent[node] = parent[above]
        if nodes.area[node] > 0 or children[node] > 1:
            kept.append(node)
    return kept, parent, g


def _membrane(known: MechanismSet, nodes: CellNodes, node: int) -> dict[str, Any]:
    """Return the fields of a compartment that say what its membrane is."""
    area = float(nodes.area[node])
    if area <= 0:
        return {"ca": _JOINT_PF, "area": _JOINT_UM2, "g_leak": 0.0, "e_leak": nodes.v_init}
    leaks: list[tuple[float, float]] = []
    channels: dict[str, dict[str, float]] = {}
    pools: dict[str, dict[str, float]] = {}
    for suffix, inserted in nodes.mechanisms.items():
        at = np.searchsorted(inserted.nodes, node)
        if at == inserted.nodes.size or inserted.nodes[at] != node:
            continue
        mechanism = known.get(suffix)
        values = {n: float(inserted.parameters[n][at]) for n in mechanism.parameter_names}
        if mechanism.is_leak:
            name, factor = leak_density(mechanism)
            reversal = mechanism.reversal
            e = values.get(reversal, nodes.globals.get(f"{reversal}_{suffix}", 0.0))
            leaks.append((values[name] * factor, e))
            continue
        defaults = {p.name: p.default for p in mechanism.parameters}
        own = {n: v for n, v in values.items() if v != defaults[n] or n in mechanism.maximal}
        (pools if mechanism.pool_of else channels)[suffix] = own
    g = sum(density for density, _ in leaks)
    e_leak = sum(density * e for density, e in leaks) / g if g else nodes.v_init
    used = {**channels, **pools}
    reads = {name for suffix in used for name in known.get(suffix).reads}
    return {
        "ca": float(nodes.cm[node]) * area / PF_PER_UM2_IN_UF_PER_CM2,
        "area": area,
        "g_leak": g * area * S_PER_CM2_IN_NS_PER_UM2,
        "e_leak": e_leak,
        "channels": channels,
        "pools": pools,
        "reversals": _reversals(known, nodes, node, channels, pools),
        "diam": float(nodes.diam[node]) if "diam" in reads else None,
    }


def _reversals(
    known: MechanismSet,
    nodes: CellNodes,
    node: int,
    channels: Mapping[str, Any],
    pools: Mapping[str, Any],
) -> dict[str, float]:
    """Return the reversal potentials (mV) that channels read and neither pool nor cell gives."""
    read = {ion for suffix in channels for ion in known.get(suffix).reads_reversal_of}
    made = {ion for suffix in pools for ion in known.get(suffix).pool_of}
    found = {f"e{ion}": float(nodes.ions[ion][f"e{ion}"][node]) for ion in read - made}
    of_cell = {"ena": _of_cell(nodes, "na", 50.0), "ek": _of_cell(nodes, "k", -77.0)}
    return {name: e for name, e in found.items() if e != of_cell.get(name)}


def _of_cell(nodes: CellNodes, ion: str, otherwise: float) -> float:
    """Return the reversal potential (mV) of an ion where it is used first, from the soma on."""
    values = nodes.ions.get(ion, {}).get(f"e{ion}", np.full(1, np.nan))
    there = values[np.isfinite(values)]
    return float(there[0]) if there.size else otherwise


def _constant(known: MechanismSet, nodes: CellNodes) -> dict[str, float]:
    """Return the concentrations (mM) that matter to channels and that no pool keeps."""
    kept = {ion for suffix in nodes.mechanisms for ion in known.get(suffix).pool_of}
    needed = {ion for suffix in nodes.mechanisms for ion in known.get(suffix).needs_pool}
    found = {}
    for ion in sorted(needed - kept):
        inside = nodes.ions[ion][f"{ion}i"]
        found[inner_concentration(ion)] = float(inside[np.isfinite(inside)][0])
    return found
