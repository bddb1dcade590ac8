"""Tasks of a protocol: build once, settle once, run the trials of one condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dendmod.cells.effects import Effect, apply_to_trains
from dendmod.cells.sites import SiteChoice, choose_sites
from dendmod.engines.held import hold
from dendmod.engines.trials import open_trials
from dendmod.iocurve import CROSSINGS, ThresholdSearch
from dendmod.protocol import Protocol, setup_for, trains_for
from dendmod.protocol.trial import site_name
from dendmod.spec import Cell, Location, ReducedCell
from dendmod.spec.trial import Trial

# mV: an axon near a soma that is held depolarised goes beyond the reversal potential of sodium
CLAMPED_REACH = (-120.0, 90.0)
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
    spec, places, listed = _unpack(protocol, sites, effects)
    setup = setup_for(spec, places, effects=listed, record_sites=traces)
    counts = np.zeros((len(n_feedforward), len(trials)), dtype=np.int64)
    soma, dendrites, peaks, above = [], [], [], []
    names = [site_name(i) for i in range(len(places))]
    every = _every(spec)
    with open_trials(setup, spec.run_spec, spec.run.engine, coreneuron=coreneuron) as opened:
        for row, n in enumerate(n_feedforward):
            given = [
                trains_for(spec, arm, level=level, n_feedforward=n, trial=trial, seed=seed)
                for trial in trials
            ]
            results = opened.run_many([apply_to_trains(setup, t, listed) for t in given])
            counts[row] = [result.spike_times().size for result in results]
            for result in results if traces and row == 0 else ():
                v = np.array([result.v[name] for name in names])
                soma.append(result.v["soma"].astype(np.float32))
                dendrites.append(v[:, ::every].astype(np.float32))
                peaks.append(v.max(axis=1))
                above.append((v > spec.run.plateau_mV).sum(axis=1) * spec.run.dt_ms)
        engine = opened.engine
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
    spec, places, listed = _unpack(protocol, sites, effects)
    setup = setup_for(spec, places, effects=listed)
    search = ThresholdSearch(
        start=spec.arms[arm].n_feedforward,
        step=spec.io.step,
        limits=spec.io.limits,
        resolution=resolution,
        crossings=crossings,
    )
    with open_trials(setup, spec.run_spec, spec.run.engine, coreneuron=coreneuron) as opened:
        while (n := search.ask()) is not None:
            given = [
                trains_for(spec, arm, level=level, n_feedforward=n, trial=trial, seed=seed)
                for trial in trials
            ]
            results = opened.run_many([apply_to_trains(setup, t, listed) for t in given])
            search.tell(n, [result.spike_times().size for result in results])
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
    spec, places, listed = _unpack(protocol, sites, effects)
    setup = setup_for(
        spec, places, effects=listed, clamp_mV=potential, block_channels=block_channels
    )
    given = [
        trains_for(spec, arm, level=level, n_feedforward=0, trial=trial, seed=seed)
        for level in levels
        for trial in trials
    ]
    with open_trials(
        setup, spec.run_spec, spec.run.engine, coreneuron=coreneuron, reach=CLAMPED_REACH
    ) as opened:
        results = opened.run_many([apply_to_trains(setup, t, listed) for t in given])
    i = np.array([result.clamp_current for result in results])
    return {"i": i.reshape(len(levels), len(trials), -1)}


def hold_kernel(
    protocol: dict[str, Any],
    sites: list[list[float]],
    seed: int,
    effects: Sequence[dict[str, Any]] = (),
) -> dict[str, np.ndarray]:
    """Run two trials of each arm at its highest level on NEURON and on the kernel.

    Returns the arrays of a `dendmod.engines.held.Agreement`.
    """
    spec, places, listed = _unpack(protocol, sites, effects)
    setup = setup_for(spec, places, effects=listed)
    given = [
        trains_for(
            spec, name, level=max(arm.levels), n_feedforward=arm.n_feedforward,
            trial=trial, seed=seed,
        )
        for name, arm in spec.arms.items()
        for trial in range(2)
    ]  # fmt: skip
    trials = [Trial(tuple(apply_to_trains(setup, trains, listed))) for trains in given]
    return hold(setup, spec.run_spec, trials).arrays
