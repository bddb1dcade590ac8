"""Features of the spikes of a trace, measured by eFEL (the extra ``features``)."""

from __future__ import annotations

import numpy as np

from dendmod.errors import DendmodError
from dendmod.spec.result import Array

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
        raise DendmodError(
            "eFEL is not installed; give: pip install 'dendmod[features]'"
        ) from None
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
