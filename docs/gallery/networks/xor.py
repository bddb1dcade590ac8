"""
Can dendritic synapses learn XOR?
=================================

No single threshold on two inputs computes XOR. Ten reduced layer 5b cells with fixed
feedforward weights do so together, if contextual synapses on their dendrites learn which of
them fire. The rule is that of Wybo et al. 2022: it acts where an error, a presynaptic and a
postsynaptic trace meet.
"""

# %%
# Cells, network and settings as in Figure S3. Learning starts from random contextual weights; a
# second network learns the same inputs with shuffled answers.

import matplotlib.pyplot as plt
import numpy as np

from dendmod import simulate
from dendmod.network import NetworkRun, Samples
from dendmod.params import wybo2022
from dendmod.plotting import style
from dendmod.switching.assembly import build_network
from dendmod.switching.boolean import FUNCTIONS, INPUTS, input_vectors
from dendmod.switching.cells import cells
from dendmod.switching.classification import BooleanTasks
from dendmod.switching.experiment import load_training
from dendmod.switching.training import Training, bursts

chosen = load_training("figS3")
settings = chosen.settings
hidden, output = cells(settings.cell, settings.biophysics)
vectors = input_vectors(10, seed=0)
network = build_network(hidden, output, vectors, 1, settings, seed=0)
schedule = chosen.schedule.model_copy(
    update={
        "samples": 2000,
        "block": 100,
        "test_every": 4,
        "curve_samples": 60,
        "test_samples": 200,
    }
)
training = Training(network, BooleanTasks(("xor",)), settings, schedule, seed=0)
shuffled = Training(network, BooleanTasks(("xor",), shuffled=True), settings, schedule, seed=0)
learned, control = training.run(), shuffled.run()
print(f"accuracy {learned.accuracy[-1, 0]:.2f}, shuffled {control.accuracy[-1, 0]:.2f}")

# %%
# What the network does with each of the four inputs before and after, the rule frozen: mean spikes
# of the output cell over fifty samples.

case = np.repeat(np.arange(4), 50)
expected = np.array(FUNCTIONS["xor"])[case]
counts = np.array(INPUTS)[case] * wybo2022.BOOLEAN_SPIKES


def answers(weights):
    """Return the spikes of the output cell and of the hidden cells by input."""
    run = NetworkRun(
        samples=Samples(context=np.zeros_like(case), expected=expected),
        stimulus=bursts(counts, settings),
        dt=settings.dt,
        settle=training.settle,
        learn=False,
        seed=1,
    )
    result = simulate(training.with_weights(weights), run, precision="float32")
    hidden = result.hidden.counts(case.size, 10).reshape(4, 50, 10).mean(axis=1)
    return (result.error + expected).reshape(4, 50).mean(axis=1), hidden


before, hidden_before = answers(network.context.weights)
after, hidden_after = answers(learned.weights)

# %%
# At first nearly every hidden cell answers every input. The context has learned to silence cells
# for (0, 0) and (1, 1), so that the output cell fires for the other two.

with style():
    figure, axes = plt.subplots(
        1, 4, figsize=(7.4, 2.1), constrained_layout=True, width_ratios=(1.3, 1, 1, 1)
    )
    axes[0].plot(learned.samples, learned.accuracy[:, 0], label="XOR")
    axes[0].plot(control.samples, control.accuracy[:, 0], color="#BBBBBB", label="shuffled answers")
    axes[0].axhline(0.75, color="k", lw=0.5, ls=":")
    axes[0].set(xlabel="Samples", ylabel="Balanced accuracy", ylim=(0.3, 1.02))
    axes[0].legend(loc="lower right")
    names = [f"{x}, {y}" for x, y in INPUTS]
    place = np.arange(4)
    axes[1].bar(place - 0.2, before, 0.4, color="#BBBBBB", label="before")
    axes[1].bar(place + 0.2, after, 0.4, color="#0072B2", label="after")
    axes[1].set_xticks(place, names)
    axes[1].set(xlabel="Input", ylabel="Output spikes in the window", ylim=(0, 1.7))
    axes[1].legend()
    found = {"Before": hidden_before, "After": hidden_after}
    for ax, (title, spikes) in zip(axes[2:], found.items(), strict=True):
        shown = ax.imshow(spikes, aspect="auto", cmap="viridis", vmin=0, vmax=hidden_after.max())
        ax.set_yticks(place, names)
        ax.set(title=title, xlabel="Hidden cell", ylabel="Input")
    figure.colorbar(shown, ax=axes[3], label="Spikes a sample")

# %%
# The dotted line is what a cell scores that fires on any input. Settings that differ from the
# paper's are named on the page about learning to switch tasks.
