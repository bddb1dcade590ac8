"""
How near is a reduced cell to the full one?
===========================================

A network of hundreds of cells cannot carry each with its hundreds of segments. ``reduce`` keeps
the soma, chosen dendritic sites, the places where their paths meet and the beginning of the
axon, and fits the compartments so that they respond as the full cell does there.
"""

# %%
# The layer 5b cell of Hay et al. 2011 and six of its dendritic sites. ``largest_load=15`` adds
# compartments until none stands for more than 15 pF of membrane, which spikes need.

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.params.wybo2022 import ampa_nmda
from dendmod.plotting import style
from dendmod.reduction import reduce

full = dendmod.L5PyramidalCell("l5pc", biophysics=3)
sites = dendmod.choose_sites(full, dendmod.SiteChoice(n=6)).locations
small = reduce(full, sites, bifurcations=True, largest_load=15.0)
print(small)

# %%
# The same inputs into both: a burst of synaptic inputs at one of the sites, and a step of current
# into the soma.

times = np.linspace(20, 30, 10)  # ms


def setups(cell, soma, site):
    """Return a set-up with a synapse at the site and one with a current step at the soma."""
    synapse = dendmod.Synapse(
        name="site", mechanism="AmpaNmdaSyn", location=site, params=ampa_nmda()
    )
    record = {"soma": soma, "site": site}
    step = dendmod.CurrentClamp(location=soma, delay=20, dur=200, amp=1.0)  # ms, nA
    return (
        dendmod.Setup(cell=cell, synapses=(synapse,), record=record),
        dendmod.Setup(cell=cell, current_clamps=(step,), record=record),
    )


of_full = setups(full, dendmod.Location("soma(0.5)"), sites[0])
of_small = setups(small, small.location("soma"), small.sites[0])
run = dendmod.Run(tstop=240, dt=0.1, settle=500)
burst = (dendmod.SpikeTrain("site", times, 4e-4),)  # uS
results = {
    name: (
        dendmod.simulate(epsp, run, burst),
        dendmod.simulate(step, run),
    )
    for name, (epsp, step) in {"Full": of_full, "Reduced": of_small}.items()
}
for name, (_, step) in results.items():
    print(name, step.spike_times().round(1))

# %%
# The NMDA spike at the site, what of it reaches the soma, and the spikes of the step.

with style():
    figure, axes = plt.subplots(
        1, 3, figsize=(7.2, 2.2), constrained_layout=True, width_ratios=(1, 1, 1.4)
    )
    looks = {"Full": {"color": "#BBBBBB", "lw": 2.2}, "Reduced": {"color": "#0072B2", "lw": 0.8}}
    for name, (epsp, step) in results.items():
        axes[0].plot(epsp.t, epsp.v["site"], **looks[name], label=name)
        axes[1].plot(epsp.t, epsp.v["soma"], **looks[name])
        axes[2].plot(step.t, step.v["soma"], **looks[name])
    titles = ("Site, burst at the site", "Soma, burst at the site", "Soma, step of 1 nA")
    for ax, title in zip(axes, titles, strict=True):
        ax.set(title=title, xlabel="Time (ms)", ylabel="Voltage (mV)")
    axes[0].legend()
