"""From a cell and a list of sites to a cell of few compartments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dendmod.engines.checks import numbered
from dendmod.errors import SpecError
from dendmod.params.reduction import HOLDING_POTENTIALS, METHOD, SLOW_TIME_CONSTANTS
from dendmod.reduction.capacitances import (
    CapacitanceMethod,
    slow_capacitances,
    spectrum_capacitances,
    time_constants,
)
from dendmod.reduction.conductances import Conductances, fit_conductances
from dendmod.reduction.impedance import admittance_of
from dendmod.reduction.levels import Levels, held_levels, mechanisms_at
from dendmod.reduction.loads import load_places
from dendmod.reduction.skeleton import Skeleton, skeleton
from dendmod.spec import Cell, Compartment, Location, ReducedCell
from dendmod.spec.result import Array
from dendmod.spec.segments import SegmentTree
from dendmod.units import NF_IN_PF, PF_IN_NF, US_IN_NS, US_PER_UM2_IN_S_PER_CM2

_POOL = "CaDynamics_E2"
_NEGLIGIBLE = 1e-3  # of the membrane at rest, fully opened as far as the levels reach
_SMALLEST_LEAK = 1e-2  # of the membrane at rest, so that a reversal potential exists
_SETTLES = 3000.0  # ms

Mechanisms = dict[str, dict[str, float]]


def reduce(
    cell: Cell,
    sites: Sequence[Location] | Mapping[str, Location],
    *,
    bifurcations: bool = False,
    support: Mapping[str, Location] | None = None,
    largest_load: float | None = None,
    capacitances: CapacitanceMethod = "spectrum",
    settle: float = 1000.0,
    name: str | None = None,
) -> ReducedCell:
    """Reduce a cell to compartments at its soma and at the given sites.

    Parameters
    ----------
    cell
        The full cell.
    sites
        Places; without names they are called "site00", "site01" ... An empty list gives the
        one-compartment fit of the soma.
    bifurcations
        Keep a compartment too wherever paths from the sites to the soma meet.
    support
        Further places that are kept for the load that they are, without being sites.
    largest_load
        Capacitance (pF) that a kept place may stand for: more places are kept until none is the
        nearest one of more membrane than that, and bifurcations too, and capacitances stay near
        what their places hold. None keeps what is named alone.
    capacitances
        "slow": from the slow time constants alone, as published; "spectrum": together from all
        frequencies up to those of an action potential.
    settle
        How long the full cell settles to its rest (ms).
    name
        Of the reduced cell.

    Raises
    ------
    SpecError
        If two sites lie in one segment, or a section is not there.

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
    tree = segment_tree(cell, settle=settle)
    support, split = (
        {n: numbered(p, cell) for n, p in (support or {}).items()},
        largest_load is not None,
    )
    kept = skeleton(tree, dict(sites), support, bifurcations=bifurcations or split)
    if largest_load is not None:
        support |= load_places(tree, kept.nodes, largest_load * PF_IN_NF)
        kept = skeleton(tree, dict(sites), support, bifurcations=True)
    return assemble(
        cell, tree, kept, held_levels(tree), capacitances, largest_load=largest_load, name=name
    )


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
    membranes = [_membrane(tree, kept, fit, levels, k, ca[k]) for k in range(kept.n)]
    v = np.array([tree.v_rest[n] for n in kept.nodes])
    compartments = []
    for k, (area, channels, pools) in enumerate(membranes):
        parent = kept.parents[k]
        inward = fit.matrix[k] @ v - fit.membrane[k] * v[k]  # to the neighbours, nA
        g_leak, e_leak = _leak(tree, fit.membrane[k], {**channels, **pools}, area, v[k], inward)
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
                area=area,
                v_rest=v[k],
                channels=channels,
                pools=pools,
            )
        )
    return ReducedCell(
        name=name or f"{cell.morphology}_reduced",
        compartments=tuple(compartments),
        ena=tree.ena,
        ek=tree.ek,
        celsius=tree.celsius,
        v_init=float(v[0]),
        provenance=_provenance(cell, fit, taus, method, largest_load),
    )


def _membrane(
    tree: SegmentTree, kept: Skeleton, fit: Conductances, levels: Levels, k: int, ca: float
) -> tuple[float, Mechanisms, Mechanisms]:
    """Return area (um2), channels and pools of a compartment.

    The area is such that calcium flows in at the density of the place that the compartment stands
    for: a pool follows its place, however far around the currents were gathered. Without calcium
    channels it is the area that has the compartment's capacitance.
    """
    from dendmod.engines.neuron.segments import maximal_conductance

    node = tree.membrane_node(kept.nodes[k])
    local = mechanisms_at(tree, node)
    pools = {s: p for s, p in local.items() if s == _POOL}
    found: dict[str, float] = {}
    for suffix, g in fit.gbar.items():
        reached = g[k] * float(np.max(levels.of(suffix)))
        if reached > _NEGLIGIBLE * fit.membrane[k] and suffix in local:
            found[suffix] = float(g[k])
    inflow = {s: float(np.mean(levels.peak[s])) for s in found if s.startswith("Ca_")}
    full = sum(float(tree.gbar[s][node]) * w for s, w in inflow.items()) / tree.area[node]
    if full > 0:
        area = float(sum(found[s] * w for s, w in inflow.items()) / full)
    else:
        area = float(ca / tree.ca[node] * tree.area[node])
    channels: Mechanisms = {}
    for suffix, maximum in found.items():
        bar = maximal_conductance(suffix)
        assert bar is not None
        channels[suffix] = {**local[suffix], bar: maximum / area * US_PER_UM2_IN_S_PER_CM2}
    needs_pool = any(s.startswith(("Ca_", "SK_")) for s in channels)
    return area, channels, pools if needs_pool else {}


def _leak(
    tree: SegmentTree, membrane: float, mechanisms: Mechanisms, area: float, v: float, inward: float
) -> tuple[float, float]:
    """Return leak conductance (uS) and the reversal potential (mV) at which `v` is the rest."""
    from dendmod.engines.neuron.membrane import Environment, steady
    from dendmod.engines.neuron.segments import maximal_conductance

    open_g, current = 0.0, 0.0
    if mechanisms:
        environment = Environment(tree.ena, tree.ek, tree.celsius)
        held = steady(mechanisms, np.array([v]), environment, duration=_SETTLES)
        gbar: dict[str, float] = {}
        for suffix in held.open:
            bar = maximal_conductance(suffix)
            if bar is not None:
                gbar[suffix] = mechanisms[suffix][bar] * area / US_PER_UM2_IN_S_PER_CM2
                open_g += gbar[suffix] * float(held.open[suffix][0])
        current = float(held.current(gbar)[0])
    g_leak = max(membrane - open_g, _SMALLEST_LEAK * membrane)
    return g_leak, v + (current + inward) / g_leak


def _provenance(
    cell: Cell,
    fit: Conductances,
    taus: Array,
    method: CapacitanceMethod,
    largest_load: float | None,
) -> dict[str, Any]:
    from dendmod.morphology import resolve

    return {
        "method": str(METHOD),
        "morphology": cell.morphology,
        "morphology_sha256": resolve(cell.morphology).without_axon().sha256,
        "biophysics": cell.biophysics.name,
        "holding_potentials_mV": list(HOLDING_POTENTIALS),
        "capacitances": method,
        **({} if largest_load is None else {"largest_load_pF": largest_load}),
        "time_constants_ms": [round(float(t), 4) for t in taus],
        "channel_misfit": {s: round(m, 4) for s, m in fit.misfit.items()},
    }
