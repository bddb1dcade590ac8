"""What the figures share: numbers of each condition, and the head of summary.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.clustered.decoding import latency_difference
from dendmod.clustered.gain import gain_ratio
from dendmod.clustered.perturbation import NONE
from dendmod.clustered.spec import ClusteredNetwork
from dendmod.papers.wyrick2021.study import Condition, Results, Study, r_squared, spread
from dendmod.params import wyrick2021

UNPERTURBED: Condition = (NONE, 0.0)


@dataclass(frozen=True)
class Job:
    """One figure to make: where it goes, and the study that it takes results from."""

    out: Path
    study: Study


def head(name: str, study: Study) -> dict[str, Any]:
    """Return what every summary begins with."""
    from dendmod import __version__

    scale = study.scale
    return {
        "schema": f"dendmod/clustered-{name}/1",
        "seed": study.seed,
        "networks": scale.networks,
        "trials": {"ongoing": scale.ongoing, "evoked_per_stimulus": scale.evoked},
        "versions": {"dendmod": __version__, "numpy": version("numpy")},
    }


def column(results: Results, condition: Condition, name: str) -> np.ndarray:
    """Return a number of each network under a condition [networks]."""
    return np.array([float(np.ravel(r[name])[0]) for r in results[condition]])


def gain_ratios(results: Results, condition: Condition) -> np.ndarray:
    """Return the gain ratio of each network under a condition [networks]."""
    pairs = zip(results[UNPERTURBED], results[condition], strict=True)
    return np.array([gain_ratio(a["gain"], b["gain"])[0] for a, b in pairs])


def active_clusters(results: Results, condition: Condition) -> np.ndarray:
    """Return the mean number of active clusters of each network [networks]."""
    return np.array(
        [float(r["together"] @ np.arange(r["together"].size)) for r in results[condition]]
    )


def rates(results: Results, condition: Condition) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean rates of E and I neurons of each network (spikes/s)."""
    n_e = ClusteredNetwork().n_E
    rate = np.array([r["rate"] for r in results[condition]])
    return rate[:, :n_e].mean(axis=1), rate[:, n_e:].mean(axis=1)


def ongoing_table(results: Results) -> dict[Condition, dict[str, Any]]:
    """Return timescale, gain, active clusters and rates of every condition over networks."""
    table: dict[Condition, dict[str, Any]] = {}
    for condition in results:
        e_rate, i_rate = rates(results, condition)
        timescale = 1e3 * column(results, condition, "timescale")
        active = active_clusters(results, condition)
        table[condition] = {
            "timescale_ms": _mean(timescale),
            "gain_ratio": _mean(gain_ratios(results, condition)),
            "active_clusters": _mean(active),
            "rates_Hz": {"E": _mean(e_rate), "I": _mean(i_rate)},
            "pause_ms": _mean(1e3 * column(results, condition, "pause")),
            "over_networks": {
                "timescale_ms": spread(timescale),
                "gain_ratio": spread(gain_ratios(results, condition)),
                "active_clusters": spread(active),
            },
        }
    return table


def metastable(entry: Mapping[str, Any]) -> bool:
    """Say whether a condition lies in the range that was stated beforehand."""
    low, high = wyrick2021.METASTABLE_ACTIVE
    return low <= entry["active_clusters"] <= high * ClusteredNetwork().n_clusters


def mean_curve(results: Results, condition: Condition, name: str = "accuracy") -> np.ndarray:
    """Return a curve averaged over networks [windows]."""
    return np.mean([r[name] for r in results[condition]], axis=0)


def latency_differences(results: Results, condition: Condition) -> tuple[float, np.ndarray]:
    """Return the 40-80 % latency difference of the averaged curves, and of each network's (s)."""
    before, after = results[UNPERTURBED], results[condition]
    t = before[0]["t"]
    own = [
        latency_difference(t, a["accuracy"], b["accuracy"])
        for a, b in zip(before, after, strict=True)
    ]
    whole = latency_difference(t, mean_curve(results, UNPERTURBED), mean_curve(results, condition))
    return whole, np.array(own)


def by_kind(values: Mapping[Condition, Any]) -> dict[str, dict[str, Any]]:
    """Return values by perturbation and size, as summary.json has them."""
    out: dict[str, dict[str, Any]] = {}
    for (kind, size), value in values.items():
        if kind != NONE:
            out.setdefault(kind, {})[f"{size:g}"] = value
    return out


def regression(
    table: Mapping[Condition, Mapping[str, Any]],
    x: str,
    y: str,
    some: Sequence[Condition] | None = None,
) -> float | None:
    """Return R^2 between two columns over conditions."""
    rows = [table[c] for c in (some if some is not None else table)]
    return r_squared(
        [np.nan if r[x] is None else r[x] for r in rows],
        [np.nan if r[y] is None else r[y] for r in rows],
    )


def _mean(values: np.ndarray) -> float | None:
    return spread(values)["mean"]
