"""
Which network does a measured gain make?
========================================

Needs the extra ``ml`` (``pip install 'dendmod[ml]'``: PyTorch, scikit-learn).

The IO curves of the layer 5b cell under NMDA spikes were fitted with a gain at each level and a
shared x-shift and bias. These numbers become the units of a network in PyTorch: all tasks share
the weights, and each task has gains of its own. Does that suffice for ten tasks on handwritten
digits?
"""

# %%
# The file of fitted curves that dendmod brings, and what of it a network takes.

import matplotlib.pyplot as plt
import numpy as np
import torch

from dendmod.exchange.load_io import load_io
from dendmod.learning import (
    MultitaskNetwork,
    MultitaskSpec,
    TrainSpec,
    digits,
    evaluate,
    from_io,
    one_vs_all,
    train,
)
from dendmod.paths import data_dir
from dendmod.plotting import style

torch.set_num_threads(1)
path = data_dir("protocols") / "io_nmda.json"
io = load_io(path)
fields = from_io(path)
print(fields)

# %%
# Three networks of each kind learn "is it this digit?" for ten digits: with gains on the measured
# curve, with gains, x-shifts and biases that are learned, and with a readout for each task.

data = digits().flat().standardised()
sets = {part: one_vs_all(data, part) for part in ("train", "val", "test")}
common = {"n_in": 64, "hidden": (25, 25), "n_tasks": 10}
specs = {
    "measured gains": MultitaskSpec(**common, modulation="gain_xshift", **fields),
    "learned units": MultitaskSpec(**common, modulation="gain_xshift"),
    "readouts alone": MultitaskSpec(**common, modulation="readout"),
}
accuracy, networks = {}, {}
for name, spec in specs.items():
    networks[name] = MultitaskNetwork(spec, seeds=[1, 2, 3])
    train(networks[name], sets["train"], sets["val"], TrainSpec(steps=25, max_epochs=20))
    accuracy[name] = evaluate(networks[name], sets["test"])  # [runs, tasks]
    print(f"{name}: {accuracy[name].mean():.3f}")

# %%
# The measured curves, how the gains of one unit differ between tasks, and the accuracies. A point
# is a task of a network.

gains = networks["measured gains"].values["gain0"].detach().numpy()[0]  # [tasks, units]
with style():
    figure, axes = plt.subplots(
        1, 3, figsize=(7.2, 2.3), constrained_layout=True, width_ratios=(1, 1.1, 1.2)
    )
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(io.levels)))
    for level, colour in zip(io.levels, colours, strict=True):
        if level in io.fit("gain_xshift").curves:
            curve = io.curve(level=level)
            x = np.linspace(*curve.fit_range, 20)
            ends = level in (io.levels[0], io.levels[-1])
            axes[0].plot(x, curve(x), color=colour, label=f"{level:g} sites" if ends else None)
    axes[0].set(
        xlabel="Feedforward inputs", ylabel="Spikes a burst", title="Measured", xlim=(0, 125)
    )
    axes[0].legend(loc="lower right")
    image = axes[1].imshow(gains, aspect="auto", cmap="RdBu_r", vmin=0, vmax=2)
    axes[1].set(xlabel="Unit of the first layer", ylabel="Task (digit)", title="Learned gains")
    figure.colorbar(image, ax=axes[1], label="Gain, 1 = mean of the cell")
    for k, found in enumerate(accuracy.values()):
        jitter = np.random.default_rng(k).uniform(-0.15, 0.15, found.size)
        axes[2].plot(k + jitter, found.ravel(), ".", ms=3, color="#BBBBBB")
        axes[2].plot([k - 0.3, k + 0.3], [found.mean()] * 2, color="#0072B2", lw=1.5)
    axes[2].set_xticks(range(len(accuracy)), [n.replace(" ", "\n") for n in accuracy])
    axes[2].set(ylabel="Balanced accuracy", title="Test images")
