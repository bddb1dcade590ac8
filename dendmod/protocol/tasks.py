"""Tasks of a protocol: build once, settle once, run the trials of conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dendmod.cells.effects import apply_to_trains
from dendmod.cells.sites import SiteChoice, choose_sites
from dendmod.engines.held import Agreement, hold
from dendmod.engines.trials import open_trials
from dendmod.iocurve import CROSSINGS
from dendmod.protocol import Protocol, setup_for, trains_for
from dendmod.protocol.levels import Levels, flat_levels, kept_every, unpack
from dendmod.protocol.trial import Inputs
from dendmod.spec import Cell, ReducedCell
from dendmod.spec.trial import Trial

# mV: an axon near a soma that is held depolarised goes beyond the reversal potential of sodium
CLAMPED_REACH = (-120.0, 90.0)


def kept_every_ms(protocol: Protocol) -> float:
    """Return the time between two kept samples of the voltages of sites (ms)."""
    return kept_every(protocol) * protocol.run.dt_ms


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
    """Count output spikes under effects: ``counts`` [numbers of inputs, trials], and ``engine``.

    With `traces`, the somatic and dendritic voltages of the first number of inputs are kept too:
    ``v_soma`` [trials, steps] and ``v_sites`` [trials, sites, steps at 0.5 ms], with the peak (mV)
    and the time above ``run.plateau_mV`` (ms) of each site.
    """
    of_arm = Levels(protocol, sites, effects, arm=arm, trials=trials, seed=seed,
                    coreneuron=coreneuron, traces=traces)  # fmt: skip
    return of_arm.counts([level], n_feedforward)[level]


def count_levels(
    protocol: dict[str, Any],
    sites: list[list[float]],
    arm: str,
    levels: list[int],
    n_feedforward: list[int],
    trials: list[int],
    seed: int,
    traces: bool,
    coreneuron: bool | None,
    effects: Sequence[dict[str, Any]] = (),
) -> dict[str, np.ndarray]:
    """Do what `count_spikes` does at several levels side by side; names are ``LEVEL/NAME``."""
    of_arm = Levels(protocol, sites, effects, arm=arm, trials=trials, seed=seed,
                    coreneuron=coreneuron, traces=traces)  # fmt: skip
    return flat_levels(of_arm.counts(levels, n_feedforward))


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

    Returns ``n_feedforward`` [points], rising, ``counts`` [points, trials] and ``engine``.
    """
    of_arm = Levels(protocol, sites, effects, arm=arm, trials=trials, seed=seed,
                    coreneuron=coreneuron)  # fmt: skip
    return of_arm.curves([level], resolution, crossings)[level]


def search_levels(
    protocol: dict[str, Any],
    sites: list[list[float]],
    arm: str,
    levels: list[int],
    trials: list[int],
    seed: int,
    resolution: int,
    coreneuron: bool | None,
    effects: Sequence[dict[str, Any]] = (),
    crossings: Sequence[float] = CROSSINGS,
) -> dict[str, np.ndarray]:
    """Do what `search_thresholds` does at several levels side by side; names are ``LEVEL/NAME``."""
    of_arm = Levels(protocol, sites, effects, arm=arm, trials=trials, seed=seed,
                    coreneuron=coreneuron)  # fmt: skip
    return flat_levels(of_arm.curves(levels, resolution, crossings))


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
    common = (protocol, sites, block_channels, trials, seed, coreneuron, effects)
    return {"i": _clamped({arm: levels}, potential, *common)[arm]}


def clamp_arms(
    protocol: dict[str, Any],
    sites: list[list[float]],
    levels: dict[str, list[int]],
    potentials: list[float],
    block_channels: bool,
    trials: list[int],
    seed: int,
    coreneuron: bool | None,
    effects: Sequence[dict[str, Any]] = (),
) -> dict[str, np.ndarray]:
    """Do what `clamp` does for several arms and potentials; names are ``ARM/POTENTIAL``."""
    common = (protocol, sites, block_channels, trials, seed, coreneuron, effects)
    return {
        f"{arm}/{potential:g}": i
        for potential in potentials
        for arm, i in _clamped(levels, potential, *common).items()
    }


def _clamped(
    levels: Mapping[str, Sequence[int]],
    potential: float,
    protocol: dict[str, Any],
    sites: list[list[float]],
    block_channels: bool,
    trials: Sequence[int],
    seed: int,
    coreneuron: bool | None,
    effects: Sequence[dict[str, Any]],
) -> dict[str, np.ndarray]:
    """Return the clamp's current by arm, shape [levels, trials, steps]; arms share a set-up."""
    spec, places, listed = unpack(protocol, sites, effects)
    setup = setup_for(
        spec, places, effects=listed, clamp_mV=potential, block_channels=block_channels
    )
    inputs, found = Inputs(spec, seed), {}
    with open_trials(
        setup, spec.run_spec, spec.run.engine,
        coreneuron=coreneuron, precision=spec.run.precision, reach=CLAMPED_REACH,
    ) as opened:  # fmt: skip
        for arm, of_arm in levels.items():
            given = [
                inputs.trains(arm, level=level, n_feedforward=0, trial=trial)
                for level in of_arm
                for trial in trials
            ]
            results = opened.run_many([apply_to_trains(setup, t, listed) for t in given])
            i = np.array([result.clamp_current for result in results])
            found[arm] = i.reshape(len(of_arm), len(trials), -1)
    return found


def hold_kernel(
    protocol: dict[str, Any],
    sites: list[list[float]],
    seed: int,
    effects: Sequence[dict[str, Any]] = (),
) -> dict[str, np.ndarray]:
    """Run two trials of each arm at its highest level on NEURON and on the kernel.

    Returns the arrays of a `dendmod.engines.held.Agreement`.
    """
    spec, places, listed = unpack(protocol, sites, effects)
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
    return hold(
        setup, spec.run_spec, trials, precision=spec.run.precision, otherwise="float64"
    ).arrays


def hold_clamps(
    protocol: dict[str, Any],
    sites: list[list[float]],
    seed: int,
    effects: Sequence[dict[str, Any]] = (),
) -> dict[str, np.ndarray]:
    """Run one trial of each arm at its highest level on both engines, clamped at both potentials.

    Returns the arrays of a `dendmod.engines.held.Agreement`.
    """
    spec, places, listed = unpack(protocol, sites, effects)
    found = []
    for potential in spec.clamp.potentials_mV:
        setup = setup_for(spec, places, effects=listed, clamp_mV=potential)
        given = [
            trains_for(spec, name, level=max(arm.levels), n_feedforward=0, trial=0, seed=seed)
            for name, arm in spec.arms.items()
        ]
        trials = [Trial(tuple(apply_to_trains(setup, trains, listed))) for trains in given]
        precision = spec.run.precision
        found.append(hold(setup, spec.run_spec, trials, precision=precision, reach=CLAMPED_REACH))
    return Agreement.together(found).arrays
