"""Dose-responses of noradrenaline: concentration, occupancy, channels, measured gain (Fig 3a)."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.figure import FigureOptions
from dendmod.neuromodulation.functions import (
    figures_of,
    operating_input,
    population_of,
)
from dendmod.neuromodulation.presets import modulator
from dendmod.papers.shine2021.claims import Claim, inverted_u, inverted_u_in_all, verdict
from dendmod.papers.shine2021.common import AMPS, NOISY_AMPS, curves_of, finish, measured, seed_of
from dendmod.papers.shine2021.fig3 import _threshold
from dendmod.papers.shine2021.measured import Arrays
from dendmod.papers.shine2021.noisy import noisy_operating
from dendmod.papers.shine2021.tasks import READINGS
from dendmod.params.neuromodulators import BAC_SEARCH, BIOPHYSICS, CONCENTRATIONS, STEPS

DOSES = (0.0, *CONCENTRATIONS)
QUANTITIES = {
    "gain": "gain at the operating input (Hz/nA)",
    "noisy_gain": "gain under noise (Hz/nA)",
    "slope": "slope of the f-I curve (Hz/nA)",
    "apical": "apical sensitivity: 1 / BAC threshold (1/nA)",
}
PULSE = {"baseline": 30.0, "peak": 1000.0, "start": 2000.0, "duration": 3000.0, "stop": 15000.0}


def main(options: FigureOptions) -> dict[str, Any]:
    """Measure or look up, judge and draw."""
    from dendmod.papers.shine2021.plots.doses import draw_doses
    from dendmod.plotting import save, style

    curves, seed = curves_of(options), seed_of(options)
    fi, bac = measured(curves, "fi", seed), measured(curves, "bac", seed)
    dose = measured(curves, "dose", seed)
    responses = responses_of(fi["control"], bac[f"{BIOPHYSICS}/control"], dose)
    noradrenaline = modulator("noradrenaline")
    occupied = {nM: noradrenaline.occupancies(nM) for nM in DOSES}
    t = np.arange(0.0, PULSE["stop"], 10.0)
    burst = (t >= PULSE["start"]) & (t < PULSE["start"] + PULSE["duration"])
    slow = noradrenaline.activations(t, np.where(burst, PULSE["peak"], PULSE["baseline"]))
    claims = judge(responses, occupied)
    with style():
        save(draw_doses(DOSES, responses, QUANTITIES, noradrenaline, t, slow), options.out, "fig4")
    return finish(
        options, "fig4", claims, curves,
        concentrations_nM=list(DOSES),
        occupancy={f"{nM:g}": o for nM, o in occupied.items()},
        responses=responses,
        units=QUANTITIES,
    )  # fmt: skip


def responses_of(
    control: Arrays, bac: Arrays, dose: dict[str, Arrays]
) -> dict[str, dict[str, Any]]:
    """Return every quantity along the doses, by reading of the modulator.

    The operating input is that of the cell without modulator, the same at every dose.
    """
    amps, noisy_amps = STEPS.dose_amps, STEPS.dose_noisy_amps
    quiet = {
        "rate": control["rate"][[AMPS.index(x) for x in amps]],
        "noisy": control["noisy"][
            : len(STEPS.dose_seeds), [NOISY_AMPS.index(x) for x in noisy_amps]
        ],
    }
    operating = operating_input(population_of(AMPS, control["rate"]))
    under_noise = noisy_operating(control, NOISY_AMPS)
    out: dict[str, dict[str, Any]] = {}
    for name in READINGS:
        steps = [quiet, *(dose[f"fi/{name}/{nM:g}"] for nM in CONCENTRATIONS)]
        bursts = [bac, *(dose[f"bac/{BIOPHYSICS}/{name}/{nM:g}"] for nM in CONCENTRATIONS)]
        figures = [figures_of(amps, r["rate"], operating) for r in steps]
        noisy = [
            [float(population_of(noisy_amps, row).gain(under_noise)) for row in r["noisy"]]
            for r in steps
        ]
        out[name] = {
            "gain": [f.gain for f in figures],
            "slope": [f.slope for f in figures],
            "rate": [f.rate for f in figures],
            "noisy_gain": np.mean(noisy, axis=1).tolist(),
            "noisy_gain_by_seed": np.transpose(noisy).tolist(),
            # a burst without any EPSP: as sensitive as the resolution can tell
            "apical": [1.0 / max(_threshold(r), BAC_SEARCH.resolution) for r in bursts],
            "threshold_nA": [_threshold(r) for r in bursts],
            "rest_mV": [float(r["rest"]) for r in bursts],
        }
    return out


def judge(
    responses: dict[str, dict[str, Any]], occupied: dict[float, dict[str, float]]
) -> dict[str, Claim]:
    """Return the verdicts on dose-responses."""
    shapes = {
        quantity: {name: inverted_u(r[quantity]) for name, r in responses.items()}
        for quantity in QUANTITIES
        if quantity != "noisy_gain"
    }
    shapes["noisy_gain"] = {
        name: inverted_u_in_all(r["noisy_gain_by_seed"]) for name, r in responses.items()
    }
    low, high = occupied[CONCENTRATIONS[1]], occupied[CONCENTRATIONS[-1]]
    product = [o["alpha2A"] * (1 - o["alpha1"]) for o in occupied.values()]
    claims = {
        "low_concentrations_reach_alpha2_first": Claim(
            "At low concentrations noradrenaline acts on alpha2 receptors, at high ones on alpha1",
            verdict(low["alpha2A"] > 2 * low["alpha1"], high["alpha1"] > 0.5),
            {
                "at_nM": [CONCENTRATIONS[1], CONCENTRATIONS[-1]],
                "occupancy": [low, high],
                "note": "follows from the affinities alone",
            },
        )
    }
    for quantity, unit in QUANTITIES.items():
        claims[f"inverted_u_of_{quantity}"] = Claim(
            f"The competing receptors yield an inverted U: {unit}",
            verdict(*shapes[quantity].values()),
            {
                "inverted_u": shapes[quantity],
                **{name: r[quantity] for name, r in responses.items()},
                **(
                    {f"{name}_by_seed": r["noisy_gain_by_seed"] for name, r in responses.items()}
                    if quantity == "noisy_gain"
                    else {}
                ),
                "if_it_were_assumed": product,
            },
        )
    return claims
