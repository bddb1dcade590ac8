"""Activity of one network without stimuli, and one trial as an example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dendmod.clustered.activation import activations
from dendmod.clustered.construction import build_network
from dendmod.clustered.gain import fit_transfer
from dendmod.clustered.perturbation import NONE, Perturbation
from dendmod.clustered.readings import SCALED
from dendmod.clustered.responses import significant_responses
from dendmod.clustered.spec import ClusteredNetwork
from dendmod.clustered.stimulus import draw_stimuli
from dendmod.clustered.trials import TrialRunner
from dendmod.params import wyrick2021

_RESPONSE_STOP = 1.5  # s after the onset of a transient perturbation
_PSTH_BIN_S = 0.05
# bins (s), least mean rate, least maximum (spikes/s): the authors' definition of gain, and ours
_GAINS: dict[str, tuple[float, float, float | None]] = {
    "gain": (wyrick2021.GAIN_BIN_S, wyrick2021.GAIN_MIN_RATE, wyrick2021.GAIN_LOWEST_MAXIMUM),
    "gain_fine": (
        wyrick2021.GAIN_FINE_BIN_S,
        wyrick2021.GAIN_FINE_MIN_RATE,
        None,
    ),
}


def ongoing(
    network: int,
    kind: str = NONE,
    size: float = 0.0,
    *,
    trials: int,
    seconds: float = wyrick2021.ONGOING_TRIAL_S,
    gain: bool = True,
    changes: dict[str, Any] | None = None,
    reading: str = SCALED,
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
        What dAMPA and dGABA change; see `dendmod.clustered.readings`.
    cluster
        Pairs of kernel SD (ms) and threshold (spikes/s) that say when a cluster is active; the
        first is that of pauses and of the occupancy.

    Returns
    -------
    dict
        ``timescale`` [pairs] (s), ``intervals`` [pairs], ``pause`` (s), ``occupancy``
        (fraction of time with k active clusters), ``rate`` [neurons] (spikes/s), and with `gain`:
        ``gain``, ``gain_fine`` [E neurons] (spikes/s), by the authors' definition and by that of
        `wyrick2021.GAIN_FINE_BIN_S`; NaN where a neuron is too slow to count.
    """
    net = build_network(ClusteredNetwork().with_(**(changes or {})), network)
    perturbation = Perturbation(kind, size, reading=reading)
    runner = TrialRunner(net)
    n, n_e = net.spec.n_neurons, net.spec.n_E
    durations: list[list[np.ndarray]] = [[] for _ in cluster]
    pauses, occupancy, counts = [], np.zeros(net.spec.n_clusters + 1), []
    for trial in range(trials):
        spikes = runner.run(trial, 0.0, seconds, perturbation=perturbation)
        for k, (smoothing, threshold) in enumerate(cluster):
            on, off, number = activations(spikes, net, smoothing_ms=smoothing, threshold=threshold)
            durations[k].append(on)
            if k == 0:
                pauses.append(off)
                occupancy += number
        counts.append({bin_s: spikes.counts(n, bin_s) for bin_s, *_ in _GAINS.values()})
    pooled = [np.concatenate(d) for d in durations]
    rates = {b: np.hstack([c[b] for c in counts]) / b for b, *_ in _GAINS.values()}
    mean = rates[_GAINS["gain"][0]].mean(axis=1)
    out: dict[str, Any] = {
        "timescale": [d.mean() if d.size else np.nan for d in pooled],
        "intervals": [d.size for d in pooled],
        "pause": np.concatenate(pauses).mean() if any(p.size for p in pauses) else np.nan,
        "occupancy": occupancy / occupancy.sum(),
        "rate": mean,
    }
    for name, (bin_s, min_rate, lowest) in _GAINS.items() if gain else ():
        out[name] = np.full(n_e, np.nan)
        kept = np.flatnonzero(mean[:n_e] >= min_rate)
        if kept.size:
            out[name][kept] = fit_transfer(rates[bin_s][kept], lowest).gain
    return {name: np.asarray(value) for name, value in out.items()}


def responses(
    network: int, kind: str, size: float, *, trials: int, reading: str = SCALED
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
    reading
        What dAMPA and dGABA change.

    Returns
    -------
    dict
        ``excited``, ``inhibited``: fractions of E and of I neurons [2]; ``t``, ``psth`` [2, bins].
    """
    net = build_network(ClusteredNetwork(), network)
    runner = TrialRunner(net)
    perturbation = Perturbation(kind, size, pulse=wyrick2021.RESPONSE_PULSE_S, reading=reading)
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
    populations = (net.excitatory, ~net.excitatory)
    mean = counts.mean(axis=0) / _PSTH_BIN_S
    return {
        "excited": np.array([excited[a].mean() for a in populations]),
        "inhibited": np.array([inhibited[a].mean() for a in populations]),
        "t": -lead + _PSTH_BIN_S * (np.arange(counts.shape[2]) + 0.5),
        "psth": np.array([mean[a].mean(axis=0) for a in populations]),
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
