"""Tasks of a protocol: build once, settle once, run the trials of one condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dendmod.cells.effects import Effect, apply_to_trains
from dendmod.cells.sites import SiteChoice, choose_sites
from dendmod.iocurve import CROSSINGS, ThresholdSearch
from dendmod.protocol import Protocol, setup_for, trains_for
from dendmod.protocol.trial import site_name
from dendmod.spec import Cell, Location, ReducedCell

_KEEP_EVERY_MS = 0.5


def _unpack(
    protocol: dict[str, Any], sites: list[list[float]], effects: Sequence[dict[str, Any]]
) -> tuple[Protocol, list[Location], list[Effect]]:
    places = [Location(section=int(section), x=x) for section, x in sites]
    return Protocol.model_validate(protocol), places, [Effect.model_validate(e) for e in effects]


def _every(protocol: Protocol) -> int:
    return max(1, round(_KEEP_EVERY_MS / protocol.run.dt_ms))


def kept_every_ms(protocol: Protocol) -> float:
    """Return the time between two kept samples of the voltages of sites (ms)."""
    return _every(protocol) * protocol.run.dt_ms


def choose(cell: dict[str, Any], choice: dict[str, Any]) -> dict[str, np.ndarray]:
    """Choose sites on a cell, full or reduced."""
    spec: Cell | ReducedCell = (
        ReducedCell.model_validate(cell) if "compartments" in cell else Cell.model_validate(cell)
    )
    sites = choose_sites(spec, SiteChoice.model_validate(choice))
    return {
        "section": np.array([s.section for s in sites.locations]),
        "x": np.array([s.x for s in sites.locations]),
        "impedance": sites.impedance,
        "independence": np.array(sites.independence),
    }


def count_spikes(
    protocol: dict[str, Any],
    sites: list[list[float]],
    arm: str,
    level: int,
    n_feedforward: list[int],
    trials: list[int],
    seed: int,
    traces: bool,
    coreneuron: bool | None,
    effects: Sequence[dict[str, Any]] = (),
) -> dict[str, np.ndarray]:
    """Count output spikes under effects: shape [numbers of inputs, trials].

    With `traces`, the somatic and dendritic voltages of the first number of inputs are kept too:
    ``v_soma`` [trials, steps] and ``v_sites`` [trials, sites, steps at 0.5 ms], with the peak (mV)
    and the time above ``run.plateau_mV`` (ms) of each site.
    """
    from dendmod.engines.neuron import Simulator

    spec, places, listed = _unpack(protocol, sites, effects)
    setup = setup_for(spec, places, effects=listed, record_sites=traces)
    counts = np.zeros((len(n_feedforward), len(trials)), dtype=np.int64)
    soma, dendrites, peaks, above = [], [], [], []
    names = [site_name(i) for i in range(len(places))]
    every = _every(spec)
    with Simulator(setup, spec.run_spec, coreneuron=coreneuron) as simulator:
        for row, n in enumerate(n_feedforward):
            for column, trial in enumerate(trials):
                trains = trains_for(spec, arm, level=level, n_feedforward=n, trial=trial, seed=seed)
                result = simulator.run(apply_to_trains(setup, trains, listed))
                counts[row, column] = result.spike_times().size
                if traces and row == 0:
                    v = np.array([result.v[name] for name in names])
                    soma.append(result.v["soma"].astype(np.float32))
                    dendrites.append(v[:, ::every].astype(np.float32))
                    peaks.append(v.max(axis=1))
                    above.append((v > spec.run.plateau_mV).sum(axis=1) * spec.run.dt_ms)
        engine = simulator.session.provenance["engine"]
    out: dict[str, Any] = {"counts": counts, "engine": np.array(engine)}
    if traces:
        out |= {
            "v_soma": np.array(soma),
            "v_sites": np.array(dendrites),
            "site_peak": np.array(peaks),
            "site_above": np.array(above),
        }
    return out


def search_thresholds(
    protocol: dict[str, Any],
    sites: list[list[float]],
    arm: str,
    level: int,
    trials: list[int],
    seed: int,
    resolution: int,
    coreneuron: bool | None,
    effects: Sequence[dict[str, Any]] = (),
    crossings: Sequence[float] = CROSSINGS,
) -> dict[str, np.ndarray]:
    """Sample the IO curve of one level under effects, where it crosses numbers of spikes.

    Returns ``n_feedforward`` [points], rising, and ``counts`` [points, trials].
    """
    from dendmod.engines.neuron import Simulator

    spec, places, listed = _unpack(protocol, sites, effects)
    setup = setup_for(spec, places, effects=listed)
    search = ThresholdSearch(
        start=spec.arms[arm].n_feedforward,
        step=spec.io.step,
        limits=spec.io.limits,
        resolution=resolution,
        crossings=crossings,
    )
    with Simulator(setup, spec.run_spec, coreneuron=coreneuron) as simulator:
        while (n := search.ask()) is not None:
            counts = []
            for trial in trials:
                trains = trains_for(spec, arm, level=level, n_feedforward=n, trial=trial, seed=seed)
                run = simulator.run(apply_to_trains(setup, trains, listed))
                counts.append(run.spike_times().size)
            search.tell(n, counts)
    n_feedforward = np.array(sorted(search.points))
    return {
        "n_feedforward": n_feedforward,
        "counts": np.array([search.points[n] for n in n_feedforward]),
    }


def clamp(
    protocol: dict[str, Any],
    sites: list[list[float]],
    arm: str,
    levels: list[int],
    potential: float,
    block_channels: bool,
    trials: list[int],
    seed: int,
    coreneuron: bool | None,
    effects: Sequence[dict[str, Any]] = (),
) -> dict[str, np.ndarray]:
    """Measure the clamp current (nA) of contextual and background inputs: [levels, trials, steps].

    Feedforward inputs are left out: they are currents into the clamped compartment, the same at
    both potentials, and cancel in Eq 7.
    """
    from dendmod.engines.neuron import Simulator

    spec, places, listed = _unpack(protocol, sites, effects)
    setup = setup_for(
        spec, places, effects=listed, clamp_mV=potential, block_channels=block_channels
    )

    def current(simulator: Simulator, level: int, trial: int) -> np.ndarray | None:
        trains = trains_for(spec, arm, level=level, n_feedforward=0, trial=trial, seed=seed)
        return simulator.run(apply_to_trains(setup, trains, listed)).clamp_current

    with Simulator(setup, spec.run_spec, coreneuron=coreneuron) as simulator:
        i = [[current(simulator, level, trial) for trial in trials] for level in levels]
    return {"i": np.array(i)}
