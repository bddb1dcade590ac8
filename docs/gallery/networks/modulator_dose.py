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
doses = (0.0, 30.0, 300.0, 3000.0)  # nM
amps = np.linspace(0.1, 1.6, 11)  # nA
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
# The receptors with the highest affinity decide at low doses. The slope is that between the
# smallest current with spikes and the largest current.

slope = [np.polyfit(amps[r > 0], r[r > 0], 1)[0] for r in rate]
with style():
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.2), constrained_layout=True)
    for name in occupied[0]:
        axes[0].semilogx(concentration, [o[name] for o in occupied], label=name)
    axes[0].set(title="Receptors", xlabel="Noradrenaline (nM)", ylabel="Occupied part")
    axes[0].legend()
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(doses)))
    for dose, r, colour in zip(doses, rate, colours, strict=True):
        axes[1].plot(amps, r, "o-", ms=2.5, color=colour, label=f"{dose:g} nM")
    axes[1].set(title="f-I curves", xlabel="Current (nA)", ylabel="Rate (spikes/s)")
    axes[1].legend()
    axes[2].plot(range(len(doses)), slope, "o-", color="#333333")
    axes[2].set_xticks(range(len(doses)), [f"{d:g}" for d in doses])
    axes[2].set(title="Slope", xlabel="Noradrenaline (nM)", ylabel="Spikes/s per nA")
