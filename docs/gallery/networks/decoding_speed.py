"""
Does a more varied input make decoding faster?
==============================================

Wyrick & Mazzucato 2021 find that a clustered network tells stimuli apart sooner when the input
of its excitatory neurons varies more from neuron to neuron: barriers between states are lower,
and the stimulus gets the clusters going earlier. Here are the accuracy curves of one network
and the delay between them.
"""

# %%
# The stimuli are the paper's four. The decoder takes the class whose mean count
# vector is nearest, in sliding windows, and cross-validates.

import matplotlib.pyplot as plt
import numpy as np

from dendmod.clustered import (
    ClusteredNetwork,
    Perturbation,
    TrialRunner,
    build_network,
    decode,
    draw_stimuli,
    latency_difference,
    sliding_counts,
)
from dendmod.params import wyrick2021
from dendmod.plotting import style

network = build_network(ClusteredNetwork(), seed=1)
runner = TrialRunner(network, draw_stimuli(network))
step, window, lead = 0.01, 0.1, 0.5  # s
n_trials, n_stimuli = 10, wyrick2021.N_STIMULI


def curve(perturbation):
    """Return the decoding curve of evoked trials under a perturbation."""
    counts, labels = [], []
    for trial in range(n_trials):
        for stimulus in range(n_stimuli):
            spikes = runner.run(
                trial, -lead, 0.8, perturbation=perturbation, onset=-lead, stimulus=stimulus
            )
            counts.append(spikes.counts(network.spec.n_neurons, step).astype(np.int16))
            labels.append(stimulus)
    windows = sliding_counts(np.array(counts), round(window / step))
    t = -lead + window + step * np.arange(windows.shape[2])  # ends of the windows, s
    return decode(windows, np.array(labels), np.round(t, 9), folds=5, shuffles=50, seed=1)


conditions = {"rest": Perturbation(), "more variance": Perturbation("dvar_E", 0.1)}
curves = {name: curve(change) for name, change in conditions.items()}
rest, more = curves["rest"], curves["more variance"]
delay = latency_difference(rest.t, rest.accuracy, more.accuracy)
print(f"the curve with more variance comes {-delay * 1e3:.0f} ms earlier")

# %%
# Grey is what shuffled labels give (99 %). One network is an example and no evidence: the figures
# of ``wyrick2021`` take ten.

with style():
    figure, ax = plt.subplots(figsize=(3.6, 2.4), constrained_layout=True)
    for (name, found), colour in zip(curves.items(), ("#333333", "#D55E00"), strict=True):
        ax.plot(found.t, found.accuracy, color=colour, label=name)
        ax.axvline(found.latency(), color=colour, lw=0.5, ls=":")
    ax.fill_between(rest.t, 0, rest.bound(), color="0.9", lw=0)
    ax.axhline(rest.chance, color="k", lw=0.4)
    ax.axvline(0, color="k", lw=0.4)
    ax.set(xlabel="Time from the onset of the stimulus (s)", ylabel="Accuracy", ylim=(0, 1.02))
    ax.legend(loc="lower right")
