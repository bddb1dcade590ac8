"""
How large is the conductance that a modulation adds?
====================================================

Shunt and NMDA spikes move the spike count of a cell in opposite directions. Do they also differ
in what they add to the conductance of the soma? It is measured as in an experiment: the soma is
clamped at two potentials, and the difference of the currents is divided by that of the
potentials (Eq 7 of Wybo et al. 2022, after Haider et al. 2013).
"""

# %%
# Both arms of Figure 1 at half of their strength, beside the same trials without context. The
# channels are blocked, so that what remains is synapses and leak.

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.plotting import COLOURS, style
from dendmod.protocol import setup_for, trains_for
from dendmod.protocol.conductance import effective_conductance

protocol = dendmod.load_protocol("fig1")
sites = dendmod.choose_sites(protocol.cell_spec, protocol.site_choice).locations
levels = {"shunt": 60, "nmda": 11}
n_trials = 8
asked = [
    (arm, level, k) for arm, high in levels.items() for level in (0, high) for k in range(n_trials)
]
trials = [
    dendmod.Trial(trains_for(protocol, arm, level=level, n_feedforward=0, trial=k, seed=1))
    for arm, level, k in asked
]

# %%
# A run at each potential. Feedforward inputs are left out: they are currents into the clamped soma
# and cancel.

potentials = protocol.clamp.potentials_mV
current = {}
for v in potentials:
    setup = setup_for(protocol, sites, clamp_mV=v, block_channels=True)
    current[v] = dendmod.simulate_many(setup, protocol.run_spec, trials, reach=(-120, 90))
t = current[v][0].t
i1, i2 = (np.array([result.clamp_current for result in current[v]]) for v in potentials)
g = effective_conductance(i1, i2, *potentials)  # nS, [trials, steps]
g = dict(zip(asked, g, strict=True))

# %%
# The change against the same trial without context, trial by trial: the background is the same in
# both and goes out. Shunt adds some tens of nS, NMDA spikes about one. Where an NMDA current
# grows with the depolarisation of its branch its slope is negative, and so is the conductance
# that the clamp sees for a while.

with style():
    figure, axes = plt.subplots(1, 2, figsize=(5.4, 2.2), constrained_layout=True)
    for ax, (arm, high) in zip(axes, levels.items(), strict=True):
        change = np.array([g[arm, high, k] - g[arm, 0, k] for k in range(n_trials)])
        ax.plot(t, change.T, color=COLOURS[arm], lw=0.4, alpha=0.4)
        ax.plot(t, change.mean(axis=0), color=COLOURS[arm], lw=1.4)
        peak = change.mean(axis=0).max()
        unit = "shunt inputs" if arm == "shunt" else "sites with NMDA spikes"
        ax.set(title=f"{high} {unit}: peak {peak:.3g} nS", xlim=(80, 300))
        ax.set(xlabel="Time (ms)", ylabel="Change of conductance (nS)")
