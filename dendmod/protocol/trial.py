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
from dendmod.rng import Streams, Times, gaussian_burst, poisson
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
    """Return all spike trains of one trial; of many, ask one `Inputs` for all.

    Parameters
    ----------
    arm, level, n_feedforward, trial
        As `Inputs.trains` takes them.
    seed
        Of all inputs.
    """
    inputs = Inputs(protocol, seed)
    return inputs.trains(arm, level=level, n_feedforward=n_feedforward, trial=trial)


class Inputs:
    """The spike trains of the trials of a protocol, each drawn once.

    Streams are keyed by (seed, trial, site, stream): trials that differ in level or number of
    inputs alone share their backgrounds and, as far as both have it, each burst. What they share
    is kept; what is drawn does not depend on what was asked before.

    Parameters
    ----------
    protocol
        What is run.
    seed
        Of all inputs.
    """

    def __init__(self, protocol: Protocol, seed: int) -> None:
        self.protocol, self.streams = protocol, Streams(seed)
        self.kinds: Kinds = protocol.synapse_kinds
        self._backgrounds: dict[int, list[SpikeTrain]] = {}
        self._contexts: dict[tuple[str, int], list[tuple[SpikeTrain, SpikeTrain]]] = {}
        self._bursts: dict[tuple[str, str, int], Times] = {}

    def trains(
        self, arm: str, *, level: int, n_feedforward: int, trial: int
    ) -> tuple[SpikeTrain, ...]:
        """Return all spike trains of one trial.

        Parameters
        ----------
        arm
            Name of an arm of the protocol.
        level
            Number of shunt inputs or of sites that get the high weight.
        n_feedforward
            Number of feedforward inputs; negative ones are inhibitory.
        trial
            Which trial.
        """
        spec = self.protocol.arms[arm]
        if trial not in self._backgrounds:
            self._backgrounds[trial] = self._background(trial)
        feedforward = self._feedforward(arm, n_feedforward, trial)
        trains = [*self._backgrounds[trial], feedforward]
        if isinstance(spec, SomaticShunt):
            sd = self.protocol.context_sd(arm)
            times = self._burst("shunt", arm, trial, level, spec.context_center_ms, sd)
            weight = self.kinds["shunt"].weight(spec.shunt_weight_nS, "nS")
            trains.append(SpikeTrain("soma/shunt", times, weight))
        elif isinstance(spec, DendriticNmda):
            if (arm, trial) not in self._contexts:
                self._contexts[arm, trial] = self._context(arm, spec, trial)
            pairs = self._contexts[arm, trial]
            trains += [high if i < level else low for i, (high, low) in enumerate(pairs)]
        return tuple(trains)

    def _burst(self, stream: str, arm: str, trial: int, n: int, center: float, sd: float) -> Times:
        """Return the first `n` times of a burst at the soma, as a longer one begins."""
        key = stream, arm, trial
        drawn = self._bursts.get(key)
        if drawn is None or drawn.size < n:
            rng = self.streams.at(trial, "soma", stream)
            drawn = self._bursts[key] = gaussian_burst(rng, n, center, sd)
        return drawn[:n]

    def _feedforward(self, arm: str, n: int, trial: int) -> SpikeTrain:
        spec = self.protocol.arms[arm]
        center, sd = spec.context_center_ms + spec.feedforward_lag_ms, self.protocol.feedforward_sd
        times = self._burst("feedforward", arm, trial, abs(n), center, sd)
        weight = self.kinds["feedforward"].weight(*self.protocol.feedforward.weight)
        return SpikeTrain("soma/feedforward", times, weight * (1 if n >= 0 else -1))

    def _context(
        self, arm: str, spec: DendriticNmda, trial: int
    ) -> list[tuple[SpikeTrain, SpikeTrain]]:
        """Return the contextual trains of each site, with the high and the low weight."""
        sd, kind = self.protocol.context_sd(arm), self.kinds["context"]
        weights = [kind.weight(w, "nS") for w in (spec.high_weight_nS, spec.low_weight_nS)]
        pairs = []
        for i in range(self.protocol.n_sites):
            rng = self.streams.at(trial, site_name(i), "context")
            times = gaussian_burst(rng, spec.n_context, spec.context_center_ms, sd)
            high, low = (SpikeTrain(f"{site_name(i)}/context", times, w) for w in weights)
            pairs.append((high, low))
        return pairs

    def _background(self, trial: int) -> list[SpikeTrain]:
        b, tstop = self.protocol.background, self.protocol.run.tstop_ms
        places = [("soma", b.soma_excitatory_Hz, b.soma_inhibitory_Hz)]
        places += [
            (site_name(i), b.dendrite_excitatory_Hz, b.dendrite_inhibitory_Hz)
            for i in range(self.protocol.n_sites)
        ]
        of_kind = {"excitatory": b.excitatory_weight_nS, "inhibitory": b.inhibitory_weight_nS}
        weights = {name: self.kinds[name].weight(w, "nS") for name, w in of_kind.items()}
        return [
            SpikeTrain(
                f"{place}/{name}",
                poisson(self.streams.at(trial, place, f"background_{name}"), rate, tstop),
                weights[name],
            )
            for place, *rates in places
            for name, rate in zip(weights, rates, strict=True)
        ]
