"""Each mechanism of Shine et al. 2021 (Fig 2) on the L5 cell, beside what the paper draws."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from dendmod.exchange.document import write_io
from dendmod.figure import FigureOptions
from dendmod.neuromodulation.claims import Claim, falls, rises, same, verdict
from dendmod.neuromodulation.common import AMPS, curves_of, finish, measured, seed_of
from dendmod.neuromodulation.export import population_document
from dendmod.neuromodulation.functions import (
    CurveFigures,
    KernelFigures,
    Knob,
    figures_of,
    kernel_figures,
    knob,
    operating_input,
    population_of,
    width,
)
from dendmod.neuromodulation.measured import Arrays
from dendmod.neuromodulation.tasks import CURVES
from dendmod.params.neuromodulators import IO, POTENTIALS, SIZES
from dendmod.population import compare

PLACES = ("basal", "apical", "inhibition")
CutOff = dict[str, list[list[KernelFigures]]]


def main(options: FigureOptions) -> dict[str, Any]:
    """Measure or look up, judge and draw."""
    from dendmod.plotting import save, style
    from dendmod.plotting.modulation import draw_mechanisms

    curves, seed = curves_of(options), seed_of(options)
    fi = measured(curves, "fi", seed)
    psp = measured(curves, "psp", seed)
    io = measured(curves, "io", seed)
    knobs = knobs_of(io, seed)
    functions = {name: population_of(AMPS, r["rate"]) for name, r in fi.items()}
    operating = operating_input(functions["control"])
    figures = {name: figures_of(AMPS, r["rate"], operating) for name, r in fi.items()}
    noisy = {
        name: [figures_of(AMPS, row, operating).slope for row in r["noisy"]]
        for name, r in fi.items()
    }
    kernels = kernels_of(psp)
    claims = judge(fi, figures, kernels, psp, knobs)
    for name in CURVES:
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
        noisy_slope_Hz_per_nA=noisy,
        kernels={
            name: {place: [asdict(row[k]) for row in by_hold] for k, place in enumerate(PLACES)}
            for name, by_hold in kernels.items()
        },
        hold_mV={name: r["hold"].tolist() for name, r in psp.items()},
        io={name: k.summary() for name, k in knobs.items()},
    )


def knobs_of(io: dict[str, Arrays], seed: int) -> dict[str, Knob]:
    """Return the fitted IO curves of every mechanism."""
    return {name: knob(IO.doses, io_curves(io, name), seed=seed) for name in CURVES}


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


def judge(
    fi: dict[str, Arrays],
    figures: dict[str, CurveFigures],
    kernels: CutOff,
    psp: dict[str, Arrays],
    knobs: dict[str, Knob],
) -> dict[str, Claim]:
    """Return the verdict on each of the five mechanisms."""
    control = figures["control"]
    at_rest = POTENTIALS.amps.index(0.0)
    return {
        "a_ampa_scales_the_kernel": _ampa(kernels, knobs),
        "a_gaba_deepens_inhibition": _gaba(kernels, knobs),
        "b_ratio_sets_the_aperture": _aperture(kernels, psp),
        "c_depolarisation_raises_gain": _depolarised(fi, control, figures["depolarised"], knobs),
        "d_rectifier_shortens_the_interval": _rectifier(fi, figures),
        "e_sk_shifts_the_threshold": _threshold(fi, figures, knobs),
        "kernels_depend_on_the_potential": _potential(kernels["control"], psp, at_rest),
    }


def _ratios(kernels: CutOff, name: str, place: str, what: str) -> list[float]:
    k = PLACES.index(place)
    pairs = zip(kernels["control"], kernels[name], strict=True)
    return [getattr(b[k], what) / getattr(a[k], what) for a, b in pairs]


def _first(k: Knob) -> list[float]:
    return [float(x) for x in k.thresholds[:, 0]]


def _ampa(kernels: CutOff, knobs: dict[str, Knob]) -> Claim:
    area = [r for p in ("basal", "apical") for r in _ratios(kernels, "ampa_up", p, "area")]
    cutoff = [r for p in ("basal", "apical") for r in _ratios(kernels, "ampa_up", p, "cutoff")]
    return Claim(
        "More glutamate receptors scale the amplitude of the dendritic kernel and keep its shape",
        verdict(all(same(r / SIZES.ampa) for r in area), all(same(r) for r in cutoff)),
        {
            "weight_factor": SIZES.ampa,
            "area_ratio": area,
            "cutoff_ratio": cutoff,
            "threshold_inputs_by_dose": _first(knobs["ampa_up"]),
        },
    )


def _gaba(kernels: CutOff, knobs: dict[str, Knob]) -> Claim:
    k = PLACES.index("inhibition")
    areas = [[row[k].area for row in kernels[name]] for name in ("control", "gaba_up")]
    first = _first(knobs["gaba_up"])
    deeper = [b / a for a, b in zip(*areas, strict=True) if a < 0]
    return Claim(
        "More GABA receptors amplify the hyperpolarisation by afferent input and suppress firing",
        verdict(all(a < 0 for a in areas[0]), all(rises(r) for r in deeper), first[-1] > first[0]),
        {
            "area_mV_ms": {"control": areas[0], "gaba_up": areas[1]},
            "ratio_where_it_hyperpolarises": deeper,
            "threshold_inputs_by_dose": first,
        },
    )


def _aperture(kernels: CutOff, psp: dict[str, Arrays]) -> Claim:
    area = {n: _ratios(kernels, n, "basal", "area") for n in ("nmda_off", "nmda_up")}
    cutoff = {n: _ratios(kernels, n, "basal", "cutoff") for n in ("nmda_off", "nmda_up")}
    slower = all(b < a for a, b in zip(cutoff["nmda_off"], cutoff["nmda_up"], strict=True))
    wide = slower and all(
        rises(a / b) for a, b in zip(cutoff["nmda_off"], cutoff["nmda_up"], strict=True)
    )
    constant = all(same(r) for rows in area.values() for r in rows)
    return Claim(
        "The AMPA:NMDA ratio sets the temporal aperture and leaves the total current unchanged",
        verdict(slower and wide, constant),
        {
            "hold_mV": psp["control"]["hold"].tolist(),
            "area_ratio": area,
            "cutoff_ratio": cutoff,
            "why": "the area of the conductance is held; magnesium blocks most of NMDA at rest",
        },
    )


def _depolarised(
    fi: dict[str, Arrays], control: CurveFigures, up: CurveFigures, knobs: dict[str, Knob]
) -> Claim:
    moved = float(fi["depolarised"]["rest"] - fi["control"]["rest"])
    gain, rate = up.gain / control.gain, up.rate / control.rate
    return Claim(
        "A raised resting potential brings the cell nearer to threshold, so that it fires more "
        "and, below half of its highest rate, with more gain",
        verdict(moved > 0 and rises(rate), rises(gain)),
        {
            "leak_shift_mV": SIZES.depolarisation,
            "rest_shift_mV": moved,
            "rate_ratio_at_the_operating_input": rate,
            "gain_ratio_there": gain,
            "slope_ratio": up.slope / control.slope,
            "threshold_inputs_by_dose": _first(knobs["depolarised"]),
        },
    )


def _rectifier(fi: dict[str, Arrays], figures: dict[str, CurveFigures]) -> Claim:
    base, up = fi["control"], fi["rectifier_up"]
    both = np.isfinite(base["shortest"]) & np.isfinite(up["shortest"])
    interval = float(np.median(up["shortest"][both] / base["shortest"][both]))
    widths = {
        name: width(population_of(AMPS, fi[name]["rate"]))
        for name in ("control", "rectifier_up", "rectifier_down", "t_type_off")
    }
    slope = {n: figures[n].slope / figures["control"].slope for n in widths if n != "control"}
    return Claim(
        "Upregulated rectifying channels shorten the refractory period: higher rates above "
        "threshold and a more step-like response",
        verdict(
            falls(interval), rises(slope["rectifier_up"]),
            falls(widths["rectifier_up"] / widths["control"]),
        ),
        {
            "factor_up": SIZES.rectifier_up,
            "factor_down": SIZES.rectifier_down,
            "shortest_interval_ratio": interval,
            "slope_ratio": slope,
            "normalised_slope_ratio": {
                n: figures[n].normalised_slope / figures["control"].normalised_slope for n in slope
            },
            "width_20_to_80_nA": widths,
        },
    )  # fmt: skip


def _threshold(
    fi: dict[str, Arrays], figures: dict[str, CurveFigures], knobs: dict[str, Knob]
) -> Claim:
    before, after = (population_of(AMPS, fi[n]["rate"]) for n in ("control", "sk_down"))
    change = compare(before, after, np.linspace(0.0, max(AMPS), 121))
    slope = figures["sk_down"].slope / figures["control"].slope
    moved = float(after.inverse(0.2 * before.qmax) - before.inverse(0.2 * before.qmax))
    fits = knobs["sk_down"].fits
    return Claim(
        "Less Ca-sensitive K current lowers the threshold: the response shifts to the left and "
        "keeps its shape",
        verdict(moved < 0, change.best_single == "shift", same(slope)),
        {
            "factor": SIZES.sk,
            "shift_at_a_fifth_of_the_highest_rate_nA": moved,
            "slope_ratio": slope,
            "output_factor": change.output,
            "input_factor": change.input,
            "shift_nA": change.shift,
            "residual": change.residual,
            "io_residual": {m: f.residual for m, f in fits.items()},
            "threshold_inputs_by_dose": _first(knobs["sk_down"]),
        },
    )


def _potential(control: list[list[KernelFigures]], psp: dict[str, Arrays], rest: int) -> Claim:
    area = [row[0].area for row in control]
    return Claim(
        "NMDA receptors make excitatory potentials larger in depolarised neurons",
        verdict(rises(area[-1] / area[0])),
        {
            "hold_mV": psp["control"]["hold"].tolist(),
            "basal_area_mV_ms": area,
            "basal_cutoff_Hz": [row[0].cutoff for row in control],
            "at_rest": rest,
        },
    )
