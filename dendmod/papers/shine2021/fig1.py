"""Each mechanism of Shine et al. 2021 (Fig 2) on the L5 cell, beside what the paper draws."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dendmod.exchange.document import write_io
from dendmod.figure import FigureOptions
from dendmod.iocurve import CROSSINGS
from dendmod.neuromodulation.export import population_document
from dendmod.neuromodulation.functions import (
    Knob,
    figures_of,
    kernel_figures,
    knob,
    operating_input,
    population_of,
)
from dendmod.papers.shine2021.common import AMPS, NOISY_AMPS, curves_of, finish, measured, seed_of
from dendmod.papers.shine2021.measured import Arrays
from dendmod.papers.shine2021.mechanism_claims import PLACES, CutOff, judge
from dendmod.papers.shine2021.noisy import noisy_ratios
from dendmod.papers.shine2021.tasks import CURVES
from dendmod.params.neuromodulators import IO, POTENTIALS, STEPS


def main(options: FigureOptions) -> dict[str, Any]:
    """Measure or look up, judge and draw."""
    from dendmod.papers.shine2021.plots.mechanisms import draw_mechanisms
    from dendmod.plotting import save, style

    curves, seed = curves_of(options), seed_of(options)
    fi = measured(curves, "fi", seed)
    psp = measured(curves, "psp", seed)
    io = measured(curves, "io", seed)
    knobs = knobs_of(io, seed)
    functions = {name: population_of(AMPS, r["rate"]) for name, r in fi.items()}
    operating = operating_input(functions["control"])
    figures = {name: figures_of(AMPS, r["rate"], operating) for name, r in fi.items()}
    noisy = {name: noisy_ratios(fi, NOISY_AMPS, name) for name in fi}
    kernels = kernels_of(psp)
    claims = judge(fi, figures, noisy, kernels, psp, knobs)
    for name in knobs:
        document = population_document(
            name, IO.doses, io_curves(io, name), seed=seed, morphology=curves.name
        )
        write_io(options.out / f"population_{name}.json", document)
    with style():
        figure = draw_mechanisms(
            AMPS, functions, fi, psp, knobs, claims, POTENTIALS.amps.index(0.0), POTENTIALS.before
        )
        save(figure, options.out, "fig1")
    return finish(
        options,
        "fig1",
        claims,
        curves,
        operating_input_nA=operating,
        fi={name: asdict(f) for name, f in figures.items()},
        ratios_under_noise_by_seed=noisy,
        noise_seeds=STEPS.noise_seeds,
        kernels={
            name: {place: [asdict(row[k]) for row in by_hold] for k, place in enumerate(PLACES)}
            for name, by_hold in kernels.items()
        },
        hold_mV={name: r["hold"].tolist() for name, r in psp.items()},
        io={name: k.summary() for name, k in knobs.items()},
        fires_without_input={
            name: float(io[f"{name}/{IO.doses[-1]:g}"]["counts"].mean())
            for name in CURVES
            if name not in knobs
        },
    )


def knobs_of(io: dict[str, Arrays], seed: int) -> dict[str, Knob]:
    """Return the fitted IO curves of every mechanism that leaves thresholds to be found."""
    return {
        name: knob(IO.doses, io_curves(io, name), seed=seed)
        for name in CURVES
        if not always_fires(io[f"{name}/{IO.doses[-1]:g}"])
    }


def always_fires(curve: Arrays) -> bool:
    """Whether the cell fires whatever burst it is given, inhibitory ones too."""
    return bool(curve["counts"].mean(axis=1).min() > CROSSINGS[0])


def io_curves(io: dict[str, Arrays], name: str) -> list[Arrays]:
    """Return the sampled IO curves of a mechanism, by rising dose."""
    return [io["control/0"], *(io[f"{name}/{dose:g}"] for dose in IO.doses[1:])]


def kernels_of(psp: dict[str, Arrays]) -> CutOff:
    """Return the figures of every kernel, by mechanism, holding current and synapse."""
    p = POTENTIALS
    return {
        name: [[kernel_figures(x, p.before, p.keep_every) for x in row] for row in r["psp"]]
        for name, r in psp.items()
    }
