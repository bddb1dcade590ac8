"""Features of traces: the time constant of a step, a rheobase, and spikes as eFEL measures them.

eFEL is the extra ``features``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from dendmod.errors import DendmodError, SpecError
from dendmod.spec.result import Array

_FIRST_NA = 0.05  # where the search for a rheobase begins
# eFEL's feature -> the name that dendmod gives it, with its unit
FEATURES = {
    "AP_begin_voltage": "threshold_mV",
    "AP_amplitude": "amplitude_mV",
    "spike_half_width": "half_width_ms",
    "AHP_depth_abs": "ahp_mV",
    "time_to_first_spike": "latency_ms",
    "mean_frequency": "rate_Hz",
    "ISI_CV": "isi_cv",
    "adaptation_index2": "adaptation",
}


def spike_features(
    t: Array, v: Array, window: tuple[float, float], *, threshold: float = 0.0
) -> dict[str, float]:
    """Return the mean of each feature over the spikes of a step.

    Parameters
    ----------
    t, v
        Times (ms) and potentials (mV), shape [n].
    window
        When the step begins and ends (ms).
    threshold
        What counts as a spike (mV).

    Returns
    -------
    dict
        Values by the names of `FEATURES`; a feature that the trace does not have (the regularity of
        one spike) is left out.

    Raises
    ------
    DendmodError
        If eFEL is not installed.
    """
    try:
        import efel
    except ImportError:
        raise DendmodError("eFEL is not installed; give: pip install 'dendmod[features]'") from None
    efel.reset()
    efel.set_setting("Threshold", threshold)
    efel.set_setting("strict_stiminterval", True)
    trace = {"T": t, "V": v, "stim_start": [window[0]], "stim_end": [window[1]]}
    (found,) = efel.get_feature_values([trace], list(FEATURES), raise_warnings=False)
    efel.reset()
    return {
        name: float(np.mean(found[feature]))
        for feature, name in FEATURES.items()
        if found[feature] is not None and len(found[feature])
    }


def smallest_current(fires: Callable[[float], bool], limit: float, resolution: float) -> float:
    """Return the smallest current (nA) that fires, to a resolution relative to itself.

    Raises
    ------
    SpecError
        If it fires without any current, or not up to the limit.
    """
    if fires(0.0):
        raise SpecError("the cell spikes without any current, so that it has no rheobase")
    low, high = 0.0, min(_FIRST_NA, limit)
    while not fires(high):
        if high >= limit:
            raise SpecError(f"no step up to {limit:.3g} nA evokes a spike at the soma")
        low, high = high, min(2 * high, limit)
    while high - low > resolution * high:
        middle = (low + high) / 2
        low, high = (low, middle) if fires(middle) else (middle, high)
    return high


def time_constant(t: Array, moved: Array) -> float:
    """Return tau (ms) of the ``A (1 - exp(-t / tau))`` that fits a rise from 0 best.

    Parameters
    ----------
    t
        Times from the onset (ms), shape [n]; they may lie unevenly.
    moved
        Distance from rest (mV), shape [n].

    Raises
    ------
    SpecError
        If no exponential fits.
    """
    from scipy.optimize import OptimizeWarning, curve_fit

    even = np.linspace(0.0, float(t[-1]), 1000)
    values = np.interp(even, t, moved)
    guess = float(even[int(np.argmax(values >= 0.63 * values[-1]))])
    start = (float(values[-1]), max(guess, 1e-3))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", OptimizeWarning)
            (_, tau), _ = curve_fit(lambda x, a, b: a * (1 - np.exp(-x / b)), even, values, start)
    except (OptimizeWarning, RuntimeError, ValueError, TypeError) as error:
        raise SpecError(f"no exponential fits the onset of the step: {error}") from None
    return float(tau)
