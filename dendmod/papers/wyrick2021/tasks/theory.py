"""Barriers and effective gains of the two-cluster network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dendmod.clustered.meanfield_models import perturbed, two_cluster_field
from dendmod.clustered.perturbation import NONE
from dendmod.clustered.potential import effective_potential
from dendmod.errors import EngineError


def potentials(conditions: Sequence[Sequence[Any]], external_I: str) -> dict[str, np.ndarray]:
    """Return barrier and gain under each condition: kind, size and, maybe, reading."""
    field = two_cluster_field(external_I=external_I)
    barrier, gain = np.full((2, len(conditions)), np.nan)
    for k, (kind, *how) in enumerate(conditions):
        try:
            found = effective_potential(field if kind == NONE else perturbed(field, kind, *how))
        except EngineError:
            continue
        barrier[k], gain[k] = found.barrier, found.gain
    return {"barrier": barrier, "gain": gain}
