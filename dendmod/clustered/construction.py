"""Draw a clustered network: cluster sizes, connections and weights, keyed by the seed."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import sparse

from dendmod.clustered.spec import POPULATIONS, ClusteredNetwork
from dendmod.errors import SpecError
from dendmod.rng import stream

BACKGROUND = -1
_MAX_DRAWS = 1_000_000


@dataclass(frozen=True)
class Network:
    """A drawn network; E neurons come first, each population cluster by cluster.

    Parameters
    ----------
    spec, seed
        What it was drawn from.
    weights
        Sparse [post, pre] (mV).
    thresholds
        [neurons] (mV).
    mu
        Baseline drive [neurons] (mV/s).
    cluster
        Cluster of each neuron, -1 for the background [neurons].
    excitatory
        Which neurons are E [neurons].
    """

    spec: ClusteredNetwork
    seed: int
    weights: sparse.csc_array
    thresholds: np.ndarray
    mu: np.ndarray
    cluster: np.ndarray
    excitatory: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """Numbers of E neurons in the clusters."""
        clustered = self.cluster[self.excitatory]
        return np.bincount(clustered[clustered >= 0], minlength=self.spec.n_clusters)

    def members(self, cluster: int, population: str = "E") -> np.ndarray:
        """Return the neurons of a cluster."""
        own = self.excitatory if population == "E" else ~self.excitatory
        return np.flatnonzero(own & (self.cluster == cluster))


def build_network(spec: ClusteredNetwork, seed: int) -> Network:
    """Draw a network.

    Connections are Bernoulli, weights Gaussian about j / sqrt(N) with SD `weight_cv` of it and
    clipped at 0 so that they keep their sign; nobody connects to itself.

    Parameters
    ----------
    spec
        The network.
    seed
        Seed of this realisation; the same seed gives the same network.

    References
    ----------
    Wyrick & Mazzucato 2021, Architecture.
    """
    sizes = cluster_sizes(spec, seed)
    i_sizes = np.full(spec.n_clusters, spec.I_cluster_size)
    cluster = {
        "E": _labels(sizes, spec.n_E),
        "I": _labels(i_sizes, spec.n_I),
    }
    rows = []
    for post in POPULATIONS:
        blocks = []
        for pre in POPULATIONS:
            factor = _factors(spec, post, pre, cluster, sizes)
            blocks.append(_block(spec, post, pre, factor, seed))
        rows.append(np.hstack(blocks))
    excitatory = np.arange(spec.n_neurons) < spec.n_E
    return Network(
        spec=spec,
        seed=seed,
        weights=sparse.csc_array(np.vstack(rows)),
        thresholds=np.where(excitatory, spec.threshold_E, spec.threshold_I),
        mu=_baseline(spec, excitatory, seed),
        cluster=np.concatenate([cluster["E"], cluster["I"]]),
        excitatory=excitatory,
    )


def _baseline(spec: ClusteredNetwork, excitatory: np.ndarray, seed: int) -> np.ndarray:
    """Return the baseline drive of each neuron (mV/s)."""
    mu = np.where(excitatory, spec.external("E"), spec.external("I"))
    jitter = np.where(excitatory, spec.baseline_jitter_E, spec.baseline_jitter_I)
    if not jitter.any():
        return mu
    return mu * (1 + jitter * stream(seed, "baseline").uniform(-1, 1, mu.size))


def cluster_sizes(spec: ClusteredNetwork, seed: int) -> np.ndarray:
    """Draw the sizes of the E clusters: Gaussian, redrawn until they sum to the clustered E."""
    p, total = spec.n_clusters, spec.n_clustered_E
    if spec.cluster_size_cv == 0:
        sizes = np.full(p, total // p)
        sizes[: total - sizes.sum()] += 1
        return sizes
    rng = stream(seed, "cluster sizes")
    mean = spec.mean_cluster_size
    for _ in range(_MAX_DRAWS):
        sizes = np.rint(rng.normal(mean, spec.cluster_size_cv * mean, p)).astype(int)
        if sizes.sum() == total and sizes.min() > 0:
            return sizes
    raise SpecError(
        f"{p} clusters of {mean} on average never summed to {total} in {_MAX_DRAWS} draws; change "
        "mean_cluster_size or fraction_background"
    )


def _labels(sizes: np.ndarray, n: int) -> np.ndarray:
    labels = np.full(n, BACKGROUND)
    labels[: sizes.sum()] = np.repeat(np.arange(sizes.size), sizes)
    return labels


def _factors(
    spec: ClusteredNetwork,
    post: str,
    pre: str,
    cluster: dict[str, np.ndarray],
    sizes: np.ndarray,
) -> np.ndarray:
    """Return the factors [post, pre]; 1 (or J-) where either neuron belongs to the background."""
    plus, minus = spec.factors(post, pre)
    a, b = cluster[post][:, None], cluster[pre][None, :]
    within = np.full(spec.n_clusters, plus)
    if post == pre == "E":
        within *= sizes.mean() / sizes
    same = np.where(a == b, within[np.maximum(a, 0)], minus)
    with_background = minus if spec.background_depressed else 1.0
    return np.where((a == BACKGROUND) | (b == BACKGROUND), with_background, same)


def _block(
    spec: ClusteredNetwork, post: str, pre: str, factor: np.ndarray, seed: int
) -> np.ndarray:
    rng = stream(seed, "weights", post, pre)
    connected = rng.random(factor.shape) < spec.probability(post, pre)
    if post == pre:
        np.fill_diagonal(connected, False)
    size = 1 + spec.weight_cv * rng.standard_normal(factor.shape)
    magnitude = np.maximum(size, 0.0) * getattr(spec, f"j_{post}{pre}") / sqrt(spec.n_neurons)
    return np.where(connected, (1 if pre == "E" else -1) * magnitude * factor, 0.0)
