"""Ensembles of cells, as an experiment would record them from a network."""

from __future__ import annotations

import numpy as np

from dendmod.clustered.construction import Network
from dendmod.errors import SpecError
from dendmod.rng import stream

_SILENT = 2.0  # spikes/s, of the authors' code (LIF2_PreProcess)


def draw_ensemble(
    network: Network,
    rates: np.ndarray,
    size: int,
    *,
    per_cluster: bool = False,
    min_rate: float = _SILENT,
    seed: int = 0,
) -> np.ndarray:
    """Return neurons of an ensemble, drawn from the clustered E neurons that are not silent.

    Parameters
    ----------
    network
        The network.
    rates
        Mean rate of each neuron [neurons] (spikes/s).
    size
        How many; with `per_cluster` of each cluster. Clusters with fewer neurons that fire are left
        out then.
    per_cluster
        Draw as many of each cluster, in place of from all of them.
    min_rate
        A neuron is silent up to this rate (spikes/s).
    seed
        Which ensemble.

    Raises
    ------
    SpecError
        If rates do not fit, or there are too few neurons that fire.
    """
    rates = np.asarray(rates, float)
    if rates.shape != network.mu.shape:
        raise SpecError(f"rates of shape {rates.shape}; give one for each of {network.mu.size}")
    if size < 1:
        raise SpecError(f"size = {size}; give 1 or more")
    fires = network.excitatory & (network.cluster >= 0) & (rates > min_rate)
    rng = stream(network.seed, "ensemble", seed)
    if not per_cluster:
        able = np.flatnonzero(fires)
        if able.size < size:
            raise SpecError(
                f"{able.size} clustered E neurons fire above {min_rate:g} spikes/s, fewer than "
                f"the {size} asked for; lower size or min_rate"
            )
        return np.sort(rng.choice(able, size, replace=False))
    chosen = []
    for cluster in range(network.spec.n_clusters):
        able = np.flatnonzero(fires & (network.cluster == cluster))
        order = rng.permutation(able)
        if able.size >= size:
            chosen.append(np.sort(order[:size]))
    if not chosen:
        raise SpecError(
            f"no cluster has {size} E neurons above {min_rate:g} spikes/s; lower size or min_rate"
        )
    return np.concatenate(chosen)
