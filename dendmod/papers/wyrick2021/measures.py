"""What networks gave under each condition: one value a network, and statistics over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.clustered.decoding import latency_difference
from dendmod.clustered.gain import gain_difference, gain_ratio
from dendmod.clustered.spec import ClusteredNetwork
from dendmod.papers.wyrick2021.conditions import UNPERTURBED, Condition, Results, Scale
from dendmod.rng import stream
from dendmod.study.claims import NOT_RESOLVED, Judged, same, share
from dendmod.sweep.outcome import Arrays

Array = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.int64]  # numbers of networks
Column = Callable[[Chosen], Sequence[float]]  # the mean over networks under each condition

TABLE1 = ClusteredNetwork()
EXPLAINED = 0.5  # ours: what explains less of the variance does not predict


def spread(values: Any) -> dict[str, Any]:
    """Return mean, SD over networks (n - 1) and all values; what is NaN does not count."""
    values = np.asarray(values, float)
    return {"mean": mean_of(values), "sd": sd_of(values), "networks": values}


def mean_of(values: Array) -> float:
    """Return the mean of what is finite, NaN if nothing is."""
    good = values[np.isfinite(values)]
    return float(good.mean()) if good.size else float("nan")


def sd_of(values: Array) -> float:
    """Return the SD (n - 1) of what is finite, NaN below two values."""
    good = values[np.isfinite(values)]
    return float(good.std(ddof=1)) if good.size > 1 else float("nan")


@dataclass(frozen=True)
class Ongoing:
    """Ongoing activity under one condition.

    Parameters
    ----------
    timescale_ms, pause_ms
        Mean length of an activation of a cluster, and of a pause [networks].
    gain_change, gain_ratio
        Mean gain of the E neurons less that without a perturbation (spikes/s), and over it, by the
        authors' definition [networks].
    fine_gain_change, fine_gain_ratio
        The same by ours: finer bins, faster neurons, maxima from the largest rate on [networks].
    active_clusters
        Mean number of active clusters [networks].
    rate_E, rate_I
        Mean rates [networks] (spikes/s).
    occupancy
        Fraction of time with k active clusters [networks, clusters + 1].
    """

    timescale_ms: Array
    pause_ms: Array
    gain_change: Array
    gain_ratio: Array
    fine_gain_change: Array
    fine_gain_ratio: Array
    active_clusters: Array
    rate_E: Array
    rate_I: Array
    occupancy: Array

    def describe(self) -> dict[str, Any]:
        """Return what summary.json says."""
        return {
            "timescale_ms": mean_of(self.timescale_ms),
            "gain_change_Hz": mean_of(self.gain_change),
            "gain_ratio": mean_of(self.gain_ratio),
            "fine_gain_ratio": mean_of(self.fine_gain_ratio),
            "active_clusters": mean_of(self.active_clusters),
            "rates_Hz": {"E": mean_of(self.rate_E), "I": mean_of(self.rate_I)},
            "pause_ms": mean_of(self.pause_ms),
            "over_networks": {
                "timescale_ms": spread(self.timescale_ms),
                "gain_change_Hz": spread(self.gain_change),
                "gain_ratio": spread(self.gain_ratio),
                "active_clusters": spread(self.active_clusters),
            },
        }


@dataclass(frozen=True)
class Evoked:
    """Responses to stimuli under one condition, and how well they are decoded.

    Parameters
    ----------
    t
        Ends of the windows (s).
    accuracy, reference
        Decoding accuracy, and that without a perturbation [networks, windows].
    latency_s, latency_mean_s
        When the accuracy gets above the percentile of the shuffles, and above the interval of
        their mean [networks].
    first_s, first_mean_s
        The same where it may do so before the stimulus [networks].
    activation_s, activation_change_s
        Latency of the selective clusters, and its change [networks].
    never_active
        Fraction of the selective clusters that stayed silent [networks].
    response_difference_Hz
        Peak response of selective neurons less that of others [networks].
    selectivity, selectivity_peak
        d' of the whole second of the stimulus, and the largest of windows of 0.2 s [networks].
    """

    t: Array
    accuracy: Array
    reference: Array
    latency_s: Array
    latency_mean_s: Array
    first_s: Array
    first_mean_s: Array
    activation_s: Array
    activation_change_s: Array
    never_active: Array
    response_difference_Hz: Array
    selectivity: Array
    selectivity_peak: Array

    def latency_change_s(self, networks: Chosen | slice = slice(None)) -> float:
        """Return how much later the accuracy averaged over networks rises from 40 to 80 %."""
        before, after = self.reference[networks], self.accuracy[networks]
        return latency_difference(self.t, before.mean(axis=0), after.mean(axis=0))

    @property
    def latency_changes_s(self) -> Array:
        """The same of each network's own accuracy [networks]."""
        pairs = zip(self.reference, self.accuracy, strict=True)
        return np.array([latency_difference(self.t, before, after) for before, after in pairs])

    def describe(self) -> dict[str, Any]:
        """Return what summary.json says."""
        return {
            "latency_change_s": self.latency_change_s(),
            "activation_change_s": mean_of(self.activation_change_s),
            "latency_s": mean_of(self.latency_s),
            "accuracy_at_1s": float(self.accuracy.mean(axis=0)[-1]),
            "response_difference_Hz": mean_of(self.response_difference_Hz),
            "selectivity": mean_of(self.selectivity),
            "selectivity_peak": mean_of(self.selectivity_peak),
            "over_networks": {
                "latency_change_s": spread(self.latency_changes_s),
                "activation_s": spread(self.activation_s),
                "never_active": spread(self.never_active),
            },
        }


@dataclass(frozen=True)
class Responses:
    """Fractions of E and I neurons that a transient perturbation excites or inhibits.

    Parameters
    ----------
    excited, inhibited
        [networks, 2], E before I.
    """

    excited: Array
    inhibited: Array

    def describe(self) -> dict[str, float]:
        """Return what summary.json says."""
        return {
            f"{what}_{population}": mean_of(values[:, k])
            for what, values in (("excited", self.excited), ("inhibited", self.inhibited))
            for k, population in enumerate("EI")
        }


def ongoing_table(results: Results) -> dict[Condition, Ongoing]:
    """Return ongoing activity under every condition; one of them is no perturbation."""
    base = results[UNPERTURBED]
    return {
        condition: Ongoing(
            timescale_ms=1e3 * _first(rows, "timescale"),
            pause_ms=1e3 * _first(rows, "pause"),
            gain_change=_gains(gain_difference, base, rows, "gain"),
            gain_ratio=_gains(gain_ratio, base, rows, "gain"),
            fine_gain_change=_gains(gain_difference, base, rows, "gain_fine"),
            fine_gain_ratio=_gains(gain_ratio, base, rows, "gain_fine"),
            active_clusters=np.array([_mean_number(r["occupancy"]) for r in rows]),
            rate_E=rates(rows)[0],
            rate_I=rates(rows)[1],
            occupancy=np.array([r["occupancy"] for r in rows]),
        )
        for condition, rows in results.items()
    }


def evoked_table(results: Results) -> dict[Condition, Evoked]:
    """Return evoked activity under every condition; one of them is no perturbation."""
    base = results[UNPERTURBED]
    return {
        condition: Evoked(
            t=base[0]["t"],
            accuracy=np.array([r["accuracy"] for r in rows]),
            reference=np.array([r["accuracy"] for r in base]),
            latency_s=_first(rows, "latency"),
            latency_mean_s=_first(rows, "latency_mean"),
            first_s=_first(rows, "first"),
            first_mean_s=_first(rows, "first_mean"),
            activation_s=_first(rows, "activation"),
            activation_change_s=_first(rows, "activation") - _first(base, "activation"),
            never_active=_first(rows, "never_active"),
            response_difference_Hz=_first(rows, "response_selective")
            - _first(rows, "response_other"),
            selectivity=_first(rows, "selectivity"),
            selectivity_peak=_first(rows, "selectivity_peak"),
        )
        for condition, rows in results.items()
    }


def response_table(results: Results) -> dict[Condition, Responses]:
    """Return responses of single cells under every perturbation."""
    return {
        condition: Responses(*(np.array([r[k] for r in rows]) for k in ("excited", "inhibited")))
        for condition, rows in results.items()
    }


def _first(rows: Sequence[Arrays], name: str) -> Array:
    """Return a number of each network, of several the first [networks]."""
    return np.array([float(np.ravel(r[name])[0]) for r in rows])


def _mean_number(occupancy: Array) -> float:
    return float(occupancy @ np.arange(occupancy.size))


def _gains(
    compare: Callable[[Array, Array], tuple[float, int]],
    before: Sequence[Arrays],
    after: Sequence[Arrays],
    name: str,
) -> Array:
    """Return how the gain of each network compares [networks]."""
    pairs = zip(before, after, strict=True)
    return np.array([compare(a[name], b[name])[0] for a, b in pairs])


def rates(rows: Sequence[Arrays]) -> tuple[Array, Array]:
    """Return the mean rates of E and of I neurons of each network (spikes/s)."""
    rate = np.array([r["rate"] for r in rows])
    return rate[:, : TABLE1.n_E].mean(axis=1), rate[:, TABLE1.n_E :].mean(axis=1)


def describe(table: Mapping[Condition, Any]) -> dict[Condition, dict[str, Any]]:
    """Return what summary.json says of each condition."""
    return {condition: entry.describe() for condition, entry in table.items()}


def column(
    table: Mapping[Condition, Any], name: str, conditions: Iterable[Condition] | None = None
) -> Column:
    """Return what gives the mean of a quantity over networks under each condition."""
    entries = [table[c] for c in (table if conditions is None else conditions)]
    if name == "latency_change_s":
        return lambda networks: [entry.latency_change_s(networks) for entry in entries]
    return lambda networks: [mean_of(getattr(entry, name)[networks]) for entry in entries]


def r_squared(x: Any, y: Any) -> float | None:
    """Return R² of a linear regression over the pairs that are finite, None below 3 pairs."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    good = np.isfinite(x) & np.isfinite(y)
    if good.sum() < 3 or np.ptp(x[good]) == 0 or np.ptp(y[good]) == 0:
        return None
    return float(np.corrcoef(x[good], y[good])[0, 1] ** 2)


def same_as(values: Array, reported: float) -> Judged:
    """Judge that a quantity of networks is the paper's; its ratio to that counts, where finite."""
    good = values[np.isfinite(values)]
    if good.size < 2:
        return Judged(NOT_RESOLVED, {"why": "fewer than two networks have a value"})
    return same(good / reported)


@dataclass(frozen=True)
class Relation:
    """Two quantities over conditions, each a mean over networks."""

    x: Column
    y: Column
    networks: int

    @property
    def r2(self) -> float | None:
        """R² over conditions, None where it is not defined."""
        every = np.arange(self.networks)
        return r_squared(self.x(every), self.y(every))

    def judge(self, scale: Scale, *, predicts: bool = True) -> Judged:
        """Judge whether x predicts y, by R² of networks that are drawn again and again."""
        if self.r2 is None or self.networks < 2:
            return Judged(NOT_RESOLVED, {"why": "R² is not defined, or of one network alone"})
        rng = stream(scale.seed, "bootstrap")
        drawn = rng.integers(self.networks, size=(scale.bootstraps, self.networks))
        r2 = np.array([r_squared(self.x(draw), self.y(draw)) for draw in drawn], float)
        agree = r2 > EXPLAINED if predicts else r2 < EXPLAINED
        return share(agree).with_figures(r2=self.r2, bound=EXPLAINED)
