"""Barriers and effective gains of the two-cluster network under all perturbations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dendmod.clustered.meanfield_models import perturbed, two_cluster_field
from dendmod.clustered.perturbation import NONE
from dendmod.clustered.potential import effective_potential
from dendmod.clustered.study import Condition
from dendmod.errors import EngineError


def barriers(
    conditions: Sequence[Condition], external_I: str = "printed"
) -> dict[Condition, dict[str, Any]]:
    """Return barrier and gain of each condition; NaN where the two attractors are lost.

    Parameters
    ----------
    conditions
        (kind, size) of each.
    external_I
        As in `two_cluster_field`.
    """
    field = two_cluster_field(external_I=external_I)
    out: dict[Condition, dict[str, Any]] = {}
    for kind, size in conditions:
        try:
            found = effective_potential(field if kind == NONE else perturbed(field, kind, size))
        except EngineError:
            out[kind, size] = {"barrier": np.nan, "gain": np.nan}
            continue
        out[kind, size] = {"barrier": found.barrier, "gain": found.gain}
    return out
