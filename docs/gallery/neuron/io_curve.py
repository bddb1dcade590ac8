"""
Gain, bias or both: what does modulation change?
================================================

An IO curve says how many spikes a neuron answers to a burst of so many inputs. NMDA spikes move
it. Do they change its slope (gain), its threshold (bias), or the gain about a common point
(gain with a shared x-shift)? The thresholds of 0.5 and 1.5 spikes are found at several levels,
and each model is fitted to all of them.
"""

# %%
# Spike counts on a grid of inputs, at four numbers of sites with NMDA spikes. A negative number of
# inputs means inhibitory ones.

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.iocurve import MODELS, bootstrap_thresholds, fit_io, interval, thresholds
from dendmod.plotting import style
from dendmod.protocol import setup_for, trains_for

protocol = dendmod.load_protocol("fig1")
sites = dendmod.choose_sites(protocol.cell_spec, protocol.site_choice).locations
setup = setup_for(protocol, sites)
levels = (0, 6, 11, 17)
inputs = np.arange(-40, 151, 10)
n_trials = 8
trials = [
    dendmod.Trial(
        trains_for(protocol, "nmda", level=level, n_feedforward=int(n), trial=trial, seed=1)
    )
    for level in levels
    for n in inputs
    for trial in range(n_trials)
]
results = dendmod.simulate_many(setup, protocol.run_spec, trials)
counts = np.array([r.spike_times().size for r in results])
counts = counts.reshape(len(levels), inputs.size, n_trials)

# %%
# Thresholds with intervals from a bootstrap over trials, and the three fits.

found = thresholds(inputs, counts.mean(axis=2))  # [levels, 2]
low_high = interval(bootstrap_thresholds(inputs, counts, samples=300, seed=1))
fits = {model: fit_io(found, model, levels=levels) for model in MODELS}
for model, fit in fits.items():
    print(f"{model:12s} residual {fit.residual:.3g} spikes^2, x-shift {np.round(fit.x_shift, 1)}")

# %%
# The paper's choice is the gain with a shared x-shift. It has one parameter more than the others,
# so that it must fit at least as well as the gain alone; the page on IO curves says what can be
# concluded from that and what cannot.

with style():
    figure, axes = plt.subplots(1, 4, figsize=(7.2, 2.1), constrained_layout=True, sharey=True)
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(levels)))
    names = {"gain": "Gain", "bias": "Bias", "gain_xshift": "Gain with shared x-shift"}
    for k, (level, colour) in enumerate(zip(levels, colours, strict=True)):
        mean = counts[k].mean(axis=1)
        axes[0].plot(inputs, mean, ".-", ms=2, color=colour, label=f"{level} sites")
        error = np.abs(low_high[k].T - found[k])
        for ax, model in zip(axes[1:], names, strict=True):
            ax.errorbar(found[k], [0.5, 1.5], xerr=error, fmt="o", ms=3, color=colour)
            curve = fits[model].io_model()(level)
            ax.plot(inputs, curve(inputs), color=colour)
            ax.set_title(f"{names[model]}\nresidual {fits[model].residual:.2g} spikes²")
    axes[0].set(title="Measured", ylabel="Spikes a burst")
    axes[0].legend(loc="lower right")
    for ax in axes:
        ax.set(xlabel="Feedforward inputs", xlim=(-40, 150), ylim=(-0.1, 3.1))
