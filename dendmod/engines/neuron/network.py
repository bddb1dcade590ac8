"""The reference engine of networks: NEURON, as a careful user would write it.

One AMPA+NMDA point process a compartment serves all contexts; its weight is switched with the
context. Samples follow each other on NEURON's clock; the error is fed back in the middle of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from dendmod.engines.neuron.network_build import BuiltNetwork
from dendmod.engines.neuron.session import InSession, Session, h
from dendmod.errors import EngineError, SpecError, UnsupportedByEngine
from dendmod.network import NetworkResult, NetworkRun, NetworkSpec, check_run
from dendmod.network.events import AMPA, CONTEXT, GABA, Events, events, window
from dendmod.network.result import Floats, by_layer, fires_at_rest

_Spike = tuple[int, int, int]  # sample, neuron, step
_SOMATA, _COMPARTMENTS = "somata", "compartments"  # beside the names of traces


Trace = Literal["u_dend", "u_pre", "u_post", "eps", "w"]
TRACES: tuple[Trace, ...] = get_args(Trace)


@dataclass(frozen=True)
class HiddenRecording:
    """What is recorded of every hidden cell besides the potential of its soma, at each step.

    Parameters
    ----------
    compartments
        Those whose potential is recorded.
    traces
        Variables of the synapses of contexts: those of the rule (Eqs 22-23), which a run that
        learns has, and "w", the weight.
    """

    compartments: tuple[int, ...] = ()
    traces: tuple[Trace, ...] = ()


@dataclass(frozen=True)
class Recorded:
    """What was recorded; the first of a sample's steps is the state that it starts from.

    Parameters
    ----------
    v
        Potentials (mV), shape [samples, cells, compartments, steps + 1].
    traces
        Name -> shape [samples, synapses, steps + 1], synapses in the order of cells, then of
        compartments; "u_dend" in mV, "w" in uS.
    """

    v: Floats
    traces: Mapping[str, Floats]


class NetworkSimulator(InSession):
    """A network built and settled in NEURON; `run` goes through the samples.

    Parameters
    ----------
    spec, run
        The network and what it is run on.
    coreneuron
        As in `Session`.
    record
        What is recorded of hidden cells; it is found in `recorded` after the run.

    Raises
    ------
    SpecError
        If traces of the rule are to be recorded of a run that does not learn.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        run: NetworkRun,
        *,
        coreneuron: bool | None = False,
        record: HiddenRecording | None = None,
    ) -> None:
        check_run(spec, run)
        if record is not None and record.traces and (spec.plasticity is None or not run.learn):
            raise SpecError("traces of the rule are recorded of runs that learn; use learn=True")
        if run.precision != "float64":
            raise UnsupportedByEngine("NEURON computes in float64; use precision='float64'")
        self.spec, self.how, self.record = spec, run, record
        self.recorded: Recorded | None = None
        cells = [cell for layer in spec.layers for cell in layer.cells]
        celsius = {c.celsius for c in cells}
        if len(celsius) != 1:
            raise UnsupportedByEngine(f"NEURON has one temperature; cells have {sorted(celsius)}")
        first = cells[0]
        for name in ("mechanisms", "globals"):
            if any(getattr(c, name) != getattr(first, name) for c in cells):
                raise UnsupportedByEngine(
                    f"NEURON has one set of mechanisms and of GLOBAL parameters a process; "
                    f"{name} of the cells of the network differ"
                )
        self.session = Session(
            dt=run.dt,
            celsius=celsius.pop(),
            coreneuron=coreneuron,
            mechanism_folders=first.mechanisms,
            global_parameters=first.globals,
        )

    def _drop(self) -> None:
        if "net" in self.__dict__:
            self.net.close()
        for name in ("_vectors", "_settled", "net"):
            self.__dict__.pop(name, None)

    def _start(self) -> None:
        self.net = BuiltNetwork(self.spec, self.how)
        self._vectors = self._recorders()
        self._initialise()
        if self.how.settle_steps:
            self.session.advance(self.how.settle)
            if self.net.ids:
                raise EngineError(fires_at_rest(int(self.net.ids[0])))
        self._settled = h.SaveState()
        self._settled.save()
        self._base = self.how.settle_steps
        context = self.spec.context
        self.weights = None if context is None else context.weights.copy()
        self._row = {c: row for row, c in enumerate(context.compartments if context else ())}
        self._context: int | None = None

    def _recorders(self) -> dict[str, list[Any]]:
        """Return vectors that NEURON records into, by what they are of."""
        found: dict[str, list[Any]] = {}
        if self.how.record_v:
            found[_SOMATA] = [h.Vector().record(c[0](0.5)._ref_v) for c in self.net.cells]
        if self.record is not None:
            hidden = self.net.cells[: self.spec.n_hidden]
            found[_COMPARTMENTS] = [
                h.Vector().record(cell[c](0.5)._ref_v)
                for cell in hidden
                for c in self.record.compartments
            ]
            points = [point for _, point in sorted(self.net.plastic.items())]
            for name in self.record.traces:
                found[name] = [h.Vector().record(getattr(p, f"_ref_{name}")) for p in points]
        return found

    def _initialise(self) -> None:
        cells = (cell for layer in self.spec.layers for cell in layer.cells)
        for cell, sections in zip(cells, self.net.cells, strict=True):
            for section in sections:
                section.v = cell.v_init
        h.finitialize()

    def run(self, progress: Callable[[int, int], Any] | None = None) -> NetworkResult:
        """Go through all samples.

        Parameters
        ----------
        progress
            Called after each with the number of samples done and of all.

        Raises
        ------
        EngineError
            If a potential did not stay finite.
        """
        spec, run = self.spec, self.how
        found: list[_Spike] = []
        error = np.zeros(len(run.samples), np.int64)
        rows: dict[str, list[Floats]] = {name: [] for name in self._vectors}
        for index in range(len(run.samples)):
            self.start(index)
            given = events(spec, run, index)
            self.send(given)
            error[index] = self.present(index, given)
            found += self.spikes(index)
            for name, vectors in self._vectors.items():
                rows[name].append(np.array([np.array(v)[-(run.n_steps + 1) :] for v in vectors]))
            self.finish(index)
            if progress is not None:
                progress(index + 1, len(run.samples))
        traces = {name: np.stack(samples) for name, samples in rows.items()}
        v = traces.pop(_SOMATA, None)
        if self.record is not None:
            shape = len(run.samples), spec.n_hidden, len(self.record.compartments), run.n_steps + 1
            self.recorded = Recorded(traces.pop(_COMPARTMENTS).reshape(shape), traces)
        sample, neuron, step = np.array(found, np.int64).reshape(-1, 3).T
        return NetworkResult(
            **by_layer(spec, sample, neuron, step, run.dt),
            error=error,
            weights=self.weights,
            v=v,
            provenance=self.session.provenance,
            spec=spec,
            run=run,
        )

    def start(self, index: int) -> None:
        """Put the network into the state in which a sample starts, and its context's weights in."""
        run = self.how
        if run.between_samples == "rest" and index:
            self._initialise()
            self._settled.restore(1)
            h.fcurrent()
            h.frecord_init()
            self._base = run.settle_steps
        self._start_time = h.t
        self.net.times.resize(0)
        self.net.ids.resize(0)
        context = int(run.samples.context[index])
        if self.weights is not None:
            for (neuron, compartment), point in self.net.plastic.items():
                point.w = self.weights[context, neuron, self._row[compartment]]
                if context != self._context:
                    point.u_pre = 0.0
        self._context = context

    def send(self, given: Events) -> None:
        """Put the spikes of a sample into NEURON's queue."""
        dt, base = self.how.dt, self._base
        times = (base + given.feedforward_step) * dt
        for source, time in zip(given.feedforward_input.tolist(), times.tolist(), strict=True):
            self.net.starts[source].event(time)
        for kind, places in ((CONTEXT, given.context), (AMPA, given.ampa), (GABA, given.gaba)):
            inputs = self.net.inputs
            times = (base + places.step) * dt
            for neuron, compartment, time in zip(
                places.neuron.tolist(), places.compartment.tolist(), times.tolist(), strict=True
            ):
                inputs[kind, neuron, compartment].event(time)

    def present(self, index: int, given: Events) -> int:
        """Integrate a sample, with the error fed back when its window closes; return the error."""
        spec, run = self.spec, self.how
        opened, closed = window(spec, run, given.first_feedforward)
        self._advance(closed)
        rule = spec.plasticity
        output = spec.n_hidden if spec.output is not None else -1
        generated = sum(n == output and opened <= s < closed for _, n, s in self.spikes(0))
        error = generated - int(run.samples.expected[index])
        if rule is not None and run.learn and error:
            for netcon in self.net.errors:
                netcon.weight[0] = rule.error_scale * error
                netcon.event((self._base + closed) * run.dt)
        self._advance(run.n_steps - closed)
        return error

    def _advance(self, steps: int) -> None:
        if steps:
            self.session.advance(steps * self.how.dt)
        v = np.array([cell[0](0.5).v for cell in self.net.cells])
        if not np.isfinite(v).all() or np.abs(v).max() > 1000:
            bad = int(np.argmax(~(np.abs(v) < 1000)))
            raise EngineError(
                f"the soma of cell {bad} stands at {v[bad]} mV: the run diverged. Use a smaller dt "
                "or look for a weight that is far too large."
            )

    def spikes(self, index: int) -> list[_Spike]:
        """Return the spikes of the current sample so far, with steps counted from its start."""
        times = np.array(self.net.times)
        steps = np.rint(times / self.how.dt).astype(np.int64) - self._base
        ids = np.array(self.net.ids).astype(np.int64)
        return [(index, n, s) for n, s in zip(ids.tolist(), steps.tolist(), strict=True)]

    def finish(self, index: int) -> None:
        """Take the weights of the active context over."""
        self._base += self.how.n_steps
        if self.weights is None or self._context is None:
            return
        for (neuron, compartment), point in self.net.plastic.items():
            self.weights[self._context, neuron, self._row[compartment]] = point.w
