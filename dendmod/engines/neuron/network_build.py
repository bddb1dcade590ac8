"""Cells, synapses and connections of a network in NEURON."""

from __future__ import annotations

from typing import Any

from dendmod.engines.neuron.compartments import build_sections
from dendmod.engines.neuron.session import h
from dendmod.network import Background, NetworkSpec, Plasticity, Profile, Receptors
from dendmod.network.events import GABA, Wire, delay_steps, wires
from dendmod.network.layers import INPUTS
from dendmod.network.run import NetworkRun

CONTEXT_SPIKE, BACKGROUND_SPIKE, OWN_SPIKE, ERROR_PULSE = range(4)  # kinds of PlasticAmpaNmdaSyn


class BuiltNetwork:
    """What `NetworkSimulator` runs: sections, point processes and NetCons by what they are for.

    Attributes
    ----------
    plastic
        The AMPA+NMDA synapse of (neuron, compartment) with a contextual weight.
    inputs
        A NetCon without source by (kind of stream, neuron, compartment).
    """

    def __init__(self, spec: NetworkSpec, run: NetworkRun) -> None:
        self.spec = spec
        self.cells = [build_sections(cell) for layer in spec.layers for cell in layer.cells]
        self.keep: list[Any] = []
        self.plastic: dict[tuple[int, int], Any] = {}
        self.inputs: dict[tuple[int, int, int], Any] = {}
        rule = spec.plasticity if run.learn else None
        for neuron in range(spec.n_hidden):
            self._contexts(neuron, rule)
        for layer in spec.layers:
            for neuron in range(layer.first, layer.first + len(layer.cells)):
                self._background(neuron, layer.background)
        self._number_somata()
        self._feedforward(delay_steps(spec, run) * run.dt)
        for wire in wires(spec, run):
            self._project(wire, run.dt)
        self._detectors()
        if rule is not None:
            self._own_spikes()

    def _contexts(self, neuron: int, rule: Plasticity | None) -> None:
        spec = self.spec
        if spec.context is None:
            return
        for compartment in spec.context.compartments:
            point = h.PlasticAmpaNmdaSyn(self.cells[neuron][compartment](0.5))
            _set_receptors(point, spec.receptors)
            point.nmda_ratio = spec.context.nmda_ratio
            point.background_ratio = spec.background.nmda_ratio if spec.background else 0.0
            if rule is not None:
                _set_rule(point, rule)
            self.plastic[neuron, compartment] = point
            self._input(1, neuron, compartment, point, 0.0, CONTEXT_SPIKE)

    def _background(self, neuron: int, background: Background | None) -> None:
        if background is None:
            return
        receptors = self.spec.receptors
        for compartment, section in enumerate(self.cells[neuron]):
            if not background.reaches(compartment):
                continue
            point = self.plastic.get((neuron, compartment))
            if point is not None:
                self._input(2, neuron, compartment, point, background.ampa_weight, BACKGROUND_SPIKE)
            elif background.nmda_ratio > 0:
                point = h.AmpaNmdaSyn(section(0.5))
                _set_receptors(point, receptors)
                point.nmda_ratio = background.nmda_ratio
                self._input(2, neuron, compartment, point, background.ampa_weight)
            else:
                point = _conductance(section(0.5), receptors.ampa, receptors.e_excitatory)
                self._input(2, neuron, compartment, point, background.ampa_weight)
            point = _conductance(section(0.5), receptors.gaba, receptors.e_gaba)
            self._input(GABA, neuron, compartment, point, background.gaba_weight)

    def _input(
        self,
        stream: int,
        neuron: int,
        compartment: int,
        point: Any,
        weight: float,
        kind: int | None = None,
    ) -> None:
        netcon = h.NetCon(None, point)
        netcon.weight[0] = weight
        if kind is not None:
            netcon.weight[1] = kind
        self.keep.append(point)
        self.inputs[stream, neuron, compartment] = netcon

    def _feedforward(self, delay: float) -> None:
        spec = self.spec
        self.currents = []
        for cell in self.cells:
            point = h.DoubleExpCurrent(cell[0](0.5))
            point.tau_rise, point.tau_decay = _times(spec.feedforward.profile)
            self.currents.append(point)
        self.relays = [h.SpikeRelay() for _ in range(spec.n_inputs)]
        self.starts = [h.NetCon(None, relay) for relay in self.relays]
        for relay, row in zip(self.relays, spec.feedforward.weights, strict=True):
            for neuron, weight in enumerate(row):
                netcon = h.NetCon(relay, self.currents[neuron])
                netcon.delay, netcon.weight[0] = 0.0, weight
                self.keep.append(netcon)
        if spec.output is None:
            return
        for neuron, weight in enumerate(spec.output.weights):
            netcon = self._from_soma(neuron, self.currents[spec.n_hidden])
            netcon.delay, netcon.weight[0] = delay, weight

    def _project(self, wire: Wire, dt: float) -> None:
        first = {layer.name: layer.first for layer in self.spec.layers}
        for target, column in enumerate(wire.weights.T):
            neuron = first[wire.of.target] + target
            point = self._receptor(wire, neuron)
            for source, weight in enumerate(column):
                if weight == 0:
                    continue
                if wire.of.source == INPUTS:
                    netcon = h.NetCon(self.relays[source], point)
                    self.keep.append(netcon)
                else:
                    netcon = self._from_soma(first[wire.of.source] + source, point)
                netcon.delay, netcon.weight[0] = wire.delay * dt, weight

    def _receptor(self, wire: Wire, neuron: int) -> Any:
        """Return what the spikes of a projection open at a cell."""
        if wire.of.receptor == "current":
            return self.currents[neuron]
        segment, receptors = self.cells[neuron][wire.of.compartment](0.5), self.spec.receptors
        if wire.of.receptor == "ampa_nmda":
            point = h.AmpaNmdaSyn(segment)
            _set_receptors(point, receptors)
            point.nmda_ratio = wire.of.nmda_ratio
        else:
            gaba = wire.of.receptor == "gaba"
            point = _conductance(
                segment, receptors.gaba if gaba else receptors.ampa,
                receptors.e_gaba if gaba else receptors.e_excitatory,
            )  # fmt: skip
        self.keep.append(point)
        return point

    def _from_soma(self, neuron: int, target: Any) -> Any:
        soma = self.cells[neuron][0]
        netcon = h.NetCon(soma(0.5)._ref_v, target, sec=soma)
        netcon.threshold = self.spec.threshold
        self.keep.append(netcon)
        return netcon

    def _number_somata(self) -> None:
        """Give somata the numbers by which CoreNEURON knows sources of spikes."""
        self._parallel = h.ParallelContext()
        for neuron in range(len(self.cells)):
            self._parallel.set_gid2node(neuron, self._parallel.id())
            self._parallel.cell(neuron, self._from_soma(neuron, None))

    def close(self) -> None:
        """Give the numbers of the somata back."""
        self._parallel.gid_clear()

    def _detectors(self) -> None:
        self.times, self.ids = h.Vector(), h.Vector()
        for neuron in range(len(self.cells)):
            self._from_soma(neuron, None).record(self.times, self.ids, neuron)

    def _own_spikes(self) -> None:
        self.errors = []
        for (neuron, _), point in self.plastic.items():
            netcon = self._from_soma(neuron, point)
            netcon.delay, netcon.weight[1] = 0.0, OWN_SPIKE
            error = h.NetCon(None, point)
            error.weight[1] = ERROR_PULSE
            self.errors.append(error)


def _conductance(segment: Any, profile: Profile, reversal: float) -> Any:
    point = h.DoubleExpSyn(segment)
    point.tau_rise, point.tau_decay = _times(profile)
    point.e = reversal
    return point


def _times(profile: Any) -> tuple[float, float]:
    return profile.tau_rise, profile.tau_decay


def _set_receptors(point: Any, receptors: Receptors) -> None:
    point.tau_rise_ampa, point.tau_decay_ampa = _times(receptors.ampa)
    point.tau_rise_nmda, point.tau_decay_nmda = _times(receptors.nmda)
    point.mg_factor, point.mg_slope = receptors.mg_factor, receptors.mg_slope
    point.e = receptors.e_excitatory


def _set_rule(point: Any, rule: Plasticity) -> None:
    point.plastic = 1
    for name in ("tau_dend", "tau_pre", "tau_post", "tau_eps", "c_pre", "c_post"):
        setattr(point, name, getattr(rule, name))
    point.w_min, point.w_max = rule.w_min, rule.w_max
    point.eta0, point.eta1, point.eta2 = rule.eta
    point.theta0, point.theta1 = rule.theta
