"""Trials: a network from a random state, with a perturbation and a stimulus, as spike counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.clustered.construction import Network
from dendmod.clustered.perturbation import Perturbation
from dendmod.clustered.stimulus import StimulusSet
from dendmod.engines.lif.kernel import Drives, Synapses
from dendmod.engines.lif.result import SpikingResult
from dendmod.engines.lif.simulation import recorded, run, synapses
from dendmod.errors import SpecError
from dendmod.params import wyrick2021
from dendmod.rng import stream


@dataclass(frozen=True)
class TrialSpikes:
    """Spikes of one trial.

    Parameters
    ----------
    times
        Spike times (s); 0 is the onset of the stimulus, or the end of settling without one.
    ids
        Neuron of each spike.
    start, stop
        What was simulated (s); the time before `analysed` is for settling.
    analysed
        Where the trial begins (s).
    """

    times: np.ndarray
    ids: np.ndarray
    start: float
    stop: float
    analysed: float

    def counts(self, n: int, bin_s: float, begin: float | None = None) -> np.ndarray:
        """Return spike counts in bins from `begin` (default: `analysed`) on [neurons, bins]."""
        begin = self.analysed if begin is None else begin
        bins = round((self.stop - begin) / bin_s)
        # spike times are multiples of dt: a quarter of dt keeps them off the edges
        index = np.floor((self.times - begin) / bin_s + 0.25 * wyrick2021.DT * 1e-3 / bin_s)
        index = index.astype(np.int64)
        kept = (index >= 0) & (index < bins)
        flat = np.bincount(self.ids[kept] * bins + index[kept], minlength=n * bins)
        return flat.reshape(n, bins)


@dataclass(frozen=True)
class Currents:
    """What drives some neurons in a trial.

    Parameters
    ----------
    t
        Starts of the steps (s).
    E, I
        Recurrent currents from E and from I neurons, these below 0 [neurons, steps] (mV/s).
    external
        Baseline drive with perturbations and stimuli [neurons, steps] (mV/s).
    """

    t: np.ndarray
    E: np.ndarray
    I: np.ndarray  # noqa: E741
    external: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Sum of the three [neurons, steps] (mV/s); where it is balanced they nearly cancel."""
        return self.E + self.I + self.external


class TrialRunner:
    """Runs trials of one network.

    Parameters
    ----------
    network
        The network.
    stimuli
        Its stimuli, or None.
    settle
        Time that is simulated before a trial and not analysed (s).
    """

    def __init__(
        self,
        network: Network,
        stimuli: StimulusSet | None = None,
        settle: float = wyrick2021.SETTLE_S,
    ):
        self.network = network
        self.stimuli = stimuli
        self.settle = settle
        self._table: Synapses = synapses(network.weights, network.spec.tau_s)

    def run(
        self,
        trial: int,
        start: float,
        stop: float,
        *,
        perturbation: Perturbation | Sequence[Perturbation] | None = None,
        onset: float | Sequence[float] = -np.inf,
        stimulus: int | None = None,
    ) -> TrialSpikes:
        """Run one trial.

        The state at the start is drawn by (network, trial, stimulus): it is the same under every
        perturbation.

        Parameters
        ----------
        trial
            Its number.
        start, stop
            What is analysed (s).
        perturbation, onset
            A perturbation or several at once, and when it begins (s), one time for all or one for
            each; -inf: before the trial settles.
        stimulus
            Number of the stimulus, which begins at 0 s.

        Raises
        ------
        SpecError
            If the stimulus is none of this runner's, or a pulse has no onset.
        """
        t = self._times(start, stop)
        done = self._integrate(trial, t, self.drives(t, perturbation, onset, stimulus), stimulus)
        return TrialSpikes(t[0] + done.spike_times * 1e-3, done.spike_ids, t[0], stop, start)

    def currents(
        self,
        neurons: Sequence[int],
        trial: int,
        start: float,
        stop: float,
        *,
        perturbation: Perturbation | Sequence[Perturbation] | None = None,
        onset: float | Sequence[float] = -np.inf,
        stimulus: int | None = None,
    ) -> Currents:
        """Run the same trial as `run` does, and return what drives some neurons.

        Parameters
        ----------
        neurons
            Their numbers.
        trial, start, stop, perturbation, onset, stimulus
            As in `run`.
        """
        t = self._times(start, stop)
        done = self._integrate(
            trial, t, self.drives(t, perturbation, onset, stimulus), stimulus,
            record=recorded(neurons, self.network.mu.size), inhibitory=~self.network.excitatory,
        )  # fmt: skip
        shown = slice(round(self.settle * 1e3 / wyrick2021.DT), None)
        assert done.current_I is not None
        rows = (done.current_E, done.current_I, done.external)
        return Currents(t[shown], *(row[:, shown] for row in rows))

    def _times(self, start: float, stop: float) -> np.ndarray:
        """Return the starts of the steps of a trial, those that settle first (s)."""
        begin = start - self.settle
        steps = round((stop - begin) * 1e3 / wyrick2021.DT)
        return begin + np.arange(steps) * wyrick2021.DT * 1e-3

    def drives(
        self,
        t: np.ndarray,
        perturbation: Perturbation | Sequence[Perturbation] | None,
        onset: float | Sequence[float],
        stimulus: int | None,
    ) -> Drives:
        """Return the drives at times t (s)."""
        known = 0 if self.stimuli is None else len(self.stimuli.targets)
        if stimulus is not None and not 0 <= stimulus < known:
            raise SpecError(f"stimulus {stimulus} of {known}; give the runner stimuli that have it")
        profiles, patterns = [np.zeros((t.size, 0))], []
        courses, changes = [], []
        several = _several(perturbation)
        onsets = np.broadcast_to(np.asarray(onset, float), (len(several),))
        for one, begin in zip(several, onsets, strict=True):
            profile = one.profile(t, float(begin))
            pattern, change = one.pattern(self.network), one.weight_change(self.network)
            if pattern.any():
                profiles.append(profile[:, None])
                patterns.append(pattern)
            if change is not None and change.any():
                courses.append(profile)
                changes.append(change * (1e3 / self.network.spec.tau_s))
        if stimulus is not None and self.stimuli is not None:
            profiles.append(self.stimuli.profile(t)[:, None])
            patterns.append(self.stimuli.pattern(self.network, stimulus))
        every = np.array(patterns).reshape(-1, self.network.mu.size)
        if not changes:
            return Drives(np.hstack(profiles), every)
        return Drives(np.hstack(profiles), every, np.array(courses).T, np.array(changes))

    def _integrate(
        self, trial: int, t: np.ndarray, drives: Drives, stimulus: int | None, **record: Any
    ) -> SpikingResult:
        spec = self.network.spec
        rng = stream(self.network.seed, "v0", trial, -1 if stimulus is None else stimulus)
        v0 = spec.v_reset + rng.random(spec.n_neurons) * (self.network.thresholds - spec.v_reset)
        zero = np.zeros(spec.n_neurons)
        return run(
            self._table, self.network.thresholds, self.network.mu,
            v0=v0, current0=zero, refractory0=zero, steps=t.size, dt=wyrick2021.DT,
            tau_m=spec.tau_m, tau_s=spec.tau_s, t_refractory=spec.t_refractory,
            v_reset=spec.v_reset, drives=drives, **record,
        )  # fmt: skip


def _several(perturbation: Perturbation | Sequence[Perturbation] | None) -> list[Perturbation]:
    if perturbation is None:
        return []
    return [perturbation] if isinstance(perturbation, Perturbation) else list(perturbation)
