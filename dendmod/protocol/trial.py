"""What one trial of a protocol is made of: synapses and spike trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dendmod.cells.channels import blocked
from dendmod.cells.effects import (
    Effect,
    apply,
    apply_to_reduced,
    apply_to_setup,
    check_reaches_synapses,
    on_membrane,
)
from dendmod.cells.receptors import SynapseKind
from dendmod.protocol.model import DendriticNmda, Protocol, SomaticShunt
from dendmod.rng import gaussian_burst, poisson, stream
from dendmod.spec import Location, ReducedCell, Setup, SpikeTrain, VoltageClamp
from dendmod.spec.stimulus import SOMA

Kinds = Mapping[str, SynapseKind]


def site_name(i: int) -> str:
    """Name of site `i` in recordings and synapses."""
    return f"site{i:02d}"


def setup_for(
    protocol: Protocol,
    sites: Sequence[Location],
    *,
    effects: Sequence[Effect] = (),
    clamp_mV: float | None = None,
    block_channels: bool = False,
    record_sites: bool = False,
) -> Setup:
    """Return the cell with every synapse of the protocol, clamped or free.

    Parameters
    ----------
    protocol
        The protocol.
    sites
        Dendritic sites in order of activation.
    effects
        What modulates the cell and its synapses; weights of synapses are those of the trains, which
        `dendmod.cells.effects.apply_to_trains` changes.
    clamp_mV
        Holding potential of a somatic voltage clamp; None leaves the cell free.
    block_channels
        Set the maximal conductance of every channel to zero; leaks stay.
    record_sites
        Keep the voltage of each site too.
    """
    cell, kinds = protocol.cell_spec, protocol.synapse_kinds
    membrane = on_membrane(effects, cell.mechanisms)
    if isinstance(cell, ReducedCell):
        cell = apply_to_reduced(cell, membrane)
    else:
        cell = apply(cell, membrane)
    if block_channels:
        cell = blocked(cell)
    at_soma = ("excitatory", "inhibitory", "shunt", "feedforward")
    synapses = [kinds[kind].synapse(f"soma/{kind}", SOMA) for kind in at_soma]
    for i, site in enumerate(sites):
        synapses += [
            kinds[kind].synapse(f"{site_name(i)}/{kind}", site)
            for kind in ("excitatory", "context", "inhibitory")
        ]
    record = {"soma": SOMA}
    if record_sites:
        record |= {site_name(i): site for i, site in enumerate(sites)}
    clamp = None
    if clamp_mV is not None:
        clamp = VoltageClamp(location=SOMA, v=clamp_mV, rs=protocol.clamp.rs_MOhm)
    setup = Setup(cell=cell, synapses=tuple(synapses), voltage_clamp=clamp, record=record)
    check_reaches_synapses(setup, effects)
    return apply_to_setup(setup, effects)


def trains_for(
    protocol: Protocol, arm: str, *, level: int, n_feedforward: int, trial: int, seed: int
) -> tuple[SpikeTrain, ...]:
    """Return all spike trains of one trial.

    Streams are keyed by (seed, trial, site, stream): trials that differ in level or number of
    inputs alone share their backgrounds and, as far as both have it, each burst.

    Parameters
    ----------
    arm
        Name of an arm of the protocol.
    level
        Number of shunt inputs or of sites that get the high weight.
    n_feedforward
        Number of feedforward inputs; negative ones are inhibitory.
    trial, seed
        Which trial of which seed.
    """
    kinds = protocol.synapse_kinds
    trains = _background(protocol, kinds, trial, seed)
    trains += _feedforward(protocol, kinds, arm, n_feedforward, trial, seed)
    spec = protocol.arms[arm]
    sd = protocol.context_sd(arm)
    if isinstance(spec, SomaticShunt):
        rng = stream(seed, trial, "soma", "shunt")
        times = gaussian_burst(rng, level, spec.context_center_ms, sd)
        weight = kinds["shunt"].weight(spec.shunt_weight_nS, "nS")
        trains.append(SpikeTrain("soma/shunt", times, weight))
    elif isinstance(spec, DendriticNmda):
        for i in range(protocol.n_sites):
            rng = stream(seed, trial, site_name(i), "context")
            times = gaussian_burst(rng, spec.n_context, spec.context_center_ms, sd)
            given = spec.high_weight_nS if i < level else spec.low_weight_nS
            weight = kinds["context"].weight(given, "nS")
            trains.append(SpikeTrain(f"{site_name(i)}/context", times, weight))
    return tuple(trains)


def _feedforward(
    protocol: Protocol, kinds: Kinds, arm: str, n: int, trial: int, seed: int
) -> list[SpikeTrain]:
    spec = protocol.arms[arm]
    rng = stream(seed, trial, "soma", "feedforward")
    center = spec.context_center_ms + spec.feedforward_lag_ms
    times = gaussian_burst(rng, abs(n), center, protocol.feedforward_sd)
    weight = kinds["feedforward"].weight(*protocol.feedforward.weight)
    return [SpikeTrain("soma/feedforward", times, weight * (1 if n >= 0 else -1))]


def _background(protocol: Protocol, kinds: Kinds, trial: int, seed: int) -> list[SpikeTrain]:
    b = protocol.background
    places = [("soma", b.soma_excitatory_Hz, b.soma_inhibitory_Hz)]
    places += [
        (site_name(i), b.dendrite_excitatory_Hz, b.dendrite_inhibitory_Hz)
        for i in range(protocol.n_sites)
    ]
    trains = []
    for place, excitatory_Hz, inhibitory_Hz in places:
        for kind, rate, weight in (
            ("excitatory", excitatory_Hz, b.excitatory_weight_nS),
            ("inhibitory", inhibitory_Hz, b.inhibitory_weight_nS),
        ):
            rng = stream(seed, trial, place, f"background_{kind}")
            times = poisson(rng, rate, protocol.run.tstop_ms)
            trains.append(SpikeTrain(f"{place}/{kind}", times, kinds[kind].weight(weight, "nS")))
    return trains
