"""
How long does a clustered network stay in a state?
==================================================

In a network of clusters of neurons, activity hops: some clusters are active together for a
while, then others. What one sees in the raster is measured as the durations of the activations
of clusters (Wyrick & Mazzucato 2021).
"""

# %%
# One network of 1600 excitatory and 400 inhibitory neurons in 18 clusters, and one trial of it
# without any stimulus.

import matplotlib.pyplot as plt
import numpy as np

from dendmod.clustered import (
    ClusteredNetwork,
    Perturbation,
    TrialRunner,
    activations,
    build_network,
)
from dendmod.clustered.activation import cluster_rates
from dendmod.plotting import style

network = build_network(ClusteredNetwork(), seed=2)
runner = TrialRunner(network)
spikes = runner.run(0, 0.0, 4.0)  # s
rates = cluster_rates(spikes, network)  # [clusters, ms]

# %%
# Durations over ten trials: at rest, with a tenth more input to the excitatory neurons, and with an
# input that varies by a tenth from neuron to neuron. Networks differ: in some a cluster never
# stops, and the figures of ``wyrick2021`` therefore take ten.

conditions = {
    "rest": Perturbation(),
    "more input": Perturbation("dmean_E", 0.1),
    "more variance": Perturbation("dvar_E", 0.1),
}
durations = {
    name: np.concatenate(
        [activations(runner.run(k, 0.0, 4.0, perturbation=change), network)[0] for k in range(10)]
    )
    for name, change in conditions.items()
}
for name, found in durations.items():
    print(f"{name}: {found.size} activations of {found.mean() * 1e3:.0f} ms on average")

# %%
# Neurons are sorted by cluster. The distribution of durations is drawn as the part that lasts
# longer.

with style():
    figure, axes = plt.subplots(
        1, 3, figsize=(7.4, 2.5), constrained_layout=True, width_ratios=(1.5, 1.3, 1)
    )
    excitatory = np.flatnonzero(network.excitatory & (network.cluster >= 0))
    order = excitatory[np.argsort(network.cluster[excitatory], kind="stable")]
    row = np.full(network.mu.size, -1)
    row[order] = np.arange(order.size)
    shown = (row[spikes.ids] >= 0) & (spikes.times > 0)
    axes[0].scatter(
        spikes.times[shown], row[spikes.ids[shown]], s=0.15, c="k", lw=0, rasterized=True
    )
    axes[0].set(title="Spikes", xlabel="Time (s)", ylabel="E neuron, by cluster", xlim=(0, 4))
    image = axes[1].imshow(
        rates, aspect="auto", origin="lower", extent=(0, 4, 0.5, rates.shape[0] + 0.5), vmax=60
    )
    axes[1].set(title="Rate of clusters", xlabel="Time (s)", ylabel="Cluster")
    figure.colorbar(image, ax=axes[1], label="Spikes/s")
    for (name, found), colour in zip(
        durations.items(), ("#333333", "#0072B2", "#D55E00"), strict=True
    ):
        last = np.sort(found) * 1e3
        axes[2].semilogy(last, 1 - np.arange(last.size) / last.size, color=colour, label=name)
    axes[2].set(title="Activations", xlabel="Duration (ms)", ylabel="Part that lasts longer")
    axes[2].set(xlim=(0, 400), ylim=(1e-2, 1))
    axes[2].legend()
