"""Figure 6 of Wyrick & Mazzucato 2021: responses of single cells do not explain latencies."""

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
    run_responses,
)
from dendmod.papers.wyrick2021.fig6.plot import Panel, draw
from dendmod.papers.wyrick2021.measures import (
    Evoked,
    Relation,
    Responses,
    column,
    describe,
    evoked_table,
    mean_of,
    response_table,
)
from dendmod.params.wyrick2021 import REPORTED
from dendmod.study.claims import Judged
from dendmod.study.figure import Figure, settings_of
from dendmod.sweep import Sweep

# The rules were written after results of earlier runs were known.
CLAIMS = {
    "response_I": "Of perturbations of I neurons responses predict the latency of decoding "
    "(Fig 6c, R² 0.92)",
    "response_E": "Of perturbations of E neurons responses do not predict it (Fig 6c, R² 0.05)",
    "selectivity_I": "Of perturbations of I neurons selectivity predicts the latency of decoding "
    "(Fig 6d, R² 0.70)",
    "selectivity_E": "Of perturbations of E neurons selectivity does not predict it "
    "(Fig 6d, R² 0.02)",
}
_QUANTITIES = {"response": "response_difference_Hz", "selectivity": "selectivity"}
_LABELS = {"response": "Peak response, selective less other (spikes/s)", "selectivity": "d′"}
_ONTO = {"E": ("dmean_E", "dvar_E", "dAMPA"), "I": ("dmean_I", "dvar_I", "dGABA")}


@dataclass(frozen=True)
class Measured:
    """Responses to transient perturbations, and to stimuli under each condition."""

    responses: dict[Condition, Responses]
    evoked: dict[Condition, Evoked]

    def relation(self, quantity: str, population: str) -> Relation:
        """Return a quantity against the change of latency, of perturbations of a population."""
        kinds = (UNPERTURBED[0], *_ONTO[population])
        conditions = [c for c in self.evoked if c[0] in kinds]
        return Relation(
            column(self.evoked, _QUANTITIES[quantity], conditions),
            column(self.evoked, "latency_change_s", conditions),
            len(self.evoked[UNPERTURBED].latency_s),
        )


def measure(scale: Scale, sweep: Sweep) -> Measured:
    """Run transient perturbations, and stimuli under constant ones."""
    return Measured(
        response_table(run_responses(scale, sweep)), evoked_table(run_evoked(scale, sweep))
    )


def judge(scale: Scale, found: Measured) -> dict[str, Judged]:
    """Return the verdict on each claim."""
    return {
        f"{quantity}_{population}": found.relation(quantity, population).judge(
            scale, predicts=population == "I"
        )
        for quantity in _QUANTITIES
        for population in "IE"
    }


def summarise(scale: Scale, found: Measured) -> dict[str, Any]:
    """Return responses under each condition, and how well they predict the latency."""
    responses, evoked = describe(found.responses), describe(found.evoked)
    kept = ("latency_change_s", *_QUANTITIES.values())
    table = {c: {**responses.get(c, {}), **{k: evoked[c][k] for k in kept}} for c in evoked}
    names = [f"r2_{quantity}_{population}" for quantity in _QUANTITIES for population in "EI"]
    return {
        **scale.describe(),
        **{name: found.relation(*name.split("_")[1:]).r2 for name in names},
        "unperturbed": table[UNPERTURBED],
        "perturbations": by_kind(table),
        "paper": {name: REPORTED[name] for name in names},
    }


def draw_panels(scale: Scale, found: Measured, summary: Mapping[str, Any]) -> dict[str, Picture]:
    """Draw fractions of responding cells, and the latency against responses to stimuli."""
    panels = [
        Panel(
            _LABELS[quantity],
            {c: mean_of(getattr(entry, name)) for c, entry in found.evoked.items()},
            r2=(summary[f"r2_{quantity}_E"], summary[f"r2_{quantity}_I"]),
            paper=(REPORTED[f"r2_{quantity}_E"], REPORTED[f"r2_{quantity}_I"]),
        )
        for quantity, name in _QUANTITIES.items()
    ]
    latency = {c: 1e3 * entry.latency_change_s() for c, entry in found.evoked.items()}
    return {"fig6": draw(found.responses, panels, latency)}


FIGURE = Figure(settings_of(Scale), measure, summarise, draw_panels, CLAIMS, judge)
