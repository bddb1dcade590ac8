"""Many trials of a cell at once: each lane of the CPU's vectors runs one."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from dendmod.engines import compiled
from dendmod.engines.checks import check_setup, check_traces, check_weights, with_numbers
from dendmod.engines.kernel.batch import attached
from dendmod.engines.kernel.batch.layout import Array, Job, Layout, LayoutName, Population, aligned
from dendmod.engines.kernel.batch.library import library
from dendmod.engines.kernel.batch.prepared import prepare
from dendmod.engines.kernel.batch.sweeps import Accuracy
from dendmod.engines.kernel.batch.tables import Range
from dendmod.engines.kernel.vectors import Precision, widest
from dendmod.errors import EngineError, OutOfReach, SpecError, UnsupportedByEngine, did_you_mean
from dendmod.mechanisms import mechanism_set
from dendmod.spec import Run, Setup
from dendmod.spec.asked import Asked
from dendmod.spec.nodes import CellNodes
from dendmod.spec.result import Result
from dendmod.spec.stimulus import SpikeTrain, VoltageClamp
from dendmod.spec.trial import Trial

Tables = Literal["fast", "fine"]
ACCURACY = {"fast": Accuracy(1e-4, 8e-4), "fine": Accuracy(3e-7, 1e-5)}
_STOPPED = 1


@dataclass(eq=False)
class State:
    """All that a block of lanes carries from step to step."""

    v: Array
    states: list[Array]
    apart: Array

    def copy(self) -> State:
        """Return another one with the same numbers."""
        return State(aligned(self.v), [aligned(s) for s in self.states], aligned(self.apart))


class BatchSimulator:
    """A set-up prepared for the kernel and settled once; `run_many` runs trials of it.

    Parameters
    ----------
    setups
        A set-up, or one for each trial: they may differ in the numbers of the cell and of the
        synapses, and in nothing else.
    run
        Duration, step, settling time.
    precision
        "float32", or "float64", the reference, at half the speed.
    tables
        "fast": gates within 1e-4 and rates within 0.08 % of the equations; "fine": within 3e-7 and
        0.001 %, for cells that fire irregularly. None takes "fine" for float64.
    reach
        Potentials (mV) that the tables reach over; a run that leaves them is an error.
    lone
        Spread the compartments of single trials over the lanes, instead of trials.
    width
        Reals of a vector: 4, 8 or 16; None takes what fills the CPU's registers. Results do not
        depend on it.
    scales
        Factors of maximal conductances by mechanism, for each set-up.

    Raises
    ------
    UnsupportedByEngine
        If the kernel cannot run something of it; file, line and reason are named.
    """

    def __init__(
        self,
        setups: Setup | Sequence[Setup],
        run: Run,
        *,
        precision: Precision = "float32",
        tables: Tables | None = None,
        reach: tuple[float, float] | None = None,
        lone: bool = False,
        width: int | None = None,
        scales: Sequence[Mapping[str, float]] = (),
    ) -> None:
        from dendmod.engines.neuron.nodes import cell_nodes, units_of

        given = [setups] if isinstance(setups, Setup) else list(setups)
        self._given = given
        self.setups = [with_numbers(setup) for setup in given]
        for setup in self.setups:
            check_setup(setup)
            _check_alike(self.setups[0], setup)
        if run.method != "fixed":
            raise UnsupportedByEngine("the kernel takes fixed steps; use method='fixed'")
        self.how, self.precision = run, precision
        self.tables: Tables = tables or ("fine" if precision == "float64" else "fast")
        self.accuracy = ACCURACY[self.tables]
        several = len(self.setups) > 1
        name: LayoutName = "variants" if several else "lone" if lone else "trials"
        self.layout = Layout(
            name, width or widest(precision), np.float64 if precision == "float64" else np.float32
        )
        read: dict[str, CellNodes] = {}
        cells = []
        for i, setup in enumerate(self.setups):
            key = setup.cell.model_dump_json()
            if key not in read:
                read[key] = cell_nodes(setup.cell)
            cells.append(_scaled(read[key], setup, scales[i] if i < len(scales) else {}))
        self.units = units_of(self.setups[0])
        self.prepared = prepare(
            self.setups, cells, run.dt, self.layout,
            Range() if reach is None else Range(*reach), self.accuracy,
        )  # fmt: skip
        self._library, self._key = library(self.prepared.source, self.layout)
        self.provenance: dict[str, Any] = {
            "engine": "kernel",
            "precision": precision,
            "tables": self.tables,
            "dt": run.dt,
            "kernel": self._key,
            "compiler": os.path.basename(compiled.compiler()),
        }
        self._stop = np.zeros(1, np.int32)
        p = self.prepared
        self._tables = [aligned(c.sweeps.table) for c in p.codes]
        self._shared = [self.layout.array(np.array([*c.numbers.shared, 0.0])) for c in p.codes]
        order = p.storage[p.tree.old]
        self._order = order.astype(np.int32)
        self._parent = np.where(p.tree.parent < 0, 0, order[p.tree.parent]).astype(np.int32)
        children, first = p.tree.children()
        self._children, self._first = order[children].astype(np.int32), first.astype(np.int32)
        self._clamps = p.clamps.astype(np.int32)
        self._settled: dict[int, State] = {}
        self._synapses = {s.name: i for i, s in enumerate(self.setups[0].synapses)}
        self._raised = self._jumps()

    def stop(self) -> None:
        """Make a run in another thread end with an error."""
        self._stop[0] = 1

    # -- running --------------------------------------------------------------------------------

    def run(self, trial: Trial | None = None) -> Result:
        """Run one trial."""
        return self.run_many([trial or Trial()])[0]

    def run_many(self, trials: Sequence[Trial], *, threads: int = 1) -> list[Result]:
        """Run trials from the settled state; the results do not depend on how many run together.

        Parameters
        ----------
        trials
            What each of them has of its own; one for each set-up, if there are several set-ups.
        threads
            Over which blocks of trials are spread.

        Raises
        ------
        SpecError
            If a trial does not belong to the set-up.
        EngineError
            If a potential left the range of the tables, did not stay finite, or the run was
            stopped.
        """
        for trial in trials:
            check_weights(self.setups[0], trial.trains)
        if len(self.setups) not in (1, len(trials)):
            raise SpecError(f"{len(trials)} trials for {len(self.setups)} set-ups; give one each")
        lanes = self.layout.lanes
        blocks = [range(i, min(i + lanes, len(trials))) for i in range(0, len(trials), lanes)]
        with ThreadPoolExecutor(threads) as pool:
            try:
                done = list(pool.map(lambda block: self._block(block, trials), blocks))
            except BaseException:
                self.stop()
                raise
            finally:
                pool.shutdown()
                self._stop[0] = 0
        return [result for results in done for result in results]

    def _block(self, block: range, trials: Sequence[Trial]) -> list[Result]:
        """Run the trials of one block of lanes."""
        setup_of = [self.setups[i % len(self.setups)] for i in block]
        of_lane = np.array([min(i, len(block) - 1) for i in range(self.layout.lanes)])
        which = np.array(block)[of_lane] % len(self.setups)
        state = self._settle(which)
        n = attached.n_steps(self.how)
        own = [
            attached.amplitudes(s, self.how, trials[i])
            for i, s in zip(block, setup_of, strict=True)
        ]
        amps = np.stack(own, -1)[..., of_lane]
        names = list(self.prepared.recorded)
        job = _Running(self, which, state)
        job.events([trials[i].trains for i in block])
        job.clamps(amps)
        job.hold([setup_of[i] for i in of_lane], settling=False)
        trace = job.record(names, n)
        job.go(n, [f"trial {i}" for i in block])
        asked = [Asked(self._given[i % len(self._given)], self.how, trials[i]) for i in block]
        return list(self._results(block, asked, setup_of, names, trace[:, job.order], job))

    def _settle(self, which: npt.NDArray[np.int64]) -> State:
        """Return a block's settled state; of one set-up all lanes have the same."""
        key = int(which[0])
        if key not in self._settled:
            job = _Running(self, which, self._start(which))
            job.hold([self.setups[i] for i in which], settling=True)
            job.go(round(self.how.settle / self.how.dt), ["settling"] * self.layout.lanes)
            self._settled[key] = job.state
        return self._settled[key].copy()

    def _start(self, which: npt.NDArray[np.int64]) -> State:
        p, lanes = self.prepared, self.layout.lanes
        v_init = np.array([p.cells[i].v_init for i in which])
        v = self.layout.array(np.broadcast_to(v_init, (p.n_stored, lanes)))
        states = [self.layout.states(code, which) for code in p.codes]
        hold = [setup.voltage_clamp for setup in self.setups]
        apart = [0.0 if c is None else attached.settling_potential(c) for c in hold]
        return State(v, states, self.layout.array(np.array(apart)[which] - v_init))

    def _jumps(self) -> tuple[Array, Array, Array]:
        """Return population, places of states and their jumps by a weight of 1, by synapse.

        Shapes [synapses], [synapses, states] and [synapses, states, lanes].
        """
        p = self.prepared
        n, most = len(self._synapses), max((len(s.raised) for s in p.synapses), default=0)
        population, at = np.zeros(n, int), np.zeros((n, most), int)
        much = np.zeros((n, most, len(self.setups)))
        for k, s in enumerate(p.synapses, start=len(p.membranes)):
            slots = list(s.code.slots)
            for i, name in enumerate(s.names):
                number = self._synapses[name]
                population[number] = k
                for column, (state, raised) in enumerate(s.raised.items()):
                    slot = slots.index(f"{state}_{s.mechanism}")
                    at[number, column] = self.layout.state(len(slots), int(s.member[i]), slot)
                    much[number, column] = raised[i % raised.shape[0]]
        return population, at, much

    # -- results --------------------------------------------------------------------------------

    def _results(
        self, block: range, asked: Sequence[Asked], setup_of: Sequence[Setup],
        names: Sequence[str], trace: Array, job: _Running,
    ) -> Iterator[Result]:  # fmt: skip
        t = self.how.dt * np.arange(1.0 + attached.n_steps(self.how))
        rows = np.ascontiguousarray(trace.transpose(2, 1, 0)).astype(np.float64)
        for lane, setup in enumerate(setup_of):
            of = dict(zip(names, rows[lane], strict=True))
            clamp = None if job.hold_i is None else job.hold_i[:, lane].astype(np.float64)
            v = {n: of[n] for n in setup.voltages}
            others = {n: of[n] for n in setup.recordings}
            try:
                check_traces(v, others)
            except EngineError as error:
                raise EngineError(f"trial {block[lane]}: {error}") from None
            yield Result(
                t=t,
                v={n: v[n] for n in setup.record if n in v},
                clamp_current=clamp,
                provenance=self.provenance,
                recordings=others,
                units=dict(self.units),
                spike_threshold=self.how.spike_threshold,
                asked=asked[lane],
            )


def _check_alike(first: Setup, setup: Setup) -> None:
    """Check that a set-up differs from the first one in numbers alone."""
    of: dict[str, list[object]] = {
        "synapses": [
            [(s.name, s.mechanism, s.location) for s in x.synapses] for x in (first, setup)
        ],
        "current clamps": [[c.location for c in x.current_clamps] for x in (first, setup)],
        "currents": [[c.location for c in x.currents] for x in (first, setup)],
        "voltage clamp": [_clamp_form(x.voltage_clamp) for x in (first, setup)],
        "recordings": [x.record for x in (first, setup)],
        "folders of mechanisms": [x.cell.mechanisms for x in (first, setup)],
    }
    for what, (one, other) in of.items():
        if one != other:
            raise UnsupportedByEngine(
                f"the set-ups differ in their {what}; the kernel runs set-ups side by side that "
                "differ in numbers alone"
            )


def _clamp_form(clamp: VoltageClamp | None) -> object:
    """Return all of a clamp but its potentials."""
    return clamp and (clamp.location, clamp.rs, [level.dur for level in clamp.levels])


def _scaled(cell: CellNodes, setup: Setup, scale: Mapping[str, float]) -> CellNodes:
    """Return a cell whose maximal conductances are multiplied.

    Raises
    ------
    SpecError
        If the cell has no such mechanism, or nothing of it can be multiplied.
    """
    if not scale:
        return cell
    known, mechanisms = mechanism_set(setup.cell.mechanisms), dict(cell.mechanisms)
    for suffix, factor in scale.items():
        if suffix not in mechanisms:
            hint = did_you_mean(suffix, mechanisms)
            raise SpecError(f"scale: the cell has no {suffix!r}.{hint}")
        own, names = mechanisms[suffix], known.get(suffix).maximal
        if not names:
            raise SpecError(f"scale: {suffix} has no maximal conductance")
        parameters = own.parameters | {n: factor * own.parameters[n] for n in names}
        mechanisms[suffix] = replace(own, parameters=parameters)
    return replace(cell, mechanisms=mechanisms)


class _Running:
    """One run of a block of lanes; it holds every array that the kernel points to."""

    def __init__(self, of: BatchSimulator, which: npt.NDArray[np.int64], state: State) -> None:
        p, layout = of.prepared, of.layout
        self.of, self.which, self.state = of, which, state
        self.keep: list[Any] = []
        self.order = np.zeros(0, int)
        self.hold_i: Array | None = None
        self.job = job = Job()
        job.n_nodes, job.clamped = p.tree.n, p.held
        job.order, job.parent = self._at(of._order), self._at(of._parent)
        job.children, job.first = self._at(of._children), self._at(of._first)
        lanes = which % p.coupling.shape[1]
        coupling = p.coupling[:, lanes] if layout.name == "variants" else p.coupling[:, :1]
        job.coupling = self._at(layout.array(coupling))
        job.v = self._at(state.v)
        self.d, self.r = (layout.array(np.zeros(state.v.shape)) for _ in range(2))
        job.d, job.r, job.apart = self._at(self.d), self._at(self.r), self._at(state.apart)
        self.low = layout.array(np.full(layout.width, np.inf))
        self.high = -self.low
        self.high = layout.array(self.high)
        job.low, job.high = self._at(self.low), self._at(self.high)
        job.stop = self._at(of._stop)
        every = (Population * len(p.codes))()
        sink = p.n_stored - 1
        for k, (one, code) in enumerate(zip(every, p.codes, strict=True)):
            one.n = code.numbers.members
            one.at = p.membranes[k].at if k < len(p.membranes) else 0
            if k >= len(p.membranes):
                nodes = np.full(layout.padded(one.n), sink, np.int32)
                nodes[: one.n] = p.storage[p.synapses[k - len(p.membranes)].nodes]
                one.node = self._at(nodes)
            one.state = self._at(state.states[k])
            one.number = self._at(layout.numbers(code, which))
            one.shared, one.table = self._at(of._shared[k]), self._at(of._tables[k])
        self.keep.append(every)
        job.population = ctypes.addressof(every)

    def _at(self, array: Array) -> int:
        self.keep.append(array)
        return int(array.ctypes.data)

    def events(self, lanes: Sequence[Sequence[SpikeTrain]]) -> None:
        """Give the kernel the spikes of all lanes: in each step lane after lane."""
        layout, job = self.of.layout, self.job
        population, at, much = self.of._raised
        trains = [train for own in lanes for train in own]
        synapse = np.array([self.of._synapses[train.synapse] for train in trains], int)
        lane = np.repeat(np.arange(len(lanes)), [len(own) for own in lanes])
        weight = layout.array(np.array([train.weight for train in trains]))
        base = np.array([s.ctypes.data for s in self.state.states], int)[population[synapse]]
        job.n_raised = at.shape[1]
        state = at[synapse] + lane[:, None]
        job.raised = self._at(base[:, None] + state * np.dtype(layout.real).itemsize)
        by = layout.array(much[synapse, :, self.which[lane] % much.shape[2]])
        job.raised_by = self._at(aligned(by * weight[:, None]))
        start, train = attached.events(trains, self.of.how)
        job.event_start, job.event_train = self._at(start.astype(np.int32)), self._at(train)

    def clamps(self, amps: npt.NDArray[np.float64]) -> None:
        """Give the kernel currents (nA), shape [places, steps, lanes]."""
        self.job.n_clamps = amps.shape[0]
        self.job.clamp_node = self._at(self.of._clamps)
        self.job.clamp_amp = self._at(self.of.layout.array(amps))

    def hold(self, setups: Sequence[Setup], *, settling: bool) -> None:
        """Give the kernel what the voltage clamp of each lane holds."""
        if self.of.prepared.held < 0:
            return
        clamps = [c for setup in setups if (c := setup.voltage_clamp) is not None]
        before = np.array([attached.settling_potential(c) for c in clamps])
        n = attached.n_steps(self.of.how)
        if settling:
            n = round(self.of.how.settle / self.of.how.dt)
            v, g = np.broadcast_to(before, (n, before.size)), np.full(n, 1 / clamps[0].rs)
        else:
            pairs = [attached.held(c, self.of.how) for c in clamps]
            v, g = np.stack([v for v, _ in pairs], -1), pairs[0][1]
            self.state.apart += (v[0] - before).astype(self.state.apart.dtype)
            self.hold_i = self.of.layout.array(np.zeros((n + 1, before.size)))
            self.job.hold_i = self._at(self.hold_i)
        self.job.hold, self.job.hold_g = (self._at(self.of.layout.array(x)) for x in (v, g))

    def record(self, names: Sequence[str], n: int) -> Array:
        """Keep recordings; return where they will lie: [step + 1, recording, lane]."""
        layout, p = self.of.layout, self.of.prepared
        size = np.dtype(layout.real).itemsize
        pointers: dict[bool, list[int]] = {False: [], True: []}
        columns: dict[bool, list[int]] = {False: [], True: []}
        for column, name in enumerate(names):
            where = p.recorded[name]
            if where.population < 0:
                at = self.state.v.ctypes.data + where.member * layout.lanes * size
            else:
                slots = len(p.codes[where.population].slots)
                base = self.state.states[where.population].ctypes.data
                at = base + layout.state(slots, where.member, where.slot) * size
            pointers[where.is_late].append(at)
            columns[where.is_late].append(column)
        self.job.n_fresh, self.job.n_stale = len(pointers[False]), len(pointers[True])
        self.job.fresh = self._at(np.array(pointers[False], np.int64))
        self.job.stale = self._at(np.array(pointers[True], np.int64))
        rows = aligned(np.zeros((n + 1, len(names), layout.lanes), layout.real))
        self.job.record = self._at(rows)
        self.order = np.argsort(np.array([*columns[False], *columns[True]], int))
        return rows

    def go(self, n: int, lanes: Sequence[str]) -> None:
        """Run `n` steps, and check where the potentials went."""
        self.job.n_steps = n
        code = self.of._library.batch_run(ctypes.byref(self.job))
        if code == _STOPPED:
            raise EngineError("the run was stopped")
        low, high = self.of.prepared.reach
        outside = ~((self.low >= low) & (self.high <= high))
        if np.isfinite(low) and outside.any():
            lane = int(np.flatnonzero(outside)[0])
            who = lanes[min(lane, len(lanes) - 1)]
            raise OutOfReach(
                f"{who}: the potential went from {self.low[lane]:.4g} to {self.high[lane]:.4g} mV, "
                f"beyond the tables' {low:g} to {high:g} mV. Look for a current or a weight that "
                "is far too large, or give another reach=(lowest, highest)",
                np.flatnonzero(outside).tolist(),
            )
