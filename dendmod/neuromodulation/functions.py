"""From measured curves to population functions, kernels' figures and IO fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.figure import plain
from dendmod.iocurve import (
    MODELS,
    FitModel,
    IOFit,
    OrderOfResiduals,
    bootstrap_thresholds,
    fit_io,
    interval,
    order_of_residuals,
    thresholds,
)
from dendmod.params.neuromodulators import OPERATING_POINT, SURE, THRESHOLD_SD
from dendmod.population import Activation, Measured, Normal, bistability_threshold

Array = npt.NDArray[np.float64]


def population_of(amps: npt.ArrayLike, rate: npt.ArrayLike, sd: float = THRESHOLD_SD) -> Activation:
    """Return the population function of a measured f-I curve (nA, Hz).

    Thresholds spread by `sd` (nA) around the neuron's own. Where the measured rate falls again,
    the curve is held at its highest rate, since a population function must not fall: a block of
    spiking at large currents does not show in it.
    """
    x, y = np.asarray(amps, dtype=float), np.asarray(rate, dtype=float)
    return Activation(
        Measured(tuple(x.tolist()), tuple(np.maximum.accumulate(y).tolist())),
        Normal(0.0, sd),
        "nA",
    )


@dataclass(frozen=True)
class CurveFigures:
    """What an f-I curve comes to.

    Parameters
    ----------
    rheobase
        Half-way between the last current without spikes and the first with them (nA).
    slope
        Least-squares slope where the neuron fires (Hz a nA).
    normalised_slope
        The same over the highest rate (1 a nA).
    qmax
        Highest rate (Hz).
    gain
        Gain of the population function at the operating input (Hz a nA).
    rate
        Its rate there (Hz).
    peak
        Largest gain (Hz a nA).
    peak_at
        Part of the highest rate at which the gain is largest.
    skewness
        Of the population function.
    precision
        One over the variance of the population function's slope (1 / nA^2).
    """

    rheobase: float
    slope: float
    normalised_slope: float
    qmax: float
    gain: float
    rate: float
    peak: float
    peak_at: float
    skewness: float
    precision: float


def figures_of(
    amps: npt.ArrayLike, rate: npt.ArrayLike, operating: float, sd: float = THRESHOLD_SD
) -> CurveFigures:
    """Return the figures of an f-I curve; `operating` is an input in nA."""
    x, y = np.asarray(amps, dtype=float), np.asarray(rate, dtype=float)
    fires = y > 0
    if fires.sum() < 3:
        raise SpecError("the cell fires at fewer than three currents; give larger ones")
    first = int(np.argmax(fires))
    slope = float(np.polyfit(x[fires], y[fires], 1)[0])
    q = population_of(x, y, sd)
    return CurveFigures(
        rheobase=float(0.5 * (x[max(first - 1, 0)] + x[first])),
        slope=slope,
        normalised_slope=slope / float(y.max()),
        qmax=q.qmax,
        gain=float(q.gain(operating)),
        rate=float(q(operating)),
        peak=q.peak[1],
        peak_at=q.peak_at,
        skewness=q.skewness,
        precision=q.precision,
    )


def operating_input(q: Activation, part: float = OPERATING_POINT) -> float:
    """Return the input at which a population fires at this part of its highest rate."""
    return q.inverse(part * q.qmax)


def width(q: Activation) -> float:
    """Return over which input the rate rises from 20 to 80 % of the highest."""
    return q.inverse(0.8 * q.qmax) - q.inverse(0.2 * q.qmax)


@dataclass(frozen=True)
class KernelFigures:
    """A PSP: area (mV ms), peak (mV), time to peak (ms) and -3 dB frequency (Hz)."""

    area: float
    peak: float
    time_to_peak: float
    cutoff: float


def kernel_figures(psp: Array, before: float, step: float) -> KernelFigures:
    """Return the figures of a PSP sampled every `step` ms from `before` ms ahead of its input.

    The -3 dB frequency is the highest at which the spectrum still reaches one over root 2 of its
    largest value (an undershoot takes from the lowest frequencies).
    """
    n = 1 << 15
    after = psp[round(before / step) :]
    spectrum = np.abs(np.fft.rfft(after, n))
    frequency = np.fft.rfftfreq(n, step / 1000.0)
    above = np.flatnonzero(spectrum >= spectrum.max() / np.sqrt(2))
    k = int(np.argmax(np.abs(after)))
    return KernelFigures(
        float(np.trapezoid(after, dx=step)),
        float(after[k]),
        k * step,
        float(frequency[above[-1]]),
    )


def sure(agree: npt.ArrayLike) -> bool:
    """Whether enough bootstraps agree; one that crossed nothing (NaN compares false) does not."""
    return float(np.mean(np.asarray(agree, dtype=bool))) >= SURE


@dataclass(frozen=True)
class Knob:
    """IO curves under one mechanism at several doses.

    Parameters
    ----------
    doses
        Parts of the full strength.
    thresholds
        In inputs, shape [doses, crossings].
    fits
        One a model.
    samples
        Thresholds of resampled trials, shape [samples, doses, crossings].
    """

    doses: tuple[float, ...]
    thresholds: Array
    fits: dict[FitModel, IOFit]
    samples: Array

    def summary(self) -> dict[str, Any]:
        """Return what a summary says of it."""
        return {
            "doses": list(self.doses),
            "thresholds_inputs": plain(self.thresholds),
            "interval_inputs": plain(interval(self.samples)),
            "gain_spikes_per_input": plain(_each(self.fits["gain_xshift"])),
            "x_shift_inputs": self.fits["gain_xshift"].x_shift,
            "bias_spikes": plain(np.atleast_1d(self.fits["bias"].bias)),
            "residual": {m: f.residual for m, f in self.fits.items()},
            "gain_below_bias": self.order.fraction("gain", "bias"),
            "bias_below_gain": self.order.fraction("bias", "gain"),
            "first_threshold_lower": float(np.mean(self.shifts < 0)),
            "first_threshold_higher": float(np.mean(self.shifts > 0)),
            "shift_interval_inputs": plain(interval(self.shifts[:, None])[0]),
        }

    @cached_property
    def order(self) -> OrderOfResiduals:
        """Residuals of each model in each bootstrap."""
        return order_of_residuals(self.samples)

    @property
    def shifts(self) -> Array:
        """How far the threshold of one spike moves from no dose to the full one [samples]."""
        moved: Array = self.samples[:, -1, 0] - self.samples[:, 0, 0]
        return moved

    @property
    def lower(self) -> bool:
        """Whether the full dose lowers the threshold of one spike."""
        return sure(self.shifts < 0)

    @property
    def higher(self) -> bool:
        """Whether the full dose raises it."""
        return sure(self.shifts > 0)

    def better(self, model: FitModel, other: FitModel) -> bool:
        """Whether one fit leaves less than another in enough bootstraps."""
        return self.order.fraction(model, other) >= SURE


def _each(fit: IOFit) -> Array:
    return np.broadcast_to(np.asarray(fit.gain, dtype=float), len(fit.levels))


def knob(
    doses: Sequence[float],
    curves: Sequence[Mapping[str, Array]],
    *,
    samples: int = 200,
    seed: int = 1,
) -> Knob:
    """Fit IO curves at several doses together, as part 2 fits levels of modulation."""
    numbers = np.unique(np.concatenate([c["n_feedforward"] for c in curves]))
    trials = curves[0]["counts"].shape[1]
    counts = np.full((len(curves), numbers.size, trials), np.nan)
    for row, curve in enumerate(curves):
        counts[row, np.searchsorted(numbers, curve["n_feedforward"])] = curve["counts"]
    found = thresholds(numbers, counts.mean(axis=2))
    drawn = bootstrap_thresholds(numbers, counts, samples=samples, seed=seed)
    fits = {m: fit_io(found, m, levels=doses) for m in MODELS}
    return Knob(tuple(doses), found, fits, drawn)


def critical_coupling(q: Activation) -> float:
    """Return the self-coupling (nA a Hz) from which a population can rest in two states."""
    return bistability_threshold(q.peak[1])
