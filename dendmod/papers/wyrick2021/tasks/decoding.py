"""Stimuli to one network, and their decoding."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.clustered.activation import activation_latencies
from dendmod.clustered.construction import Network, build_network
from dendmod.clustered.decoding import DecodingCurve, decode, sliding_counts
from dendmod.clustered.perturbation import NONE, Perturbation
from dendmod.clustered.readings import SCALED
from dendmod.clustered.responses import (
    match_counts,
    peak_response,
    peak_selectivity,
    selectivity,
)
from dendmod.clustered.spec import ClusteredNetwork
from dendmod.clustered.stimulus import draw_stimuli
from dendmod.clustered.trials import TrialRunner
from dendmod.params import wyrick2021
from dendmod.rng import stream

_STEP = wyrick2021.WINDOW_STEP_S["model"]
_WINDOW = wyrick2021.WINDOW_S["model"]


def evoked(
    network: int,
    kind: str = NONE,
    size: float = 0.0,
    *,
    stimulus: str = "ramp",
    trials: int,
    shuffles: int,
    changes: dict[str, Any] | None = None,
    reading: str = SCALED,
) -> dict[str, np.ndarray]:
    """Run and decode evoked trials of one network.

    Parameters
    ----------
    network
        Its seed.
    kind, size
        The perturbation, from 0.5 s before the stimulus on.
    stimulus
        ``"ramp"`` or ``"pair"``.
    trials
        Trials a stimulus.
    shuffles
        Shuffles of the training labels.
    changes
        Fields of `ClusteredNetwork` that differ from Table 1.
    reading
        What dAMPA and dGABA change; see `dendmod.clustered.readings`.

    Returns
    -------
    dict
        ``t`` (s, ends of the windows), ``accuracy``, ``shuffled_99``, ``shuffled_mean_99``
        [windows], ``latency``, ``latency_mean`` (s, by the percentile and by the mean of the
        shuffles), ``first``, ``first_mean`` (s; the same with windows before the onset),
        ``activation`` (s; mean latency of selective clusters), ``never_active`` (fraction of them
        that stayed silent), ``response_selective``, ``response_other`` (spikes/s),
        ``selectivity``, ``selectivity_peak`` (d' of the whole second; the largest of 0.2 s).
    """
    net = build_network(ClusteredNetwork().with_(**(changes or {})), network)
    perturbation = Perturbation(kind, size, reading=reading)
    counts, labels, latencies, never = _evoked_trials(net, perturbation, stimulus, trials)
    t, windows = _windows(counts)
    curve = decode(windows, labels, t, folds=_folds(trials), shuffles=shuffles, seed=network)
    stimuli = draw_stimuli(net, stimulus)
    psth = np.array(
        [windows[labels == s].mean(axis=0) / _WINDOW for s in range(wyrick2021.N_STIMULI)]
    )
    peak = peak_response(psth, t)
    member = net.excitatory & (net.cluster >= 0)
    selective = stimuli.selective_neurons(net) & member
    after = counts[:, :, round(-_first(t) / _STEP) :]
    dprime = selectivity(after.sum(axis=2) / wyrick2021.EVOKED_S, labels)
    ends = np.arange(_WINDOW, wyrick2021.EVOKED_S + _STEP / 2, wyrick2021.SELECTIVITY_STEP_S)
    short = windows[:, :, np.searchsorted(t, ends - _STEP / 2)] / _WINDOW
    every = latencies.size + never
    return {
        **_curve(curve),
        "activation": np.asarray(latencies.mean() if latencies.size else np.nan),
        "never_active": np.asarray(never / every if every else np.nan),
        "response_selective": np.asarray(peak[selective].mean()),
        "response_other": np.asarray(peak[~selective & member].mean()),
        "selectivity": np.asarray(dprime[member].mean()),
        "selectivity_peak": np.asarray(peak_selectivity(short, labels)[member].mean()),
    }


def matched(
    network: int,
    size: float,
    *,
    trials: int,
    shuffles: int,
) -> dict[str, np.ndarray]:
    """Decode pair stimuli at rest, with dvar(E), and with spikes removed to match rest's counts.

    Parameters
    ----------
    network
        Its seed.
    size
        SD of dvar(E).
    trials, shuffles
        As in `evoked`.

    Returns
    -------
    dict
        ``t``, and for each of ``rest``, ``run``, ``matched``: ``accuracy_*``, ``latency_*`` and
        what else `evoked` says of a curve; ``rate_*`` [windows] (spikes/s a neuron).
    """
    net = build_network(ClusteredNetwork(), network)
    out: dict[str, np.ndarray] = {}
    windows = {}
    for name, perturbation in (("rest", Perturbation()), ("run", Perturbation("dvar_E", size))):
        counts, labels, _, _ = _evoked_trials(net, perturbation, "pair", trials)
        t, windows[name] = _windows(counts)
    windows["matched"] = windows["run"].copy()
    for k in range(t.size):
        windows["matched"][:, :, k] = match_counts(
            windows["rest"][:, :, k], windows["run"][:, :, k], stream(network, "matching", k)
        )
    for name, counts in windows.items():
        curve = decode(counts, labels, t, folds=_folds(trials), shuffles=shuffles, seed=network)
        out |= {f"{key}_{name}": value for key, value in _curve(curve).items() if key != "t"}
        out[f"rate_{name}"] = counts.mean(axis=(0, 1)) / _WINDOW
    return {"t": t, **out}


def _evoked_trials(
    net: Network, perturbation: Perturbation, stimulus: str, trials: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return counts [trials, neurons, bins], labels, activation latencies, and how many never."""
    stimuli = draw_stimuli(net, stimulus)
    runner = TrialRunner(net, stimuli)
    lead = wyrick2021.PERTURBATION_LEAD_S
    counts, labels, latencies, never = [], [], [], 0
    for trial in range(trials):
        for s in range(wyrick2021.N_STIMULI):
            spikes = runner.run(
                trial, -lead - _WINDOW, wyrick2021.EVOKED_S,
                perturbation=perturbation, onset=-lead, stimulus=s,
            )  # fmt: skip
            counts.append(spikes.counts(net.spec.n_neurons, _STEP).astype(np.int16))
            labels.append(s)
            reached, silent = activation_latencies(
                spikes, net, np.flatnonzero(stimuli.selective[s])
            )
            latencies.append(reached)
            never += silent
    return np.array(counts), np.array(labels), np.concatenate(latencies), never


def _windows(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the sliding windows (s), and counts in them [trials, neurons, windows]."""
    windows = sliding_counts(counts, round(_WINDOW / _STEP))
    t = -wyrick2021.PERTURBATION_LEAD_S + _STEP * np.arange(windows.shape[2])
    return np.round(t, 9), windows


def _first(t: np.ndarray) -> float:
    return float(t[0]) - _WINDOW


def _folds(trials: int) -> int:
    return min(wyrick2021.FOLDS["model"], trials)


def _curve(curve: DecodingCurve) -> dict[str, np.ndarray]:
    return {
        "t": curve.t,
        "accuracy": curve.accuracy,
        "shuffled_99": curve.bound("percentile"),
        "shuffled_mean_99": curve.bound("mean of shuffles"),
        "latency": np.asarray(curve.latency()),
        "latency_mean": np.asarray(curve.latency(criterion="mean of shuffles")),
        "first": np.asarray(curve.latency(since=-np.inf)),
        "first_mean": np.asarray(curve.latency(criterion="mean of shuffles", since=-np.inf)),
    }
