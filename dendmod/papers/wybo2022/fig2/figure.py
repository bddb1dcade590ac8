"""Figure 2 of Wybo et al. 2022: ``python -m dendmod.fig2 --help``."""

from __future__ import annotations

from typing import Any

from dendmod.figure import FigureOptions, run_figure, write_summary
from dendmod.protocol import load_protocol
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.iocurves import analyse_io, describe, write_io_files
from dendmod.protocol.provenance import versions

_TITLES = {"nmda": "Sites with NMDA spikes", "shunt": "Shunt inputs"}


def main(options: FigureOptions) -> dict[str, Any]:
    """Run, analyse and draw Figure 2; return its summary."""
    from dendmod.papers.wybo2022.fig2.plot import draw
    from dendmod.plotting import save, style

    experiment = Experiment(
        load_protocol("fig1", options.changes()), options.out / "store", **options.sweep()
    )
    results = analyse_io(experiment, options, list(_TITLES))
    described = describe(experiment, results)
    write_io_files(experiment, results, options.out)
    captions = {
        name: f"{title}: paper's order {described['paper'][f'io_order_{name}']} in "
        f"{described[name]['order_fraction']['paper']:.0%} of the bootstraps"
        for name, title in _TITLES.items()
    }
    with style():
        save(draw(results, _TITLES, captions), options.out, "fig2")
    summary = {"schema": "dendmod/fig2/1", **described, "versions": versions()}
    write_summary(options.out, summary)
    return summary


if __name__ == "__main__":
    run_figure("fig2", main)
