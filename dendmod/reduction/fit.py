"""From a cell and a list of sites to a cell of few compartments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.cells.channels import keeping
from dendmod.engines.checks import numbered, shape_of
from dendmod.errors import SpecError
from dendmod.mechanisms import MechanismSet, mechanism_set
from dendmod.mechanisms.cache import content_hash
from dendmod.mechanisms.compartments import inner_concentration
from dendmod.mechanisms.conducting import channel_of
from dendmod.params.reduction import HOLDING_POTENTIALS, METHOD, SLOW_TIME_CONSTANTS
from dendmod.reduction.capacitances import (
    CapacitanceMethod,
    slow_capacitances,
    spectrum_capacitances,
    time_constants,
)
from dendmod.reduction.conductances import Conductances, fit_conductances
from dendmod.reduction.impedance import admittance_of
from dendmod.reduction.levels import Levels, closed, environment_at, held_levels, mechanisms_at
from dendmod.reduction.loads import load_places
from dendmod.reduction.places import axon_places
from dendmod.reduction.skeleton import Skeleton, skeleton
from dendmod.spec import Cell, Compartment, Location, ReducedCell
from dendmod.spec.result import Array
from dendmod.spec.segments import SegmentTree
from dendmod.units import NF_IN_PF, PF_IN_NF, US_IN_NS, US_PER_UM2_IN_S_PER_CM2

_NEGLIGIBLE = 1e-3  # of the membrane at rest, fully opened as far as the levels reach
_SMALLEST_LEAK = 1e-2  # of the membrane at rest, so that a reversal potential exists
_SETTLES = 3000.0  # ms

Mechanisms = dict[str, dict[str, float]]


def reduce(
    cell: Cell,
    sites: Sequence[Location] | Mapping[str, Location],
    *,
    channels: Sequence[str] | None = None,
    bifurcations: bool = False,
    support: Mapping[str, Location] | None = None,
    largest_load: float | None = None,
    axon: bool = True,
    capacitances: CapacitanceMethod = "spectrum",
    settle: float = 1000.0,
    name: str | None = None,
    spike_threshold: float = 0.0,
) -> ReducedCell:
    """Reduce a cell to compartments at its soma and at the given sites.

    Parameters
    ----------
    cell
        The full cell.
    sites
        Places; without names they are called "site00", "site01" ... An empty list gives the
        one-compartment fit of the soma.
    channels
        Mechanisms that are kept beside leaks, in all of the cell, before it is reduced
        (`dendmod.cells.channels.keeping`); None keeps all. The reduced cell remembers the full one
        with all of them.
    bifurcations
        Keep a compartment too wherever paths from the sites to the soma meet.
    support
        Further places that are kept for the load that they are, without being sites.
    largest_load
        Capacitance (pF) that a kept place may stand for: more places are kept until none is the
        nearest one of more membrane than that, and bifurcations too, and capacitances stay near
        what their places hold. None keeps what is named alone.
    axon
        Keep places of the axon too, where it has channels that the soma does not have, or more of
        them (`dendmod.reduction.places.axon_places`): such a cell starts its spikes there.
    capacitances
        "slow": from the slow time constants alone, as published; "spectrum": together from all
        frequencies up to those of an action potential.
    settle
        How long the full cell settles to its rest (ms).
    name
        Of the reduced cell.
    spike_threshold
        What counts as a spike of the cell (mV), which the reduced cell keeps.

    Raises
    ------
    SpecError
        If two sites lie in one segment, or a section is not there.
    MechanismError
        If a mechanism of the membrane cannot be reduced, with its file and the reason.

    References
    ----------
    Wybo et al. 2021, eLife 10:e60936.
    """
    from dendmod.engines.neuron.segments import segment_tree

    if not isinstance(sites, Mapping):
        sites = {f"site{i:02d}": place for i, place in enumerate(sites)}
    sites = {of: numbered(place, cell) for of, place in sites.items()}
    if "soma" in sites:
        raise SpecError("the soma is always kept; leave it out of the sites")
    full = cell
    if channels is not None:
        cell = keeping(full, channels)
    tree = segment_tree(cell, settle=settle)
    support = {of: numbered(place, cell) for of, place in (support or {}).items()}
    split = largest_load is not None
    of_axon = axon_places(tree) if axon else {}
    kept = skeleton(tree, dict(sites), support, of_axon, bifurcations=bifurcations or split)
    if largest_load is not None:
        support |= load_places(tree, kept.nodes, largest_load * PF_IN_NF)
        kept = skeleton(tree, dict(sites), support, of_axon, bifurcations=True)
    made = assemble(
        cell, tree, kept, held_levels(tree), capacitances, largest_load=largest_load, name=name
    )
    update: dict[str, Any] = {"spike_threshold": spike_threshold}
    if channels is not None:
        of_full = {
            "channels": sorted(channels),
            "mechanisms": mechanisms_hash(full),
            "cell": full.model_dump(mode="json", by_alias=True),
        }
        update["provenance"] = {**made.provenance, **of_full}
    return made.model_copy(update=update)


def assemble(
    cell: Cell,
    tree: SegmentTree,
    kept: Skeleton,
    levels: Levels,
    method: CapacitanceMethod = "spectrum",
    *,
    largest_load: float | None = None,
    name: str | None = None,
) -> ReducedCell:
    """Fit compartments at the kept places of a segment tree and make them a specification."""
    fit = fit_conductances(tree, kept, levels)
    rest = admittance_of(tree, tree.open_at_rest)
    taus = time_constants(tree, rest, SLOW_TIME_CONSTANTS)
    if method == "slow":
        ca = slow_capacitances(tree, kept, fit.matrix, rest, taus)
    else:
        bounded = largest_load is not None
        ca = spectrum_capacitances(tree, kept, fit.matrix, rest, bounded=bounded)
    v = np.array([tree.v_rest[n] for n in kept.nodes])
    compartments = []
    for k in range(kept.n):
        membrane = _membrane(tree, kept, fit, levels, k, ca[k])
        parent = kept.parents[k]
        inward = fit.matrix[k] @ v - fit.membrane[k] * v[k]  # to the neighbours, nA
        g_leak, e_leak = _leak(tree, kept.nodes[k], fit.membrane[k], membrane, v[k], inward)
        compartments.append(
            Compartment(
                name=kept.names[k],
                role=kept.roles[k],
                parent=parent,
                site=kept.places[k],
                ca=ca[k] * NF_IN_PF,
                g_leak=g_leak * US_IN_NS,
                e_leak=e_leak,
                g_couple=-fit.matrix[k, parent] * US_IN_NS if parent >= 0 else 0.0,
                area=membrane.area,
                v_rest=v[k],
                channels=membrane.channels,
                pools=membrane.pools,
                diam=membrane.diam,
                reversals=membrane.reversals,
            )
        )
    known = mechanism_set(tree.mechanisms)
    fixed = {
        inner_concentration(ion)
        for c in compartments
        for suffix in c.channels
        for ion in known.get(suffix).needs_pool
        if not any(ion in known.get(pool).pool_of for pool in c.pools)
    }
    carried = {suffix for c in compartments for suffix in c.channels}
    left_out = sorted(
        key
        for key, g in tree.gbar.items()
        if g.max() > 0 and channel_of(known, key).suffix not in carried
    )
    return ReducedCell(
        name=name or f"{cell.morphology}_reduced",
        compartments=tuple(compartments),
        ena=tree.ena,
        ek=tree.ek,
        celsius=tree.celsius,
        v_init=float(v[0]),
        mechanisms=cell.mechanisms,
        receptors=cell.receptors,
        globals={**{name: tree.globals[name] for name in sorted(fixed)}, **cell.globals},
        provenance=_provenance(cell, fit, taus, method, largest_load, left_out),
    )


@dataclass(frozen=True)
class _Membrane:
    """Area (um2), channels and pools of a compartment, and the diameter (um) that they read.

    And the reversal potentials (mV) that they read where the cell's `ena` and `ek` do not count.
    """

    area: float
    channels: Mechanisms
    pools: Mechanisms
    diam: float | None
    reversals: dict[str, float]


def _membrane(
    tree: SegmentTree, kept: Skeleton, fit: Conductances, levels: Levels, k: int, ca: float
) -> _Membrane:
    """Return the membrane of a compartment.

    The area is such that an ion flows into its pool at the density of the place that the
    compartment stands for: a pool follows its place, however far around the currents were gathered.
    Without such channels it is the area that has the compartment's capacitance.
    """
    known = mechanism_set(tree.mechanisms)
    node = tree.membrane_node(kept.nodes[k])
    local = mechanisms_at(tree, node)
    found: dict[str, float] = {}
    for suffix, g in fit.gbar.items():
        reached = g[k] * float(np.max(levels.of(suffix)))
        if reached > _NEGLIGIBLE * fit.membrane[k] and tree.gbar[suffix][node] > 0:
            found[suffix] = float(g[k])
    of_key = {key: channel_of(known, key) for key in found}
    pools = _pools(known, {channel.suffix for channel in of_key.values()}, local)
    pooled = {ion for suffix in pools for ion in known.get(suffix).pool_of}
    inflow = {
        key: float(np.mean(levels.peak[key]))
        for key, channel in of_key.items()
        if pooled & set(known.get(channel.suffix).carries)
    }
    full = sum(float(tree.gbar[s][node]) * w for s, w in inflow.items()) / tree.area[node]
    if full > 0:
        area = float(sum(found[s] * w for s, w in inflow.items()) / full)
    else:
        area = float(ca / tree.ca[node] * tree.area[node])
    channels: Mechanisms = {}
    for key, maximum in found.items():
        channel = of_key[key]
        own = channels.setdefault(
            channel.suffix, {**local[channel.suffix], **closed(known, channel.suffix)}
        )
        own[channel.maximal] = maximum / area * US_PER_UM2_IN_S_PER_CM2 / channel.factor
    reads = {name for suffix in (*channels, *pools) for name in known.get(suffix).reads}
    diam = float(tree.diam[node]) if "diam" in reads and tree.diam is not None else None
    read = {f"e{ion}" for suffix in channels for ion in known.get(suffix).reads_reversal_of}
    made = {f"e{ion}" for suffix in pools for ion in known.get(suffix).pool_of}
    of_cell = {"ena": tree.ena, "ek": tree.ek}
    reversals = {
        name: value
        for name, value in tree.reversals_at(node).items()
        if name in read - made and value != of_cell.get(name)
    }
    return _Membrane(area, channels, pools, diam, reversals)


def _pools(known: MechanismSet, channels: Iterable[str], local: Mechanisms) -> Mechanisms:
    """Return the pools of a place that its channels need, and those that these need in turn."""
    pools: Mechanisms = {}
    # the reversal potential of what a channel carries follows its pool, too, where there is one
    needed = {
        ion
        for suffix in channels
        for ion in (*known.get(suffix).needs_pool, *known.get(suffix).carries)
    }
    while True:
        more = {
            suffix: params
            for suffix, params in local.items()
            if suffix not in pools and needed & set(known.get(suffix).pool_of)
        }
        if not more:
            return pools
        pools |= more
        needed |= {ion for suffix in more for ion in known.get(suffix).gated_by}


def _leak(
    tree: SegmentTree, node: int, total: float, membrane: _Membrane, v: float, inward: float
) -> tuple[float, float]:
    """Return leak conductance (uS) and the reversal potential (mV) at which `v` is the rest.

    `total` is the conductance (uS) that leaves through the membrane of the compartment at rest.
    """
    from dendmod.engines.neuron.membrane import steady

    known = mechanism_set(tree.mechanisms)
    open_g, current = 0.0, 0.0
    if membrane.channels or membrane.pools:
        environment = environment_at(tree, tree.membrane_node(node))
        mechanisms = {**membrane.channels, **membrane.pools}
        held = steady(mechanisms, np.array([v]), environment, duration=_SETTLES)
        gbar: dict[str, float] = {}
        for key in held.open:
            channel = channel_of(known, key)
            density = mechanisms[channel.suffix][channel.maximal] * channel.factor
            gbar[key] = density * membrane.area / US_PER_UM2_IN_S_PER_CM2
            open_g += gbar[key] * float(held.open[key][0])
        current = float(held.current(gbar)[0])
    g_leak = max(total - open_g, _SMALLEST_LEAK * total)
    return g_leak, v + (current + inward) / g_leak


def mechanisms_hash(cell: Cell) -> str:
    """Return the hash of the .mod files of the mechanisms that a cell has."""
    known = mechanism_set(cell.mechanisms)
    files = {known.get(suffix).file for suffix in cell.suffixes}
    return content_hash([file for file in files if file is not None])


def _provenance(
    cell: Cell,
    fit: Conductances,
    taus: Array,
    method: CapacitanceMethod,
    largest_load: float | None,
    left_out: list[str],
) -> dict[str, Any]:
    return {
        "method": str(METHOD),
        "morphology": cell.morphology,
        "morphology_sha256": shape_of(cell).sha256,
        "biophysics": cell.biophysics.name,
        "holding_potentials_mV": list(HOLDING_POTENTIALS),
        "capacitances": method,
        **({} if largest_load is None else {"largest_load_pF": largest_load}),
        "time_constants_ms": [round(float(t), 4) for t in taus],
        "channel_misfit": {s: round(m, 4) for s, m in fit.misfit.items()},
        "channels_left_out": left_out,
        "mechanisms": mechanisms_hash(cell),
        "globals": dict(cell.globals),
        "cell": cell.model_dump(mode="json", by_alias=True),
    }
