"""Figure S3 of Wybo et al. 2022: Boolean functions learned online at dendritic synapses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure as Picture
from pydantic import Field, PositiveInt

from dendmod.papers.wybo2022.figS3.plot import Panels, Potentials, draw
from dendmod.papers.wybo2022.plot_ablation import AblationBars
from dendmod.study.claims import Judged, alike, all_of, higher
from dendmod.study.figure import Figure
from dendmod.study.registry import find
from dendmod.sweep import Sweep, Task
from dendmod.switching.boolean import FUNCTIONS, label_free_score
from dendmod.switching.classification import BooleanTasks
from dendmod.switching.experiment import LearningExperiment
from dendmod.switching.runs import Cells, learning_task
from dendmod.switching.settings import BOOLEAN_LITERAL, Schedule, Settings
from dendmod.switching.tasks import BooleanLearning

Array = npt.NDArray[np.float64]
Results = Mapping[str, Mapping[str, np.ndarray]]

# The rules were written after results of earlier runs were known.
CLAIMS = {
    "functions_learned": "10 neurons learn the 14 functions, on average over all (Fig S3)",
    "each_function_learned": "10 neurons learn each of the 14 functions (Fig S3)",
    "xor_and_xnor_learned": "XOR and XNOR are learned, beyond what firing on any input scores",
    "shuffled_at_chance": "Control: shuffled labels teach nothing",
}
CHANCE = 0.5
# ours, wider than `claims.ALIKE`: of 500 test samples an accuracy has a standard error of .022
NEAR_CHANCE = 0.05
_SHOWN = ("and", "xor")  # functions whose potentials are drawn


class BooleanExperiment(LearningExperiment):
    """Settings of the figure.

    Parameters
    ----------
    hidden
        Numbers of hidden cells. Controls and the ablation are of the largest.
    """

    literal: ClassVar[Settings] = BOOLEAN_LITERAL
    hidden: tuple[PositiveInt, ...] = Field(min_length=1)
    controls: PositiveInt = 1

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of the functions that are learned.

        Raises
        ------
        SpecError
            If a task is none of them.
        """
        return BooleanTasks(self.tasks or tuple(FUNCTIONS)).names


@dataclass(frozen=True)
class Learned:
    """How well all networks have learned.

    Parameters
    ----------
    samples
        Samples a function after which accuracy was measured, shape [measurements].
    accuracy
        Number of hidden cells -> balanced accuracy, shape [seeds, measurements, functions].
    shuffled
        That of networks that learn shuffled labels, shape [control seeds, measurements, functions].
    vectors
        Number of hidden cells -> their input vectors in the first network, shape [2, cells].
    v_before, v_after
        Potential of the output cell of the largest network for the four inputs (mV), shape
        [seeds, functions, 4, steps].
    variants
        Accuracy of each variant of the ablation at the end, shape [seeds, tasks].
    cells
        What the cells are (`dendmod.switching.runs.Cells.summary`).
    """

    samples: npt.NDArray[np.int64]
    accuracy: Mapping[int, Array]
    shuffled: Array
    vectors: Mapping[int, Array]
    v_before: Array
    v_after: Array
    variants: Mapping[str, Array]
    cells: Mapping[str, Any] = field(default_factory=dict)

    def end(self, k: int) -> Array:
        """Return balanced accuracy after all samples, shape [seeds, functions]."""
        return np.ascontiguousarray(self.accuracy[k][:, -1])


def settings_of(table: dict[str, Any], quick: bool) -> BooleanExperiment:
    """Return the settings of the figure."""
    return BooleanExperiment.of(table, find("wybo2022/figS3").settings())


def measure(experiment: BooleanExperiment, sweep: Sweep) -> Learned:
    """Let all networks learn."""
    functions = experiment.functions
    cells = Cells([experiment.settings, *experiment.variants().values()], sweep)
    results = sweep.run(learning_tasks(experiment, functions, cells, sweep))
    return replace(gather(experiment, results), cells=cells.summary(experiment.settings))


def learning_tasks(
    experiment: BooleanExperiment, functions: Sequence[str], cells: Cells, sweep: Sweep
) -> list[Task]:
    """Return a task for each network that learns."""

    def task(
        key: str, settings: Settings, schedule: Schedule, k: int, seed: int, names: Sequence[str],
        *, shuffled: bool = False,
    ) -> Task:  # fmt: skip
        learning = BooleanLearning(
            **cells.of(settings), k=k, functions=tuple(names), schedule=schedule,
            seed=seed, shuffled=shuffled,
        )  # fmt: skip
        return learning_task(key, learning, sweep)

    ours, schedule, largest = experiment.settings, experiment.schedule, max(experiment.hidden)
    tasks = [
        task(f"learned {k} {s}", ours, schedule, k, s, functions)
        for k in experiment.hidden
        for s in experiment.seeds
    ]
    tasks += [
        task(f"shuffled {largest} {s}", ours, schedule, largest, s, functions, shuffled=True)
        for s in experiment.control_seeds
    ]
    ablation = experiment.ablation
    if ablation is not None:
        tasks += [
            task(f"variant {name} {s}", settings, ablation.schedule, largest, s, ablation.tasks)
            for name, settings in experiment.variants().items()
            for s in ablation.seeds
        ]
    return tasks


def gather(experiment: BooleanExperiment, results: Results) -> Learned:
    """Return the results of all tasks as arrays."""

    def stacked(what: str, name: str, seeds: Sequence[int]) -> Array:
        return np.array([results[f"{name} {s}"][what] for s in seeds])

    largest, first = max(experiment.hidden), experiment.seeds[0]
    ablation = experiment.ablation
    return Learned(
        samples=results[f"learned {largest} {first}"]["samples"],
        accuracy={
            k: stacked("accuracy", f"learned {k}", experiment.seeds) for k in experiment.hidden
        },
        shuffled=stacked("accuracy", f"shuffled {largest}", experiment.control_seeds),
        vectors={k: results[f"learned {k} {first}"]["vectors"] for k in experiment.hidden},
        v_before=stacked("v_before", f"learned {largest}", experiment.seeds),
        v_after=stacked("v_after", f"learned {largest}", experiment.seeds),
        variants={}
        if ablation is None
        else {
            name: stacked("accuracy", f"variant {name}", ablation.seeds)[:, -1]
            for name in experiment.variants()
        },
    )


def judge(experiment: BooleanExperiment, learned: Learned) -> dict[str, Judged]:
    """Return the verdict on each claim.

    A run is a network; of the control, which is one network, a function. Only over all functions
    does a cell that knows nothing of labels score a half on average.
    """
    functions = experiment.functions
    bounds = [max(CHANCE, label_free_score(name)) for name in functions]

    def each(names: Sequence[str], bound: Sequence[float]) -> Judged:
        columns = [functions.index(name) for name in names]
        parts = [higher(end[:, i], (bound[i], bound[i])) for i in columns]
        return all_of(*parts).with_figures(functions=list(names))

    found: dict[str, Judged] = {}
    if not experiment.of_papers_cell:
        return found
    end = learned.end(max(experiment.hidden))
    if set(functions) == set(FUNCTIONS):
        found["functions_learned"] = higher(end.mean(axis=1), (CHANCE, CHANCE))
        found["each_function_learned"] = each(functions, [CHANCE] * len(functions))
        control = learned.shuffled[:, -1]
        found["shuffled_at_chance"] = alike(control, (CHANCE, CHANCE), within=NEAR_CHANCE)
    if {"xor", "xnor"} <= set(functions):
        found["xor_and_xnor_learned"] = each(("xor", "xnor"), bounds)
    return found


def summarise(experiment: BooleanExperiment, learned: Learned) -> dict[str, Any]:
    """Return accuracies of all networks, controls and variants, and what settings are changed."""
    functions = experiment.functions

    def by_function(rows: Array) -> dict[str, Array]:
        return dict(zip(functions, rows.T, strict=True))

    over = {}
    for k in experiment.hidden:
        end = learned.end(k)
        over[k] = {
            "mean": end.mean(),
            "sd_of_seeds": end.mean(axis=1).std(ddof=1) if len(end) > 1 else 0.0,
            "best_of_seeds": by_function(end.max(axis=0)),
        }
    shuffled = np.ascontiguousarray(learned.shuffled[:, -1])
    summary = {
        "hidden": {k: by_function(learned.end(k)) for k in experiment.hidden},
        "before": {k: by_function(learned.accuracy[k][:, 0]) for k in experiment.hidden},
        "over_functions": over,
        "shuffled": by_function(shuffled),
        "shuffled_mean": shuffled.mean(),
        "or_like_firing": {name: label_free_score(name) for name in functions},
        "chance": CHANCE,
        "seeds": experiment.seeds,
        "samples": experiment.schedule.samples,
        "test_samples": experiment.schedule.test_samples,
        "cells": learned.cells,
        "reading": experiment.reading,
        "settings": experiment.settings,
        "changed": experiment.changed(),
    }
    if experiment.ablation is not None:
        summary["variants"] = experiment.ablation.summary(experiment.variants(), learned.variants)
    return summary


def draw_panels(
    experiment: BooleanExperiment, learned: Learned, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw the panels; potentials are those of the network that learned their functions best."""
    functions = experiment.functions
    shown = {name: functions.index(name) for name in _SHOWN if name in functions}
    ends = learned.end(max(experiment.hidden))[:, list(shown.values())]
    best = int(np.argmax(ends.mean(axis=1))) if shown else 0
    ablation = experiment.ablation
    panels = Panels(
        settings=experiment.settings,
        functions=functions,
        vectors=learned.vectors,
        potentials={
            name: Potentials(learned.v_before[best, i], learned.v_after[best, i])
            for name, i in shown.items()
        },
        ends={k: learned.end(k) for k in experiment.hidden},
        shuffled=learned.shuffled[:, -1],
        samples=learned.samples,
        curves={k: learned.accuracy[k].mean(axis=2) for k in experiment.hidden},
        shuffled_curves=learned.shuffled.mean(axis=2),
        ablation=None if ablation is None else AblationBars(ablation, learned.variants),
    )
    return {"figS3": draw(panels)}


def tell(summary: Mapping[str, Any]) -> list[str]:
    """Return a line for each function: what the largest networks have learned, on average."""
    k = max(summary["hidden"], key=int)
    n = len(summary["seeds"])
    lines = [f"{k} neurons, {n} network{'s' * (n != 1)}, {summary['samples']} samples a function:"]
    for name, ends in summary["hidden"][k].items():
        before, after = (float(np.mean(rows)) for rows in (summary["before"][k][name], ends))
        bound = max(CHANCE, summary["or_like_firing"][name])
        note = "" if after > bound else f"; firing on any input scores {bound:.3g}: not learned"
        lines.append(f"  {name}: balanced accuracy {before:.3f} before, {after:.3f} after{note}")
    return lines


FIGURE = Figure(
    settings=settings_of,
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
    tell=tell,
)
