"""
When does a dendrite fire an NMDA spike?
========================================

Ten inputs reach one place on a thin basal branch of the layer 5b cell within 10 ms. With AMPA
receptors alone, stronger inputs make a larger EPSP that ends when they do. With NMDA receptors
there is a threshold: above it the branch stays depolarised for tens of milliseconds. The soma
sees only a small part of that.
"""

# %%
# The cell, a place on a basal branch and a synapse there. The parameters of the synapse are those
# of Wybo et al. 2022; the second set-up differs in one number, the ratio of NMDA to AMPA.

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.morphology import resolve
from dendmod.params.wybo2022 import ampa_nmda
from dendmod.plotting import draw_cell, style

cell = dendmod.L5PyramidalCell("l5pc", biophysics=3)
branch = dendmod.choose_sites(cell).locations[0]
soma = dendmod.Location("soma(0.5)")


def setup(nmda_ratio):
    """Return the cell with a synapse on the branch."""
    synapse = dendmod.Synapse(
        name="input",
        mechanism="AmpaNmdaSyn",
        location=branch,
        params={**ampa_nmda(), "nmda_ratio": nmda_ratio},
    )
    return dendmod.Setup(cell=cell, synapses=(synapse,), record={"branch": branch, "soma": soma})


# %%
# Sixteen weights, each with and without NMDA receptors: 32 trials that run side by side.

times = np.linspace(50, 60, 10)  # ms
weights = np.geomspace(0.05, 2.5, 16)  # nS
with_nmda, without = setup(2.0), setup(0.0)
trials = [dendmod.Trial((dendmod.SpikeTrain("input", times, w * 1e-3),)) for w in weights]  # uS
results = dendmod.simulate_many(
    [with_nmda] * weights.size + [without] * weights.size,
    dendmod.Run(tstop=250, dt=0.1, settle=500),
    trials * 2,
)
nmda, ampa = results[: weights.size], results[weights.size :]


def above(result, level=-40.0):
    """Return how long the branch is above a level (ms)."""
    return 0.1 * np.count_nonzero(result.v["branch"] > level)


# %%
# Above the threshold the time that the branch spends above -40 mV grows with every further input.
# Without NMDA receptors it hardly outlasts the burst.

with style():
    figure, axes = plt.subplots(
        1, 4, figsize=(7.2, 2.1), constrained_layout=True, width_ratios=(0.6, 1, 1, 1)
    )
    draw_cell(axes[0], resolve("l5pc"), sites=[(branch.section, branch.x)])
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, weights.size))
    for result, colour in zip(nmda, colours, strict=True):
        axes[1].plot(result.t, result.v["branch"], color=colour, lw=0.7)
        axes[2].plot(result.t, result.v["soma"], color=colour, lw=0.7)
    for ax, name in zip(axes[1:3], ("Branch", "Soma"), strict=True):
        ax.set(title=name, xlabel="Time (ms)", ylabel="Voltage (mV)", xlim=(30, 200))
    axes[3].axhspan(0, 10, color="0.92", label="Duration of the burst")
    axes[3].semilogx(weights, [above(r) for r in nmda], "o-", ms=2.5, label="AMPA + NMDA")
    axes[3].semilogx(weights, [above(r) for r in ampa], "s-", ms=2.5, label="AMPA alone")
    axes[3].set(title="Branch", xlabel="Weight of an input (nS)", ylabel="Time above -40 mV (ms)")
    axes[3].legend()
    bar = plt.cm.ScalarMappable(plt.matplotlib.colors.LogNorm(weights[0], weights[-1]), "viridis")
    figure.colorbar(bar, ax=axes[2], label="Weight (nS)")

# %%
# See `protocols/nmda_spike.py` in the repository for the same in NEURON, one trial after the
# other.
