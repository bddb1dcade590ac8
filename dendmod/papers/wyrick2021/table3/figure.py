"""Table 3 of Wyrick & Mazzucato 2021: what an increase of each perturbation does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture
from pydantic import Field

from dendmod.clustered.readings import ADDED, COUPLINGS, READINGS
from dendmod.papers.wyrick2021.conditions import (
    UNPERTURBED,
    Condition,
    Scale,
    run_evoked,
    run_ongoing,
    run_responses,
    with_added,
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
from dendmod.papers.wyrick2021.plotting import KIND_LABELS
from dendmod.papers.wyrick2021.table3.plot import Cell, draw
from dendmod.papers.wyrick2021.table3.readings import Readings, describe_readings, run_readings
from dendmod.params.wyrick2021 import SIGNS
from dendmod.study.claims import (
    NOT_RESOLVED,
    REPRODUCED,
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


# Rows: each perturbation, and dAMPA and dGABA once more where they are added to the mean of the
# couplings. That is a reading of "a constant change in the mean j", found after some ten others
# were tried on other networks; no code of the authors says it.
_ADDED = "_added"
ROWS = {kind: kind for kind in SIGNS} | {f"{kind}{_ADDED}": kind for kind in COUPLINGS}


def _text(row: str, name: str) -> str:
    what, _, population = name.partition("_")
    paper = SIGNS[ROWS[row]][name]
    kind = ROWS[row] + (", added to the mean of the couplings," if row.endswith(_ADDED) else "")
    if what == "response":
        return f"A brief increase of {kind} {_RESPONDS[paper]} {population} neurons (Table 3)"
    of = f"rate of {population} neurons" if what == "rate" else what
    return f"An increase of {kind} {_DOES[paper or 0]} the {of} (Table 3)"


# The rules were written after results of earlier runs were known; the rows of the added couplings,
# with the same rules, before results of these seeds were seen.
CLAIMS = {f"{row}_{name}": _text(row, name) for row in ROWS for name in COLUMNS}


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


Tables = tuple[dict[Condition, Ongoing], dict[Condition, Evoked], dict[Condition, Responses]]


@dataclass(frozen=True)
class Measured:
    """Activity under each condition, and dAMPA and dGABA under other readings.

    Parameters
    ----------
    scaled, added
        Ongoing and evoked activity, and responses, where dAMPA and dGABA scale the couplings, and
        where they are added to their mean.
    readings
        Ongoing activity under all readings.
    """

    scaled: Tables
    added: Tables
    readings: Readings

    def rows(self) -> Iterator[str]:
        """Yield the rows whose perturbation was run."""
        run = {kind for kind, _ in self.scaled[0]}
        yield from (row for row, kind in ROWS.items() if kind in run)

    def row(self, row: str) -> dict[str, Slope | Response]:
        """Return the columns of one perturbation."""
        ongoing, evoked, responses = self.added if row.endswith(_ADDED) else self.scaled
        conditions = [UNPERTURBED, *(c for c in ongoing if c[0] == ROWS[row])]
        sizes = np.array([z for _, z in conditions])

        def over(name: str) -> Slope:
            return Slope(sizes, np.array([getattr(ongoing[c], name) for c in conditions]))

        latency = np.array([evoked[c].latency_changes_s for c in conditions])
        top = responses[max(conditions[1:], key=lambda c: c[1])]
        return {
            "latency": Slope(sizes, latency),
            "rate_E": over("rate_E"),
            "rate_I": over("rate_I"),
            "timescale": over("timescale_ms"),
            "gain": over("gain_change"),
            **{
                f"response_{population}": Response(top.excited[:, k], top.inhibited[:, k])
                for k, population in enumerate("EI")
            },
        }


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Run ongoing and evoked activity and brief perturbations; then the readings."""
    few = min(settings.networks, settings.reading_networks)
    ongoing, evoked = run_ongoing(settings, sweep), run_evoked(settings, sweep)
    responses = run_responses(settings, sweep)
    return Measured(
        (ongoing_table(ongoing), evoked_table(evoked), response_table(responses)),
        (
            ongoing_table(with_added(run_ongoing, settings, sweep, ongoing)),
            evoked_table(with_added(run_evoked, settings, sweep, evoked)),
            response_table(with_added(run_responses, settings, sweep, responses)),
        ),
        run_readings(
            settings.model_copy(update={"networks": few}), sweep,
            settings.reading_size, settings.theory_size,
        ),
    )  # fmt: skip


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdict on each cell of the perturbations that were run."""
    signs = {row: SIGNS[kind] for row, kind in ROWS.items()}
    return {
        f"{row}_{name}": cell.judge(signs[row][name]).with_figures(paper=signs[row][name])
        for row in found.rows()
        for name, cell in found.row(row).items()
    }


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return our table beside the paper's, and the readings of dAMPA and dGABA."""
    rows = {row: found.row(row) for row in found.rows()}
    agreement = {
        row: {name: cells[name].sign == SIGNS[ROWS[row]][name] for name in COLUMNS}
        for row, cells in rows.items()
    }

    def agreeing(added: bool) -> str:
        other = {f"{kind}{_ADDED}" for kind in COUPLINGS} if not added else set(COUPLINGS)
        cells = [a for row, of in agreement.items() if row not in other for a in of.values()]
        return f"{sum(cells)} of {len(cells)}"

    return {
        **settings.describe(),
        "signs": "1 up, -1 down, 0 where the 95 % interval over networks has zero, null mixed",
        "ours": {
            row: {name: cell.describe() for name, cell in cells.items()}
            for row, cells in rows.items()
        },
        "paper": SIGNS,
        "agrees": agreement,
        "agreeing": agreeing(added=False),
        "agreeing_with_couplings_added": agreeing(added=True),
        "added_is": f"{READINGS[ADDED].meaning}: an inference, found after others were tried",
        "readings_of_couplings": describe_readings(found.readings, settings.cluster_readings),
        "readings_in_theory": found.readings.theory,
    }


def draw_table(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw our signs and the paper's, coloured by the verdict."""
    cells = {
        row: [
            Cell(
                summary["ours"][row][name]["sign"],
                SIGNS[ROWS[row]][name],
                summary["claims"][f"{row}_{name}"]["verdict"],
            )
            for name in COLUMNS
        ]
        for row in found.rows()
    }
    labels = [KIND_LABELS[ROWS[row]] + (", added" if row.endswith(_ADDED) else "") for row in cells]
    return {"table3": draw(cells, COLUMNS, labels)}


def tell(summary: Mapping[str, Any]) -> list[str]:
    """Return the table as text: our sign of each slope, and the paper's."""
    if "ours" not in summary:
        return []
    words = {1: "up", -1: "down", 0: "none", None: "mixed"}
    said = [
        "what an increase does: ours [paper's]; * verdict reproduced",
        f"{'':<13}" + "".join(f"{name:<16}" for name in COLUMNS),
    ]
    for row, cells in summary["ours"].items():
        texts = []
        for name in COLUMNS:
            mark = "*" if summary["claims"][f"{row}_{name}"]["verdict"] == REPRODUCED else " "
            sign, paper = words[cells[name]["sign"]], words[SIGNS[ROWS[row]][name]]
            texts.append(f"{mark}{sign} [{paper}]")
        said.append(f"{row:<13}" + "".join(f"{text:<16}" for text in texts))
    return [
        *said,
        f"{summary['agreeing']} signs are the paper's; {summary['agreeing_with_couplings_added']} "
        "where dAMPA and dGABA are added to the mean of the couplings",
    ]


FIGURE = Figure(settings_of(Settings), measure, summarise, draw_table, CLAIMS, judge, tell=tell)
