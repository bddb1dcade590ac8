"""The verdicts on each mechanism of Shine et al. 2021 (Fig 2)."""

from __future__ import annotations

import numpy as np

from dendmod.neuromodulation.functions import (
    CurveFigures,
    KernelFigures,
    Knob,
    population_of,
    width,
)
from dendmod.papers.shine2021.claims import (
    Claim,
    all_rise,
    falls,
    rises,
    same,
    same_in_mean,
    verdict,
)
from dendmod.papers.shine2021.common import AMPS
from dendmod.papers.shine2021.stored import Arrays
from dendmod.params.neuromodulators import POTENTIALS, SIZES
from dendmod.population import compare

PLACES = ("basal", "apical", "inhibition")
CutOff = dict[str, list[list[KernelFigures]]]


def judge(
    fi: dict[str, Arrays],
    figures: dict[str, CurveFigures],
    noisy: dict[str, dict[str, list[float]]],
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
        "c_depolarisation_raises_gain": _depolarised(
            fi, control, figures["depolarised"], noisy["depolarised"], knobs
        ),
        "d_rectifier_shortens_the_interval": _rectifier(fi, figures, noisy),
        "e_sk_shifts_the_threshold": _threshold(fi, figures, noisy, knobs),
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
        verdict(
            all(same(r / SIZES.ampa) for r in area), all(same(r) for r in cutoff),
            knobs["ampa_up"].lower,
        ),
        {
            "weight_factor": SIZES.ampa,
            "area_ratio": area,
            "cutoff_ratio": cutoff,
            "threshold_inputs_by_dose": _first(knobs["ampa_up"]),
        },
    )  # fmt: skip


def _gaba(kernels: CutOff, knobs: dict[str, Knob]) -> Claim:
    k = PLACES.index("inhibition")
    areas = [[row[k].area for row in kernels[name]] for name in ("control", "gaba_up")]
    first = _first(knobs["gaba_up"])
    deeper = [b / a for a, b in zip(*areas, strict=True) if a < 0]
    return Claim(
        "More GABA receptors amplify the hyperpolarisation by afferent input and suppress firing",
        verdict(
            all(a < 0 for a in areas[0]), all(rises(r) for r in deeper), knobs["gaba_up"].higher
        ),
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
    fi: dict[str, Arrays],
    control: CurveFigures,
    up: CurveFigures,
    noisy: dict[str, list[float]],
    knobs: dict[str, Knob],
) -> Claim:
    moved = float(fi["depolarised"]["rest"] - fi["control"]["rest"])
    gain, rate = up.gain / control.gain, up.rate / control.rate
    return Claim(
        "A raised resting potential brings the cell nearer to threshold, so that it fires more "
        "and, below half of its highest rate, with more gain",
        verdict(
            moved > 0 and rises(rate), rises(gain), all_rise(noisy["rate"]),
            all_rise(noisy["gain"]), knobs["depolarised"].lower,
        ),
        {
            "leak_shift_mV": SIZES.depolarisation,
            "rest_shift_mV": moved,
            "rate_ratio_at_the_operating_input": rate,
            "gain_ratio_there": gain,
            "slope_ratio": up.slope / control.slope,
            "under_noise_by_seed": noisy,
            "threshold_inputs_by_dose": _first(knobs["depolarised"]),
        },
    )  # fmt: skip


def _rectifier(
    fi: dict[str, Arrays],
    figures: dict[str, CurveFigures],
    noisy: dict[str, dict[str, list[float]]],
) -> Claim:
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
            falls(interval), rises(slope["rectifier_up"]), all_rise(noisy["rectifier_up"]["slope"]),
            falls(widths["rectifier_up"] / widths["control"]),
        ),
        {
            "factor_up": SIZES.rectifier_up,
            "factor_down": SIZES.rectifier_down,
            "shortest_interval_ratio": interval,
            "slope_ratio": slope,
            "slope_ratio_under_noise_by_seed": {n: noisy[n]["slope"] for n in slope},
            "normalised_slope_ratio": {
                n: figures[n].normalised_slope / figures["control"].normalised_slope for n in slope
            },
            "width_20_to_80_nA": widths,
        },
    )  # fmt: skip


def _threshold(
    fi: dict[str, Arrays],
    figures: dict[str, CurveFigures],
    noisy: dict[str, dict[str, list[float]]],
    knobs: dict[str, Knob],
) -> Claim:
    before, after = (population_of(AMPS, fi[n]["rate"]) for n in ("control", "sk_down"))
    change = compare(before, after, np.linspace(0.0, max(AMPS), 121))
    slope = figures["sk_down"].slope / figures["control"].slope
    moved = float(after.inverse(0.2 * before.qmax) - before.inverse(0.2 * before.qmax))
    curves, under_noise = knobs["sk_down"], noisy["sk_down"]["slope"]
    return Claim(
        "Less Ca-sensitive K current lowers the threshold: the response shifts to the left and "
        "keeps its shape",
        verdict(
            moved < 0, change.best_single == "shift", same(slope), same_in_mean(under_noise),
            curves.better("bias", "gain"),
        ),
        {
            "factor": SIZES.sk,
            "shift_at_a_fifth_of_the_highest_rate_nA": moved,
            "slope_ratio": slope,
            "output_factor": change.output,
            "input_factor": change.input,
            "shift_nA": change.shift,
            "residual": change.residual,
            "slope_ratio_under_noise_by_seed": under_noise,
            "io_residual": {m: f.residual for m, f in curves.fits.items()},
            "threshold_inputs_by_dose": _first(curves),
        },
    )  # fmt: skip


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
