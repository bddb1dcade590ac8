"""A full cell with its trials as one .npz, which other simulators read without dendmod.

The cell is the tree of NEURON's own nodes: whom each is joined to and by what resistance, its area,
capacitance and parameters of mechanisms. Ends of sections have no membrane; such with one child or
none are left out, their resistances added up. A trial is a current at the root, spikes, or both.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rivals.channels import CALCIUM_GATED, GATES, POOL
from dendmod.atomic import replacing
from dendmod.engines.checks import with_numbers
from dendmod.engines.kernel.batch import attached
from dendmod.engines.kernel.job import peak_factor
from dendmod.engines.neuron.nodes import cell_nodes
from dendmod.errors import UnsupportedByEngine
from dendmod.network import Profile
from dendmod.spec import Run, Setup, Synapse
from dendmod.spec.nodes import CellNodes
from dendmod.spec.trial import Trial
from dendmod.units import FARADAY, GAS

# suffixes of the double exponentials' parameters by mechanism, AMPA first
PROFILES = {"DoubleExpCurrent": ("",), "DoubleExpSyn": ("",), "AmpaNmdaSyn": ("_ampa", "_nmda")}
_ZERO_CELSIUS = 273.15


def write(path: Path | str, setup: Setup, run: Run, trials: Sequence[Trial]) -> None:
    """Write a set-up and its trials.

    Raises
    ------
    UnsupportedByEngine
        If there is something that the file cannot hold.
    """
    setup = with_numbers(setup)
    nodes = cell_nodes(setup.cell)
    kept, tree = _tree(nodes)
    content = {**tree, **_membrane(nodes, kept), **_synapses(setup, nodes, kept)}
    content |= _trials(setup, run, trials) | {"dt": run.dt, "settle": run.settle}
    with replacing(path) as partial, open(partial, "wb") as file:
        np.savez(file, **content)


def _tree(nodes: CellNodes) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the new number of every node, -1 where it is left out, and the tree's arrays."""
    children = np.bincount(nodes.parent[1:], minlength=nodes.n)
    for i in range(nodes.n - 1, 0, -1):  # a childless end is no child either
        if nodes.area[i] <= 0 and children[i] == 0:
            children[nodes.parent[i]] -= 1
    is_kept = (nodes.area > 0) | (children > 1)
    kept = np.where(is_kept, np.cumsum(is_kept) - 1, -1)
    parent, resistance = [-1], [0.0]
    for i in np.flatnonzero(is_kept)[1:]:
        above, ohms = int(nodes.parent[i]), 1 / nodes.g_axial[i]
        while not is_kept[above]:
            ohms += 1 / nodes.g_axial[above]
            above = int(nodes.parent[above])
        parent.append(int(kept[above]))
        resistance.append(ohms)
    return kept, {
        "parent": np.array(parent),
        "resistance": np.array(resistance),  # MOhm
        "area": nodes.area[is_kept],
        "cm": nodes.cm[is_kept],
    }


def _membrane(nodes: CellNodes, kept: np.ndarray) -> dict[str, Any]:
    """Return what is inserted: nodes and values by mechanism; potentials of ions that are one."""
    known = {*GATES, *CALCIUM_GATED, POOL, "pas"}
    if unknown := sorted(set(nodes.mechanisms) - known):
        raise UnsupportedByEngine(
            f"the file for other simulators has no {', '.join(unknown)}; it holds "
            f"{', '.join(sorted(known))}"
        )
    out: dict[str, Any] = {"channels": np.array(sorted(set(nodes.mechanisms) - {POOL, "pas"}))}
    out["has_pool"] = POOL in nodes.mechanisms
    for suffix, own in nodes.mechanisms.items():
        out[f"{suffix}_nodes"] = kept[own.nodes]
        out |= {f"{suffix}_{name}": values for name, values in own.parameters.items()}
    for ion, name in (("na", "ena"), ("k", "ek")):
        values = nodes.ions.get(ion, {}).get(name, np.array([np.nan]))
        found = np.unique(values[np.isfinite(values)])
        if found.size > 1:
            raise UnsupportedByEngine(f"{name} differs from place to place: {found.tolist()}")
        out[name] = found[0] if found.size else 0.0
    outside = nodes.ions.get("ca", {}).get("cao", np.array([2.0]))
    out["cao"] = float(np.nanmax(outside))
    out["v_init"], out["kelvin"] = nodes.v_init, nodes.celsius + _ZERO_CELSIUS
    out["nernst"] = 1e3 * GAS * out["kelvin"] / (2 * FARADAY)  # mV a unit of the logarithm
    return out


def _synapses(setup: Setup, nodes: CellNodes, kept: np.ndarray) -> dict[str, Any]:
    """Return node, kind, potential, magnesium block and profiles of every synapse."""
    rows = [_profiles(s) for s in setup.synapses]
    return {
        "synapse_node": np.array([kept[nodes.node(s.location)] for s in setup.synapses], int),
        "synapse_kind": np.array([list(PROFILES).index(s.mechanism) for s in setup.synapses], int),
        "synapse_e": np.array([s.params.get("e", 0.0) for s in setup.synapses]),
        "synapse_profiles": np.array(rows).reshape(len(rows), 2, 3),  # rise, decay, jump
        "mg": np.array([[s.params.get(name, default) for name, default in
                         (("mg_factor", 0.3), ("mg_slope", 0.1))] for s in setup.synapses]),
    }  # fmt: skip


def _profiles(synapse: Synapse) -> list[list[float]]:
    if synapse.mechanism not in PROFILES:
        raise UnsupportedByEngine(
            f"synapse {synapse.name!r} is of {synapse.mechanism}; the file for other simulators "
            f"holds {', '.join(PROFILES)}"
        )
    rows = []
    for suffix in PROFILES[synapse.mechanism]:
        rise, decay = (synapse.params[f"tau_{x}{suffix}"] for x in ("rise", "decay"))
        ratio = synapse.params["nmda_ratio"] if suffix == "_nmda" else 1.0
        rows.append([rise, decay, ratio * peak_factor(Profile(tau_rise=rise, tau_decay=decay))])
    return rows if len(rows) == 2 else [rows[0], [1.0, 1.0, 0.0]]


def _trials(setup: Setup, run: Run, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return the step of current and the spikes of every trial."""
    places = attached.clamp_places(setup)
    if len(places) > 1 or setup.currents or setup.voltage_clamp is not None:
        raise UnsupportedByEngine("the file for other simulators holds one current step")
    clamp = setup.current_clamps[0] if setup.current_clamps else None
    number = {s.name: i for i, s in enumerate(setup.synapses)}
    of = [(k, train) for k, trial in enumerate(trials) for train in trial.trains]
    start, which = attached.events([train for _, train in of], run)
    amps = [trial.amps[0] if trial.amps else clamp.amp if clamp else 0.0 for trial in trials]
    return {
        "clamp": np.array([clamp.delay, clamp.dur] if clamp else [0.0, 0.0]),
        "amps": np.array(amps),  # nA, one a trial
        "tstop": run.tstop,
        "event_step": np.repeat(np.arange(start.size - 1), np.diff(start)),
        "event_trial": np.array([k for k, _ in of], int)[which],
        "event_synapse": np.array([number[train.synapse] for _, train in of], int)[which],
        "event_weight": np.array([train.weight for _, train in of], float)[which],
    }
