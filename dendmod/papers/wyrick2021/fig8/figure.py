"""Figure 8 of Wyrick & Mazzucato 2021: running after firing rates were matched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture

from dendmod.clustered.decoding import latency_difference
from dendmod.papers.wyrick2021.conditions import NO_DATA, Scale, run_networks
from dendmod.papers.wyrick2021.fig8.plot import draw
from dendmod.papers.wyrick2021.measures import Array, spread
from dendmod.study.claims import Judged, higher, paired
from dendmod.study.figure import Figure, settings_of
from dendmod.sweep import Sweep

# The rules were written after results of earlier runs were known.
CLAIMS = {
    "acceleration_stays": "Running still makes decoding faster after rates were matched (Fig 8c)",
    "peak_change_shrinks": "Matching makes the change of the peak accuracy smaller (Fig 8d)",
}
_STATES = {"rest": "rest", "running": "run", "matched": "matched"}  # -> in the results


@dataclass(frozen=True)
class Measured:
    """Decoding at rest, while running, and while running with matched rates.

    Parameters
    ----------
    t
        Ends of the windows (s).
    accuracy
        In each state [networks, windows].
    rate
        In each state [networks, windows] (spikes/s a neuron).
    """

    t: Array
    accuracy: Mapping[str, Array]
    rate: Mapping[str, Array]

    def acceleration_ms(self, state: str) -> Array:
        """Return how much earlier the accuracy rises than at rest [networks]."""
        pairs = zip(self.accuracy["rest"], self.accuracy[state], strict=True)
        return -1e3 * np.array([latency_difference(self.t, *pair) for pair in pairs])

    def peak_change(self, state: str) -> Array:
        """Return how much higher the accuracy gets than at rest [networks]."""
        return self.accuracy[state].max(axis=1) - self.accuracy["rest"].max(axis=1)


def measure(scale: Scale, sweep: Sweep) -> Measured:
    """Decode after spikes were removed to match rest's population counts."""
    payload = {
        "size": scale.running_size, "trials": scale.evoked_trials, "shuffles": scale.shuffles,
    }  # fmt: skip
    name = f"matched dvar_E {scale.running_size:g}"
    rows = run_networks(scale, sweep, "decoding:matched", name, payload)
    accuracy, rate = (
        {state: np.array([r[f"{what}_{key}"] for r in rows]) for state, key in _STATES.items()}
        for what in ("accuracy", "rate")
    )
    return Measured(rows[0]["t"], accuracy, rate)


def judge(scale: Scale, found: Measured) -> dict[str, Judged]:
    """Return the verdict on each claim."""
    before, after = (np.abs(found.peak_change(state)) for state in ("running", "matched"))
    return {
        "acceleration_stays": higher(found.acceleration_ms("matched")),
        "peak_change_shrinks": higher(paired(before, after)),
    }


def summarise(scale: Scale, found: Measured) -> dict[str, Any]:
    """Return acceleration and change of the peak before and after matching."""
    rest = found.accuracy["rest"].mean(axis=0)

    def difference(state: str) -> dict[str, Any]:
        mean = found.accuracy[state].mean(axis=0)
        return {
            "acceleration_ms": {
                "mean_curve": -1e3 * latency_difference(found.t, rest, mean),
                **spread(found.acceleration_ms(state)),
            },
            "peak_change": spread(found.peak_change(state)),
        }

    return {
        **scale.describe(),
        "note": NO_DATA,
        "before_matching": difference("running"),
        "after_matching": difference("matched"),
        "rate_Hz": {
            key: np.mean([row.mean() for row in found.rate[state]])
            for state, key in _STATES.items()
        },
        "paper": {
            "says": "acceleration stays after matching, the change of the peak gets smaller",
        },
    }


def draw_panels(scale: Scale, found: Measured, summary: Mapping[str, Any]) -> dict[str, Picture]:
    """Draw accuracy, rates and acceleration before and after matching."""
    accelerations = {
        "before": found.acceleration_ms("running"),
        "after": found.acceleration_ms("matched"),
    }
    return {"fig8": draw(found.t, found.accuracy, found.rate, accelerations)}


FIGURE = Figure(settings_of(Scale), measure, summarise, draw_panels, CLAIMS, judge)
