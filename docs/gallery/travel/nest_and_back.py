"""
How does a reduced cell get to NEST and back?
=============================================

NEST's ``cm_default`` has passive compartments with AMPA, NMDA and GABA receptors. A reduced
cell without channels fits into it unedited: it is written as a folder with a JSON table and a
script that needs NEST alone. Where NEST is installed dendmod runs the script and says how far
it is off; where it is not, as on the machine that built this page perhaps, the files are
written all the same.
"""

# %%
# A soma and two dendrites.

import json
from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.cells.exports import export_cell
from dendmod.params import wybo2022
from dendmod.plotting import style
from dendmod.reduction import write_reduced
from dendmod.spec import Compartment, ReducedCell

folder = Path(mkdtemp())
leak = {"e_leak": -75.0, "area": 1e4}
soma = Compartment(name="soma", parent=-1, ca=100, g_leak=8, **leak)
near = Compartment(name="near", parent=0, ca=20, g_leak=1.5, g_couple=12, **leak)
far = Compartment(name="far", parent=1, ca=8, g_leak=0.8, g_couple=3, **leak)
cell = ReducedCell(
    name="small", compartments=(soma, near, far), ena=50, ek=-85, celsius=34, v_init=-75
)
write_reduced(cell, folder / "small.json")

# %%
# ``dendmod cell export small.json --to nest --out small_nest`` does this:

done = export_cell(folder / "small.json", "nest", folder / "small_nest")
for file in sorted(done.folder.iterdir()):
    print(f"{file.name:14s} {file.stat().st_size} bytes")
print(*done.notes, sep="\n")

# %%
# The table: what NEST calls its compartments, and the script's own step and spikes.

table = json.loads((done.folder / "cell.json").read_text())
print(json.dumps(table["compartments"][2], indent=1))
print(json.dumps(table["trains"]), json.dumps(table["step"]))

# %%
# And back: a cell from NEST's table. Capacitances, leaks and couplings are all there is.


def from_nest(table):
    """Return the cell that a table of ``cm_default`` describes."""
    found = []
    for name, compartment in zip(table["names"], table["compartments"], strict=True):
        params = compartment["params"]
        found.append(
            Compartment(
                name=name,
                parent=compartment["parent_idx"],
                ca=params["C_m"],
                g_leak=params["g_L"],
                e_leak=params["e_L"],
                g_couple=params["g_C"],
                area=1e4,
            )
        )
    surroundings = {"ena": 50, "ek": -85, "celsius": table["celsius"], "v_init": table["v_init_mV"]}
    return ReducedCell(name="back", compartments=tuple(found), **surroundings)


# %%
# The step and the spikes of the table, in dendmod, on the cell that went and on the one that came
# back. What NEST computed lies over them where it is installed.


def respond(cell):
    """Return what the soma and the far dendrite of a cell do with the table's inputs."""
    step, ends = table["step"], {"soma": cell.location("soma"), "far": cell.location("far")}
    clamp = dendmod.CurrentClamp(
        location=ends["soma"], delay=step["delay_ms"], dur=step["duration_ms"], amp=step["amp_nA"]
    )
    synapses = (
        dendmod.Synapse(
            name="in", mechanism="AmpaNmdaSyn", location=ends["far"], params=wybo2022.ampa_nmda()
        ),
        dendmod.Synapse(
            name="out", mechanism="DoubleExpSyn", location=ends["soma"], params=wybo2022.GABA
        ),
    )
    setup = dendmod.Setup(cell=cell, synapses=synapses, current_clamps=(clamp,), record=ends)
    trains = tuple(
        dendmod.SpikeTrain(name, np.array(train["times_ms"]), train["weight_nS"] * 1e-3)
        for name, train in zip(("in", "out"), table["trains"], strict=True)
    )
    return dendmod.simulate(setup, dendmod.Run(tstop=step["tstop_ms"], dt=step["dt_ms"]), trains)


went, back = respond(cell), respond(from_nest(table))
print("largest difference", max(np.abs(went.v[p] - back.v[p]).max() for p in went.v), "mV")

with style():
    figure, axes = plt.subplots(1, 2, figsize=(5.6, 2.2), constrained_layout=True)
    ran = done.folder / "potentials.txt"
    of_nest = np.loadtxt(ran).T if ran.is_file() else None
    for k, (ax, place) in enumerate(zip(axes, ("soma", "far"), strict=True)):
        ax.plot(went.t, went.v[place], color="#BBBBBB", lw=2.2, label="dendmod, before")
        ax.plot(back.t, back.v[place], color="#0072B2", lw=0.8, label="dendmod, after")
        if of_nest is not None:
            ax.plot(went.t, of_nest[k], color="#D55E00", lw=0.8, ls=":", label="NEST")
        ax.set(title=place.capitalize(), xlabel="Time (ms)", ylabel="Voltage (mV)")
    axes[0].legend()
