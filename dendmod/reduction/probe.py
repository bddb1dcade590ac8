"""Measure a cell, full or reduced, at its soma and sites: run in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from dendmod.engines.held import Agreement, hold
from dendmod.engines.kernel.vectors import Precision
from dendmod.engines.trials import open_trials
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
from dendmod.spec.trial import Trial

STEP_NA, STEP_MS = -0.005, 400.0
EPSP_US = {"soma": 1e-3, "site": 2e-4}  # small enough for local EPSPs of a few mV
EPSP_AT, EPSP_TSTOP = 20.0, 150.0
BURST_AT, BURST_TSTOP = 60.0, 250.0
DT, SETTLE = 0.1, 1000.0
PRECISION: Precision = "float64"  # EPSPs at the soma are differences of hundredths of a mV
ALLOWED = 0.001  # mV rms; ours
STEP_LEVELS = (1.0, 1.5, 2.0, 3.0)  # times the current that would hold a passive soma at:
STEP_TO_MV, STEP_AT, STEP_DURATION = -45.0, 20.0, 500.0


def probe(
    cell: dict[str, Any],
    places: list[list[float]],
    burst: dict[str, float],
    seed: int,
    engine: str = "neuron",
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
    engine
        What runs all but the impedances with gates held, which NEURON gives.

    Returns
    -------
    dict
        ``frozen`` and ``steady``: impedance matrices (MOhm) of the soma and the sites, gates held
        at rest or following a current step, shape [1 + sites, 1 + sites]; ``rest`` (mV), shape
        [1 + sites]; ``epsp_soma`` and ``epsp_local`` (mV from rest), shape [1 + sites, steps];
        ``plateau_soma`` and ``plateau_local`` (mV), shape [sites, steps].
    """
    from dendmod.engines.neuron import input_and_transfer_impedance

    spec, at = _unpack(cell, places)
    frozen = input_and_transfer_impedance(spec, at, settle=SETTLE)
    control, *stepped = _steps(spec, at).v(engine)
    still, *epsps = _epsps(spec, at).v(engine)
    moved = [v - still for v in epsps]
    plateaus = _plateaus(spec, at, burst, seed).v(engine)
    return {
        "frozen": frozen,
        "steady": np.array([(v[:, -1] - control[:, -1]) / STEP_NA for v in stepped]),
        "rest": control[:, 0],
        "epsp_soma": np.array([v[0] for v in moved]),
        "epsp_local": np.array([v[i] for i, v in enumerate(moved)]),
        "plateau_soma": np.array([v[0] for v in plateaus]),
        "plateau_local": np.array([v[i + 1] for i, v in enumerate(plateaus)]),
    }


def step_amplitudes(full: Mapping[str, np.ndarray]) -> list[float]:
    """Return currents (nA) at the soma that make most cells spike, from what `probe` measured."""
    hold = (STEP_TO_MV - full["rest"][0]) / full["steady"][0, 0]
    return [round(float(level * hold), 4) for level in STEP_LEVELS]


def steps(
    cell: dict[str, Any], amps: list[float], threshold: float = 0.0, engine: str = "neuron"
) -> dict[str, np.ndarray]:
    """Count spikes at the soma in steps of current.

    Parameters
    ----------
    cell
        A `Cell` or a `ReducedCell` as JSON.
    amps
        Currents (nA) from 20 to 520 ms.
    threshold
        What an upward crossing of counts as a spike (mV).
    engine
        What runs them, the kernel in float64.

    Returns
    -------
    dict
        ``steps``: spike counts, shape [amps, 1].
    """
    spec: Cell | ReducedCell = TypeAdapter(Cell | ReducedCell).validate_python(cell)
    clamp = CurrentClamp(location=SOMA, delay=STEP_AT, dur=STEP_DURATION, amp=0.0)
    run = Run(tstop=STEP_AT + STEP_DURATION, dt=0.025, settle=SETTLE, spike_threshold=threshold)
    setup = Setup(cell=spec, current_clamps=(clamp,))
    with open_trials(setup, run, engine, precision=PRECISION) as opened:
        results = opened.run_many([Trial(amps=(amp,)) for amp in amps])
    counts = [result.spike_times().size for result in results]
    return {"steps": np.array(counts)[:, None]}


def hold_probe(
    cell: dict[str, Any],
    places: list[list[float]],
    burst: dict[str, float],
    seed: int,
) -> dict[str, np.ndarray]:
    """Run the EPSP at the soma and the plateau at the first site on both engines.

    Returns the arrays of a `dendmod.engines.held.Agreement`.
    """
    spec, at = _unpack(cell, places)
    epsps, plateaus = _epsps(spec, at), _plateaus(spec, at, burst, seed)
    return Agreement.together([
        hold(part.setup, part.run, part.trials[:n], precision=PRECISION, allowed=ALLOWED)
        for part, n in ((epsps, 2), (plateaus, 1))
    ]).arrays  # fmt: skip


def _unpack(
    cell: dict[str, Any], places: list[list[float]]
) -> tuple[Cell | ReducedCell, tuple[Location, ...]]:
    spec: Cell | ReducedCell = TypeAdapter(Cell | ReducedCell).validate_python(cell)
    return spec, (SOMA, *(Location(section=int(s), x=x) for s, x in places))


@dataclass(frozen=True)
class _Part:
    """Trials of one set-up, whose voltages at the soma and the sites are asked for."""

    setup: Setup
    run: Run
    trials: list[Trial]

    def v(self, engine: str) -> Array:
        """Run them; voltages (mV), shape [trials, places, steps]."""
        with open_trials(self.setup, self.run, engine, precision=PRECISION) as opened:
            return np.array([list(r.v.values()) for r in opened.run_many(self.trials)])


def _names(at: tuple[Location, ...]) -> dict[str, Location]:
    return {f"v{i}": place for i, place in enumerate(at)}


def _run(tstop: float) -> Run:
    return Run(tstop=tstop, dt=DT, settle=SETTLE)


def _steps(cell: Cell | ReducedCell, at: tuple[Location, ...]) -> _Part:
    """No current, then a step at each place."""
    clamps = tuple(
        CurrentClamp(location=place, delay=0.0, dur=2 * STEP_MS, amp=0.0) for place in at
    )
    setup = Setup(cell=cell, current_clamps=clamps, record=_names(at))
    amps = np.vstack([np.zeros(len(at)), STEP_NA * np.eye(len(at))])
    return _Part(setup, _run(STEP_MS), [Trial(amps=tuple(map(float, row))) for row in amps])


def _epsps(cell: Cell | ReducedCell, at: tuple[Location, ...]) -> _Part:
    """No input, then one at each place."""
    synapses = tuple(
        Synapse(name=f"s{i}", mechanism="DoubleExpSyn", location=place, params=wybo2022.AMPA)
        for i, place in enumerate(at)
    )
    weights = [EPSP_US["site" if i else "soma"] for i in range(len(at))]
    trials = [
        Trial((SpikeTrain(f"s{i}", np.array([EPSP_AT]), weight),))
        for i, weight in enumerate(weights)
    ]
    setup = Setup(cell=cell, synapses=synapses, record=_names(at))
    return _Part(setup, _run(EPSP_TSTOP), [Trial(), *trials])


def _plateaus(
    cell: Cell | ReducedCell, at: tuple[Location, ...], burst: dict[str, float], seed: int
) -> _Part:
    """A burst at each site."""
    synapses = tuple(
        Synapse(name=f"s{i}", mechanism="AmpaNmdaSyn", location=place, params=wybo2022.ampa_nmda())
        for i, place in enumerate(at[1:])
    )
    trials = []
    for i in range(len(synapses)):
        rng = stream(seed, "probe", i)
        times = gaussian_burst(rng, int(burst["n"]), BURST_AT, burst["sd"])
        trials.append(Trial((SpikeTrain(f"s{i}", times, burst["weight"]),)))
    return _Part(Setup(cell=cell, synapses=synapses, record=_names(at)), _run(BURST_TSTOP), trials)
