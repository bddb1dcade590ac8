"""Figure 7 of Wyrick & Mazzucato 2021: rest and running, in the model and in recordings of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture
from pydantic import Field

from dendmod.papers.wyrick2021.conditions import (
    NO_DATA,
    UNPERTURBED,
    Condition,
    Scale,
    run_evoked,
    run_networks,
)
from dendmod.papers.wyrick2021.fig7.plot import Model, Recordings, draw
from dendmod.papers.wyrick2021.measures import Array, Evoked, evoked_table, same_as, spread
from dendmod.params.wyrick2021 import REPORTED
from dendmod.spec.base import Spec
from dendmod.study.claims import Judged, higher
from dendmod.study.figure import Figure, settings_of
from dendmod.sweep import Sweep
from dendmod.sweep.outcome import Arrays

# The rules were written after results of earlier runs were known.
CLAIMS = {
    "running_is_faster": "Running makes the decoding of stimuli faster in the model (Fig 7f)",
    "acceleration": "It is faster by 21 ms (Fig 7f)",
}


class Session(Spec):
    """The recording of a network: `dendmod.clustered.model_recording`, shuffles of the decoder."""

    ongoing_s: float = Field(gt=0)
    trials: int = Field(ge=1)
    units: int = Field(ge=1)
    shuffles: int = Field(ge=1)


class Settings(Scale):
    """Scale, and the recording of each network."""

    session: Session

    @property
    def running(self) -> Condition:
        """The condition that stands for running."""
        return ("dvar_E", self.running_size)


@dataclass(frozen=True)
class Measured:
    """Decoding at rest and while running; recordings with running, and as a null pair."""

    rest: Evoked
    running: Evoked
    recordings: dict[str, list[Arrays]]

    @property
    def accelerations_ms(self) -> Array:
        """How much earlier the accuracy rises while running [networks]."""
        return -1e3 * self.running.latency_changes_s

    def over_sessions(self, name: str) -> dict[str, Array]:
        """Return a quantity of each recording [networks], with running and as a null pair."""
        of = {
            "gain_ratio": lambda r: float(r["gain_ratio"]),
            "rate_ratio": lambda r: float(r["run_rate"].mean() / r["rest_rate"].mean()),
            "latency_change_ms": lambda r: 1e3 * float(r["latency_change"]),
            "peak_change": lambda r: float(r["run"].max() - r["rest"].max()),
        }[name]
        return {
            state: np.array([of(row) for row in rows]) for state, rows in self.recordings.items()
        }


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Decode E-I pair stimuli at rest and with dvar(E); record from the model."""
    table = evoked_table(
        run_evoked(settings, sweep, [UNPERTURBED, settings.running], stimulus="pair")
    )
    recordings = {
        state: run_networks(
            settings, sweep, "session:session", f"session dvar_E {size:g}",
            {"size": size, **settings.session.model_dump()},
        )
        for state, size in (("running", settings.running_size), ("null pair", 0.0))
    }  # fmt: skip
    return Measured(table[UNPERTURBED], table[settings.running], recordings)


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdict on each claim."""
    return {
        "running_is_faster": higher(found.accelerations_ms),
        "acceleration": same_as(found.accelerations_ms, REPORTED["running_acceleration_ms"][0]),
    }


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return the acceleration, and what recordings of the model give."""
    names = ("gain_ratio", "rate_ratio", "latency_change_ms", "peak_change")
    sessions = {name: found.over_sessions(name) for name in names}
    mean, sd = REPORTED["running_acceleration_ms"]
    return {
        **settings.describe(),
        "note": NO_DATA,
        "running_is": f"dvar_E {settings.running_size:g} (ours: the paper does not say how large)",
        "acceleration_ms": {
            "mean_curve": -1e3 * found.running.latency_change_s(),
            **spread(found.accelerations_ms),
        },
        "latency_s": {
            "rest": spread(found.rest.latency_s),
            "running": spread(found.running.latency_s),
        },
        "model_recordings": {
            state: {name: spread(sessions[name][state]) for name in names}
            for state in found.recordings
        },
        "paper": {"acceleration_ms": {"mean": mean, "sd": sd}},
    }


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw decoding in the model, and gains and rates in recordings of it."""
    running, null = found.recordings["running"], found.recordings["null pair"]
    model = Model(
        t=found.rest.t,
        accuracy={"rest": found.rest.accuracy, "running": found.running.accuracy},
        acceleration_ms=found.accelerations_ms,
        paper_ms=REPORTED["running_acceleration_ms"],
    )
    recordings = Recordings(
        t=running[0]["t"],
        accuracy={
            state: np.array([r[key] for r in running])
            for state, key in (("rest", "rest"), ("running", "run"))
        },
        gains={
            state: (rows[0]["gain_rest"], rows[0]["gain_run"])
            for state, rows in (("null pair", null), ("running", running))
        },
        gain_ratio=found.over_sessions("gain_ratio"),
        rate_ratio=found.over_sessions("rate_ratio"),
    )
    return {"fig7": draw(model, recordings)}


FIGURE = Figure(settings_of(Settings), measure, summarise, draw_panels, CLAIMS, judge)
