"""Figure 2 of Wybo et al. 2022: IO curves under shunt and under NMDA spikes, fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure as Picture

from dendmod.papers.wybo2022.fig2.plot import draw
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.iocurves import IOAnalysis, analyse_io, describe, write_io_files
from dendmod.protocol.model import Protocol
from dendmod.protocol.read import protocol_of
from dendmod.study.figure import Figure
from dendmod.study.summary import engine_lines
from dendmod.sweep import Sweep

_TITLES = {"nmda": "Sites with NMDA spikes", "shunt": "Shunt inputs"}


@dataclass(frozen=True)
class Curves:
    """The IO curves of both arms."""

    experiment: Experiment
    results: Mapping[str, IOAnalysis]


def measure(protocol: Protocol, sweep: Sweep) -> Curves:
    """Sample and fit the IO curves."""
    experiment = Experiment(protocol, sweep)
    return Curves(experiment, analyse_io(experiment, list(_TITLES)))


def summarise(protocol: Protocol, found: Curves) -> dict[str, Any]:
    """Return thresholds, fits and how often bootstraps show the paper's order."""
    return describe(found.experiment, found.results)


def draw_curves(
    protocol: Protocol, found: Curves, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw curves, residuals and their intervals."""
    captions = {
        name: f"{title}: paper's order {summary['paper'][f'io_order_{name}']} in "
        f"{summary[name]['order_fraction']['paper']:.0%} of the bootstraps"
        for name, title in _TITLES.items()
    }
    return {"fig2": draw(found.results, _TITLES, captions)}


def export(protocol: Protocol, found: Curves, out: Path) -> None:
    """Write io_nmda.json and io_shunt.json, for other programs."""
    write_io_files(found.experiment, found.results, out)


FIGURE = Figure(
    settings=protocol_of,
    measure=measure,
    summarise=summarise,
    draw=draw_curves,
    export=export,
    tell=engine_lines,
)
