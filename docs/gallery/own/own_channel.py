"""
How do I bring my own channel?
==============================

A channel is a .mod file. This one is a slow potassium current that makes a cell adapt, written
from a steady state and a time constant. dendmod reads its equations with NEURON's own parser,
so that they can be drawn before anything is simulated, and the compiled channel runs beside
dendmod's own.
"""

# %%
# The file: a non-inactivating potassium current with one gate.

from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.mechanisms import evaluate
from dendmod.mechanisms.nmodl import equations_of
from dendmod.plotting import style
from dendmod.spec import Compartment, ReducedCell

folder = Path(mkdtemp()) / "mod"
folder.mkdir()
(folder / "KSlow.mod").write_text("""
: A slow potassium current with one gate: opens around -35 mV, within some hundred ms

NEURON {
    SUFFIX KSlow
    USEION k READ ek WRITE ik
    RANGE gmax, g, half
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gmax = 1e-3 (S/cm2)
    half = -35 (mV)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    g (S/cm2)
}

STATE { w }

BREAKPOINT {
    SOLVE states METHOD cnexp
    g = gmax*w
    ik = g*(v - ek)
}

INITIAL { w = open(v) }

DERIVATIVE states { w' = (open(v) - w)/slow(v) }

FUNCTION open(u (mV)) { open = 1/(1 + exp(-(u - half)/9)) }

FUNCTION slow(u (mV)) (ms) { slow = 20 + 180/(1 + exp((u - half)/15)) }
""")

# %%
# Steady state and relaxation, straight from the file.

equations = equations_of(folder / "KSlow.mod")
v = np.linspace(-90, 20, 111)  # mV
steady = evaluate.steady_state(equations, v=v)
dt = 0.01  # ms
zero = {"w": np.zeros_like(v)}
tau = -dt / np.log1p(-evaluate.advance(equations, zero, dt, v=v)["w"] / steady["w"])

# %%
# A cell of one compartment with dendmod's sodium and potassium channels, and with 0 to 2 mS/cm2 of
# the new one. A cell of sections names the folder in its ``cell.toml`` in the same way. The first
# run compiles the file together with dendmod's own, which takes a minute or two; after that the
# library is in the cache.


def cell(gmax):
    """Return a compartment with so much of the channel (S/cm2)."""
    channels = {
        "NaTa_t": {"gNaTa_tbar": 1.2},
        "SKv3_1": {"gSKv3_1bar": 0.25},
        "KSlow": {"gmax": gmax},
    }
    soma = Compartment(
        name="soma", parent=-1, ca=100, g_leak=5, e_leak=-72, area=1e4, channels=channels
    )
    return ReducedCell(
        compartments=(soma,), ena=50, ek=-85, celsius=34, v_init=-72, mechanisms=(str(folder),)
    )


soma = dendmod.Location("soma(0.5)")
clamp = dendmod.CurrentClamp(location=soma, delay=50, dur=800, amp=0.5)  # ms, nA
gmaxs = (0.0, 5e-4, 2e-3)  # S/cm2
results = {}
for gmax in gmaxs:
    gate = dendmod.Recording(location=soma, variable="w_KSlow")
    record = {"soma": soma, "gate": gate}
    setup = dendmod.Setup(cell=cell(gmax), current_clamps=(clamp,), record=record)
    results[gmax] = dendmod.simulate(setup, dendmod.Run(tstop=900, dt=0.05, settle=300))
    print(f"{gmax * 1e3:g} mS/cm2: {results[gmax].spike_times().size} spikes")

# %%
# With more of the channel intervals between spikes grow from the first to the last.

with style():
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 3.6), constrained_layout=True)
    axes[0, 0].plot(v, steady["w"])
    axes[0, 0].set(title="Steady state", xlabel="Voltage (mV)", ylabel="Gate w")
    axes[0, 1].plot(v, tau)
    axes[0, 1].set(title="Time constant", xlabel="Voltage (mV)", ylabel="tau (ms)", ylim=(0, None))
    colours = ("#333333", "#56B4E9", "#0072B2")
    for ax, gmax, colour in zip(axes[1], gmaxs, colours, strict=True):
        result = results[gmax]
        ax.plot(result.t, result.v["soma"], color=colour, lw=0.6)
        ax.set(title=f"{gmax * 1e3:g} mS/cm²", xlabel="Time (ms)", ylabel="Voltage (mV)")
        spikes = result.spike_times()
        axes[0, 2].plot(spikes[1:], np.diff(spikes), ".-", ms=3, color=colour)
    axes[0, 2].set(title="Intervals", xlabel="Time (ms)", ylabel="Interval (ms)", ylim=(0, None))
