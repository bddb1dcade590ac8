"""Tasks: what is measured on one cell under effects. Everything in and out is plain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dendmod.cells.effects import (
    Effect,
    apply,
    apply_to_setup,
    apply_to_trains,
    on_membrane,
)
from dendmod.engines.held import hold
from dendmod.engines.kernel.vectors import Precision
from dendmod.engines.trials import open_trials
from dendmod.params import wybo2022
from dendmod.rng import poisson, stream
from dendmod.spec import Cell, CurrentClamp, Location, Run, Setup, SpikeTrain, Synapse
from dendmod.spec.stimulus import SOMA
from dendmod.spec.trial import Trial

Out = dict[str, np.ndarray]
HELD_MS = 100.0
# PSPs of .1 mV are differences of potentials; the bound is a thousandth of them
PSP_PRECISION: Precision = "float64"
PSP_ALLOWED = 1e-4  # mV rms


def _unpack(cell: dict[str, Any], effects: list[dict[str, Any]]) -> tuple[Cell, list[Effect]]:
    """The cell under its effects, and the effects."""
    listed = [Effect.model_validate(e) for e in effects]
    spec = Cell.model_validate(cell)
    return apply(spec, on_membrane(listed, spec.mechanisms)), listed


def fi_curve(
    cell: dict[str, Any],
    effects: list[dict[str, Any]],
    amps: list[float],
    discard: float,
    duration: float,
    settle: float,
    dt: float,
    noise: dict[str, float],
    noisy_amps: list[float],
    seeds: list[int],
    engine: str = "neuron",
) -> Out:
    """Measure rates without noise and with it.

    Returns
    -------
    dict
        ``rest`` (mV), ``rate`` [amps] and ``shortest`` [amps] (Hz, from the intervals; ms, the
        shortest of them, NaN without two spikes) without noise, ``noisy`` [seeds, noisy_amps]
        (Hz).
    """
    setup, trains = _stepped(cell, effects, discard + duration, noise)
    trials = [Trial(amps=(amp,)) for amp in amps]
    trials += [Trial(trains(seed), (amp,)) for seed in seeds for amp in noisy_amps]
    run = Run(tstop=discard + duration, dt=dt, settle=settle)
    with open_trials(setup, run, engine) as opened:
        results = opened.run_many(trials)
    kept = [(times := result.spike_times())[times >= discard] for result in results]
    quiet, noisy = kept[: len(amps)], kept[len(amps) :]
    return {
        "rest": np.array(results[0].v["soma"][0]),
        "rate": np.array([_rate(spikes, duration) for spikes in quiet]),
        "shortest": np.array([np.diff(x).min() if x.size > 1 else np.nan for x in quiet]),
        "noisy": np.array([spikes.size / (duration / 1000.0) for spikes in noisy]).reshape(
            len(seeds), len(noisy_amps)
        ),
    }


def hold_fi(
    cell: dict[str, Any],
    effects: list[dict[str, Any]],
    amps: list[float],
    settle: float,
    dt: float,
    noise: dict[str, float],
    noisy_amps: list[float],
    seeds: list[int],
    **_: Any,
) -> Out:
    """Run the highest current without noise and with it, and none, on both engines.

    What `fi_curve` is asked, but for its first 100 ms alone: longer firing is chaotic in NEURON as
    well.
    """
    setup, trains = _stepped(cell, effects, HELD_MS, noise)
    trials = [Trial(amps=(max(amps),)), Trial(trains(seeds[0]), (max(noisy_amps),)),
              Trial(trains(seeds[0]))]  # fmt: skip
    return hold(setup, Run(tstop=HELD_MS, dt=dt, settle=settle), trials).arrays


def _stepped(
    cell: dict[str, Any], effects: list[dict[str, Any]], tstop: float, noise: dict[str, float]
) -> tuple[Setup, Callable[[int], tuple[SpikeTrain, ...]]]:
    """A step of current that lasts, and the noise of a seed."""
    spec, listed = _unpack(cell, effects)
    kinetics = {"tau_rise": noise["tau_rise"], "tau_decay": noise["tau_decay"]}
    setup = Setup(
        cell=spec,
        synapses=(
            Synapse(name="noise", mechanism="DoubleExpCurrent", location=SOMA, params=kinetics),
        ),
        current_clamps=(CurrentClamp(location=SOMA, delay=0, dur=tstop, amp=0.0),),
    )
    setup = apply_to_setup(setup, listed)

    def trains(seed: int) -> tuple[SpikeTrain, ...]:
        made = [
            SpikeTrain(
                "noise",
                poisson(stream(seed, "soma", "noise", sign), noise["rate"], tstop),
                sign * noise["weight"],
            )
            for sign in (1, -1)
        ]
        return apply_to_trains(setup, made, listed)

    return setup, trains


def _rate(spikes: np.ndarray, duration: float) -> float:
    """Rate (Hz) of regular firing: from the intervals if there are two or more, else the count."""
    if spikes.size > 2:
        return float(1000.0 * (spikes.size - 1) / (spikes[-1] - spikes[0]))
    return float(spikes.size / (duration / 1000.0))


def potentials(
    cell: dict[str, Any],
    effects: list[dict[str, Any]],
    amps: list[float],
    trunk_distance: float,
    ampa_weight: float,
    gaba_weight: float,
    settle: float,
    before: float,
    duration: float,
    dt: float,
    keep_every: float,
    engine: str = "neuron",
) -> Out:
    """Measure somatic PSPs of one synapse at a time at several holding currents.

    A PSP is the difference of a run with the input and one without.

    Returns
    -------
    dict
        ``hold`` [amps] (mV, soma), ``psp`` [amps, synapses, steps] (mV) for "basal", "apical" and
        "inhibition", from `before` ms ahead of the spike on, at steps of `keep_every` ms.
    """
    held = settle / 2
    setup, inputs = _held(cell, effects, trunk_distance, ampa_weight, gaba_weight, held)
    every = round(keep_every / dt)
    first = round((held - before) / dt)
    run = Run(tstop=held + duration, dt=dt, settle=settle)
    trials = [Trial(trains, (amp,)) for amp in amps for trains in inputs]
    with open_trials(setup, run, engine, precision=PSP_PRECISION) as opened:
        v = np.array([result.v["soma"] for result in opened.run_many(trials)])
    v = v.reshape(len(amps), len(inputs), -1)
    still, moved = v[:, :1], v[:, 1:]
    return {"hold": still[:, 0, round(held / dt)], "psp": (moved - still)[..., first::every]}


def hold_potentials(
    cell: dict[str, Any],
    effects: list[dict[str, Any]],
    amps: list[float],
    trunk_distance: float,
    ampa_weight: float,
    gaba_weight: float,
    settle: float,
    duration: float,
    dt: float,
    **_: Any,
) -> Out:
    """Run what `potentials` is asked on both engines, at the highest of its currents."""
    held = settle / 2
    setup, inputs = _held(cell, effects, trunk_distance, ampa_weight, gaba_weight, held)
    trials = [Trial(trains, (max(amps),)) for trains in inputs]
    run = Run(tstop=held + duration, dt=dt, settle=settle)
    return hold(setup, run, trials, precision=PSP_PRECISION, allowed=PSP_ALLOWED).arrays


def _held(
    cell: dict[str, Any],
    effects: list[dict[str, Any]],
    trunk_distance: float,
    ampa_weight: float,
    gaba_weight: float,
    held: float,
) -> tuple[Setup, list[tuple[SpikeTrain, ...]]]:
    """A cell under a current that lasts, and its inputs: none, then one of each synapse."""
    spec, listed = _unpack(cell, effects)
    places = synapse_places(spec, trunk_distance)
    weights = {"basal": ampa_weight, "apical": ampa_weight, "inhibition": gaba_weight}
    setup = Setup(
        cell=spec,
        synapses=tuple(
            Synapse(name=name, mechanism="DoubleExpSyn", location=place, params=wybo2022.GABA)
            if name == "inhibition"
            else Synapse(
                name=name, mechanism="AmpaNmdaSyn", location=place, params=wybo2022.ampa_nmda()
            )
            for name, place in places.items()
        ),
        current_clamps=(CurrentClamp(location=SOMA, delay=0, dur=1e9, amp=0.0),),
    )
    setup = apply_to_setup(setup, listed)
    trains = [SpikeTrain(name, np.array([held]), weight) for name, weight in weights.items()]
    return setup, [(), *(apply_to_trains(setup, [train], listed) for train in trains)]


def synapse_places(spec: Cell, trunk_distance: float) -> dict[str, Location]:
    """Return where "basal" (the longest basal tip), "apical" and "inhibition" (soma) lie."""
    from dendmod.morphology import resolve

    morphology = resolve(spec.morphology)
    if spec.axon_stub is not None:
        morphology = morphology.without_axon()
    tips = [
        i
        for i, s in enumerate(morphology.sections)
        if s.kind == "basal" and morphology.is_terminal(i)
    ]
    longest = max(tips, key=morphology.length)
    section, x = morphology.on_trunk(trunk_distance)
    return {
        "basal": Location(section=longest, x=0.5),
        "apical": Location(section=section, x=x),
        "inhibition": SOMA,
    }


def bac_firing(
    cell: dict[str, Any],
    effects: list[dict[str, Any]],
    amps: list[float],
    resolution: float,
    most: float,
    hot_zone: list[float],
) -> Out:
    """Measure the coupling of a somatic spike and a dendritic EPSP (Hay et al. 2011's protocol).

    Returns
    -------
    dict
        ``rest`` and ``hot_zone_rest`` (mV), ``alone`` (spikes of the somatic pulse), ``spikes`` and
        ``peak`` [amps] (with the pulse; mV, in the dendrite), ``epsp_spikes`` [amps] (without it),
        ``threshold`` (nA): the smallest EPSP that makes a burst of the pulse's spike; NaN if `most`
        does not.
    """
    from dendmod.cells.check import bac
    from dendmod.engines.neuron import settled_state
    from dendmod.morphology import resolve
    from dendmod.params.hay2011 import BAC

    spec, _ = _unpack(cell, effects)
    state = settled_state(spec, 1000.0)
    morphology = resolve(spec.morphology).without_axon()
    zone = [
        v
        for i, section in enumerate(morphology.sections)
        if section.kind == "apical"
        for k, v in enumerate(state.v[i])
        if hot_zone[0] < morphology.path_distance(i, (k + 0.5) / len(state.v[i])) < hot_zone[1]
    ]

    def pair(amp: float, soma: bool = True) -> tuple[int, float]:
        result = bac(spec, soma=soma, epsp_amp=amp)
        late = result.t >= BAC.soma_delay
        spikes = int(np.count_nonzero(result.spike_times() >= BAC.soma_delay))
        return spikes, float(result.v["dendrite"][late].max())

    grid = [pair(amp) for amp in amps]
    alone = pair(0.0)[0]
    tried = sorted({0.0: alone, **{a: s for a, (s, _) in zip(amps, grid, strict=True)}}.items())
    low, high = 0.0, np.nan
    for amp, spikes in [*tried, (most, -1)]:
        count = pair(amp)[0] if spikes < 0 else spikes
        if count >= 2:
            high = amp
            break
        low = amp
    while np.isfinite(high) and high - low > resolution:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if pair(middle)[0] >= 2 else (middle, high)
    return {
        "rest": np.array(state.v[0][len(state.v[0]) // 2]),
        "hot_zone_rest": np.array(float(np.mean(zone)) if zone else np.nan),
        "alone": np.array(alone),
        "spikes": np.array([s for s, _ in grid]),
        "peak": np.array([p for _, p in grid]),
        "epsp_spikes": np.array([pair(amp, soma=False)[0] for amp in amps]),
        "threshold": np.array(high),
    }
