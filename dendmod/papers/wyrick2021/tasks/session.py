"""One recording of the model, analysed with the rules for recordings.

A module of its own: a change of these rules leaves the runs of `decoding` as they are.
"""

from __future__ import annotations

import numpy as np

from dendmod.clustered.behaviour import decode_by_state, gain_by_state
from dendmod.clustered.construction import build_network
from dendmod.clustered.recorded_model import model_recording
from dendmod.clustered.spec import ClusteredNetwork


def session(
    network: int, size: float, *, ongoing_s: float, trials: int, units: int, shuffles: int
) -> dict[str, np.ndarray]:
    """Make a recording of one network, and find gain and decoding at rest and while running.

    Parameters
    ----------
    network
        Its seed.
    size
        SD of dvar(E) while running; 0 for the null pair.
    ongoing_s, trials, units
        As in `model_recording`.
    shuffles
        Shuffles of the decoder.

    Returns
    -------
    dict
        ``gain_ratio``, ``gain_rest``, ``gain_run``, ``rest_rate``, ``run_rate`` [units], ``t``,
        ``rest``, ``run`` (accuracy [windows]), ``latency_change`` (s).
    """
    made = model_recording(
        build_network(ClusteredNetwork(), network),
        size=size, ongoing_s=ongoing_s, trials=trials, units=units,
    )  # fmt: skip
    gain = gain_by_state(made)
    both = decode_by_state(made, shuffles=shuffles)
    return {
        "gain_ratio": np.asarray(gain.ratio),
        "gain_rest": gain.rest,
        "gain_run": gain.run,
        "rest_rate": gain.rest_rate,
        "run_rate": gain.run_rate,
        "t": both.rest.t,
        "rest": both.rest.accuracy,
        "run": both.run.accuracy,
        "latency_change": np.asarray(both.latency_difference),
    }
