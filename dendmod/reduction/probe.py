"""Measure a cell, full or reduced, at its soma and sites: run in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from dendmod.params import wybo2022
from dendmod.rng import gaussian_burst, stream
from dendmod.spec import (
    Cell,
    CurrentClamp,
    Location,
    ReducedCell,
    Run,
    Setup,
    SpikeTrain,
    Synapse,
)
from dendmod.spec.place import SOMA
from dendmod.spec.result import Array

STEP_NA, STEP_MS = -0.005, 400.0
EPSP_US = {"soma": 1e-3, "site": 2e-4}  # small enough for local EPSPs of a few mV
EPSP_AT, EPSP_TSTOP = 20.0, 150.0
BURST_AT, BURST_TSTOP = 60.0, 250.0
DT, SETTLE = 0.1, 1000.0
STEP_LEVELS = (1.0, 1.5, 2.0, 3.0)  # times the current that would hold a passive soma at:
STEP_TO_MV, STEP_AT, STEP_DURATION = -45.0, 20.0, 500.0


def probe(
    cell: dict[str, Any],
    places: list[list[float]],
    burst: dict[str, float],
    seed: int,
) -> dict[str, np.ndarray]:
    """Measure impedances, rest, EPSPs and NMDA plateaus.

    Parameters
    ----------
    cell
        A `Cell` or a `ReducedCell` as JSON.
    places
        Section (or compartment) and x of each site.
    burst
        n, sd (ms) and weight (uS) of the inputs that evoke a plateau.
    seed
        Of the burst.

    Returns
    -------
    dict
        ``frozen`` and ``steady``: impedance matrices (MOhm) of the soma and the sites, gates held
        at rest or following a current step, shape [1 + sites, 1 + sites]; ``rest`` (mV), shape
        [1 + sites]; ``epsp_soma`` and ``epsp_local`` (mV from rest), shape [1 + sites, steps];
        ``plateau_soma`` and ``plateau_local`` (mV), shape [sites, steps].
    """
    from dendmod.engines.neuron import input_and_transfer_impedance

    spec: Cell | ReducedCell = TypeAdapter(Cell | ReducedCell).validate_python(cell)
    at = (SOMA, *(Location(section=int(s), x=x) for s, x in places))
    frozen = input_and_transfer_impedance(spec, at, settle=SETTLE)
    steady, rest = _steady(spec, at)
    epsp = _epsps(spec, at)
    plateau = _plateaus(spec, at, burst, seed)
    return {"frozen": frozen, "steady": steady, "rest": rest, **epsp, **plateau}


def step_amplitudes(full: Mapping[str, np.ndarray]) -> list[float]:
    """Return currents (nA) at the soma that make most cells spike, from what `probe` measured."""
    hold = (STEP_TO_MV - full["rest"][0]) / full["steady"][0, 0]
    return [round(float(level * hold), 4) for level in STEP_LEVELS]


def steps(cell: dict[str, Any], amps: list[float], threshold: float = 0.0) -> dict[str, np.ndarray]:
    """Count spikes at the soma in steps of current.

    Parameters
    ----------
    cell
        A `Cell` or a `ReducedCell` as JSON.
    amps
        Currents (nA) from 20 to 520 ms.
    threshold
        What an upward crossing of counts as a spike (mV).

    Returns
    -------
    dict
        ``steps``: spike counts, shape [amps, 1].
    """
    from dendmod.engines.neuron import Simulator

    spec: Cell | ReducedCell = TypeAdapter(Cell | ReducedCell).validate_python(cell)
    clamp = CurrentClamp(location=SOMA, delay=STEP_AT, dur=STEP_DURATION, amp=0.0)
    run = Run(tstop=STEP_AT + STEP_DURATION, dt=0.025, settle=SETTLE, spike_threshold=threshold)
    with Simulator(Setup(cell=spec, current_clamps=(clamp,)), run) as simulator:
        counts = [simulator.run(amps=(amp,)).spike_times().size for amp in amps]
    return {"steps": np.array(counts)[:, None]}


def _names(at: tuple[Location, ...]) -> dict[str, Location]:
    return {f"v{i}": place for i, place in enumerate(at)}


def _steady(cell: Cell | ReducedCell, at: tuple[Location, ...]) -> tuple[Array, Array]:
    from dendmod.engines.neuron import Simulator

    def end(*clamps: CurrentClamp) -> tuple[Array, Array]:
        setup = Setup(cell=cell, current_clamps=clamps, record=_names(at))
        with Simulator(setup, Run(tstop=STEP_MS, dt=DT, settle=SETTLE)) as simulator:
            v = np.array(list(simulator.run().v.values()))
        return v[:, 0], v[:, -1]

    rest, control = end()
    rows = []
    for place in at:
        clamp = CurrentClamp(location=place, delay=0.0, dur=2 * STEP_MS, amp=STEP_NA)
        rows.append((end(clamp)[1] - control) / STEP_NA)
    return np.array(rows), rest


def _epsps(cell: Cell | ReducedCell, at: tuple[Location, ...]) -> dict[str, np.ndarray]:
    from dendmod.engines.neuron import Simulator

    synapses = tuple(
        Synapse(name=f"s{i}", mechanism="DoubleExpSyn", location=place, params=wybo2022.AMPA)
        for i, place in enumerate(at)
    )
    setup = Setup(cell=cell, synapses=synapses, record=_names(at))
    soma, local = [], []
    with Simulator(setup, Run(tstop=EPSP_TSTOP, dt=DT, settle=SETTLE)) as simulator:
        control = simulator.run().v
        for i in range(len(at)):
            weight = EPSP_US["site" if i else "soma"]
            v = simulator.run((SpikeTrain(f"s{i}", np.array([EPSP_AT]), weight),)).v
            soma.append(v["v0"] - control["v0"])
            local.append(v[f"v{i}"] - control[f"v{i}"])
    return {"epsp_soma": np.array(soma), "epsp_local": np.array(local)}


def _plateaus(
    cell: Cell | ReducedCell, at: tuple[Location, ...], burst: dict[str, float], seed: int
) -> dict[str, np.ndarray]:
    from dendmod.engines.neuron import Simulator

    sites = at[1:]
    synapses = tuple(
        Synapse(name=f"s{i}", mechanism="AmpaNmdaSyn", location=place, params=wybo2022.ampa_nmda())
        for i, place in enumerate(sites)
    )
    setup = Setup(cell=cell, synapses=synapses, record=_names(at))
    soma, local = [], []
    with Simulator(setup, Run(tstop=BURST_TSTOP, dt=DT, settle=SETTLE)) as simulator:
        for i in range(len(sites)):
            rng = stream(seed, "probe", i)
            times = gaussian_burst(rng, int(burst["n"]), BURST_AT, burst["sd"])
            v = simulator.run((SpikeTrain(f"s{i}", times, burst["weight"]),)).v
            soma.append(v["v0"])
            local.append(v[f"v{i + 1}"])
    return {"plateau_soma": np.array(soma), "plateau_local": np.array(local)}
