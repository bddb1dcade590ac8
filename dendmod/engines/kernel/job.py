"""From a network and a run to what the kernel takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from ctypes import POINTER, c_int32, c_int64, c_uint8, c_uint32
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.engines.kernel import structures
from dendmod.engines.kernel.membranes import (
    CA_OUT,
    TABLE_ROWS,
    TABLE_START,
    TABLE_STEP,
    MembraneTable,
    calcium_gate,
    read,
)
from dendmod.engines.kernel.populations import Population, Rows, pointer
from dendmod.engines.kernel.structures import Job, Membrane, Route
from dendmod.engines.kernel.vectors import Precision
from dendmod.errors import UnsupportedByEngine
from dendmod.network import NetworkRun, NetworkSpec, Plasticity, Profile
from dendmod.network.events import AMPA, GABA, background_mean, binned, delay_steps, events, wires
from dendmod.network.layers import HIDDEN, INPUTS, OUTPUT
from dendmod.network.run import GeneratedStimulus
from dendmod.network.tables import burst_table, poisson_table
from dendmod.units import FARADAY, GAS

_ZERO_CELSIUS = 273.15


class PreparedJob:
    """A `Job` with all arrays that it points to.

    Parameters
    ----------
    stop
        Where the kernel looks before each sample whether it shall return, shape (1,).

    Attributes
    ----------
    weights
        Master copy of the contextual weights (uS), shape (contexts, compartments, hidden cells).
    v
        Somatic potentials that the kernel fills (mV), shape (samples, cells, steps + 1), or None.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        run: NetworkRun,
        precision: Precision,
        width: int,
        threads: int,
        stop: npt.NDArray[np.int32],
    ) -> None:
        self.spec, self.how = spec, run
        self.job = Job()
        self._kept: list[Any] = []
        self._stop = stop
        self._run(threads)
        self._receptors()
        self._layers(width, precision)
        self._calcium()
        self._plasticity()
        if isinstance(run.stimulus, GeneratedStimulus):
            self._generated(run.stimulus)
        else:
            self._given()
        self._results()

    def _keep(self, array: npt.ArrayLike, kind: type = np.int32) -> Any:
        kept: npt.NDArray[Any] = np.ascontiguousarray(array, dtype=kind)
        if not kept.size:
            kept = np.zeros(1, kind)
        self._kept.append(kept)
        return pointer(kept) if kind in (np.int32, np.float64) else kept.ctypes.data_as(_OF[kind])

    def _run(self, threads: int) -> None:
        run, job = self.how, self.job
        job.n_samples, job.n_steps = len(run.samples), run.n_steps
        job.settle_steps = run.settle_steps
        job.carry, job.learn = int(run.between_samples == "carry"), int(run.learn)
        job.n_threads = threads
        job.dt, job.threshold, job.seed = run.dt, self.spec.threshold, run.seed
        job.context, job.expected = (
            self._keep(run.samples.context),
            self._keep(run.samples.expected),
        )
        job.number = self._keep(run.samples.numbers)
        job.stop = pointer(self._stop)

    def _receptors(self) -> None:
        job, r = self.job, self.spec.receptors
        for name in ("ampa", "nmda", "gaba"):
            profile: Profile = getattr(r, name)
            setattr(job, name, (*self._decays(profile), peak_factor(profile)))
        job.ff = self._decays(self.spec.feedforward.profile)
        job.e_excitatory, job.e_gaba = r.e_excitatory, r.e_gaba
        job.nmda_ratio = self.spec.context.nmda_ratio if self.spec.context else 0.0
        job.mg_factor, job.mg_slope = r.mg_factor, r.mg_slope

    def _decays(self, profile: Profile) -> tuple[float, float]:
        dt = self.how.dt
        return math.exp(-dt / profile.tau_rise), math.exp(-dt / profile.tau_decay)

    def _layers(self, width: int, precision: Precision) -> None:
        """Number layers as they run: hidden, populations in their order, output."""
        spec, dt = self.spec, self.how.dt
        given = sorted(spec.layers, key=lambda layer: layer.name == OUTPUT)
        number = {layer.name: i for i, layer in enumerate(given)} | {INPUTS: -1}
        routes: list[Route] = []
        self.layers: list[Population] = []
        first_table = 1
        for target, layer in enumerate(given):
            reaching = self._reaching(layer.name)
            context = spec.context if layer.name == HIDDEN else None
            self.layers.append(
                Population(
                    layer,
                    [rows for _, rows, _ in reaching],
                    first_table,
                    context.compartments if context is not None else (),
                    context is not None and context.nmda_ratio > 0,
                )
            )
            first_table += 2 * layer.n_compartments
            starts = self.layers[-1].first_row
            routes += [
                Route(number[source], target, start, delay)
                for (source, _, delay), start in zip(reaching, starts, strict=False)
            ]
        self.tables: list[MembraneTable] = []
        numbers = [self._numbered(layer.membranes(dt, width, precision)) for layer in self.layers]
        self.membranes = (Membrane * max(1, len(self.tables)))(
            *(t.structure() for t in self.tables)
        )
        job = self.job
        job.membranes = self.membranes
        every = [p.structure(dt, own) for p, own in zip(self.layers, numbers, strict=True)]
        self._structures = (structures.Population * len(every))(*every)
        self._routes = (Route * len(routes))(*routes)
        job.layers, job.routes = self._structures, self._routes
        job.n_layers, job.n_routes, job.n_inputs = len(every), len(routes), spec.n_inputs
        job.n_cells = sum(len(layer.cells) for layer in given)
        job.output = number.get(OUTPUT, -1)

    def _reaching(self, name: str) -> list[tuple[str, Rows, int]]:
        """Return from where spikes reach a layer, with which weights, and after how many steps."""
        spec = self.spec
        current = peak_factor(spec.feedforward.profile)
        found: list[tuple[str, Rows, int]] = []
        if name == HIDDEN:
            found.append((INPUTS, Rows(spec.feedforward.weights * current), 0))
        if name == OUTPUT and spec.output is not None:
            weights = spec.output.weights[:, None] * current
            found.append((HIDDEN, Rows(weights), delay_steps(spec, self.how)))
        for wire in wires(spec, self.how):
            of = wire.of
            if of.target != name:
                continue
            if of.receptor == "current":
                rows = Rows(wire.weights * current)
            elif of.receptor == "gaba":
                rows = Rows(wire.weights * _jump(self.job.gaba), of.compartment, gaba=True)
            else:  # NMDA is counted in the contexts' ratio, if they have one
                unit = self.job.nmda_ratio if self.job.nmda_ratio > 0 else 1.0
                nmda = of.nmda_ratio / unit if of.receptor == "ampa_nmda" else 0.0
                rows = Rows(wire.weights * _jump(self.job.ampa), of.compartment, nmda=nmda)
            found.append((of.source, rows, wire.delay))
        return found

    def _numbered(self, tables: list[MembraneTable | None]) -> list[int]:
        out = []
        for table in tables:
            if table is not None and not any(t is table for t in self.tables):
                self.tables.append(table)
            out.append(-1 if table is None else [t is table for t in self.tables].index(True))
        return out

    def _calcium(self) -> None:
        job = self.job
        job.table_v0, job.table_step, job.table_rows = TABLE_START, TABLE_STEP, TABLE_ROWS
        celsius = {cell.celsius for layer in self.layers for cell in layer.cells}
        if len(celsius) != 1:
            raise UnsupportedByEngine(f"a run has one temperature; cells have {sorted(celsius)}")
        kelvin = celsius.pop() + _ZERO_CELSIUS
        job.nernst = 1e3 * GAS * kelvin / (2 * FARADAY) * math.log(2.0)
        every = [cell for layer in self.layers for cell in layer.cells]
        outside = {cell.globals.get("cao0_ca_ion", CA_OUT) for cell in every}
        if len(outside) != 1:
            raise UnsupportedByEngine(f"a run has one cao0_ca_ion; cells have {sorted(outside)}")
        job.cai_out = outside.pop()
        gates = {
            calcium_gate(suffix, table.around): suffix
            for table in self.tables
            for suffix in table.suffixes
            if read(suffix, table.around.folders).depends_on == "cai"
        }
        if len(gates) > 1:
            names = ", ".join(sorted(set(gates.values())))
            raise UnsupportedByEngine(
                f"the kernel takes one kind of calcium gate in a network; {names} have {len(gates)}"
            )
        job.z_half, job.z_hill, job.z_rate = 1.0, 1.0, 0.0
        for half, hill, tau in gates:
            job.z_half, job.z_hill = half, hill
            job.z_rate = -math.expm1(-self.how.dt / tau)

    def _plasticity(self) -> None:
        rule = self.spec.plasticity
        job, dt = self.job, self.how.dt
        job.plastic = int(rule is not None)
        rule = rule if rule is not None else Plasticity()
        job.window, job.nominal_onset = binned(rule.window, dt), binned(rule.nominal_onset, dt)
        for name in ("tau_dend", "tau_pre", "tau_post", "tau_eps", "c_pre", "c_post"):
            setattr(job, name, getattr(rule, name))
        job.eta, job.theta, job.error_scale = rule.eta, rule.theta, rule.error_scale
        job.w_min, job.w_max = rule.w_min, rule.w_max

    def _generated(self, stimulus: GeneratedStimulus) -> None:
        job, run = self.job, self.how
        job.generated = 1
        job.counts = self._keep(stimulus.feedforward_counts, np.uint8)
        bursts = (stimulus.feedforward, stimulus.context)
        job.feedforward_table, job.context_table = (
            self._keep(burst_table(b.center, b.sd, run.dt), np.uint32) for b in bursts
        )
        means = [stimulus.context_mean]
        for layer in self.layers:
            for c in range(len(layer.cells[0].compartments)):
                for kind in (AMPA, GABA):
                    b = layer.background
                    means.append(background_mean(b, c, kind, run.duration) if b else 0.0)
        different = sorted(set(means))
        job.count_tables = self._keep(np.array([poisson_table(m) for m in different]), np.int64)
        job.count_table_of = self._keep([different.index(m) for m in means])
        job.context_fixed = -1 if stimulus.context_poisson else round(stimulus.context_mean)

    def _given(self) -> None:
        job = self.job
        given = [events(self.spec, self.how, i) for i in range(len(self.how.samples))]
        job.ff_start = self._starts([g.feedforward_step for g in given])
        job.ff_input = self._keep(np.concatenate([g.feedforward_input for g in given]))
        job.ff_step = self._keep(np.concatenate([g.feedforward_step for g in given]))
        for kind, name in enumerate(("context", "ampa", "gaba")):
            places = [getattr(g, name) for g in given]
            job.ev_start[kind] = self._starts([p.step for p in places])
            job.ev_neuron[kind] = self._keep(np.concatenate([p.neuron for p in places]))
            job.ev_comp[kind] = self._keep(np.concatenate([p.compartment for p in places]))
            job.ev_step[kind] = self._keep(np.concatenate([p.step for p in places]))

    def _starts(self, parts: list[npt.NDArray[np.int64]]) -> Any:
        return self._keep(np.cumsum([0, *(p.size for p in parts)]), np.int64)

    def _results(self) -> None:
        spec, run, job = self.spec, self.how, self.job
        self.weights: npt.NDArray[np.float64] | None = None
        if spec.context is not None:
            n_contexts = spec.context.weights.shape[0]
            self.weights = np.zeros((n_contexts, spec.n_compartments, spec.n_hidden))
            self.weights[:, list(spec.context.compartments)] = np.swapaxes(
                spec.context.weights, 1, 2
            )
            job.master = pointer(self.weights)
        self.error = np.zeros(len(run.samples), np.int32)
        job.error = pointer(self.error)
        self.v: npt.NDArray[np.float64] | None = None
        if run.record_v:
            self.v = np.zeros((len(run.samples), job.n_cells, run.n_steps + 1))
            job.v_out = pointer(self.v)


def _jump(receptor: Any) -> float:
    """Return what a spike of unit weight adds to what the next step adds to a conductance."""
    rise, decay, factor = receptor
    return float((decay - rise) * factor)


def peak_factor(profile: Profile) -> float:
    """Return the factor by which unit jumps of both exponentials are scaled for a peak of 1."""
    rise, decay = profile.tau_rise, profile.tau_decay
    peak = rise * decay / (decay - rise) * math.log(decay / rise)
    return 1.0 / (math.exp(-peak / decay) - math.exp(-peak / rise))


_OF: dict[Callable[..., Any], Any] = {
    np.int64: POINTER(c_int64),
    np.int32: POINTER(c_int32),
    np.uint32: POINTER(c_uint32),
    np.uint8: POINTER(c_uint8),
}
