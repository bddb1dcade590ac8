"""
How do I bring my own cell?
===========================

A cell is a folder: a morphology, a ``cell.toml`` that says what is in its membrane and, if it
has channels of its own, their .mod files. This example writes such a folder from nothing, looks
at the cell, measures it and lets it fire. With a reconstruction of your own, the first step is
a file that you have.
"""

# %%
# A morphology in SWC: number, type (1 soma, 2 axon, 3 basal, 4 apical), x, y, z and radius (um),
# and the point that each is joined to.

from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.cells.file import load_cell
from dendmod.morphology import resolve
from dendmod.plotting import draw_cell, style

folder = Path(mkdtemp()) / "mine"
folder.mkdir()
rng = np.random.default_rng(3)
points = [(1, 0, 0, 9.0, -1)]  # type, x, y, radius, parent


def grow(kind, parent, x, y, angle, length, radius, order):
    """Add a branch of points 10 um apart that divides until its order is used up."""
    for _ in range(int(length / 10)):
        angle += rng.normal(0, 0.12)
        x, y, radius = x + 10 * np.cos(angle), y + 10 * np.sin(angle), max(radius * 0.985, 0.4)
        points.append((kind, x, y, radius, parent))
        parent = len(points)
    if order:
        for turn in (-0.5, 0.5):
            grow(kind, parent, x, y, angle + turn, 0.8 * length, 0.75 * radius, order - 1)


for angle in np.pi * np.array([1.15, 1.5, 1.85]):
    grow(3, 1, 9 * np.cos(angle), 9 * np.sin(angle), angle, 60, 1.0, 2)
grow(4, 1, 0, 9, np.pi / 2, 200, 2.0, 3)
rows = [f"{i + 1} {k} {x:.2f} {y:.2f} 0 {r:.3f} {p}" for i, (k, x, y, r, p) in enumerate(points)]
(folder / "cell.swc").write_text("\n".join(rows) + "\n")

# %%
# The membrane. Rows are taken in their order; ``dist`` is an expression of place. The channels
# here are those that dendmod brings: a fast sodium and a potassium channel, and Ih that grows
# along the apical dendrite.

(folder / "cell.toml").write_text("""
schema = "dendmod/cell/1"
name = "mine"
morphology = "cell.swc"
conditions = { celsius = 34.0, v_init_mV = -75.0 }
discretisation = { rule = "1 + 2*int(L/40)" }
axon = { treatment = "stub", L_um = [30, 30], diam_um = [1.5, 1.0], at = "soma(1)" }
parameters = [
  { name = "Ra", value = 120 },
  { name = "cm", value = 1.0 },
  { name = "cm", list = "dendritic and distance > 40", factor = 1.8 },   # spines
  { name = "g_pas", value = 4e-5 },
  { name = "e_pas", value = -82 },
  { name = "ena", value = 50 },
  { name = "ek", value = -85 },
  { name = "gNaTa_tbar_NaTa_t", list = "somatic", value = 1.5 },
  { name = "gNaTa_tbar_NaTa_t", list = "axonal", value = 3.0 },
  { name = "gSKv3_1bar_SKv3_1", list = "somatic", value = 0.3 },
  { name = "gSKv3_1bar_SKv3_1", list = "axonal", value = 0.6 },
  { name = "gImbar_Im", list = "apical", value = 1e-4 },
  { name = "gIhbar_Ih", list = "apical", value = 1e-4, dist = "value*exp(distance/300)" },
]
""")
loaded = load_cell(folder)
print(loaded.cell)

# %%
# Rest, input resistance and time constant, measured as ``dendmod cell check`` does.

facts = dendmod.check_cell(loaded.cell)
print(f"rest {facts.rest:.1f} mV, input resistance {facts.rin:.0f} MOhm, tau {facts.tau:.1f} ms")

# %%
# Steps of current into the soma, side by side.

soma = dendmod.Location("soma(0.5)")
clamp = dendmod.CurrentClamp(location=soma, delay=50, dur=300, amp=0.0)
setup = dendmod.Setup(cell=loaded.cell, current_clamps=(clamp,))
amps = np.round(np.arange(0.0, 0.81, 0.05), 2)  # nA
run = dendmod.Run(tstop=400, dt=0.05, settle=300)
results = dendmod.simulate_many(setup, run, [dendmod.Trial(amps=(a,)) for a in amps])
rate = np.array([r.spike_times().size for r in results]) / 0.3  # spikes/s

with style():
    figure, axes = plt.subplots(
        1, 3, figsize=(6.4, 2.2), constrained_layout=True, width_ratios=(0.7, 1.3, 1)
    )
    draw_cell(axes[0], resolve(loaded.cell.morphology))
    shown = [int(np.argmax(rate > 0)) - 1, int(np.argmax(rate > 0)), amps.size // 2]
    for k in shown[::-1]:
        axes[1].plot(results[k].t, results[k].v["soma"], label=f"{amps[k]:g} nA", lw=0.7)
    axes[1].set(xlabel="Time (ms)", ylabel="Voltage (mV)", ylim=(-85, 80))
    axes[1].legend(loc="upper center", ncols=3)
    axes[2].plot(amps, rate, "o-", ms=2.5)
    axes[2].set(xlabel="Current (nA)", ylabel="Rate (spikes/s)")

# %%
# From here every command takes the folder: ``dendmod cell show``, ``dendmod run``, ``dendmod
# reduce``, ``dendmod explore``, each with ``--cell mine``.
