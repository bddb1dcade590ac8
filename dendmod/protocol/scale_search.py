"""Searches of `dendmod protocol scale` on one protocol, and in words what was not found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.cells.channels import channels
from dendmod.cells.provenance import DEPENDS
from dendmod.iocurve.thresholds import crossing
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.model import Arm, DendriticNmda
from dendmod.protocol.scale_tasks import DOUBLINGS, HALF, dendritic, factor
from dendmod.sweep import Task

_TASKS = "dendmod.protocol.scale_tasks"
_WEIGHT_COST, _CURVE_COST = 100.0, 100.0  # trials that a search takes, about

# Ours, after Hay's cell with Table 1's numbers: 51 inputs are its threshold, 40 give .19 spikes
# where "no spike" is meant, half of the sites are above -40 mV for 12 ms in an NMDA spike.
FIRST_SPIKE_INPUTS = 50
QUIET = 0.2  # mean spikes that count as none
PLATEAU_MS = 10.0
LEAST_BEND = 0.05
ROLES = {"somatic_shunt": 2, "dendritic_nmda": 0}  # spikes without modulation, if no target


Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """What a search for a weight found.

    Parameters
    ----------
    weights
        Weights tried, rising, in the unit of their field.
    values
        Spikes [points, trials], or time above the plateau's level [points, trials, sites] (ms).
    found
        The weight; NaN if there is none.
    """

    weights: Array
    values: Array
    found: float


def target_of(arm: Arm) -> int:
    """Return the spikes that an arm has without modulation: the first of its targets."""
    return arm.target_spikes[0] if arm.target_spikes else ROLES[arm.kind]


def rounded(value: float, digits: int = 3) -> float:
    """Return a number as it is written into the file."""
    return float(f"{value:.{digits}g}")


class Search:
    """Searches on one protocol, and in words what was not found."""

    def __init__(self, experiment: Experiment, plateau_ms: float) -> None:
        self.experiment, self.plateau_ms = experiment, plateau_ms
        self.protocol = experiment.protocol
        self.failed: list[str] = []

    def _task(self, key: str, function: str, cost: float, **payload: Any) -> Task:
        protocol = self.protocol
        common = {**self.experiment.common(), "trials": list(range(protocol.run.trials))}
        return Task(key, function, {**common, **payload}, cost, DEPENDS)

    def weights(self) -> tuple[Curve, dict[str, Curve]]:
        """Search the weight of feedforward inputs, and that of driven sites of each arm."""
        arms = self.protocol.arms
        trials = self.protocol.run.trials
        tasks = [
            self._task(
                "weight/feedforward",
                f"{_TASKS}:search_feedforward",
                _WEIGHT_COST * trials / 10,
                arm=next(iter(arms)),
                n_feedforward=FIRST_SPIKE_INPUTS,
            ),
            *(
                self._task(
                    f"weight/{name}",
                    f"{_TASKS}:search_plateau",
                    _WEIGHT_COST * trials / 10,
                    arm=name,
                    plateau_ms=self.plateau_ms,
                )
                for name, arm in arms.items()
                if isinstance(arm, DendriticNmda)
            ),
        ]
        done = self.experiment.sweep.run(tasks)
        feedforward = self._feedforward(done["weight/feedforward"])
        plateaus = {
            task.payload["arm"]: self._plateau(task.payload["arm"], done[task.key])
            for task in tasks[1:]
        }
        return feedforward, plateaus

    def _feedforward(self, done: Mapping[str, np.ndarray]) -> Curve:
        weight, unit = self.protocol.feedforward.weight
        counts, step = done["counts"], done["step"]
        tried = weight * np.array([factor(k) for k in step])
        at = crossing(step.astype(float), counts.mean(axis=1), HALF)
        quiet, most = float(done["quiet"].mean()), float(counts.mean(axis=1).max())
        if quiet > QUIET:
            self.failed.append(
                f"spikes without input: the background alone gives {quiet:.2g} spikes a trial "
                f"({done['quiet'].size} trials, excitatory_weight_nS = "
                f"{self.protocol.background.excitatory_weight_nS:g}). Give weaker inputs, such as "
                f"--set background.excitatory_weight_nS="
                f"{rounded(self.protocol.background.excitatory_weight_nS / 2):g}"
            )
        elif not channels(self.protocol.cell_spec):
            self.failed.append(
                f"no spike: the membrane is passive, without any channel. {FIRST_SPIKE_INPUTS} "
                f"inputs of {tried[0]:.3g} to {tried[-1]:.3g} {unit} lift it over the threshold at "
                "best. Give the cell channels that spike ([[parameters]] of its file)"
            )
        elif np.isnan(at):
            what = (
                f"no spike: {FIRST_SPIKE_INPUTS} inputs gave at most {most:.2g} spikes a trial"
                if most < HALF
                else f"too many spikes: {FIRST_SPIKE_INPUTS} inputs gave {most:.2g} at every weight"
            )
            self.failed.append(
                f"{what}; weights from {tried[0]:.3g} to {tried[-1]:.3g} {unit} were tried, "
                f"{2**DOUBLINGS} times up and down. Has the cell channels that spike, and is "
                f"{self.protocol.run_spec.spike_threshold:g} mV (run.spike_threshold_mV) crossed "
                "at its soma? `dendmod cell check` shows both"
            )
        return Curve(tried, counts.astype(float), rounded(weight * factor(at)))

    def _plateau(self, arm: str, done: Mapping[str, np.ndarray]) -> Curve:
        fields = dendritic(self.protocol, arm)
        kind = self.protocol.synapse_kinds["context"]
        above, step = done["above"], done["step"]
        tried = fields.high_weight_nS * np.array([factor(k) for k in step])
        part = (above >= self.plateau_ms).reshape(len(step), -1).mean(axis=1)
        at = crossing(step.astype(float), part, HALF)
        level, bent = self.protocol.run.plateau_mV, float(done["bend"])
        if bent < LEAST_BEND:
            self.failed.append(
                f"no plateau in {arm}: {kind.mechanism}, the receptor of 'context', conducts the "
                "same at every potential, so it has no NMDA receptors with their block. Name one "
                "that has in [receptors.context] of the cell or the protocol"
            )
        elif np.isnan(at):
            z = self.experiment.sites["impedance"]
            self.failed.append(
                f"no plateau in {arm}: at {part.max():.0%} of the sites at most (half are asked "
                f"for) the voltage is above {level:g} mV (run.plateau_mV) for {self.plateau_ms:g} "
                f"ms; peaks reach {np.median(done['peak'][-1]):.0f} mV (median). "
                f"{fields.n_context} inputs of {tried[0]:.3g} to {tried[-1]:.3g} nS were tried at "
                f"{z.size} sites of {z.min():.0f} to {z.max():.0f} MOhm. Choose thinner or "
                "farther dendrites (--list), or a lower level (--set run.plateau_mV=...)"
            )
        if np.isnan(at):
            return Curve(tried, above, float("nan"))
        found = tried[np.searchsorted(step, at, side="left")]  # of those tried, where it is so
        return Curve(tried, above, rounded(found * (1 + 5e-3)))

    def curves(self) -> dict[str, tuple[Array, Array]]:
        """Sample spikes against inputs without modulation, where the arms' targets are."""
        tasks = {
            name: self._task(
                f"numbers/{name}",
                "dendmod.protocol.tasks:search_thresholds",
                _CURVE_COST,
                arm=name,
                level=0,
                resolution=self.protocol.io.resolution,
                crossings=[_crossing(target_of(arm))],
            )
            for name, arm in self.protocol.arms.items()
        }
        done = self.experiment.sweep.run(list(tasks.values()))
        return {
            name: (
                done[task.key]["n_feedforward"].astype(float),
                done[task.key]["counts"].astype(float),
            )
            for name, task in tasks.items()
        }

    def number(self, arm: str, n: Array, counts: Array) -> int:
        """Return the number of inputs that gives an arm its spikes without modulation."""
        target, mean = target_of(self.protocol.arms[arm]), counts.mean(axis=1)
        at = crossing(n, mean, _crossing(target))
        if np.isnan(at):
            low, high = self.protocol.io.limits
            self.failed.append(
                f"no number of inputs gives {target} spikes in {arm}: {n[0]:g} to {n[-1]:g} inputs "
                f"(io.limits = [{low}, {high}]) gave {mean.min():.2g} to {mean.max():.2g} spikes a "
                "trial (crossings of run.spike_threshold_mV, of which current alone can make one)"
            )
            return 0
        return int(np.floor(at) if target == 0 else np.ceil(at))


def _crossing(target: int) -> float:
    """Mean spikes up to which none are meant, or from which on a number is: the first such.

    The first, and not the middle of all that give two spikes, was chosen after the middle had given
    492 inputs on Hay's cell, where Table 1 has 175: it fires two up to the limit of 900.
    """
    return QUIET if target == 0 else target - QUIET
