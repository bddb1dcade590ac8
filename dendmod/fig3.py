"""Figures 3 and S1 of Wybo et al. 2022: ``python -m dendmod.fig3 --help``."""

from __future__ import annotations

from typing import Any

from dendmod.figure import OF_NETWORKS, FigureOptions, run_figure, write_summary

_DEFAULT_SEED = 1
_LARGE = 28  # pixels a side from which on images are pooled 2 x 2


def main(options: FigureOptions) -> dict[str, Any]:
    """Run, analyse and draw Figure 3; return its summary."""
    from dendmod.learning import multitask
    from dendmod.learning.data import load_data
    from dendmod.learning.provenance import versions
    from dendmod.plotting import save, style
    from dendmod.plotting.fig3 import draw, draw_scans, draw_tasks

    seed = _DEFAULT_SEED if options.seed is None else options.seed
    data = load_data(options.data or "digits", seed=seed)
    pool = 2 if data.shape[-1] >= _LARGE else 1
    plan = multitask.plan(options.data, seed, quick=options.quick, pool=pool)
    found = multitask.run(plan, options.out / "store", options.workers)
    summary = {**multitask.summarise(plan, found), "pool": pool, "versions": versions()}
    with style():
        save(draw(summary, found, data), options.out, "fig3")
        save(draw_tasks(found["plane"]), options.out, "figS1A")
        if plan.rounds:
            save(draw_scans(found["images"]), options.out, "figS1C")
    write_summary(options.out, summary)
    return summary


if __name__ == "__main__":
    run_figure("fig3", main, OF_NETWORKS)
