"""Apical amplification when HCN channels close, raw and with the rest held (Shine, Fig 3b)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure as Picture

from dendmod.papers.shine2021.analysis import FICurves, burst_threshold
from dendmod.papers.shine2021.curves import Curves
from dendmod.papers.shine2021.fig3.plot import Panels, draw
from dendmod.papers.shine2021.measured_file import Arrays
from dendmod.papers.shine2021.settings import Names
from dendmod.papers.shine2021.settings import Settings as Shared
from dendmod.params.neuromodulators import SIZES
from dendmod.study.claims import REPRODUCED, Judged, all_of, falls, holds, rises
from dendmod.study.figure import Figure, settings_of
from dendmod.study.summary import engine_lines, rounded
from dendmod.sweep import Sweep

CLAIMS = {
    "hcn_closure_amplifies_apical_input_raw": "Closing HCN channels amplifies apical input into "
    "bursts (rest may move)",
    "hcn_closure_amplifies_apical_input_rest_held": "Closing HCN channels amplifies apical input "
    "into bursts (rest held)",
    "hcn_closure_raises_the_somatic_gain": "The closure of HCN channels raises the gain of the "
    "neuron (somatic steps)",
    "calcium_facilitation_couples_the_tuft": "Facilitated apical calcium channels couple the "
    "apical tuft to the soma",
}
_CLOSED = ("hcn_closed", "hcn_closed_held")


class Settings(Shared):
    """Those of all figures, and the mechanisms that are drawn."""

    cases: Names


@dataclass(frozen=True)
class Measured:
    """BAC firing by "set/mechanism", and f-I curves by mechanism."""

    curves: Curves
    bac: Mapping[str, Arrays]
    fi: FICurves


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Measure BAC firing and f-I curves, or look them up."""
    curves = Curves(settings, sweep)
    bac, fi = (curves.of(kind) for kind in ("bac", "fi"))
    return Measured(curves, bac, FICurves.of(fi, settings))


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdicts on apical amplification."""
    fi, sets = found.fi, settings.biophysics_sets
    slope = {name: fi.slope_ratio(name) for name in fi.curves}
    noisy = {name: fi.noisy_ratios(name)["slope"] for name in _CLOSED}
    threshold = {key: burst_threshold(r, settings) for key, r in found.bac.items()}
    apical = [f"{s}/calcium_up_apical" for s in sets]
    calcium = all_of(*(
        holds(threshold[f"{s}/calcium_up_apical"] < threshold[f"{s}/control"]) for s in sets
    ))  # fmt: skip
    return {
        "hcn_closure_amplifies_apical_input_raw": _closure(settings, found, "hcn_closed"),
        "hcn_closure_amplifies_apical_input_rest_held": _closure(
            settings, found, "hcn_closed_held"
        ),
        "hcn_closure_raises_the_somatic_gain": all_of(
            *(rises(slope[name]) for name in _CLOSED), *(rises(noisy[name]) for name in _CLOSED)
        ).with_figures(
            figures=rounded({
                "slope_ratio": {name: slope[name] for name in _CLOSED},
                "slope_ratio_under_noise_by_seed": noisy,
            })
        ),
        "calcium_facilitation_couples_the_tuft": calcium.with_figures(
            figures=rounded({
                "factor": SIZES.calcium,
                "threshold_nA": {key: threshold[key] for key in apical},
                "slope_ratio_apical": slope["calcium_up_apical"],
                "slope_ratio_everywhere": slope["calcium_up"],
                "everywhere_lowers_the_slope": falls(slope["calcium_up"]).verdict == REPRODUCED,
            })
        ),
    }  # fmt: skip


def _closure(settings: Settings, found: Measured, name: str) -> Judged:
    """Judge that every set needs a smaller EPSP for a burst, and one of them has more spikes."""
    bac, sets = found.bac, settings.biophysics_sets

    def both(value: Any) -> dict[str, dict[str, Any]]:
        return {f"set {s}": {n: value(bac[f"{s}/{n}"]) for n in ("control", name)} for s in sets}

    threshold = both(lambda r: burst_threshold(r, settings))
    most = both(lambda r: int(r["spikes"].max()))
    return all_of(
        holds(all(row[name] < row["control"] for row in threshold.values())),
        holds(any(row[name] > row["control"] for row in most.values())),
    ).with_figures(
        figures=rounded({
            "factor": SIZES.hcn,
            "threshold_nA": threshold,
            "most_spikes": most,
            "spikes_of_the_somatic_pulse_alone": both(lambda r: int(r["alone"])),
            "hot_zone_rest_mV": both(lambda r: float(r["hot_zone_rest"])),
            "step_slope_ratio": found.fi.slope_ratio(name),
        })
    )  # fmt: skip


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return what summary.json says."""
    return {
        **found.curves.summary(),
        "epsp_nA": settings.bac.amps,
        "resolution_nA": settings.bac.resolution,
        "bac": found.bac,
    }


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw thresholds, bursts and f-I curves of each case."""
    panels = Panels(
        epsp=settings.bac.amps,
        bac=found.bac,
        fi=found.fi,
        cases=settings.cases,
        sets=settings.biophysics_sets,
    )
    return {"fig3": draw(panels)}


FIGURE = Figure(
    settings=settings_of(Settings),
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
    tell=engine_lines,
)
