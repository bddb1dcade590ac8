"""When clusters are active: rates, complete intervals, the cluster timescale, latencies."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from dendmod.clustered.construction import Network
from dendmod.clustered.trials import TrialSpikes
from dendmod.params import wyrick2021

_BIN_S = 1e-3


def cluster_rates(
    spikes: TrialSpikes, network: Network, smoothing_ms: float = wyrick2021.CLUSTER_SMOOTHING_MS
) -> np.ndarray:
    """Return the mean rate of the E neurons of each cluster [clusters, ms] (spikes/s).

    Parameters
    ----------
    spikes
        A trial; only its analysed part is returned, but smoothing sees what came before.
    network
        The network.
    smoothing_ms
        SD of the Gaussian kernel.
    """
    cluster = np.where(network.excitatory, network.cluster, -1)[spikes.ids]
    of_clusters = TrialSpikes(
        spikes.times[cluster >= 0], cluster[cluster >= 0], spikes.start, spikes.stop, spikes.start
    )
    counts = of_clusters.counts(network.spec.n_clusters, _BIN_S)
    rates = gaussian_filter1d(
        counts / (network.sizes[:, None] * _BIN_S), smoothing_ms * 1e-3 / _BIN_S, axis=1
    )
    return rates[:, round((spikes.analysed - spikes.start) / _BIN_S) :]


def complete_intervals(active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return length (in samples) and row of all intervals that begin and end within the data.

    Parameters
    ----------
    active
        [rows, samples], boolean.
    """
    edges = np.diff(active.astype(np.int8), axis=1)
    lengths, rows = [], []
    for row, edge in enumerate(edges):
        starts, ends = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
        if starts.size and ends.size:
            ends = ends[ends > starts[0]]
            lengths.append(ends - starts[: ends.size])
            rows.append(np.full(ends.size, row))
    if not lengths:
        return np.zeros(0, int), np.zeros(0, int)
    return np.concatenate(lengths), np.concatenate(rows)


def activations(
    spikes: TrialSpikes,
    network: Network,
    *,
    smoothing_ms: float = wyrick2021.CLUSTER_SMOOTHING_MS,
    threshold: float = wyrick2021.CLUSTER_THRESHOLD,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return durations of cluster activations, pauses between them (s), and how many are active.

    Parameters
    ----------
    spikes, network
        A trial.
    smoothing_ms, threshold
        A cluster is active where its smoothed rate is above the threshold (spikes/s).

    Returns
    -------
    tuple
        Complete durations (s), complete pauses of the same cluster (s), and the number of samples
        (ms) in which k clusters were active [clusters + 1].
    """
    active = cluster_rates(spikes, network, smoothing_ms) > threshold
    occupancy = np.bincount(active.sum(axis=0), minlength=network.spec.n_clusters + 1)
    return (
        complete_intervals(active)[0] * _BIN_S,
        complete_intervals(~active)[0] * _BIN_S,
        occupancy,
    )


def activation_latencies(
    spikes: TrialSpikes, network: Network, clusters: np.ndarray
) -> tuple[np.ndarray, int]:
    """Return when clusters first become active after the onset at 0 s.

    Clusters that are active at the onset are left out.

    Parameters
    ----------
    spikes, network
        A trial.
    clusters
        Numbers of the clusters.

    Returns
    -------
    tuple
        Latencies (s) of those that became active, and how many never did.
    """
    rates = cluster_rates(spikes, network)[clusters]
    after = rates[:, round(-spikes.analysed / _BIN_S) :] > wyrick2021.CLUSTER_THRESHOLD
    waiting = after[~after[:, 0]]
    reached = waiting.any(axis=1)
    return waiting[reached].argmax(axis=1) * _BIN_S, int((~reached).sum())
