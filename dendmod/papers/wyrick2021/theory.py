"""Barriers and effective gains of the two-cluster network under all perturbations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dendmod.clustered.meanfield_models import THEORY_READINGS, perturbed, two_cluster_field
from dendmod.clustered.perturbation import NONE
from dendmod.clustered.potential import effective_potential
from dendmod.errors import EngineError
from dendmod.papers.wyrick2021.study import Condition, Study
from dendmod.sweep import Task


def barriers(study: Study, external_I: str = "printed") -> dict[Condition, dict[str, float]]:
    """Return barrier and gain of each condition of a study; NaN where the attractors are lost.

    Parameters
    ----------
    study
        Its conditions are looked at; results are kept in its store.
    external_I
        As in `two_cluster_field`.
    """
    conditions = study.conditions()
    payload = {"conditions": [list(c) for c in conditions], "external_I": external_I}
    key = f"theory {external_I}"
    task = Task(key, "dendmod.papers.wyrick2021.theory:potentials", payload)
    found = study.run_tasks([task])[key]
    pairs = zip(found["barrier"], found["gain"], strict=True)
    return {
        c: {"barrier": float(b), "gain": float(g)}
        for c, (b, g) in zip(conditions, pairs, strict=True)
    }


def reading_barriers(study: Study, size: float) -> dict[str, dict[str, Any]]:
    """Return barrier and gain of dAMPA and dGABA under the readings that the theory has."""
    names = [f"{kind} {reading}" for kind in ("dAMPA", "dGABA") for reading in THEORY_READINGS
             if kind == "dAMPA" or "external" not in reading]  # fmt: skip
    conditions = [[*name.split(" ", 1)] for name in names]
    payload = {
        "conditions": [[NONE, 0.0], *([kind, size, reading] for kind, reading in conditions)],
        "external_I": "printed",
    }
    key = f"theory readings {size:g}"
    task = Task(key, "dendmod.papers.wyrick2021.theory:potentials", payload)
    found = study.run_tasks([task])[key]
    return {
        name: {"barrier": float(b), "gain": float(g)}
        for name, b, g in zip([NONE, *names], found["barrier"], found["gain"], strict=True)
    }


def potentials(conditions: Sequence[Sequence[Any]], external_I: str) -> dict[str, np.ndarray]:
    """Return barrier and gain under each condition: kind, size and, maybe, reading (a task)."""
    field = two_cluster_field(external_I=external_I)
    barrier, gain = np.full((2, len(conditions)), np.nan)
    for k, (kind, *how) in enumerate(conditions):
        try:
            found = effective_potential(field if kind == NONE else perturbed(field, kind, *how))
        except EngineError:
            continue
        barrier[k], gain[k] = found.barrier, found.gain
    return {"barrier": barrier, "gain": gain}
