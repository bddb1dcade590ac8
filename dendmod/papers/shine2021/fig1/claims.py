"""The verdicts on each mechanism of Shine et al. 2021 (Fig 2).

The rules of `dendmod.study.claims` decide. What has no random numbers (f-I curves without noise,
PSPs) is judged by its value; under noise by the ratios of the same seeds with and without the
mechanism; thresholds of IO curves by bootstraps over trials. docs/neuromodulation.md lists the
parts of each claim, and says how much was known when the rules were written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dendmod.neuromodulation.functions import width
from dendmod.papers.shine2021.fig1.results import PLACES, Measured
from dendmod.papers.shine2021.settings import Settings
from dendmod.params.neuromodulators import SIZES
from dendmod.population import compare
from dendmod.protocol.iocurves import IOAnalysis
from dendmod.study.claims import Judged, all_of, falls, holds, rises, same
from dendmod.study.summary import rounded

CLAIMS = {
    "a_ampa_scales_the_kernel": "More glutamate receptors scale the amplitude of the dendritic "
    "kernel and keep its shape",
    "a_gaba_deepens_inhibition": "More GABA receptors amplify the hyperpolarisation by afferent "
    "input and suppress firing",
    "b_ratio_sets_the_aperture": "The AMPA:NMDA ratio sets the temporal aperture and leaves the "
    "total current unchanged",
    "c_depolarisation_raises_gain": "A raised resting potential brings the cell nearer to "
    "threshold, so that it fires more and, below half of its highest rate, with more gain",
    "d_rectifier_shortens_the_interval": "Upregulated rectifying channels shorten the refractory "
    "period: higher rates above threshold and a more step-like response",
    "e_sk_shifts_the_threshold": "Less Ca-sensitive K current lowers the threshold: the response "
    "shifts to the left and keeps its shape",
    "kernels_depend_on_the_potential": "NMDA receptors make excitatory potentials larger in "
    "depolarised neurons",
}


def judge(settings: Settings, measured: Measured) -> dict[str, Judged]:
    """Return the verdict on each of the five mechanisms."""
    return {
        "a_ampa_scales_the_kernel": _ampa(measured),
        "a_gaba_deepens_inhibition": _gaba(measured),
        "b_ratio_sets_the_aperture": _aperture(measured),
        "c_depolarisation_raises_gain": _depolarised(measured),
        "d_rectifier_shortens_the_interval": _rectifier(measured),
        "e_sk_shifts_the_threshold": _threshold(measured),
        "kernels_depend_on_the_potential": _potential(settings, measured),
    }


def _figures(judged: Judged, **figures: Any) -> Judged:
    return judged.with_figures(figures=rounded(figures))


def _each(rule: Any, ratios: Iterable[float]) -> Judged:
    """Judge that a rule holds of each ratio; none of them has random numbers."""
    return all_of(*(rule(ratio) for ratio in ratios))


def _ratios(m: Measured, name: str, place: str, what: str) -> list[float]:
    """Return ratios of a kernel's figure to the control's, one a holding current."""
    k = PLACES.index(place)
    pairs = zip(m.kernels["control"], m.kernels[name], strict=True)
    return [getattr(after[k], what) / getattr(before[k], what) for before, after in pairs]


def _first(io: IOAnalysis) -> list[float]:
    return [float(x) for x in io.thresholds[:, 0]]


def _ampa(m: Measured) -> Judged:
    area, cutoff = (
        [r for place in ("basal", "apical") for r in _ratios(m, "ampa_up", place, what)]
        for what in ("area", "cutoff")
    )
    io = m.io["ampa_up"]
    return _figures(
        all_of(_each(same, (r / SIZES.ampa for r in area)), _each(same, cutoff), io.lower),
        weight_factor=SIZES.ampa,
        area_ratio=area,
        cutoff_ratio=cutoff,
        threshold_inputs_by_dose=_first(io),
    )


def _gaba(m: Measured) -> Judged:
    k = PLACES.index("inhibition")
    control, more = ([row[k].area for row in m.kernels[name]] for name in ("control", "gaba_up"))
    deeper = [b / a for a, b in zip(control, more, strict=True) if a < 0]
    io = m.io["gaba_up"]
    return _figures(
        all_of(holds(all(a < 0 for a in control)), _each(rises, deeper), io.higher),
        area_mV_ms={"control": control, "gaba_up": more},
        ratio_where_it_hyperpolarises=deeper,
        threshold_inputs_by_dose=_first(io),
    )


def _aperture(m: Measured) -> Judged:
    area, cutoff = (
        {n: _ratios(m, n, "basal", what) for n in ("nmda_off", "nmda_up")}
        for what in ("area", "cutoff")
    )
    slower = [a / b for a, b in zip(cutoff["nmda_off"], cutoff["nmda_up"], strict=True)]
    return _figures(
        all_of(_each(rises, slower), _each(same, (r for row in area.values() for r in row))),
        hold_mV=m.psp["control"]["hold"],
        area_ratio=area,
        cutoff_ratio=cutoff,
        why="the area of the conductance is held; magnesium blocks most of NMDA at rest",
    )


def _depolarised(m: Measured) -> Judged:
    control, up = (m.fi.figures[name] for name in ("control", "depolarised"))
    rest = {name: float(m.fi.curves[name]["rest"]) for name in ("control", "depolarised")}
    moved = rest["depolarised"] - rest["control"]
    gain, rate = up.gain / control.gain, up.rate / control.rate
    noisy, io = m.fi.noisy_ratios("depolarised"), m.io["depolarised"]
    return _figures(
        all_of(
            holds(moved > 0), rises(rate), rises(gain), rises(noisy["rate"]), rises(noisy["gain"]),
            io.lower,
        ),
        leak_shift_mV=SIZES.depolarisation,
        rest_shift_mV=moved,
        rate_ratio_at_the_operating_input=rate,
        gain_ratio_there=gain,
        slope_ratio=m.fi.slope_ratio("depolarised"),
        under_noise_by_seed=noisy,
        threshold_inputs_by_dose=_first(io),
    )  # fmt: skip


def _rectifier(m: Measured) -> Judged:
    base, up = (m.fi.curves[name]["shortest"] for name in ("control", "rectifier_up"))
    both = np.isfinite(base) & np.isfinite(up)
    interval = float(np.median(up[both] / base[both]))
    changed = ("rectifier_up", "rectifier_down", "t_type_off")
    widths = {name: width(m.fi.populations[name]) for name in ("control", *changed)}
    slope = {name: m.fi.slope_ratio(name) for name in changed}
    noisy = {name: m.fi.noisy_ratios(name)["slope"] for name in changed}
    normalised = {name: f.normalised_slope for name, f in m.fi.figures.items()}
    return _figures(
        all_of(
            falls(interval), rises(slope["rectifier_up"]), rises(noisy["rectifier_up"]),
            falls(widths["rectifier_up"] / widths["control"]),
        ),
        factor_up=SIZES.rectifier_up,
        factor_down=SIZES.rectifier_down,
        shortest_interval_ratio=interval,
        slope_ratio=slope,
        slope_ratio_under_noise_by_seed=noisy,
        normalised_slope_ratio={name: normalised[name] / normalised["control"] for name in changed},
        width_20_to_80_nA=widths,
    )  # fmt: skip


def _threshold(m: Measured) -> Judged:
    before, after = (m.fi.populations[name] for name in ("control", "sk_down"))
    change = compare(before, after, np.linspace(0.0, max(m.fi.amps), 121))
    moved = float(after.inverse(0.2 * before.qmax) - before.inverse(0.2 * before.qmax))
    slope, noisy = m.fi.slope_ratio("sk_down"), m.fi.noisy_ratios("sk_down")["slope"]
    io = m.io["sk_down"]
    return _figures(
        all_of(
            holds(moved < 0), holds(change.best_single == "shift"), same(slope), same(noisy),
            io.better("bias", "gain"),
        ),
        factor=SIZES.sk,
        shift_at_a_fifth_of_the_highest_rate_nA=moved,
        slope_ratio=slope,
        output_factor=change.output,
        input_factor=change.input,
        shift_nA=change.shift,
        residual=change.residual,
        slope_ratio_under_noise_by_seed=noisy,
        io_residual={model: fit.residual for model, fit in io.fits.items()},
        threshold_inputs_by_dose=_first(io),
    )  # fmt: skip


def _potential(settings: Settings, m: Measured) -> Judged:
    area = [row[0].area for row in m.kernels["control"]]
    return _figures(
        rises(area[-1] / area[0]),
        hold_mV=m.psp["control"]["hold"],
        basal_area_mV_ms=area,
        basal_cutoff_Hz=[row[0].cutoff for row in m.kernels["control"]],
        at_rest=settings.potentials.at_rest,
    )
