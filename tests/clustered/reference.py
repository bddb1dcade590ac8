"""The network again, dense and one line a rule, written without looking at the kernel."""

import numpy as np


def dense_lif(
    weights, thresholds, mu, v0, steps, dt=0.1, tau_m=20.0, tau_s=5.0, t_ref=5.0, v_reset=0.0,
    current0=None, left0=None,
):  # fmt: skip
    """Return spikes (step, neuron), v and current [neurons, steps]; mu is [steps, neurons]."""
    n = len(v0)
    v = np.array(v0, float)
    f = np.zeros(n)  # filtered spikes of each neuron (1/s)
    left = np.zeros(n) if left0 is None else np.array(left0, float)  # refractory, in steps
    other = np.zeros(n) if current0 is None else np.array(current0, float)
    spikes, vs, currents = [], [], []
    for k in range(steps):
        fired = v > thresholds
        spikes += [(k, i) for i in np.flatnonzero(fired)]
        v[fired] = v_reset
        left[fired] = np.ceil(t_ref / dt - 1e-6)
        f *= np.exp(-dt / tau_s)
        other *= np.exp(-dt / tau_s)
        f[fired] += 1 / (tau_s / 1000)
        current = weights @ f + other
        v += dt / 1000 * (-v / (tau_m / 1000) + mu[k] + current)
        v[left > 0] = v_reset
        left -= 1
        vs.append(v.copy())
        currents.append(current)
    return np.array(spikes).reshape(-1, 2), np.array(vs).T, np.array(currents).T
