"""Measure everything that the figures need, and write it as a file of measured curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dendmod.papers.shine2021.curves import Curves, shipped_file
from dendmod.papers.shine2021.measured_file import Arrays
from dendmod.papers.shine2021.measurements import KINDS, measurements_of
from dendmod.papers.shine2021.settings import Settings
from dendmod.study.figure import Figure, settings_of
from dendmod.study.summary import engine_lines
from dendmod.sweep import Sweep


@dataclass(frozen=True)
class Measured:
    """Results of all measurements, by key."""

    curves: Curves
    results: Mapping[str, Arrays]


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Measure, or look up in the store."""
    curves = Curves(settings, sweep)
    return Measured(curves, curves.get([m for k in KINDS for m in measurements_of(k, settings)]))


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return what summary.json says."""
    return {
        **found.curves.summary(),
        "file": f"{found.curves.name}.json",
        "results": len(found.results),
    }


def export(settings: Settings, found: Measured, out: Path) -> None:
    """Write the file, and say where it would be read."""
    path = out / f"{found.curves.name}.json"
    found.curves.write(found.results, path)
    print(
        f"{path} written, {len(found.results)} results; --quick reads "
        f"{shipped_file(settings.morphology)}"
    )


FIGURE = Figure(
    settings=settings_of(Settings),
    measure=measure,
    summarise=summarise,
    draw=lambda settings, found, summary: {},
    export=export,
    tell=engine_lines,
)
