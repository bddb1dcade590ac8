"""
What does the model do with a current that was recorded?
========================================================

Needs the extra ``nwb`` (``pip install 'dendmod[nwb]'``: pynwb).

An intracellular recording in NWB holds the injected current and the potential. The current is
played into a model, and both responses are laid over each other. The recording here is made by
the example itself, from the cell with parameter set 1 and some noise, so that it runs without a
download: put the path of your own file in its place.
"""

# %%
# A recording as a laboratory would hand it over: current and potential at 10 kHz, in SI units.

from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np
import pynwb

import dendmod
from dendmod.plotting import style

path = Path(mkdtemp()) / "recording.nwb"
soma = dendmod.Location("soma(0.5)")
run = dendmod.Run(tstop=600, dt=0.1, settle=500)


def response(cell, current):
    """Return the somatic response of a cell to a current."""
    setup = dendmod.Setup(cell=cell, currents=(current,))
    return dendmod.simulate(setup, run, engine="kernel")


noise = dendmod.OrnsteinUhlenbeck(
    location=soma, delay=50, dur=500, mean=0.45, sd=0.35, tau=8.0, seed=4
)
recorded = response(dendmod.L5PyramidalCell("l5pc", biophysics=1), noise)
rng = np.random.default_rng(0)
file = pynwb.NWBFile(
    session_description="noisy current into the soma",
    identifier="gallery",
    session_start_time=datetime(2026, 1, 1, tzinfo=UTC),
)
electrode = file.create_icephys_electrode(
    name="electrode", description="whole cell", device=file.create_device(name="amplifier")
)
file.add_stimulus(
    pynwb.icephys.CurrentClampStimulusSeries(
        name="current", data=noise.values(recorded.t) * 1e-9, electrode=electrode, gain=1.0,
        rate=1e4,
    )
)  # fmt: skip
file.add_acquisition(
    pynwb.icephys.CurrentClampSeries(
        name="potential",
        data=(recorded.v["soma"] + rng.normal(0, 0.3, recorded.t.size)) * 1e-3,
        electrode=electrode, gain=1.0, rate=1e4,
    )
)  # fmt: skip
with pynwb.NWBHDF5IO(path, "w") as handle:
    handle.write(file)

# %%
# Reading it: any file of this kind will do. ``conversion`` turns stored numbers into volts and
# amperes.

with pynwb.NWBHDF5IO(path, "r") as handle:
    session = handle.read()
    stimulus, potential = session.stimulus["current"], session.acquisition["potential"]
    t = np.arange(stimulus.data.shape[0]) / stimulus.rate * 1e3  # ms
    i = stimulus.data[:] * stimulus.conversion * 1e9  # nA
    v = potential.data[:] * potential.conversion * 1e3  # mV

# %%
# The recorded current as a ``Waveform`` into two models: the one that made the recording and one
# with other densities. A digital stimulus keeps each value until the next one: ``hold``.

current = dendmod.Waveform(location=soma, times=tuple(t), amps=tuple(i), between="hold")
models = {f"set {k}": dendmod.L5PyramidalCell("l5pc", biophysics=k) for k in (1, 3)}
results = {name: response(cell, current) for name, cell in models.items()}
spikes = t[1:][(v[1:] > 0) & (v[:-1] <= 0)]
print("recorded", spikes.round(1))
for name, result in results.items():
    print(name, result.spike_times().round(1))

# %%
# The model's result goes back as NWB, with its specification in it, so that it can be run again.

again = results["set 3"].to_nwb(path.with_name("model.nwb"))
print(again.name, again.stat().st_size // 1024, "KiB")

with style():
    figure, axes = plt.subplots(
        3, 1, figsize=(6.4, 3.4), constrained_layout=True, sharex=True, height_ratios=(1, 3, 1)
    )
    axes[0].plot(t, i, color="#009E73", lw=0.5)
    axes[0].set(ylabel="Current (nA)")
    axes[1].plot(t, v, color="#BBBBBB", lw=1.8, label="recording")
    for (name, result), colour in zip(results.items(), ("#0072B2", "#D55E00"), strict=True):
        axes[1].plot(result.t, result.v["soma"], color=colour, lw=0.6, label=f"model, {name}")
    axes[1].set(ylabel="Voltage (mV)", ylim=(-95, 65))
    axes[1].legend(loc="upper right", ncols=3)
    rows = {"recording": spikes} | {n: r.spike_times() for n, r in results.items()}
    colours = ("#888888", "#0072B2", "#D55E00")
    axes[2].eventplot(list(rows.values()), colors=colours, lineoffsets=(2, 1, 0))
    axes[2].set_yticks((2, 1, 0), list(rows))
    axes[2].set(xlabel="Time (ms)", xlim=(0, 600))
