"""One network under one condition: all its trials and what is kept of them (tasks of a sweep)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dendmod.clustered.activation import activation_latencies, activations
from dendmod.clustered.construction import Network, build_network
from dendmod.clustered.decoding import DecodingCurve, decode, sliding_counts
from dendmod.clustered.gain import fit_transfer
from dendmod.clustered.perturbation import NONE, Perturbation
from dendmod.clustered.readings import read_coupling
from dendmod.clustered.responses import (
    match_counts,
    peak_response,
    selectivity,
    significant_responses,
)
from dendmod.clustered.spec import ClusteredNetwork
from dendmod.clustered.stimulus import draw_stimuli
from dendmod.clustered.trials import TrialRunner
from dendmod.params import wyrick2021
from dendmod.rng import stream

_STEP = wyrick2021.WINDOW_STEP_S["model"]
_WINDOW = wyrick2021.WINDOW_S["model"]
_BIN_S = 1e-3
_RESPONSE_STOP = 1.5  # s after the onset of a transient perturbation
_PSTH_BIN_S = 0.05


def ongoing(
    network: int,
    kind: str = NONE,
    size: float = 0.0,
    *,
    trials: int = wyrick2021.ONGOING_TRIALS,
    seconds: float = wyrick2021.ONGOING_TRIAL_S,
    gain: bool = True,
    changes: dict[str, float] | None = None,
    reading: str = "recurrent",
    cluster: Sequence[Sequence[float]] = (
        (wyrick2021.CLUSTER_SMOOTHING_MS, wyrick2021.CLUSTER_THRESHOLD),
    ),
) -> dict[str, np.ndarray]:
    """Run ongoing trials of one network.

    Parameters
    ----------
    network
        Its seed.
    kind, size
        The perturbation, constant from before the trial on.
    trials, seconds
        How many, and their length.
    gain
        Fit transfer functions to the E neurons.
    changes
        Fields of `ClusteredNetwork` that differ from Table 1.
    reading
        What dAMPA and dGABA scale; see `dendmod.clustered.readings`.
    cluster
        Pairs of kernel SD (ms) and threshold (spikes/s) that say when a cluster is active; the
        first is what `pauses` and `together` use.

    Returns
    -------
    dict
        ``timescale`` [pairs] (s), ``intervals`` [pairs], ``pause`` (s), ``together`` (fraction of
        time with k active clusters), ``rate`` [neurons] (spikes/s), and with `gain`: ``gain``
        [E neurons] (spikes/s), NaN where a neuron is too slow to count.
    """
    net = build_network(ClusteredNetwork().with_(**(changes or {})), network)
    perturbation: Perturbation | None = Perturbation(kind, size)
    if reading != "recurrent":
        net, perturbation = read_coupling(net, kind, size, reading), None
    runner = TrialRunner(net)
    n, n_e = net.spec.n_neurons, net.spec.n_E
    durations: list[list[np.ndarray]] = [[] for _ in cluster]
    pauses, together, counts = [], np.zeros(net.spec.n_clusters + 1), []
    for trial in range(trials):
        spikes = runner.run(trial, 0.0, seconds, perturbation=perturbation)
        for k, (smoothing, threshold) in enumerate(cluster):
            on, off, number = activations(spikes, net, smoothing_ms=smoothing, threshold=threshold)
            durations[k].append(on)
            if k == 0:
                pauses.append(off)
                together += number
        counts.append(spikes.counts(n, wyrick2021.GAIN_BIN_S))
    pooled = [np.concatenate(d) for d in durations]
    rates = np.hstack(counts) / wyrick2021.GAIN_BIN_S
    out: dict[str, Any] = {
        "timescale": [d.mean() if d.size else np.nan for d in pooled],
        "intervals": [d.size for d in pooled],
        "pause": np.concatenate(pauses).mean() if any(p.size for p in pauses) else np.nan,
        "together": together / together.sum(),
        "rate": rates.mean(axis=1),
    }
    if gain:
        out["gain"] = np.full(n_e, np.nan)
        kept = np.flatnonzero(out["rate"][:n_e] > wyrick2021.GAIN_MIN_RATE)
        if kept.size:
            out["gain"][kept] = fit_transfer(rates[kept]).gain
    return {name: np.asarray(value) for name, value in out.items()}


def evoked(
    network: int,
    kind: str = NONE,
    size: float = 0.0,
    *,
    stimulus: str = "ramp",
    trials: int = wyrick2021.EVOKED_TRIALS,
    shuffles: int = wyrick2021.SHUFFLES,
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

    Returns
    -------
    dict
        ``t`` (s, ends of the windows), ``accuracy``, ``shuffled_99`` [windows], ``latency`` (s),
        ``activation`` (s; mean latency of selective clusters), ``never`` (fraction of them that
        stayed silent), ``response_selective``, ``response_other`` (spikes/s), ``selectivity`` (d').
    """
    net = build_network(ClusteredNetwork(), network)
    counts, labels, latencies, never = _evoked_trials(
        net, Perturbation(kind, size), stimulus, trials
    )
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
    every = latencies.size + never
    return {
        **_curve(curve),
        "activation": np.asarray(latencies.mean() if latencies.size else np.nan),
        "never": np.asarray(never / every if every else np.nan),
        "response_selective": np.asarray(peak[selective].mean()),
        "response_other": np.asarray(peak[~selective & member].mean()),
        "selectivity": np.asarray(dprime[member].mean()),
    }


def matched(
    network: int,
    size: float,
    *,
    trials: int = wyrick2021.EVOKED_TRIALS,
    shuffles: int = wyrick2021.SHUFFLES,
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
        ``t``, and for each of ``rest``, ``run``, ``matched``: ``accuracy_*``, ``shuffled_99_*``,
        ``latency_*``; ``rate_*`` [windows] (spikes/s a neuron).
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
    for name, some in windows.items():
        curve = decode(some, labels, t, folds=_folds(trials), shuffles=shuffles, seed=network)
        out |= {f"{key}_{name}": value for key, value in _curve(curve).items() if key != "t"}
        out[f"rate_{name}"] = some.mean(axis=(0, 1)) / _WINDOW
    return {"t": t, **out}


def responses(
    network: int, kind: str, size: float, *, trials: int = wyrick2021.ONGOING_TRIALS
) -> dict[str, np.ndarray]:
    """Run trials with a transient perturbation and test each neuron's response to it.

    Counts in the last 0.5 s before the onset are compared with those in the first 0.5 s after it.

    Parameters
    ----------
    network
        Its seed.
    kind, size
        The perturbation; its time course is a double exponential.
    trials
        Number of trials.

    Returns
    -------
    dict
        ``excited``, ``inhibited``: fractions of E and of I neurons [2]; ``t``, ``psth`` [2, bins].
    """
    net = build_network(ClusteredNetwork(), network)
    runner = TrialRunner(net)
    perturbation = Perturbation(kind, size, pulse=wyrick2021.RESPONSE_PULSE_S)
    lead, width = wyrick2021.PERTURBATION_LEAD_S, wyrick2021.RESPONSE_BIN_S
    counts = np.array([
        runner.run(k, -lead, _RESPONSE_STOP, perturbation=perturbation, onset=0.0).counts(
            net.spec.n_neurons, _PSTH_BIN_S
        )
        for k in range(trials)
    ])  # fmt: skip
    begin, bins = round(lead / _PSTH_BIN_S), round(width / _PSTH_BIN_S)
    before = counts[:, :, begin - bins : begin].sum(axis=2).T
    during = counts[:, :, begin : begin + bins].sum(axis=2).T
    excited, inhibited = significant_responses(before, during)
    own = (net.excitatory, ~net.excitatory)
    mean = counts.mean(axis=0) / _PSTH_BIN_S
    return {
        "excited": np.array([excited[a].mean() for a in own]),
        "inhibited": np.array([inhibited[a].mean() for a in own]),
        "t": -lead + _PSTH_BIN_S * (np.arange(counts.shape[2]) + 0.5),
        "psth": np.array([mean[a].mean(axis=0) for a in own]),
    }


def example(
    network: int,
    kind: str = NONE,
    size: float = 0.0,
    *,
    stimulus: str | None = None,
    seconds: float = 2.0,
    trial: int = 0,
) -> dict[str, np.ndarray]:
    """Run one trial and keep its spikes: ``times`` (s), ``ids``, ``cluster``, ``selective``."""
    net = build_network(ClusteredNetwork(), network)
    stimuli = draw_stimuli(net, stimulus) if stimulus else None
    start = -wyrick2021.PERTURBATION_LEAD_S if stimulus else 0.0
    spikes = TrialRunner(net, stimuli).run(
        trial, start, start + seconds, perturbation=Perturbation(kind, size),
        onset=start if stimulus else -np.inf, stimulus=0 if stimulus else None,
    )  # fmt: skip
    shown = spikes.times >= start
    picked = np.zeros(net.spec.n_clusters, bool) if stimuli is None else stimuli.selective[0]
    return {
        "times": spikes.times[shown], "ids": spikes.ids[shown], "cluster": net.cluster,
        "selective": picked,
    }  # fmt: skip


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
            some, silent = activation_latencies(spikes, net, np.flatnonzero(stimuli.selective[s]))
            latencies.append(some)
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
        "shuffled_99": np.percentile(curve.shuffled, 99, axis=0),
        "latency": np.asarray(curve.latency()),
    }
