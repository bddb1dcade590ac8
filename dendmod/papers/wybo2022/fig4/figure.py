"""Figures 4 and S2 of Wybo et al. 2022: ``python -m dendmod.fig4 --help``."""

from __future__ import annotations

from typing import Any

from dendmod.figure import OF_NETWORKS, FigureOptions, run_figure, write_summary

_DEFAULT_SEED = 1


def main(options: FigureOptions) -> dict[str, Any]:
    """Run, analyse and draw Figure 4; return its summary."""
    from dendmod.learning import require

    require("torch", "sklearn", "deap")
    from dendmod.learning.provenance import versions
    from dendmod.papers.wybo2022.fig4 import runs as matrix_study
    from dendmod.papers.wybo2022.fig4.plot import draw, draw_search, draw_vectors
    from dendmod.plotting import save, style

    seed = _DEFAULT_SEED if options.seed is None else options.seed
    plan = matrix_study.plan(
        options.data, seed, quick=options.quick, matrices=options.matrices, n_seeds=options.trials
    )
    found = matrix_study.run(plan, options.out / "store", **options.sweep())
    summary = {**matrix_study.summarise(plan, found), "versions": versions()}
    with style():
        save(draw(summary, found), options.out, "fig4")
        save(draw_vectors(found["matrix"]), options.out, "figS2A")
        save(draw_search(found["matrix"]), options.out, "figS2C")
    write_summary(options.out, summary)
    return summary


if __name__ == "__main__":
    run_figure("fig4", main, (*OF_NETWORKS, "trials", "matrices"))
