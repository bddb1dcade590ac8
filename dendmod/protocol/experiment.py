"""The simulations of a protocol, run through the sweep and gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.protocol import Protocol
from dendmod.protocol.conductance import effective_conductance
from dendmod.protocol.provenance import DEPENDS, files_of
from dendmod.protocol.tables import IOTable, SpikeTable
from dendmod.rng import stream
from dendmod.spec import Location
from dendmod.sweep import Task, run_tasks

_WORKER = "dendmod.protocol.tasks"


class Experiment:
    """A protocol on its cell, with everything that it has run so far.

    Parameters
    ----------
    protocol
        What is run.
    store
        Folder of the ledger and the results; a second call with the same store repeats nothing.
    workers
        Number of processes; None takes all cores.
    coreneuron
        None lets each worker use CoreNEURON where the mechanisms were built for it.
    progress
        Show a bar on standard error.
    scheduler
        Address of a Dask cluster that makes the runs, instead of processes of this machine.
    timeout
        Seconds after which one task is ended; None waits for ever.
    sites
        The places of the dendritic synapses, in the order in which levels drive them; chosen by
        the protocol if not given.
    """

    def __init__(
        self,
        protocol: Protocol,
        store: Path,
        *,
        workers: int | None = None,
        coreneuron: bool | None = None,
        progress: bool = True,
        scheduler: str | None = None,
        timeout: float | None = None,
        sites: Sequence[Location] | None = None,
    ) -> None:
        self.protocol, self.store, self.workers = protocol, store, workers
        self.coreneuron, self.progress = coreneuron, progress
        self.scheduler, self.timeout = scheduler, timeout
        self._fields = protocol.model_dump(mode="json", by_alias=True)
        self.morphology, self._reduced = files_of(self._fields["cell"])
        self._sites: dict[str, np.ndarray] | None = None
        if sites is not None:
            self._sites = {
                "section": np.array([s.section for s in sites]),
                "x": np.array([s.x for s in sites]),
            }

    def run(self, tasks: list[Task]) -> dict[str, dict[str, np.ndarray]]:
        """Run tasks of this protocol, or take them from the store; return arrays by key."""
        return run_tasks(
            tasks,
            self.store,
            workers=self.workers,
            timeout=self.timeout,
            progress=self.progress,
            scheduler=self.scheduler,
        )

    @property
    def sites(self) -> dict[str, np.ndarray]:
        """Chosen sites: ``section``, ``x``, ``impedance`` (MOhm), shape [n]; ``independence``."""
        if self._sites is None:
            self._sites = self.run([self.sites_task])["sites"]
        return self._sites

    @property
    def sites_task(self) -> Task:
        """The task that chooses the sites."""
        # only what the sites depend on, so that arms and readings share them
        needed = {
            k: self._fields[k]
            for k in (
                "schema",
                "name",
                "title",
                "source",
                "cell",
                "sites",
                "feedforward",
                "background",
                "arms",
            )
        }
        needed |= {"name": "sites", "title": "", "source": ""}
        needed["run"] = {k: self._fields["run"][k] for k in ("settle_ms",)}
        return Task("sites", f"{_WORKER}:choose", {"protocol": needed}, 4.0, DEPENDS)

    @property
    def _ordered(self) -> npt.NDArray[np.int64]:
        """Sites in the order in which levels activate them."""
        fields = self.protocol.sites
        order = np.arange(fields.n)  # the sites come by falling impedance
        if fields.order == "rising impedance":
            return order[::-1]
        if fields.order == "random":
            return stream(fields.order_seed, "site order").permutation(order)
        return order

    def _common(self, seed: int) -> dict[str, Any]:
        section, x = (self.sites[name][self._ordered] for name in ("section", "x"))
        pairs = zip(section, x, strict=True)
        return {
            "protocol": self._fields,
            "sites": [[int(section), float(x)] for section, x in pairs],
            "seed": seed,
            "coreneuron": self.coreneuron,
        }

    def spikes(
        self,
        arms: Mapping[str, Sequence[int]],
        *,
        trials: int,
        seed: int,
        n_feedforward: Sequence[int] | None = None,
        traces: bool = False,
    ) -> dict[str, SpikeTable]:
        """Count spikes for the given levels of each arm; one process a level."""
        done = self.run(
            self.spike_tasks(
                arms, trials=trials, seed=seed, n_feedforward=n_feedforward, traces=traces
            )
        )
        tables = {}
        for arm, levels in arms.items():
            rows = [done[f"spikes/{arm}/{level}"] for level in levels]
            counts = np.array([row["counts"] for row in rows])
            numbers = tuple(n_feedforward or (self.protocol.arms[arm].n_feedforward,))
            tables[arm] = SpikeTable(tuple(levels), numbers, counts, tuple(rows))
        return tables

    def spike_tasks(
        self,
        arms: Mapping[str, Sequence[int]],
        *,
        trials: int,
        seed: int,
        n_feedforward: Sequence[int] | None = None,
        traces: bool = False,
    ) -> list[Task]:
        """Return the tasks of `spikes`."""
        common = self._common(seed)
        tasks = []
        for arm, levels in arms.items():
            numbers = list(n_feedforward or (self.protocol.arms[arm].n_feedforward,))
            tasks += [
                Task(
                    f"spikes/{arm}/{level}",
                    f"{_WORKER}:count_spikes",
                    {
                        **common,
                        "arm": arm,
                        "level": level,
                        "n_feedforward": numbers,
                        "trials": list(range(trials)),
                        "traces": traces,
                    },
                    cost=4.0 + trials * len(numbers),
                    depends=DEPENDS,
                )
                for level in levels
            ]
        return tasks

    def io_curves(
        self,
        arms: Mapping[str, Sequence[int]],
        *,
        trials: int,
        seed: int,
        resolution: int | None = None,
    ) -> dict[str, IOTable]:
        """Sample the IO curves of each arm where they cross; one process a level.

        Parameters
        ----------
        arms
            Levels of each arm.
        trials
            Trials at each number of inputs.
        resolution
            Width of the final brackets, in inputs; that of the protocol if not given.
        """
        done = self.run(self.io_tasks(arms, trials=trials, seed=seed, resolution=resolution))
        width = resolution or self.protocol.io.resolution
        return {
            arm: IOTable.gather(levels, [done[f"io/{arm}/{x}"] for x in levels], width)
            for arm, levels in arms.items()
        }

    def io_tasks(
        self,
        arms: Mapping[str, Sequence[int]],
        *,
        trials: int,
        seed: int,
        resolution: int | None = None,
    ) -> list[Task]:
        """Return the tasks of `io_curves`."""
        common = self._common(seed)
        return [
            Task(
                f"io/{arm}/{level}",
                f"{_WORKER}:search_thresholds",
                {
                    **common,
                    "arm": arm,
                    "level": level,
                    "trials": list(range(trials)),
                    "resolution": resolution or self.protocol.io.resolution,
                },
                depends=DEPENDS,
            )
            for arm, levels in arms.items()
            for level in levels
        ]

    def conductance(
        self, arms: Mapping[str, Sequence[int]], *, runs: int, seed: int
    ) -> dict[tuple[str, int, bool], npt.NDArray[np.float64]]:
        """Measure the effective conductance (nS) by arm, level and whether channels are blocked.

        Each array has shape [runs, steps] and holds the whole conductance of the cell: no
        baseline is subtracted yet.
        """
        common = self._common(seed)
        v1, v2 = self.protocol.clamp.potentials_mV
        # one task an arm, potential and membrane: its levels share a settled, clamped state
        tasks = {
            (arm, blocked, v): Task(
                f"clamp/{arm}/{'blocked' if blocked else 'active'}/{v:g}",
                f"{_WORKER}:clamp",
                {
                    **common,
                    "arm": arm,
                    "levels": [int(level) for level in levels],
                    "potential": v,
                    "block_channels": blocked,
                    "trials": list(range(runs)),
                },
                cost=(4.0 + runs * len(levels)) * (0.6 if blocked else 1.0),
                depends=DEPENDS,
            )
            for arm, levels in arms.items()
            for blocked in (True, False)
            for v in (v1, v2)
        }
        done = self.run(list(tasks.values()))
        current = {which: done[task.key]["i"] for which, task in tasks.items()}
        return {
            (arm, level, blocked): effective_conductance(
                current[arm, blocked, v1][k], current[arm, blocked, v2][k], v1, v2
            )
            for arm, levels in arms.items()
            for blocked in (True, False)
            for k, level in enumerate(levels)
        }
