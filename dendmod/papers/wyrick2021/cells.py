"""Fig 6: responses of single cells to perturbations, and why they do not explain latencies."""

from __future__ import annotations

from typing import Any

from dendmod.papers.wyrick2021.common import UNPERTURBED, Job, by_kind, head, regression
from dendmod.papers.wyrick2021.evoked import evoked_table
from dendmod.papers.wyrick2021.study import Condition, Study, spread
from dendmod.params import wyrick2021

_ONTO_E = ("dmean_E", "dvar_E", "dAMPA")


def response_table(study: Study) -> dict[Condition, dict[str, Any]]:
    """Return fractions of excited and inhibited neurons under each transient perturbation."""
    conditions = [c for c in study.conditions() if c != UNPERTURBED]
    results = study.run("responses", conditions, trials=study.scale.ongoing)
    return {
        c: {
            f"{what}_{k}": spread([r[what][i] for r in rows])["mean"]
            for what in ("excited", "inhibited")
            for i, k in enumerate("EI")
        }
        for c, rows in results.items()
    }


def fig6(job: Job) -> dict[str, Any]:
    """Run transient perturbations, and set responses to stimuli against latency."""
    study = job.study
    cells, evoked = response_table(study), evoked_table(study.evoked())
    groups = {
        "E": [c for c in evoked if c == UNPERTURBED or c[0] in _ONTO_E],
        "I": [c for c in evoked if c == UNPERTURBED or c[0] not in _ONTO_E],
    }
    table = {
        c: {**cells.get(c, {}), **{k: evoked[c][k] for k in (
            "latency_change_s", "response_difference_Hz", "selectivity")}}
        for c in evoked
    }  # fmt: skip
    r2 = {
        f"r2_{name}_{group}": regression(evoked, key, "latency_change_s", some)
        for name, key in (("response", "response_difference_Hz"), ("selectivity", "selectivity"))
        for group, some in groups.items()
    }
    names = ("r2_response_E", "r2_response_I", "r2_selectivity_E", "r2_selectivity_I")
    summary = {
        **head("fig6", study),
        **r2,
        "unperturbed": table[UNPERTURBED],
        "perturbations": by_kind(table),
        "paper": {name: wyrick2021.REPORTED[name] for name in names},
    }
    from dendmod.papers.wyrick2021.plot_cells import draw_fig6
    from dendmod.plotting import save, style

    with style():
        save(draw_fig6(cells, table, summary), job.out, "fig6")
    return summary
