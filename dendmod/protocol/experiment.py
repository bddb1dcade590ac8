"""The simulations of a protocol, run through a sweep and gathered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.cells.choice import check_shape
from dendmod.cells.effects import Effect
from dendmod.cells.provenance import DEPENDS, files_of
from dendmod.engines.held import Agreement, Chosen, choose
from dendmod.engines.kernel.vectors import Precision
from dendmod.errors import SpecError
from dendmod.protocol.conductance import effective_conductance
from dendmod.protocol.levels import Arrays, level_of
from dendmod.protocol.model import Protocol
from dendmod.protocol.tables import IOTable, SpikeTable
from dendmod.rng import stream
from dendmod.spec import Location
from dendmod.sweep import Sweep, Task

_TASKS = "dendmod.protocol.tasks"
_NOT_IN_KEYS = re.compile(r"[^\w =+-]+")


class Experiment:
    """A protocol on its cell, with everything that it has run so far.

    Levels, trials and seed are those of the protocol.

    Parameters
    ----------
    protocol
        What is run.
    sweep
        Where runs are kept and how they are made; a second call on the same store repeats nothing.
    coreneuron
        None lets each process use CoreNEURON where the mechanisms were built for it.
    sites
        The places of the dendritic synapses, in the order in which levels drive them; chosen by
        the protocol if not given.
    effects
        What modulates the cell and its synapses in every run; sites are chosen without them.
    chosen
        The engine, where it was chosen on a protocol that differs in numbers alone.
    """

    def __init__(
        self,
        protocol: Protocol,
        sweep: Sweep,
        *,
        coreneuron: bool | None = None,
        sites: Sequence[Location] | None = None,
        effects: Sequence[Effect] = (),
        chosen: Chosen | None = None,
    ) -> None:
        self.protocol, self.sweep, self.coreneuron = protocol, sweep, coreneuron
        self.effects = tuple(effects)
        kinds = protocol.synapse_kinds  # receptors that cannot be are refused before any task
        self._feedforward = kinds["feedforward"]
        self._feedforward.weight(*protocol.feedforward.weight)
        self.morphology, _ = files_of(protocol.cell.model_dump(mode="json"))
        if protocol.cell.file is None and protocol.cell.reduced is None:
            check_shape(self.morphology)
        self._chosen = chosen
        self._for_clamps: Chosen | None = None
        self._ran: set[str] = set()
        self._sites: dict[str, np.ndarray] | None = None
        if sites is not None:
            self._sites = {
                "section": np.array([s.section for s in sites]),
                "x": np.array([s.x for s in sites]),
            }

    @property
    def sites(self) -> dict[str, np.ndarray]:
        """Chosen sites: ``section``, ``x``, ``impedance`` (MOhm), shape [n]; ``independence``."""
        if self._sites is None:
            self._sites = self.sweep.run([self.sites_task])["sites"]
        return self._sites

    @property
    def sites_task(self) -> Task:
        """The task that chooses the sites."""
        p = self.protocol
        payload = {
            "cell": p.cell_spec.model_dump(mode="json", by_alias=True),
            "choice": p.site_choice.model_dump(mode="json", by_alias=True),
        }
        return Task("sites", f"{_TASKS}:choose", payload, 4.0, DEPENDS)

    @property
    def _ordered(self) -> npt.NDArray[np.int64]:
        """Sites in the order in which levels activate them."""
        fields = self.protocol.sites
        order = np.arange(len(self.sites["section"]))  # the sites come by falling impedance
        if fields.order == "as given":
            return order
        if fields.locations:
            order = np.argsort(-self.sites["impedance"], kind="stable")
        if fields.order == "rising impedance":
            return order[::-1]
        if fields.order == "random":
            return stream(fields.order_seed, "site order").permutation(order)
        return order

    def common(self) -> dict[str, Any]:
        """Return what every task is told: protocol, its engine chosen, sites, seed, effects."""
        asked = self._asked
        chosen = self.chosen
        asked["protocol"]["run"]["engine"] = chosen.engine
        if chosen.engine == "kernel":
            asked["protocol"]["run"]["precision"] = chosen.precision
        return {**asked, "coreneuron": self.coreneuron}

    @property
    def _asked(self) -> dict[str, Any]:
        section, x = (self.sites[name][self._ordered] for name in ("section", "x"))
        pairs = list(zip(section, x, strict=True))
        protocol = self.protocol
        if isinstance(protocol.sites.n, str):
            protocol = protocol.with_sites(len(pairs))
        asked = {
            "protocol": protocol.model_dump(mode="json", by_alias=True),
            "sites": [[int(section), float(x)] for section, x in pairs],
            "seed": self.protocol.run.seed,
        }
        if self.effects:
            asked["effects"] = [effect.model_dump(mode="json") for effect in self.effects]
        return asked

    @property
    def chosen(self) -> Chosen:
        """Which engine runs the protocol; the kernel is held against NEURON once a store.

        Raises
        ------
        EngineError
            If the kernel was asked for and cannot run the protocol, or not as NEURON does.
        """
        if self._chosen is None:
            self._chosen = choose(self.protocol.run.engine, self._hold)
        return self._chosen

    @property
    def engine(self) -> dict[str, Any]:
        """What a summary says of the engine: `Chosen.summary`, and what ``ran`` the trials."""
        return {**self.chosen.summary, "ran": sorted(self._ran)}

    def hold_tasks(self, *, clamps: bool = False) -> list[Task]:
        """Return what holds the kernel against NEURON, where the choice needs it.

        With `clamps` that of the voltage clamps too, for a caller that will need both: they can run
        at once.
        """
        if self.protocol.run.engine == "neuron" or self._chosen is not None:
            return []
        precision = self.protocol.run.precision
        tasks = [self._held("kernel held against NEURON", "hold_kernel", precision)]
        return tasks + ([self._clamps_held(precision)] if clamps else [])

    def _held(self, key: str, function: str, precision: Precision) -> Task:
        """Return a check of the kernel; it is not told what its answer does not depend on."""
        asked = self._asked
        asked["protocol"]["run"] |= {"engine": "auto", "trials": 1, "precision": precision}
        return Task(key, f"{_TASKS}:{function}", asked, 8.0, DEPENDS)

    def _clamps_held(self, precision: Precision) -> Task:
        return self._held("clamps held against NEURON", "hold_clamps", precision)

    def _hold(self) -> Agreement:
        (task,) = self.hold_tasks()
        return Agreement.of(self.sweep.run([task])[task.key])

    @property
    def chosen_for_clamps(self) -> Chosen:
        """Which engine runs the voltage clamps: NEURON, or the kernel, held by their currents."""
        if self._for_clamps is None:
            asked = "neuron" if self.chosen.engine == "neuron" else self.protocol.run.engine
            self._for_clamps = choose(asked, self._hold_clamps)
        return self._for_clamps

    def _hold_clamps(self) -> Agreement:
        task = self._clamps_held(self.chosen.precision)
        return Agreement.of(self.sweep.run([task])[task.key])

    def _trials(self) -> list[int]:
        return list(range(self.protocol.run.trials))

    def spikes(
        self, *, n_feedforward: Sequence[int] | None = None, traces: bool = False
    ) -> dict[str, SpikeTable]:
        """Count the spikes of each arm.

        Parameters
        ----------
        n_feedforward
            Numbers of feedforward inputs; that of each arm if not given.
        traces
            Keep voltages too (`dendmod.protocol.tasks.count_spikes`).
        """
        done = self.sweep.run(self.spike_tasks(n_feedforward=n_feedforward, traces=traces))
        tables = {}
        for arm, levels in self.protocol.levels.items():
            rows = [self._found(done, f"spikes/{arm}", level) for level in levels]
            counts = np.array([row["counts"] for row in rows])
            numbers = tuple(n_feedforward or (self.protocol.arms[arm].n_feedforward,))
            tables[arm] = SpikeTable(tuple(levels), numbers, counts, tuple(rows))
        return tables

    def spike_tasks(
        self, *, n_feedforward: Sequence[int] | None = None, traces: bool = False
    ) -> list[Task]:
        """Return the tasks of `spikes`."""
        common, trials = self.common(), self._trials()
        tasks = []
        for arm in self.protocol.levels:
            numbers = list(n_feedforward or (self.protocol.arms[arm].n_feedforward,))
            fields = {**common, "n_feedforward": numbers, "trials": trials, "traces": traces}
            cost = 4.0 + len(trials) * len(numbers)
            tasks += self._tasks(f"spikes/{arm}", "count_spikes", "count_levels", fields, cost)
        return tasks

    def io_curves(self, arms: Sequence[str] | None = None) -> dict[str, IOTable]:
        """Sample the IO curves of arms (all, if not given) where they cross."""
        done = self.sweep.run(self.io_tasks(arms))
        width = self.protocol.io.resolution
        return {
            arm: IOTable.gather(levels, [self._found(done, f"io/{arm}", x) for x in levels], width)
            for arm, levels in self._levels(arms).items()
        }

    def io_tasks(self, arms: Sequence[str] | None = None) -> list[Task]:
        """Return the tasks of `io_curves`."""
        lowest = self.protocol.io.limits[0]
        if self._feedforward.is_conductance and lowest < 0:
            raise SpecError(
                f"io.limits begin at {lowest}: negative numbers are inhibitory currents, and "
                f"{self._feedforward.mechanism}, the receptor of feedforward inputs, is a "
                "conductance. Let io.limits begin at 0"
            )
        common = {
            **self.common(),
            "trials": self._trials(),
            "resolution": self.protocol.io.resolution,
        }
        return [
            task
            for arm in self._levels(arms)
            for task in self._tasks(f"io/{arm}", "search_thresholds", "search_levels", common)
        ]

    def _tasks(
        self, key: str, one: str, many: str, fields: Mapping[str, Any], cost: float = 1.0
    ) -> list[Task]:
        """Return the tasks of an arm: one a level, on the kernel one with all levels.

        The kernel runs levels side by side, and builds, compiles and settles once for all.
        """
        arm = key.rpartition("/")[2]
        levels, fields = self.protocol.levels[arm], {**fields, "arm": arm}
        if self.chosen.engine == "kernel" and len(levels) > 1:
            payload = {**fields, "levels": list(levels)}
            return [Task(key, f"{_TASKS}:{many}", payload, cost * len(levels), DEPENDS)]
        return [
            Task(f"{key}/{x}", f"{_TASKS}:{one}", {**fields, "level": x}, cost, DEPENDS)
            for x in levels
        ]

    def _found(self, done: Mapping[str, Arrays], key: str, level: int) -> Arrays:
        """Return the arrays of a level from the task that ran it, alone or with others."""
        found = level_of(done[key], level) if key in done else done[f"{key}/{level}"]
        if "engine" in found:
            self._ran.add(str(found["engine"]))
        return found

    def _levels(self, arms: Sequence[str] | None) -> dict[str, tuple[int, ...]]:
        levels = self.protocol.levels
        return levels if arms is None else {arm: levels[arm] for arm in arms}

    def conductance(
        self, levels: Mapping[str, Sequence[int]]
    ) -> dict[tuple[str, int, bool], npt.NDArray[np.float64]]:
        """Measure the effective conductance (nS) by arm, level and whether channels are blocked.

        Each array has shape [runs, steps] and holds the whole conductance of the cell: no
        baseline is subtracted yet.
        """
        common, runs = self.common(), self.protocol.clamp.runs
        common["protocol"]["run"]["engine"] = self.chosen_for_clamps.engine
        v1, v2 = self.protocol.clamp.potentials_mV
        common |= {"trials": list(range(runs))}
        if common["protocol"]["run"]["engine"] == "kernel":
            current = self._clamped_together(common, levels)
        else:
            current = self._clamped_apart(common, levels)
        return {
            (arm, level, blocked): effective_conductance(
                current[arm, blocked, v1][k], current[arm, blocked, v2][k], v1, v2
            )
            for arm, of_arm in levels.items()
            for blocked in (True, False)
            for k, level in enumerate(of_arm)
        }

    def _clamped_apart(
        self, common: dict[str, Any], levels: Mapping[str, Sequence[int]]
    ) -> dict[tuple[str, bool, float], npt.NDArray[np.float64]]:
        """Measure clamp currents by arm, membrane and potential, in a task each.

        The levels of a task share a settled, clamped state.
        """
        runs = len(common["trials"])
        tasks = {
            (arm, blocked, v): Task(
                f"clamp/{arm}/{'blocked' if blocked else 'active'}/{v:g}",
                f"{_TASKS}:clamp",
                {
                    **common,
                    "arm": arm,
                    "levels": [int(level) for level in of_arm],
                    "potential": v,
                    "block_channels": blocked,
                },
                (4.0 + runs * len(of_arm)) * (0.6 if blocked else 1.0),
                DEPENDS,
            )
            for arm, of_arm in levels.items()
            for blocked in (True, False)
            for v in self.protocol.clamp.potentials_mV
        }
        done = self.sweep.run(list(tasks.values()))
        return {which: done[task.key]["i"] for which, task in tasks.items()}

    def _clamped_together(
        self, common: dict[str, Any], levels: Mapping[str, Sequence[int]]
    ) -> dict[tuple[str, bool, float], npt.NDArray[np.float64]]:
        """Measure the same on the kernel, in a task a membrane: its trials take the least time."""
        potentials = self.protocol.clamp.potentials_mV
        fields = {
            **common,
            "levels": {arm: [int(level) for level in of_arm] for arm, of_arm in levels.items()},
            "potentials": list(potentials),
        }
        tasks = {
            blocked: Task(
                f"clamp/{'blocked' if blocked else 'active'}",
                f"{_TASKS}:clamp_arms",
                {**fields, "block_channels": blocked},
                1.0,
                DEPENDS,
            )
            for blocked in (True, False)
        }
        done = self.sweep.run(list(tasks.values()))
        return {
            (arm, blocked, v): done[task.key][f"{arm}/{v:g}"]
            for blocked, task in tasks.items()
            for arm in levels
            for v in potentials
        }


def run_together(
    experiments: Mapping[str, Experiment], tasks_of: Callable[[Experiment], list[Task]]
) -> None:
    """Make the runs of several experiments on one store at once, so that no processor waits.

    Afterwards each finds its own in the store. Sites are chosen first, then engines, as the rest
    depends on them.

    Parameters
    ----------
    experiments
        By name; the runs are named after them in the ledger.
    tasks_of
        Called with each experiment once its sites and its engine are known.
    """
    for tasks_from in (lambda e: [e.sites_task], Experiment.hold_tasks, tasks_of):
        tasks = [
            replace(task, key=f"{k} {_NOT_IN_KEYS.sub('.', name)}/{task.key}")
            for k, (name, experiment) in enumerate(experiments.items(), start=1)
            for task in tasks_from(experiment)
        ]
        if tasks:
            next(iter(experiments.values())).sweep.run(tasks)
