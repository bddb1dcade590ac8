"""From measured curves to population functions, and the figures of curves and kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.population import Activation, Measured, Normal, bistability_threshold

Array = npt.NDArray[np.float64]


def population_of(amps: npt.ArrayLike, rate: npt.ArrayLike, sd: float) -> Activation:
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
    amps: npt.ArrayLike, rate: npt.ArrayLike, operating: float, sd: float
) -> CurveFigures:
    """Return the figures of an f-I curve (nA, Hz).

    Parameters
    ----------
    amps, rate
        Currents and the rates at them, shape [n].
    operating
        Input at which gain and rate are taken (nA).
    sd
        Spread of the thresholds of the population (nA).
    """
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


def operating_input(q: Activation, part: float) -> float:
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


def critical_coupling(q: Activation) -> float:
    """Return the self-coupling (nA a Hz) from which a population can rest in two states."""
    return bistability_threshold(q.peak[1])
