"""The mean fields: without clusters, of all clusters, and of two clusters (Table 2)."""

from __future__ import annotations

import numpy as np

from dendmod.clustered.meanfield import MeanField
from dendmod.clustered.readings import READINGS
from dendmod.clustered.spec import ClusteredNetwork
from dendmod.errors import SpecError
from dendmod.params import wyrick2021

# Populations of the two-cluster network, Eqs 1.1 and 1.2.
TWO_CLUSTER_NAMES = ("E1", "E2", "background", "I")


def homogeneous_field(spec: ClusteredNetwork | None = None) -> MeanField:
    """Return the mean field of E and I neurons without clusters.

    Parameters
    ----------
    spec
        The network; its factors J+ and J- are not used.
    """
    spec = spec or ClusteredNetwork()
    return _field(spec, ("E", "I"), "EI", np.array([1.0, 1.0]), np.ones((2, 2)))


def clustered_field(spec: ClusteredNetwork | None = None) -> MeanField:
    """Return the mean field of a network with p clusters of one size, as it is simulated.

    Populations: E clusters, E background, I clusters, I background. Pairs with a background neuron
    have the factor 1.
    """
    spec = spec or ClusteredNetwork()
    p, f = spec.n_clusters, spec.cluster_fraction
    share = np.array([f] * p + [1 - p * f])
    label = np.array([*range(p), -1])
    names = tuple(f"{a}{k + 1}" if k >= 0 else f"{a} background" for a in "EI" for k in label)

    def block(post: str, pre: str) -> np.ndarray:
        plus, minus = spec.factors(post, pre)
        factor = np.where(label[:, None] == label[None, :], plus, max(minus, 0.0))
        factor[(label[:, None] < 0) | (label[None, :] < 0)] = 1.0
        return factor

    factor = np.block([[block(post, pre) for pre in "EI"] for post in "EI"])
    kinds = "E" * (p + 1) + "I" * (p + 1)
    return _field(spec, names, kinds, np.tile(share, 2), factor)


def two_cluster_spec() -> ClusteredNetwork:
    """Return the network of Table 2: two E clusters, I neurons without clusters."""
    changes = dict(wyrick2021.TWO_CLUSTERS)
    probe = ClusteredNetwork()
    size = round(probe.n_E * (1 - changes["fraction_background"]) / 2)
    changes |= {"mean_cluster_size": size, "cluster_size_cv": 0.0}
    changes |= {"J_plus_II": 1.0, "g_EI": 1.0, "g_IE": 1.0}
    return probe.with_(**changes)


def two_cluster_field(
    spec: ClusteredNetwork | None = None, *, external_I: str = "printed"
) -> MeanField:
    """Return the mean field of Eqs 1.1 and 1.2 for two clusters.

    Here J- applies to the background too, as the equations say, and it is negative with Table 2.

    Parameters
    ----------
    spec
        The network, Table 2's if left out.
    external_I
        Inputs that drive the I neurons: ``"printed"``, n_I N p_II as in Eq 1.1, or
        ``"simulated"``, n_E N p_EE as in the simulations.
    """
    spec = spec or two_cluster_spec()
    if spec.n_clusters != 2:
        raise SpecError(f"a two-cluster mean field was asked of {spec.n_clusters} clusters")
    if external_I not in ("printed", "simulated"):
        raise SpecError(f"external_I = {external_I!r}; give 'printed' or 'simulated'")
    f = spec.cluster_fraction
    plus, minus = spec.factors("E", "E")
    factor = np.ones((4, 4))
    factor[:3, :3] = minus
    factor[0, 0] = factor[1, 1] = plus
    field = _field(spec, TWO_CLUSTER_NAMES, "EEEI", np.array([f, f, 1 - 2 * f, 1.0]), factor)
    if external_I == "printed":
        external = field.external.copy()
        external[3] *= spec.n_I * spec.p_II / (spec.n_E * spec.p_EE)
        field = field.with_(external=external, baseline=external)
    return field


def perturbed(field: MeanField, kind: str, size: float, reading: str = "recurrent") -> MeanField:
    """Return a mean field under one of the six perturbations.

    Parameters
    ----------
    field
        Without the perturbation; names of its I populations start with I.
    kind, size
        As in `dendmod.clustered.Perturbation`.
    reading
        What dAMPA and dGABA change, one of `dendmod.clustered.readings` that is `in_theory`. A
        weight that an addition would take below 0 is not held there, as it is in simulations.
    """
    known = {name: how for name, how in READINGS.items() if how.in_theory}
    if reading not in known:
        raise SpecError(f"reading {reading!r}; the theory has {', '.join(known)}")
    how = known[reading]
    inhibitory = np.array([name.startswith("I") for name in field.names])
    if kind in ("dmean_E", "dmean_I"):
        hit = inhibitory if kind == "dmean_I" else ~inhibitory
        return field.with_(external=field.external + size * hit * field.baseline)
    if kind in ("dvar_E", "dvar_I"):
        hit = inhibitory if kind == "dvar_I" else ~inhibitory
        return field.with_(spread=np.where(hit, size, field.spread))
    if kind in ("dAMPA", "dGABA"):
        onto = np.where(inhibitory, "I" in how.onto, "E" in how.onto)
        z = size * (onto[:, None] & (inhibitory == (kind == "dGABA")))
        mean, square, unit = field.mean_weights, field.square_weights, field.weights
        afferent = kind == "dAMPA" and how.baseline
        return field.with_(
            mean_weights=mean + z * (field.inputs * unit if how.added else mean),
            square_weights=square + 2 * z * unit * mean + z**2 * field.inputs * unit**2
            if how.added
            else square * (1 + z) ** 2,
            external=field.external + size * afferent * field.baseline,
        )
    raise SpecError(
        f"there is no perturbation {kind!r}; choose from {', '.join(wyrick2021.RANGES)}"
    )


def _field(
    spec: ClusteredNetwork,
    names: tuple[str, ...],
    kinds: str,
    share: np.ndarray,
    factor: np.ndarray,
) -> MeanField:
    """Return the field of populations of some kinds.

    Parameters
    ----------
    share
        Part of the E or I neurons that each population has.
    factor
        Factors of the weights [post, pre].
    """
    if spec.baseline_jitter_E or spec.baseline_jitter_I:
        raise SpecError(
            "the mean field has no jitter of the baseline drive: take baseline_jitter_E and "
            "baseline_jitter_I away, or use dvar, its Gaussian counterpart"
        )
    number = share * np.array([spec.n_E if k == "E" else spec.n_I for k in kinds])
    inputs = np.array([[spec.probability(a, b) for b in kinds] for a in kinds]) * number
    weights = np.array([[spec.weight(a, b) for b in kinds] for a in kinds])
    external = np.array([spec.external(k) for k in kinds])
    return MeanField(
        names=names,
        mean_weights=inputs * weights * factor,
        square_weights=inputs * (weights * factor) ** 2 * (1 + spec.weight_cv**2),
        inputs=inputs,
        weights=weights,
        external=external,
        threshold=np.array([spec.threshold(k) for k in kinds]),
        spread=np.zeros(len(kinds)),
        baseline=external,
        v_reset=spec.v_reset,
        tau_m=spec.tau_m,
        tau_s=spec.tau_s,
        t_refractory=spec.t_refractory,
    )
