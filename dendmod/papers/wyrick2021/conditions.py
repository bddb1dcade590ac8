"""Networks under conditions: how much is run, and all of it through a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from dendmod.clustered.perturbation import NONE, Perturbation
from dendmod.clustered.readings import ADDED, COUPLINGS
from dendmod.spec.base import Spec
from dendmod.sweep import Sweep, Task
from dendmod.sweep.outcome import Arrays

Condition = tuple[str, float]  # kind of a perturbation, size
Results = dict[Condition, list[Arrays]]  # what each network gave

UNPERTURBED: Condition = (NONE, 0.0)
NO_DATA = (
    "rest and running are states of the model: no recording of an animal was analysed, and nothing "
    "here is a result on the Allen data"
)
_TASKS = "dendmod.papers.wyrick2021.tasks"


class Scale(Spec):
    """How much is run, as scale.toml says it; the settings of a figure add to it.

    Parameters
    ----------
    seed
        Seed of the whole; network k has the seed 1000 seed + k.
    networks
        Number of networks a condition.
    ongoing_trials, evoked_trials
        Trials of ongoing activity; trials a stimulus.
    shuffles, bootstraps
        Shuffles of a decoder; draws of networks behind the verdict on an R².
    running_size
        The dvar(E) that stands for running.
    levels, sizes
        Which of the tables of sizes is used; sizes of each perturbation.
    added_sizes
        Further sizes of dAMPA and dGABA where they are added to the mean of the couplings.
    cluster_readings
        Pairs of kernel SD (ms) and threshold (spikes/s) of an active cluster; the first is used.
    """

    seed: int = Field(ge=0)
    networks: int = Field(ge=1)
    ongoing_trials: int = Field(ge=1)
    evoked_trials: int = Field(ge=2)
    shuffles: int = Field(ge=1)
    bootstraps: int = Field(ge=1)
    running_size: float = Field(ge=0)
    levels: Literal["all", "few"]
    sizes: Mapping[str, Mapping[str, tuple[float, ...]]]
    added_sizes: Mapping[str, tuple[float, ...]]
    cluster_readings: tuple[tuple[float, float], ...] = Field(min_length=1)

    @property
    def perturbations(self) -> Mapping[str, tuple[float, ...]]:
        """Sizes of each perturbation that is run."""
        return self.sizes[self.levels]

    @property
    def conditions(self) -> list[Condition]:
        """No perturbation, then all perturbations and sizes."""
        return [UNPERTURBED] + [(k, z) for k, sizes in self.perturbations.items() for z in sizes]

    @property
    def added_couplings(self) -> list[Condition]:
        """Those of dAMPA and dGABA where they are added to the mean of the couplings."""
        own = {kind: sizes for kind, sizes in self.perturbations.items() if kind in COUPLINGS}
        return [(k, z) for k in own for z in sorted({*own[k], *self.added_sizes.get(k, ())})]

    @property
    def seeds(self) -> list[int]:
        """Seeds of the networks."""
        return [1000 * self.seed + k for k in range(self.networks)]

    def describe(self) -> dict[str, Any]:
        """Return what every summary says of it."""
        return {
            "seed": self.seed,
            "networks": self.networks,
            "trials": {"ongoing": self.ongoing_trials, "evoked_per_stimulus": self.evoked_trials},
        }


def run_networks(
    scale: Scale, sweep: Sweep, function: str, name: str, payload: Mapping[str, Any]
) -> list[Arrays]:
    """Return what a task gives for each network; ``function`` is ``"module:name"`` of `tasks`."""
    tasks = [
        Task(f"{name} network {k}", f"{_TASKS}.{function}", {"network": seed, **payload})
        for k, seed in enumerate(scale.seeds)
    ]
    return list(sweep.run(tasks).values())


def run_conditions(
    scale: Scale, sweep: Sweep, function: str, conditions: Iterable[Condition], **options: Any
) -> Results:
    """Return what a task with the arguments kind and size gives for all networks."""
    keys, tasks = {}, []
    for kind, size in conditions:
        label = f"{function.partition(':')[2]} {Perturbation(kind, size).label}"
        keys[kind, size] = [f"{label} network {k}" for k in range(scale.networks)]
        for key, seed in zip(keys[kind, size], scale.seeds, strict=True):
            payload = {"network": seed, "kind": kind, "size": size, **options}
            tasks.append(Task(key, f"{_TASKS}.{function}", payload))
    done = sweep.run(tasks)
    return {condition: [done[key] for key in own] for condition, own in keys.items()}


def run_ongoing(
    scale: Scale, sweep: Sweep, conditions: Sequence[Condition] | None = None, **options: Any
) -> Results:
    """Return ongoing activity under conditions (all, if none are given)."""
    options = {"trials": scale.ongoing_trials, "cluster": scale.cluster_readings[:1]} | options
    return run_conditions(scale, sweep, "activity:ongoing", _or_all(scale, conditions), **options)


def run_evoked(
    scale: Scale,
    sweep: Sweep,
    conditions: Sequence[Condition] | None = None,
    stimulus: str = "ramp",
    **options: Any,
) -> Results:
    """Return decoded responses to stimuli under conditions (all, if none are given)."""
    return run_conditions(
        scale, sweep, "decoding:evoked", _or_all(scale, conditions), stimulus=stimulus,
        trials=scale.evoked_trials, shuffles=scale.shuffles, **options,
    )  # fmt: skip


def run_responses(
    scale: Scale, sweep: Sweep, conditions: Sequence[Condition] | None = None, **options: Any
) -> Results:
    """Return responses of single cells to transient perturbations (all, if none are given)."""
    wanted = [c for c in _or_all(scale, conditions) if c != UNPERTURBED]
    return run_conditions(
        scale, sweep, "activity:responses", wanted, trials=scale.ongoing_trials, **options
    )


def _or_all(scale: Scale, conditions: Sequence[Condition] | None) -> Sequence[Condition]:
    return scale.conditions if conditions is None else conditions


def with_added(
    run: Callable[..., Results], scale: Scale, sweep: Sweep, results: Results
) -> Results:
    """Return results with dAMPA and dGABA added to the mean of the couplings, in place of scaled.

    Parameters
    ----------
    run
        `run_ongoing`, `run_evoked` or `run_responses`, which gave `results` under all conditions.
    scale, sweep, results
        As it takes and gives them.
    """
    others = {c: rows for c, rows in results.items() if c[0] not in COUPLINGS}
    return others | run(scale, sweep, scale.added_couplings, reading=ADDED)


def run_theory(
    sweep: Sweep, name: str, conditions: Sequence[Sequence[Any]], external_I: str
) -> list[dict[str, float]]:
    """Return barrier and gain of the two-cluster network under conditions; NaN where lost.

    Parameters
    ----------
    name
        Of the task.
    conditions
        Kind, size and, maybe, reading of each.
    external_I
        As in `dendmod.clustered.two_cluster_field`.
    """
    payload = {"conditions": [list(c) for c in conditions], "external_I": external_I}
    done = sweep.run([Task(name, f"{_TASKS}.theory:potentials", payload)])[name]
    pairs = zip(done["barrier"], done["gain"], strict=True)
    return [{"barrier": float(b), "gain": float(g)} for b, g in pairs]


def by_kind(values: Mapping[Condition, Any]) -> dict[str, dict[str, Any]]:
    """Return values by perturbation and size, as summary.json has them."""
    out: dict[str, dict[str, Any]] = {}
    for (kind, size), value in values.items():
        if kind != NONE:
            out.setdefault(kind, {})[f"{size:g}"] = value
    return out
