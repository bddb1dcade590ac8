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
    number = np.array([spec.n_E, spec.n_I])
    mean = np.array([[spec.probability(a, b) * spec.weight(a, b) for b in "EI"] for a in "EI"])
    square = np.array(
        [[spec.weight(a, b) ** 2 * spec.probability(a, b) for b in "EI"] for a in "EI"]
    )
    return _field(spec, ("E", "I"), "EI", mean * number, square * number)


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
    rows_mean, rows_square = [], []
    for post in "EI":
        mean_blocks, square_blocks = [], []
        for pre in "EI":
            plus, minus = spec.factors(post, pre)
            factor = np.where(label[:, None] == label[None, :], plus, max(minus, 0.0))
            factor[(label[:, None] < 0) | (label[None, :] < 0)] = 1.0
            number = share * (spec.n_E if pre == "E" else spec.n_I)
            per = spec.probability(post, pre) * number
            mean_blocks.append(per * spec.weight(post, pre) * factor)
            square_blocks.append(per * (spec.weight(post, pre) * factor) ** 2)
        rows_mean.append(np.hstack(mean_blocks))
        rows_square.append(np.hstack(square_blocks))
    kinds = "E" * (p + 1) + "I" * (p + 1)
    return _field(spec, names, kinds, np.vstack(rows_mean), np.vstack(rows_square))


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
    share = np.array([f, f, 1 - 2 * f])
    factor = np.full((3, 3), minus)
    factor[0, 0] = factor[1, 1] = plus
    ones = np.ones((1, 3))

    def rows(power: int) -> np.ndarray:
        def k(post: str, pre: str) -> float:
            number = spec.n_E if pre == "E" else spec.n_I
            return number * spec.probability(post, pre) * spec.weight(post, pre) ** power

        onto_E = np.hstack([k("E", "E") * factor**power * share, np.full((3, 1), k("E", "I"))])
        onto_I = np.hstack([k("I", "E") * ones * share, [[k("I", "I")]]])
        return np.vstack([onto_E, onto_I])

    field = _field(spec, TWO_CLUSTER_NAMES, "EEEI", rows(1), rows(2))
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
        What dAMPA and dGABA scale, one of `dendmod.clustered.readings` that is `in_theory`.
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
        scale = np.where(onto[:, None] & (inhibitory == (kind == "dGABA")), 1 + size, 1.0)
        afferent = kind == "dAMPA" and how.baseline
        return field.with_(
            mean_weights=field.mean_weights * scale,
            square_weights=field.square_weights * scale**2,
            external=field.external + size * afferent * field.baseline,
        )
    raise SpecError(
        f"there is no perturbation {kind!r}; choose from {', '.join(wyrick2021.RANGES)}"
    )


def _field(
    spec: ClusteredNetwork,
    names: tuple[str, ...],
    kinds: str,
    mean: np.ndarray,
    square: np.ndarray,
) -> MeanField:
    external = np.array([spec.external(k) for k in kinds])
    return MeanField(
        names=names,
        mean_weights=mean,
        square_weights=square * (1 + spec.weight_cv**2),
        external=external,
        threshold=np.array([spec.threshold(k) for k in kinds]),
        spread=np.zeros(len(kinds)),
        baseline=external,
        v_reset=spec.v_reset,
        tau_m=spec.tau_m,
        tau_s=spec.tau_s,
        t_refractory=spec.t_refractory,
    )
