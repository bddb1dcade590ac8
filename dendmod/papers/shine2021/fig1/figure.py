"""Each mechanism of Shine et al. 2021 (Fig 2) on the L5 cell, beside what the paper draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture

from dendmod.exchange.document import write_io
from dendmod.iocurve import interval
from dendmod.neuromodulation.export import population_document
from dendmod.papers.shine2021.fig1.claims import CLAIMS, judge
from dendmod.papers.shine2021.fig1.plot import Panels, draw
from dendmod.papers.shine2021.fig1.results import PLACES, Measured, measure
from dendmod.papers.shine2021.settings import Settings
from dendmod.protocol.iocurves import IOAnalysis
from dendmod.study.figure import Figure, settings_of
from dendmod.study.summary import engine_lines


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return what summary.json says: figures of every curve, kernel and fit."""
    return {
        **found.curves.summary(),
        "operating_input_nA": found.fi.operating,
        "fi": {name: asdict(f) for name, f in found.fi.figures.items()},
        "ratios_under_noise_by_seed": {
            name: found.fi.noisy_ratios(name) for name in found.fi.curves
        },
        "noise_seeds": settings.steps.noise_seeds,
        "kernels": {
            name: {place: [asdict(row[k]) for row in by_hold] for k, place in enumerate(PLACES)}
            for name, by_hold in found.kernels.items()
        },
        "hold_mV": {name: r["hold"] for name, r in found.psp.items()},
        "io": {name: _of_doses(io) for name, io in found.io.items()},
        "fires_without_input": {
            name: float(rows[-1]["counts"].mean())
            for name, rows in found.sampled.items()
            if name not in found.io
        },
    }


def _of_doses(io: IOAnalysis) -> dict[str, Any]:
    gain = np.asarray(io.fits["gain_xshift"].gain, dtype=float)
    return {
        "doses": io.table.levels,
        "thresholds_inputs": io.thresholds,
        "interval_inputs": io.interval,
        "gain_spikes_per_input": np.broadcast_to(gain, len(io.table.levels)),
        "x_shift_inputs": io.fits["gain_xshift"].x_shift,
        "bias_spikes": np.atleast_1d(io.fits["bias"].bias),
        "residual": {model: fit.residual for model, fit in io.fits.items()},
        "gain_below_bias": io.order.fraction("gain", "bias"),
        "bias_below_gain": io.order.fraction("bias", "gain"),
        "first_threshold_lower": float(np.mean(io.shifts < 0)),
        "first_threshold_higher": float(np.mean(io.shifts > 0)),
        "shift_interval_inputs": interval(io.shifts[:, None])[0],
    }


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw five rows, one a mechanism."""
    panels = Panels(
        fi=found.fi,
        psp=found.psp,
        io=found.io,
        verdicts={name: claim["verdict"] for name, claim in summary["claims"].items()},
        at_rest=settings.potentials.at_rest,
        before=settings.potentials.before,
    )
    return {"fig1": draw(panels)}


def export(settings: Settings, found: Measured, out: Path) -> None:
    """Write the population function of every mechanism, for other programs."""
    for name in found.io:
        document = population_document(
            name,
            settings.io.doses,
            found.sampled[name],
            sd=settings.threshold_sd_inputs,
            provenance={
                "seed": settings.seed,
                "morphology": found.curves.name,
                "versions": found.curves.versions,
            },
        )
        write_io(out / f"population_{name}.json", document)


FIGURE = Figure(
    settings=settings_of(Settings),
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
    export=export,
    tell=engine_lines,
)
