"""One run of a block of lanes: the arrays that the kernel reads and writes."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dendmod.engines.kernel.batch import attached
from dendmod.engines.kernel.batch.layout import Array, Job, Population, aligned
from dendmod.errors import EngineError, OutOfReach
from dendmod.spec import Setup
from dendmod.spec.stimulus import SpikeTrain

if TYPE_CHECKING:
    from dendmod.engines.kernel.batch.simulator import BatchSimulator

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


class Running:
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
