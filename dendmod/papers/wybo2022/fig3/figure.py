"""Figures 3 and S1 of Wybo et al. 2022: ``python -m dendmod.fig3 --help``."""

from __future__ import annotations

from typing import Any

from dendmod.figure import OF_NETWORKS, FigureOptions, run_figure, write_summary

_DEFAULT_SEED = 1
_LARGE = 28  # pixels a side from which on images are pooled 2 x 2


def main(options: FigureOptions) -> dict[str, Any]:
    """Run, analyse and draw Figure 3; return its summary."""
    from dendmod.learning import require

    require()
    from dendmod.learning.activation import from_io
    from dendmod.learning.data import load_data
    from dendmod.learning.provenance import versions
    from dendmod.papers.wybo2022.fig3 import runs as multitask
    from dendmod.papers.wybo2022.fig3.plot import draw, draw_scans, draw_tasks
    from dendmod.plotting import save, style

    seed = _DEFAULT_SEED if options.seed is None else options.seed
    data = load_data(options.data or "digits", seed=seed)
    pool = 2 if data.shape[-1] >= _LARGE else 1
    plan = multitask.plan(
        options.data, seed, quick=options.quick, pool=pool, panels=options.panels,
        io=from_io(options.io) if options.io else None,
    )  # fmt: skip
    found = multitask.run(plan, options.out / "store", **options.sweep())
    summary = {**multitask.summarise(plan, found), "pool": pool, "versions": versions()}
    with style():
        save(draw(summary, found, data), options.out, "fig3")
        if found["plane"]:
            save(draw_tasks(found["plane"]), options.out, "figS1A")
        if plan.rounds and found["images"]:
            save(draw_scans(found["images"]), options.out, "figS1C")
    write_summary(options.out, summary)
    return summary


if __name__ == "__main__":
    run_figure("fig3", main, (*OF_NETWORKS, "io", "panels"))
