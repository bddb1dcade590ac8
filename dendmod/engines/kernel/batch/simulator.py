"""Many trials of a cell at once: each lane of the CPU's vectors runs one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from dendmod.engines import compiled
from dendmod.engines.checks import check_setup, check_traces, check_weights, with_numbers
from dendmod.engines.kernel.batch import attached
from dendmod.engines.kernel.batch.layout import Array, Layout, LayoutName, aligned
from dendmod.engines.kernel.batch.library import library
from dendmod.engines.kernel.batch.prepared import prepare
from dendmod.engines.kernel.batch.running import Running, State
from dendmod.engines.kernel.batch.sweeps import Accuracy
from dendmod.engines.kernel.batch.tables import Range
from dendmod.engines.kernel.batch.variants import check_alike, scaled
from dendmod.engines.kernel.vectors import Precision, widest
from dendmod.errors import EngineError, SpecError, UnsupportedByEngine
from dendmod.spec import Run, Setup
from dendmod.spec.asked import Asked
from dendmod.spec.nodes import CellNodes
from dendmod.spec.result import Result
from dendmod.spec.trial import Trial

Tables = Literal["fast", "fine"]
ACCURACY = {"fast": Accuracy(1e-4, 8e-4), "fine": Accuracy(3e-7, 1e-5)}


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
            check_alike(self.setups[0], setup)
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
            cells.append(scaled(read[key], setup, scales[i] if i < len(scales) else {}))
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
        job = Running(self, which, state)
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
            job = Running(self, which, self._start(which))
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
        names: Sequence[str], trace: Array, job: Running,
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
