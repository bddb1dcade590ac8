"""Apical amplification when HCN channels close, raw and with the rest held (Shine, Fig 3b)."""

from __future__ import annotations

from typing import Any

from dendmod.figure import FigureOptions
from dendmod.neuromodulation.functions import (
    figures_of,
    operating_input,
    population_of,
)
from dendmod.papers.shine2021.claims import Claim, all_rise, falls, rises, verdict
from dendmod.papers.shine2021.common import AMPS, NOISY_AMPS, curves_of, finish, measured, seed_of
from dendmod.papers.shine2021.measured import Arrays
from dendmod.papers.shine2021.noisy import noisy_ratios
from dendmod.params.neuromodulators import BAC_SEARCH, BIOPHYSICS, OTHER_BIOPHYSICS, SIZES

SETS = (BIOPHYSICS, OTHER_BIOPHYSICS)
CASES = ("control", "hcn_closed", "hcn_closed_held", "calcium_up_apical", "calcium_up", "sk_down")


def main(options: FigureOptions) -> dict[str, Any]:
    """Measure or look up, judge and draw."""
    from dendmod.papers.shine2021.plots.apical import draw_apical
    from dendmod.plotting import save, style

    curves, seed = curves_of(options), seed_of(options)
    bac, fi = measured(curves, "bac", seed), measured(curves, "fi", seed)
    claims = judge(bac, fi)
    with style():
        save(draw_apical(BAC_SEARCH.amps, bac, AMPS, fi, CASES, SETS), options.out, "fig3")
    return finish(
        options, "fig3", claims, curves,
        epsp_nA=list(BAC_SEARCH.amps),
        resolution_nA=BAC_SEARCH.resolution,
        bac={
            key: {k: v.tolist() for k, v in r.items()} for key, r in bac.items()
        },
    )  # fmt: skip


def _threshold(r: Arrays) -> float:
    """Threshold, or the most that was tried where there was no burst."""
    value = float(r["threshold"])
    return value if value == value else BAC_SEARCH.most


def judge(bac: dict[str, Arrays], fi: dict[str, Arrays]) -> dict[str, Claim]:
    """Return the verdicts on apical amplification."""
    thresholds = {key: _threshold(r) for key, r in bac.items()}
    most = {key: int(r["spikes"].max()) for key, r in bac.items()}
    operating = operating_input(population_of(AMPS, fi["control"]["rate"]))
    slope = {name: figures_of(AMPS, r["rate"], operating).slope for name, r in fi.items()}
    slope = {name: value / slope["control"] for name, value in slope.items()}
    closed = ("hcn_closed", "hcn_closed_held")
    noisy = {name: noisy_ratios(fi, NOISY_AMPS, name)["slope"] for name in closed}

    def closure(name: str, text: str) -> Claim:
        lower = [thresholds[f"{s}/{name}"] < thresholds[f"{s}/control"] for s in SETS]
        more = [most[f"{s}/{name}"] > most[f"{s}/control"] for s in SETS]
        return Claim(
            text,
            "contradicted" if not any(lower) else verdict(all(lower), any(more)),
            {
                "factor": SIZES.hcn,
                "threshold_nA": {
                    f"set {s}": {n: thresholds[f"{s}/{n}"] for n in ("control", name)} for s in SETS
                },
                "most_spikes": {
                    f"set {s}": {n: most[f"{s}/{n}"] for n in ("control", name)} for s in SETS
                },
                "spikes_of_the_somatic_pulse_alone": {
                    f"set {s}": {n: int(bac[f"{s}/{n}"]["alone"]) for n in ("control", name)}
                    for s in SETS
                },
                "hot_zone_rest_mV": {
                    f"set {s}": {
                        n: float(bac[f"{s}/{n}"]["hot_zone_rest"]) for n in ("control", name)
                    }
                    for s in SETS
                },
                "step_slope_ratio": slope[name],
            },
        )

    calcium = [f"{s}/calcium_up_apical" for s in SETS]
    return {
        "hcn_closure_amplifies_apical_input_raw": closure(
            "hcn_closed", "Closing HCN channels amplifies apical input into bursts (rest may move)"
        ),
        "hcn_closure_amplifies_apical_input_rest_held": closure(
            "hcn_closed_held",
            "Closing HCN channels amplifies apical input into bursts (rest held)",
        ),
        "hcn_closure_raises_the_somatic_gain": Claim(
            "The closure of HCN channels raises the gain of the neuron (somatic steps)",
            verdict(*(rises(slope[n]) for n in closed), *(all_rise(noisy[n]) for n in closed)),
            {
                "slope_ratio": {n: slope[n] for n in closed},
                "slope_ratio_under_noise_by_seed": noisy,
            },
        ),
        "calcium_facilitation_couples_the_tuft": Claim(
            "Facilitated apical calcium channels couple the apical tuft to the soma",
            verdict(*(thresholds[k] < thresholds[k.split("/")[0] + "/control"] for k in calcium)),
            {
                "factor": SIZES.calcium,
                "threshold_nA": {k: thresholds[k] for k in calcium},
                "slope_ratio_apical": slope["calcium_up_apical"],
                "slope_ratio_everywhere": slope["calcium_up"],
                "everywhere_lowers_the_slope": falls(slope["calcium_up"]),
            },
        ),
    }
