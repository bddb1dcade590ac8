"""Barriers and effective gains of the two-cluster network under all perturbations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dendmod.clustered.meanfield_models import perturbed, two_cluster_field
from dendmod.clustered.perturbation import NONE
from dendmod.clustered.potential import effective_potential
from dendmod.clustered.study import Condition, Study
from dendmod.errors import EngineError
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
    task = Task(key, "dendmod.clustered.figures.theory:potentials", payload)
    found = study.run_tasks([task])[key]
    pairs = zip(found["barrier"], found["gain"], strict=True)
    return {
        c: {"barrier": float(b), "gain": float(g)}
        for c, (b, g) in zip(conditions, pairs, strict=True)
    }


def potentials(conditions: Sequence[tuple[str, float]], external_I: str) -> dict[str, np.ndarray]:
    """Return barrier and gain under each condition (a task of a sweep)."""
    field = two_cluster_field(external_I=external_I)
    barrier, gain = np.full((2, len(conditions)), np.nan)
    for k, (kind, size) in enumerate(conditions):
        try:
            found = effective_potential(field if kind == NONE else perturbed(field, kind, size))
        except EngineError:
            continue
        barrier[k], gain[k] = found.barrier, found.gain
    return {"barrier": barrier, "gain": gain}
