"""What one trial of a protocol is made of: synapses and spike trains."""

from __future__ import annotations

from collections.abc import Sequence

from dendmod.cells.channels import blocked
from dendmod.cells.effects import Effect, apply, apply_to_reduced, apply_to_setup, on_membrane
from dendmod.params import wybo2022
from dendmod.protocol.model import DendriticNmda, Protocol, SomaticShunt
from dendmod.rng import gaussian_burst, poisson, stream
from dendmod.spec import Location, ReducedCell, Setup, SpikeTrain, Synapse, VoltageClamp
from dendmod.spec.stimulus import SOMA
from dendmod.units import NS_IN_US


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
    cell, membrane = protocol.cell_spec, on_membrane(effects)
    if isinstance(cell, ReducedCell):
        cell = apply_to_reduced(cell, membrane)
    else:
        cell = apply(cell, membrane)
    if block_channels:
        cell = blocked(cell)
    ratio = protocol.readings.background_nmda_ratio
    excitatory = wybo2022.ampa_nmda(ratio)
    context = wybo2022.ampa_nmda()
    synapses = [
        Synapse(name="soma/excitatory", mechanism="AmpaNmdaSyn", location=SOMA, params=excitatory),
        _double_exponential("soma/inhibitory", SOMA),
        _double_exponential("soma/shunt", SOMA),
        Synapse(
            name="soma/feedforward",
            mechanism="DoubleExpCurrent",
            location=SOMA,
            params=wybo2022.FEEDFORWARD,
        ),
    ]
    for i, site in enumerate(sites):
        name = site_name(i)
        synapses += [
            Synapse(
                name=f"{name}/excitatory", mechanism="AmpaNmdaSyn", location=site, params=excitatory
            ),
            Synapse(name=f"{name}/context", mechanism="AmpaNmdaSyn", location=site, params=context),
            _double_exponential(f"{name}/inhibitory", site),
        ]
    record = {"soma": SOMA}
    if record_sites:
        record |= {site_name(i): site for i, site in enumerate(sites)}
    clamp = None
    if clamp_mV is not None:
        clamp = VoltageClamp(location=SOMA, v=clamp_mV, rs=protocol.clamp.rs_MOhm)
    setup = Setup(cell=cell, synapses=tuple(synapses), voltage_clamp=clamp, record=record)
    return apply_to_setup(setup, effects)


def _double_exponential(name: str, location: Location) -> Synapse:
    return Synapse(name=name, mechanism="DoubleExpSyn", location=location, params=wybo2022.GABA)


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
    trains = _background(protocol, trial, seed)
    trains += _feedforward(protocol, arm, n_feedforward, trial, seed)
    spec = protocol.arms[arm]
    sd = protocol.context_sd(arm)
    if isinstance(spec, SomaticShunt):
        rng = stream(seed, trial, "soma", "shunt")
        times = gaussian_burst(rng, level, spec.context_center_ms, sd)
        trains.append(SpikeTrain("soma/shunt", times, spec.shunt_weight_nS * NS_IN_US))
    elif isinstance(spec, DendriticNmda):
        for i in range(protocol.sites.n):
            rng = stream(seed, trial, site_name(i), "context")
            times = gaussian_burst(rng, spec.n_context, spec.context_center_ms, sd)
            weight = spec.high_weight_nS if i < level else spec.low_weight_nS
            trains.append(SpikeTrain(f"{site_name(i)}/context", times, weight * NS_IN_US))
    return tuple(trains)


def _feedforward(protocol: Protocol, arm: str, n: int, trial: int, seed: int) -> list[SpikeTrain]:
    spec = protocol.arms[arm]
    rng = stream(seed, trial, "soma", "feedforward")
    center = spec.context_center_ms + spec.feedforward_lag_ms
    times = gaussian_burst(rng, abs(n), center, protocol.feedforward_sd)
    weight = protocol.feedforward.weight_nA * (1 if n >= 0 else -1)
    return [SpikeTrain("soma/feedforward", times, weight)]


def _background(protocol: Protocol, trial: int, seed: int) -> list[SpikeTrain]:
    b = protocol.background
    places = [("soma", b.soma_excitatory_Hz, b.soma_inhibitory_Hz)]
    places += [
        (site_name(i), b.dendrite_excitatory_Hz, b.dendrite_inhibitory_Hz)
        for i in range(protocol.sites.n)
    ]
    trains = []
    for place, excitatory_Hz, inhibitory_Hz in places:
        for kind, rate, weight in (
            ("excitatory", excitatory_Hz, b.excitatory_weight_nS),
            ("inhibitory", inhibitory_Hz, b.inhibitory_weight_nS),
        ):
            rng = stream(seed, trial, place, f"background_{kind}")
            times = poisson(rng, rate, protocol.run.tstop_ms)
            trains.append(SpikeTrain(f"{place}/{kind}", times, weight * NS_IN_US))
    return trains
