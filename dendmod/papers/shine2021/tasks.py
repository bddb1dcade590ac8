"""Tasks: what is measured on one cell under effects. Everything in and out is plain."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.cells.effects import (
    Effect,
    apply,
    apply_to_setup,
    apply_to_trains,
    on_membrane,
)
from dendmod.params import wybo2022
from dendmod.rng import poisson, stream
from dendmod.spec import Cell, CurrentClamp, Location, Run, Setup, SpikeTrain, Synapse
from dendmod.spec.stimulus import SOMA

Out = dict[str, np.ndarray]


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
) -> Out:
    """Measure rates without noise and with it.

    Returns
    -------
    dict
        ``rest`` (mV), ``rate`` [amps] and ``shortest`` [amps] (Hz, from the intervals; ms, the
        shortest of them, NaN without two spikes) without noise, ``noisy`` [seeds, noisy_amps]
        (Hz).
    """
    from dendmod.engines.neuron import Simulator

    spec, listed = _unpack(cell, effects)
    tstop = discard + duration
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

    rate, shortest, noisy = [], [], []
    with Simulator(setup, Run(tstop=tstop, dt=dt, settle=settle)) as simulator:
        rest = 0.0
        for amp in amps:
            result = simulator.run(amps=(amp,))
            rest = float(result.v["soma"][0])
            spikes = result.spike_times()
            kept = spikes[spikes >= discard]
            rate.append(_rate(kept, duration))
            shortest.append(float(np.diff(kept).min()) if kept.size > 1 else np.nan)
        for seed in seeds:
            counts = []
            for amp in noisy_amps:
                spikes = simulator.run(trains(seed), amps=(amp,)).spike_times()
                counts.append(np.count_nonzero(spikes >= discard) / (duration / 1000.0))
            noisy.append(counts)
    return {
        "rest": np.array(rest),
        "rate": np.array(rate),
        "shortest": np.array(shortest),
        "noisy": np.array(noisy).reshape(len(seeds), len(noisy_amps)),
    }


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
) -> Out:
    """Measure somatic PSPs of one synapse at a time at several holding currents.

    A PSP is the difference of a run with the input and one without.

    Returns
    -------
    dict
        ``hold`` [amps] (mV, soma), ``psp`` [amps, synapses, steps] (mV) for "basal", "apical" and
        "inhibition", from `before` ms ahead of the spike on, at steps of `keep_every` ms.
    """
    from dendmod.engines.neuron import Simulator

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
    held = settle / 2
    every = round(keep_every / dt)
    first = round((held - before) / dt)
    hold, psp = [], []
    run = Run(tstop=held + duration, dt=dt, settle=settle)
    with Simulator(setup, run) as simulator:
        for amp in amps:
            still = simulator.run(amps=(amp,)).v["soma"]
            hold.append(still[round(held / dt)])
            row = []
            for name, weight in weights.items():
                train = SpikeTrain(name, np.array([held]), weight)
                moved = simulator.run(apply_to_trains(setup, [train], listed), amps=(amp,))
                row.append((moved.v["soma"] - still)[first::every])
            psp.append(row)
    return {"hold": np.array(hold), "psp": np.array(psp)}


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
