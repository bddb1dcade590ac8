"""Table 3 of Wyrick & Mazzucato 2021: what an increase of each perturbation does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture
from pydantic import Field

from dendmod.papers.wyrick2021.conditions import (
    UNPERTURBED,
    Condition,
    Scale,
    run_evoked,
    run_ongoing,
    run_responses,
)
from dendmod.papers.wyrick2021.measures import (
    Array,
    Evoked,
    Ongoing,
    Responses,
    evoked_table,
    ongoing_table,
    response_table,
)
from dendmod.papers.wyrick2021.table3.plot import Cell, draw
from dendmod.papers.wyrick2021.table3.readings import Readings, describe_readings, run_readings
from dendmod.params.wyrick2021 import SIGNS
from dendmod.study.claims import (
    NOT_RESOLVED,
    Judged,
    alike,
    all_of,
    higher,
    holds,
    same,
    sign_of,
)
from dendmod.study.figure import Figure, settings_of
from dendmod.sweep import Sweep

COLUMNS = ("latency", "rate_E", "rate_I", "response_E", "response_I", "timescale", "gain")
# Ours: responses are mixed where the rarer sign makes up more than a third of all responses.
MIXED = 1 / 3
_DOES = {1: "raises", -1: "lowers", 0: "does not change"}
_RESPONDS = {1: "mostly excites", -1: "mostly inhibits", None: "both excites and inhibits"}


def _text(kind: str, name: str) -> str:
    what, _, population = name.partition("_")
    paper = SIGNS[kind][name]
    if what == "response":
        return f"A brief increase of {kind} {_RESPONDS[paper]} {population} neurons (Table 3)"
    of = f"rate of {population} neurons" if what == "rate" else what
    return f"An increase of {kind} {_DOES[paper or 0]} the {of} (Table 3)"


# The rules were written after results of earlier runs were known.
CLAIMS = {f"{kind}_{name}": _text(kind, name) for kind in SIGNS for name in COLUMNS}


class Settings(Scale):
    """Scale; networks and sizes of dAMPA and dGABA under other readings."""

    reading_networks: int = Field(ge=1)
    reading_size: float
    theory_size: float


@dataclass(frozen=True)
class Slope:
    """A quantity against the size of a perturbation.

    Parameters
    ----------
    sizes
        Of the perturbation, none first [sizes].
    values
        [sizes, networks].
    """

    sizes: Array
    values: Array

    @property
    def slopes(self) -> Array:
        """Slope of each network that has a value at every size [networks]."""
        good = np.isfinite(self.values).all(axis=0)
        return np.polyfit(self.sizes, self.values[:, good], 1)[0] if good.any() else np.zeros(0)

    @property
    def sign(self) -> int:
        """Sign of the mean slope whose interval over networks leaves out zero, else 0."""
        return sign_of(self.slopes)

    def describe(self) -> dict[str, Any]:
        """Return mean, SEM and sign; without two networks there is no slope."""
        slopes, n = self.slopes, len(self.slopes)
        if n < 2:
            return {"slope": None, "sem": None, "sign": 0}
        sem = slopes.std(ddof=1) / n**0.5
        return {"slope": slopes.mean(), "sem": sem, "sign": self.sign}

    def judge(self, paper: int | None) -> Judged:
        """Judge that the slope has the paper's sign, or none.

        Without a sign the largest size has to leave the value as it is, too.
        """
        if len(self.slopes) < 2:
            return Judged(NOT_RESOLVED, {"why": "fewer than two networks have a slope"})
        if paper:
            return higher(paper * self.slopes)
        ratios = self.values[np.argmax(self.sizes)] / self.values[0]
        return all_of(holds(self.sign == 0), same(ratios))


@dataclass(frozen=True)
class Response:
    """Responses to a brief perturbation: fractions that are excited, inhibited [networks]."""

    excited: Array
    inhibited: Array

    @property
    def sign(self) -> int | None:
        """1 or -1 by what is more frequent, None where responses are mixed."""
        excited, inhibited = self.excited.mean(), self.inhibited.mean()
        total = excited + inhibited
        if total > 0 and min(excited, inhibited) / total > MIXED:
            return None
        return int(np.sign(excited - inhibited))

    def describe(self) -> dict[str, Any]:
        """Return mean fractions and sign."""
        return {
            "excited": self.excited.mean(),
            "inhibited": self.inhibited.mean(),
            "sign": self.sign,
        }

    def judge(self, paper: int | None) -> Judged:
        """Judge the part of excited among all responses of each network."""
        total = self.excited + self.inhibited
        responding = total > 0
        if responding.sum() < 2:
            return Judged(NOT_RESOLVED, {"why": "fewer than two networks respond"})
        part = self.excited[responding] / total[responding]
        if paper is None:
            return alike(part - 0.5, within=0.5 - MIXED)
        return higher(part if paper > 0 else 1 - part, by=1 - MIXED)


@dataclass(frozen=True)
class Measured:
    """Activity under each condition, and dAMPA and dGABA under other readings."""

    ongoing: dict[Condition, Ongoing]
    evoked: dict[Condition, Evoked]
    responses: dict[Condition, Responses]
    readings: Readings

    def row(self, kind: str) -> dict[str, Slope | Response]:
        """Return the columns of one perturbation."""
        conditions = [UNPERTURBED, *(c for c in self.ongoing if c[0] == kind)]
        sizes = np.array([z for _, z in conditions])

        def over(name: str) -> Slope:
            return Slope(sizes, np.array([getattr(self.ongoing[c], name) for c in conditions]))

        latency = np.array([self.evoked[c].latency_changes_s for c in conditions])
        top = self.responses[max(conditions[1:], key=lambda c: c[1])]
        return {
            "latency": Slope(sizes, latency),
            "rate_E": over("rate_E"),
            "rate_I": over("rate_I"),
            "timescale": over("timescale_ms"),
            "gain": over("gain_ratio"),
            **{
                f"response_{population}": Response(top.excited[:, k], top.inhibited[:, k])
                for k, population in enumerate("EI")
            },
        }


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Run ongoing and evoked activity and brief perturbations; then the readings."""
    few = min(settings.networks, settings.reading_networks)
    return Measured(
        ongoing_table(run_ongoing(settings, sweep)),
        evoked_table(run_evoked(settings, sweep)),
        response_table(run_responses(settings, sweep)),
        run_readings(
            settings.model_copy(update={"networks": few}), sweep,
            settings.reading_size, settings.theory_size,
        ),
    )  # fmt: skip


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdict on each cell of the perturbations that were run."""
    return {
        f"{kind}_{name}": cell.judge(SIGNS[kind][name]).with_figures(paper=SIGNS[kind][name])
        for kind in settings.perturbations
        for name, cell in found.row(kind).items()
    }


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return our table beside the paper's, and the readings of dAMPA and dGABA."""
    rows = {kind: found.row(kind) for kind in settings.perturbations}
    agreement = {
        kind: {name: row[name].sign == SIGNS[kind][name] for name in COLUMNS}
        for kind, row in rows.items()
    }
    cells = [agrees for row in agreement.values() for agrees in row.values()]
    return {
        **settings.describe(),
        "signs": "1 up, -1 down, 0 where the 95 % interval over networks has zero, null mixed",
        "ours": {
            kind: {name: cell.describe() for name, cell in row.items()}
            for kind, row in rows.items()
        },
        "paper": SIGNS,
        "agrees": agreement,
        "agreeing": f"{sum(cells)} of {len(cells)}",
        "readings_of_couplings": describe_readings(found.readings, settings.cluster_readings),
        "readings_in_theory": {f"{z:+g}": rows for z, rows in found.readings.theory.items()},
    }


def draw_table(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw our signs and the paper's, coloured by the verdict."""
    cells = {
        kind: [
            Cell(
                summary["ours"][kind][name]["sign"],
                SIGNS[kind][name],
                summary["claims"][f"{kind}_{name}"]["verdict"],
            )
            for name in COLUMNS
        ]
        for kind in settings.perturbations
    }
    return {"table3": draw(cells, COLUMNS)}


FIGURE = Figure(settings_of(Settings), measure, summarise, draw_table, CLAIMS, judge)
