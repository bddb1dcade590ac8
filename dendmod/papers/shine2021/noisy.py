"""What f-I curves under noise come to, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from dendmod.neuromodulation.functions import figures_of, operating_input, population_of

Array = npt.NDArray[np.float64]


def noisy_operating(control: Mapping[str, Array], amps: npt.ArrayLike) -> float:
    """Return the operating input (nA) of the control under noise, averaged over its seeds."""
    return operating_input(population_of(amps, control["noisy"].mean(axis=0)))


def noisy_ratios(
    fi: Mapping[str, Mapping[str, Array]], amps: npt.ArrayLike, name: str
) -> dict[str, list[float]]:
    """Return ratios to the control under the same noise: slope, and gain and rate at its input.

    The operating input is that of the control's mean over seeds, the same for all.
    """
    operating = noisy_operating(fi["control"], amps)
    pairs = [
        (figures_of(amps, a, operating), figures_of(amps, b, operating))
        for a, b in zip(fi["control"]["noisy"], fi[name]["noisy"], strict=True)
    ]
    return {
        what: [getattr(after, what) / getattr(before, what) for before, after in pairs]
        for what in ("slope", "gain", "rate")
    }


def noise_as_spread(
    fi: Mapping[str, Array], amps: npt.ArrayLike, noisy_amps: npt.ArrayLike
) -> dict[str, Any]:
    """Compare the curve under noise with the quiet one averaged over thresholds.

    A distribution of potentials and one of thresholds are said to do the same (Shine et al. 2021).
    The spread (nA) that fits best, and how far off it is and the quiet curve is (Hz, root of the
    mean square), for the mean over seeds and for each of them.
    """
    x = np.asarray(noisy_amps, dtype=float)
    quiet = np.interp(x, np.asarray(amps, dtype=float), fi["rate"])
    rows = [fi["noisy"].mean(axis=0), *fi["noisy"]]
    found = []
    for noisy in rows:

        def miss(sd: float, noisy: Array = noisy) -> float:
            return float(np.sqrt(np.mean((population_of(amps, fi["rate"], sd)(x) - noisy) ** 2)))

        best = minimize_scalar(miss, bounds=(0.005, 1.0), method="bounded")
        found.append(
            {
                "sd_nA": float(best.x),
                "rms_Hz": float(best.fun),
                "quiet_rms_Hz": float(np.sqrt(np.mean((quiet - noisy) ** 2))),
            }
        )
    return {**found[0], "by_seed": found[1:]}
