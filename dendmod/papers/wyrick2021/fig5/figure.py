"""Figure 5 of Wyrick & Mazzucato 2021: timescale and gain of ongoing activity, and latency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure as Picture

from dendmod.papers.wyrick2021.conditions import (
    UNPERTURBED,
    Condition,
    Scale,
    by_kind,
    run_evoked,
    run_ongoing,
    with_added,
)
from dendmod.papers.wyrick2021.fig5.plot import Panel, draw
from dendmod.papers.wyrick2021.measures import (
    Evoked,
    Ongoing,
    Relation,
    column,
    describe,
    evoked_table,
    mean_of,
    ongoing_table,
)
from dendmod.params.wyrick2021 import REPORTED
from dendmod.study.claims import Judged
from dendmod.study.figure import Figure, settings_of
from dendmod.sweep import Sweep

# The rules were written after results of earlier runs were known.
CLAIMS = {
    "activation_predicts_latency": "Over perturbations the activation latency of selective "
    "clusters predicts the latency of decoding (Fig 5a, R² 0.93)",
    "gain_predicts_latency": "Over perturbations the gain of ongoing activity predicts the "
    "latency of decoding (Fig 5c, R² about 0.9)",
}
# what stands against the change of latency, and its label
_AGAINST = {
    "activation": ("activation_change_s", "Change of activation latency (ms)"),
    "timescale": ("timescale_ms", "Cluster timescale, ongoing (ms)"),
    "gain": ("gain_change", "Gain, perturbed - unperturbed (spikes/s)"),
    "gain_ratio": ("gain_ratio", "Gain, perturbed / unperturbed"),
}
_DRAWN = ("activation", "timescale", "gain")


class Settings(Scale):
    """Scale, and the size that stands for each perturbation where one does."""

    one_level: Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """Ongoing and evoked activity under each condition; couplings are scaled, or added to."""

    ongoing: dict[Condition, Ongoing]
    evoked: dict[Condition, Evoked]
    added: tuple[dict[Condition, Ongoing], dict[Condition, Evoked]]

    def relation(
        self, name: str, conditions: list[Condition] | None = None, *, added: bool = False
    ) -> Relation:
        """Return a quantity of `_AGAINST` against the change of latency."""
        ongoing, evoked = self.added if added else (self.ongoing, self.evoked)
        table = evoked if name == "activation" else ongoing
        return Relation(
            column(table, _AGAINST[name][0], conditions),
            column(evoked, "latency_change_s", conditions),
            len(self.ongoing[UNPERTURBED].gain_ratio),
        )


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Run ongoing and evoked activity under all perturbations."""
    ongoing, evoked = run_ongoing(settings, sweep), run_evoked(settings, sweep)
    added = (
        ongoing_table(with_added(run_ongoing, settings, sweep, ongoing)),
        evoked_table(with_added(run_evoked, settings, sweep, evoked)),
    )
    return Measured(ongoing_table(ongoing), evoked_table(evoked), added)


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdict on each claim."""
    return {
        f"{name}_predicts_latency": found.relation(name).judge(settings)
        for name in ("activation", "gain")
    }


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return how well each quantity predicts the latency."""
    ongoing, evoked = describe(found.ongoing), describe(found.evoked)
    table = {
        c: {
            **{k: ongoing[c][k] for k in ("timescale_ms", "gain_change_Hz", "gain_ratio")},
            **{k: evoked[c][k] for k in ("latency_change_s", "activation_change_s")},
        }
        for c in ongoing
    }
    few = [c for c in table if c == UNPERTURBED or c in _one_level(settings)]
    return {
        **settings.describe(),
        **{f"r2_{name}_latency": found.relation(name).r2 for name in _AGAINST},
        "one_level_a_perturbation": {
            "conditions": [f"{k} {z:+g}" for k, z in few],
            **{f"r2_{name}_latency": found.relation(name, few).r2 for name in _AGAINST},
        },
        "couplings_added_to_the_mean": {
            f"r2_{name}_latency": found.relation(name, added=True).r2 for name in _AGAINST
        },
        "perturbations": by_kind(table),
        "paper": {k: REPORTED[k] for k in ("r2_activation_latency", "r2_gain_latency")},
    }


def _one_level(settings: Settings) -> list[Condition]:
    """Return of each perturbation the size nearest to that which stands for it."""
    return [
        (kind, min(sizes, key=lambda z: abs(z - settings.one_level[kind])))
        for kind, sizes in settings.perturbations.items()
    ]


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw the change of latency against each quantity."""
    x = {
        "activation": {
            c: 1e3 * mean_of(entry.activation_change_s) for c, entry in found.evoked.items()
        },
        "timescale": {c: mean_of(entry.timescale_ms) for c, entry in found.ongoing.items()},
        "gain": {c: mean_of(entry.gain_change) for c, entry in found.ongoing.items()},
    }
    panels = [
        Panel(
            _AGAINST[name][1], x[name], summary[f"r2_{name}_latency"],
            REPORTED.get(f"r2_{name}_latency"),
        )
        for name in _DRAWN
    ]  # fmt: skip
    latency = {c: 1e3 * entry.latency_change_s() for c, entry in found.evoked.items()}
    return {"fig5": draw(panels, latency)}


FIGURE = Figure(settings_of(Settings), measure, summarise, draw_panels, CLAIMS, judge)
