"""Sensory stimuli: a ramp onto E clusters, and a pulse onto pairs of E and I clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dendmod.clustered.construction import Network
from dendmod.clustered.perturbation import double_exponential
from dendmod.errors import SpecError
from dendmod.params import wyrick2021
from dendmod.rng import stream

STIMULUS_KINDS = ("ramp", "pair")


@dataclass(frozen=True)
class StimulusSet:
    """Stimuli of one network.

    Parameters
    ----------
    kind
        ``"ramp"`` or ``"pair"``.
    selective
        [stimuli, clusters].
    targets
        Who receives it [stimuli, neurons].
    peak
        Increase of the baseline drive at the peak, a fraction.
    """

    kind: str
    selective: np.ndarray
    targets: np.ndarray
    peak: float

    def pattern(self, network: Network, stimulus: int) -> np.ndarray:
        """Return the drive that a stimulus adds at its peak [neurons] (mV/s)."""
        return self.peak * self.targets[stimulus] * network.mu

    def profile(self, t: np.ndarray) -> np.ndarray:
        """Return the time course at times t after the onset (s), at most 1."""
        if self.kind == "ramp":
            return np.clip(t / wyrick2021.EVOKED_S, 0.0, 1.0)
        return double_exponential(t, *wyrick2021.PULSE_S)

    def selective_neurons(self, network: Network) -> np.ndarray:
        """Return which neurons belong to a selective cluster [stimuli, neurons]."""
        member = network.cluster >= 0
        of = self.selective[:, np.maximum(network.cluster, 0)] & member
        return of & network.excitatory if self.kind == "ramp" else of


def draw_stimuli(
    network: Network,
    kind: str = "ramp",
    *,
    count: int = wyrick2021.N_STIMULI,
    peak: float = wyrick2021.STIMULUS_PEAK,
) -> StimulusSet:
    """Draw which clusters and neurons each stimulus reaches, keyed by the network's seed.

    ``ramp``: half of the E neurons of the selective clusters, drawn from all of them as one group.
    ``pair``: all E neurons of the selective pairs, and half of each pair's I neurons.

    Parameters
    ----------
    network
        The network.
    kind
        ``"ramp"`` (Figs 4 to 6) or ``"pair"`` (Fig 7).
    count
        Number of stimuli.
    peak
        Increase of the baseline drive, a fraction.
    """
    if kind not in STIMULUS_KINDS:
        raise SpecError(f"there is no stimulus {kind!r}; choose from {', '.join(STIMULUS_KINDS)}")
    selective = np.zeros((count, network.spec.n_clusters), bool)
    targets = np.zeros((count, network.mu.size), bool)
    for k in range(count):
        rng = stream(network.seed, "stimulus", kind, k)
        while not selective[k].any():
            selective[k] = rng.random(network.spec.n_clusters) < wyrick2021.P_SELECTIVE
        chosen = np.flatnonzero(selective[k])
        selective_neurons = np.isin(network.cluster, chosen)
        e_neurons = np.flatnonzero(selective_neurons & network.excitatory)
        if kind == "ramp":
            targets[k, _half(rng, e_neurons)] = True
            continue
        targets[k, e_neurons] = True
        for cluster in chosen:
            targets[k, _half(rng, network.members(int(cluster), "I"))] = True
    return StimulusSet(kind, selective, targets, peak)


def _half(rng: np.random.Generator, neurons: np.ndarray) -> np.ndarray:
    return rng.choice(neurons, round(wyrick2021.FRACTION_STIMULATED * neurons.size), replace=False)
