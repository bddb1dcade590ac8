"""Levels of one arm on one open set-up: spike counts and IO curves, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from dendmod.cells.effects import Effect, apply_to_trains
from dendmod.engines.trials import Trials, open_trials
from dendmod.iocurve import ThresholdSearch
from dendmod.protocol.model import Protocol
from dendmod.protocol.trial import Inputs, setup_for, site_name
from dendmod.spec import Location
from dendmod.spec.result import Result

Arrays = dict[str, np.ndarray]
_KEEP_EVERY_MS = 0.5
_AT_ONCE = 64  # trials whose traces are held in memory, a multiple of a vector's lanes
_Condition = tuple[int, int, int]  # level, number of inputs, trial


def unpack(
    protocol: dict[str, Any], sites: list[list[float]], effects: Sequence[dict[str, Any]]
) -> tuple[Protocol, list[Location], list[Effect]]:
    """Return the specifications that a task's payload holds."""
    places = [Location(section=int(section), x=x) for section, x in sites]
    return Protocol.model_validate(protocol), places, [Effect.model_validate(e) for e in effects]


def kept_every(protocol: Protocol) -> int:
    """Return of how many samples of the voltages of sites one is kept."""
    return max(1, round(_KEEP_EVERY_MS / protocol.run.dt_ms))


def flat_levels(found: Mapping[int, Arrays]) -> Arrays:
    """Return the arrays of all levels under names such as ``"60/counts"``."""
    return {f"{level}/{name}": array for level, of in found.items() for name, array in of.items()}


def level_of(found: Mapping[str, np.ndarray], level: int) -> Arrays:
    """Return the arrays of one level out of `flat_levels`."""
    head = f"{level}/"
    return {n.removeprefix(head): array for n, array in found.items() if n.startswith(head)}


class Levels:
    """Levels of an arm of a protocol; the arguments are those of tasks.

    Parameters
    ----------
    protocol, sites, effects
        Read by `unpack`.
    arm
        Its name.
    trials
        Numbers of the trials of each condition.
    seed
        Of all inputs.
    coreneuron
        As `dendmod.engines.trials.open_trials` takes it.
    traces
        Record the sites too.
    """

    def __init__(
        self,
        protocol: dict[str, Any],
        sites: list[list[float]],
        effects: Sequence[dict[str, Any]],
        *,
        arm: str,
        trials: Sequence[int],
        seed: int,
        coreneuron: bool | None,
        traces: bool = False,
    ) -> None:
        self.spec, places, self.effects = unpack(protocol, sites, effects)
        self.setup = setup_for(self.spec, places, effects=self.effects, record_sites=traces)
        self.names = [site_name(i) for i in range(len(places))] if traces else []
        self.arm, self.trials, self.inputs = arm, trials, Inputs(self.spec, seed)
        self.coreneuron = coreneuron

    def counts(self, levels: Sequence[int], n_feedforward: Sequence[int]) -> dict[int, Arrays]:
        """Return what `dendmod.protocol.tasks.count_spikes` gives, by level."""
        asked = [(x, n, trial) for x in levels for n in n_feedforward for trial in self.trials]
        counts: list[int] = []
        kept: dict[int, list[Arrays]] = {level: [] for level in levels}
        with self._open() as opened:
            for (level, n, _), result in zip(asked, self._results(opened, asked), strict=True):
                counts.append(result.spike_times().size)
                if self.names and n == n_feedforward[0]:
                    kept[level].append(self._kept(result))
            engine = np.array(opened.engine)
        table = np.array(counts, np.int64).reshape(len(levels), len(n_feedforward), -1)
        return {
            level: {
                "counts": table[row],
                "engine": engine,
                **{name: np.array([one[name] for one in kept[level]])
                   for name in (kept[level][0] if kept[level] else ())},
            }
            for row, level in enumerate(levels)
        }  # fmt: skip

    def curves(
        self, levels: Sequence[int], resolution: int, crossings: Sequence[float]
    ) -> dict[int, Arrays]:
        """Return what `dendmod.protocol.tasks.search_thresholds` gives, by level.

        All levels that are still searched ask for a number of inputs each, and these run together.
        Where few trials look for the crossings, the search with all begins where theirs ended.
        """
        few = self.spec.io.scout_trials
        with self._open() as opened:
            first: dict[int, Sequence[int]] = {}
            if few is not None and few < len(self.trials):
                scouts = self._searched(opened, levels, resolution, crossings, self.trials[:few])
                first = {level: search.bracketing for level, search in scouts.items()}
            searches = self._searched(
                opened, levels, resolution, crossings, self.trials, first=first
            )
            engine = np.array(opened.engine)
        found = {}
        for level, search in searches.items():
            n_feedforward = np.array(sorted(search.points))
            found[level] = {
                "n_feedforward": n_feedforward,
                "counts": np.array([search.points[n] for n in n_feedforward]),
                "engine": engine,
            }
        return found

    def _searched(
        self,
        opened: Trials,
        levels: Sequence[int],
        resolution: int,
        crossings: Sequence[float],
        trials: Sequence[int],
        *,
        first: Mapping[int, Sequence[int]] | None = None,
    ) -> dict[int, ThresholdSearch]:
        """Return a finished search a level; numbers of inputs in `first` are run in any case."""
        io = self.spec.io
        searches = {
            level: ThresholdSearch(
                start=self.spec.arms[self.arm].n_feedforward,
                step=io.step,
                limits=io.limits,
                resolution=resolution,
                crossings=crossings,
                first=(first or {}).get(level, ()),
            )
            for level in levels
        }
        while asked := {x: n for x, s in searches.items() if (n := s.ask()) is not None}:
            conditions = [(x, n, trial) for x, n in asked.items() for trial in trials]
            spikes = [r.spike_times().size for r in self._results(opened, conditions)]
            for (x, n), counts in zip(asked.items(), _rows(spikes, len(asked)), strict=True):
                searches[x].tell(n, counts)
        return searches

    def _open(self) -> AbstractContextManager[Trials]:
        run = self.spec.run
        return open_trials(
            self.setup, self.spec.run_spec, run.engine,
            coreneuron=self.coreneuron, precision=run.precision,
        )  # fmt: skip

    def _results(self, opened: Trials, conditions: Sequence[_Condition]) -> Iterator[Result]:
        for first in range(0, len(conditions), _AT_ONCE):
            given = [
                self.inputs.trains(self.arm, level=level, n_feedforward=n, trial=trial)
                for level, n, trial in conditions[first : first + _AT_ONCE]
            ]
            yield from opened.run_many(
                [apply_to_trains(self.setup, trains, self.effects) for trains in given]
            )

    def _kept(self, result: Result) -> Arrays:
        """Return what is kept of the voltages of one trial."""
        v = np.array([result.v[name] for name in self.names])
        run = self.spec.run
        return {
            "v_soma": result.v["soma"].astype(np.float32),
            "v_sites": v[:, :: kept_every(self.spec)].astype(np.float32),
            "site_peak": v.max(axis=1),
            "site_above": (v > run.plateau_mV).sum(axis=1) * run.dt_ms,
        }


def _rows(values: Sequence[int], n: int) -> list[list[int]]:
    width = len(values) // n
    return [list(values[k * width : (k + 1) * width]) for k in range(n)]
