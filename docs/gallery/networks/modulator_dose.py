"""
What does a dose of noradrenaline do to a cell's f-I curve?
===========================================================

A modulator binds to several classes of receptors, each with an affinity of its own, and each
changes parameters of channels or synapses. With rising concentration the classes take effect
one after the other. What is left of the f-I curve?
"""

# %%
# Which part of the receptors is occupied, and which effects follow. Directions have sources; sizes
# and most affinities are our choice (the page on neuromodulation says which).

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.neuromodulation import modulator
from dendmod.plotting import style

noradrenaline = modulator("noradrenaline")
concentration = np.geomspace(1, 1e5, 60)  # nM
occupied = [noradrenaline.occupancies(c) for c in concentration]
for action in noradrenaline.actions:
    changed = ", ".join(f"{e.mechanism}.{e.parameter}" for e in action.effects)
    print(f"{action.receptor.name}: {changed}")

# %%
# ``apply`` gives a new specification of the cell at each dose; currents and doses run side by
# side.

cell = dendmod.L5PyramidalCell("l5pc", biophysics=3)
doses = np.array([0, 3, 10, 30, 100, 300, 1000, 3000, 10000])  # nM
amps = np.linspace(0.1, 1.6, 13)  # nA
soma = dendmod.Location("soma(0.5)")
clamp = dendmod.CurrentClamp(location=soma, delay=0, dur=1000, amp=0.0)
setups = [
    dendmod.Setup(cell=noradrenaline.apply(cell, dose), current_clamps=(clamp,)) for dose in doses
]
results = dendmod.simulate_many(
    [setup for setup in setups for _ in amps],
    dendmod.Run(tstop=1000, dt=0.1, settle=500),
    [dendmod.Trial(amps=(amp,)) for _ in doses for amp in amps],
)
spikes = [r.spike_times() for r in results]
rate = np.array([np.count_nonzero(s > 200) / 0.8 for s in spikes])  # spikes/s, without the onset
rate = rate.reshape(len(doses), amps.size)

# %%
# Four of the f-I curves, and the mean rate over the smaller and over the larger half of the
# currents at every dose. What the first class of receptors does is seen at doses at which the
# second is hardly occupied.

small = amps < np.median(amps)
with style():
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.2), constrained_layout=True)
    for name in occupied[0]:
        axes[0].semilogx(concentration, [o[name] for o in occupied], label=name)
    axes[0].set(title="Receptors", xlabel="Noradrenaline (nM)", ylabel="Occupied part")
    axes[0].legend()
    shown = (0, 3, 5, 7)
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(shown)))
    for k, colour in zip(shown, colours, strict=True):
        axes[1].plot(amps, rate[k], "o-", ms=2.5, color=colour, label=f"{doses[k]} nM")
    axes[1].set(title="f-I curves", xlabel="Current (nA)", ylabel="Rate (spikes/s)")
    axes[1].legend()
    for part, label in ((small, "smaller currents"), (~small, "larger currents")):
        mean = rate[:, part].mean(axis=1)
        line = axes[2].semilogx(doses[1:], mean[1:], "o-", ms=2.5, label=label)[0]
        axes[2].axhline(mean[0], color=line.get_color(), lw=0.5, ls=":")
    axes[2].set(title="Mean rate", xlabel="Noradrenaline (nM)", ylabel="Rate (spikes/s)")
    axes[2].legend(loc="center right")

# %%
# The dotted lines are the cell without noradrenaline.
