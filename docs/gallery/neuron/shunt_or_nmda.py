"""
What do shunt and NMDA spikes do to the same cell?
==================================================

Inhibition at the soma and excitation in the dendrites can both modulate how a neuron answers to
a burst of feedforward inputs. Wybo et al. 2022 hold them against each other: shunt takes spikes
away from a burst that makes two, NMDA spikes add spikes to a burst that makes none.
"""

# %%
# The experiment is a file, ``protocols/fig1.toml``. It says where the 20 dendritic sites are,
# which background they get and how strong each input is.

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.plotting import COLOURS, style
from dendmod.protocol import setup_for, trains_for

protocol = dendmod.load_protocol("fig1")
sites = dendmod.choose_sites(protocol.cell_spec, protocol.site_choice).locations
setup = setup_for(protocol, sites)
n_trials = 8

# %%
# Every level of both arms, eight trials each. The background of a trial is the same at all levels.

asked = [
    (name, level, trial)
    for name, arm in protocol.arms.items()
    for level in arm.levels
    for trial in range(n_trials)
]
trials = [
    dendmod.Trial(
        trains_for(
            protocol,
            name,
            level=level,
            n_feedforward=protocol.arms[name].n_feedforward,
            trial=trial,
            seed=1,
        )
    )
    for name, level, trial in asked
]
results = dendmod.simulate_many(setup, protocol.run_spec, trials)
found = dict(zip(asked, results, strict=True))

# %%
# One trial at the lowest and the highest level of each arm, and the mean number of spikes.

with style():
    figure, axes = plt.subplots(
        1, 3, figsize=(7.2, 2.1), constrained_layout=True, width_ratios=(1, 1, 1.1)
    )
    titles = {"shunt": "Shunt at the soma", "nmda": "NMDA spikes in dendrites"}
    for ax, (name, title) in zip(axes, titles.items(), strict=False):
        levels = protocol.arms[name].levels
        for level, colour in ((levels[0], COLOURS["paper"]), (levels[-1], COLOURS[name])):
            v = found[name, level, 0].v["soma"]
            unit = "inputs" if name == "shunt" else "sites"
            ax.plot(found[name, level, 0].t, v, color=colour, label=f"{level} {unit}")
        ax.set(title=title, xlabel="Time (ms)", ylabel="Voltage (mV)", xlim=(100, 260))
        ax.set_ylim(-90, 50)
        ax.legend(loc="upper right")
        counts = np.array(
            [
                [found[name, level, k].spike_times().size for k in range(n_trials)]
                for level in levels
            ]
        )
        mean, error = counts.mean(axis=1), counts.std(axis=1, ddof=1) / np.sqrt(n_trials)
        part = np.array(levels) / levels[-1]
        axes[2].errorbar(part, mean, error, fmt="o-", ms=2.5, color=COLOURS[name], label=title)
    axes[2].set(
        title=f"{n_trials} trials, mean and SEM",
        xlabel="Part of the highest level",
        ylabel="Spikes a burst",
    )
    axes[2].legend()
