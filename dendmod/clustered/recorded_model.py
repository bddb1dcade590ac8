"""A recording made by the model: rest is the network as it is, running adds dvar(E)."""

from __future__ import annotations

import numpy as np

from dendmod.clustered.construction import Network
from dendmod.clustered.perturbation import NONE, Perturbation
from dendmod.clustered.recording import Recording
from dendmod.clustered.stimulus import draw_stimuli
from dendmod.clustered.trials import TrialRunner
from dendmod.engines.lif.simulation import run, synapses
from dendmod.params import wyrick2021
from dendmod.rng import stream

_SPEEDS = {False: 0.5, True: 10.0}  # cm/s
_SPEED_STEP_S = 0.05
_TRIAL_S = 1.0  # from one stimulus to the next
_STIMULUS_S = 0.5
_WALK = 4  # stretches of either state with stimuli


def model_recording(
    network: Network,
    *,
    size: float,
    ongoing_s: float = 60.0,
    trials: int = 16,
    units: int = 150,
    name: str = "model",
) -> Recording:
    """Simulate one session and record from some of the neurons.

    Ongoing activity at rest and while running comes first; then stimuli onto E-I pairs in stretches
    of rest and running in turn.

    Parameters
    ----------
    network
        The network.
    size
        SD of dvar(E) while running, a fraction; 0 makes a null pair, in which running is nothing
        but a speed.
    ongoing_s
        Ongoing activity in each state (s), 10 s of which are the guard.
    trials
        Trials of each stimulus in each state.
    units
        Neurons that are recorded, drawn from all.
    name
        Their area.
    """
    perturbation = Perturbation("dvar_E", size) if size else Perturbation(NONE)
    stimuli = draw_stimuli(network, "pair")
    runner = TrialRunner(network, stimuli)
    table = synapses(network.weights, network.spec.tau_s)
    spec = network.spec
    v = stream(network.seed, "recording v0").random(spec.n_neurons) * network.thresholds
    current = refractory = np.zeros(spec.n_neurons)
    now, times, ids = 0.0, [], []
    starts, labels, speed_t, speed = [], [], [], []
    for seconds, running, stimulus in _session(network, ongoing_s, trials):
        steps = round(seconds * 1e3 / wyrick2021.DT)
        t = np.arange(steps) * wyrick2021.DT * 1e-3
        done = run(
            table, network.thresholds, network.mu,
            v0=v, current0=current, refractory0=refractory, steps=steps, dt=wyrick2021.DT,
            tau_m=spec.tau_m, tau_s=spec.tau_s, t_refractory=spec.t_refractory,
            v_reset=spec.v_reset,
            drives=runner.drives(t, perturbation if running else None, -np.inf, stimulus),
        )  # fmt: skip
        v, current, refractory = done.v_end, done.current_end, done.refractory_end
        times.append(now + done.spike_times * 1e-3)
        ids.append(done.spike_ids)
        if stimulus is not None:
            starts.append(now)
            labels.append(stimulus)
        samples = now + np.arange(0, seconds - 1e-9, _SPEED_STEP_S)
        speed_t.append(samples)
        speed.append(np.full(samples.size, _SPEEDS[running]))
        now += seconds
    every, who = np.concatenate(times), np.concatenate(ids)
    chosen = stream(network.seed, "units").choice(spec.n_neurons, units, replace=False)
    begins = np.array(starts)
    return Recording(
        [every[who == k] for k in np.sort(chosen)], [name] * units,
        np.concatenate(speed_t), np.concatenate(speed),
        begins, begins + _STIMULUS_S, np.array(labels), now,
    )  # fmt: skip


def _session(
    network: Network, ongoing_s: float, trials: int
) -> list[tuple[float, bool, int | None]]:
    """Return pieces of the session: seconds, running, stimulus at its start."""
    pieces: list[tuple[float, bool, int | None]] = []
    for running in (False, True):
        pieces += [(5.0, running, None)] * round(ongoing_s / 5.0)
    order = {
        running: stream(network.seed, "order", int(running)).permutation(
            np.repeat(np.arange(wyrick2021.N_STIMULI), trials)
        )
        for running in (False, True)
    }
    stretches = {running: np.array_split(order[running], _WALK) for running in order}
    for k in range(_WALK):
        for running in (False, True):
            pieces.append((_TRIAL_S, running, None))
            pieces += [(_TRIAL_S, running, int(s)) for s in stretches[running][k]]
    pieces.append((_TRIAL_S, False, None))
    return pieces
