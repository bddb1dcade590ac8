"""Figures 6 and S4 of Wybo et al. 2022: ``python -m dendmod.fig6 --help``."""

from __future__ import annotations

from typing import Any

from dendmod.figure import OF_NETWORKS, FigureOptions, run_figure, write_summary

_DEFAULT_SEED = 1


def main(options: FigureOptions) -> dict[str, Any]:
    """Run, analyse and draw Figure 6; return its summary."""
    from dendmod.learning import require

    require()
    from dendmod.learning.data import load_data
    from dendmod.learning.provenance import versions
    from dendmod.papers.wybo2022.fig6 import runs as stackplan
    from dendmod.papers.wybo2022.fig6.plot import draw, draw_hidden
    from dendmod.plotting import save, style

    seed = _DEFAULT_SEED if options.seed is None else options.seed
    data = load_data(options.data or "digits", seed=seed)
    plan = stackplan.plan(
        options.data, seed, quick=options.quick, side=data.shape[-1], n_tasks=data.n_classes,
        n_seeds=options.trials,
    )  # fmt: skip
    found = stackplan.run(plan, options.out / "store", **options.sweep())
    summary = {**stackplan.summarise(plan, found), "versions": versions()}
    with style():
        save(draw(summary), options.out, "fig6")
        for name, methods in (("fig6EF", ("TMCL", "CL")), ("figS4", ("RP",))):
            shown = {m: found[f"{m} seed 1"] for m in methods if f"{m} seed 1" in found}
            figure = draw_hidden(shown, plan.shown, seed)
            if figure is None:
                print(f"{name} needs umap-learn, which is not installed: pip install 'dendmod[ml]'")
                break
            save(figure, options.out, name)
    write_summary(options.out, summary)
    return summary


if __name__ == "__main__":
    run_figure("fig6", main, (*OF_NETWORKS, "trials"))
