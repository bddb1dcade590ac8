"""One synapse, one dendritic NMDA spike, one picture: python protocols/nmda_spike.py [FOLDER]

A synapse on a thin basal branch gets a burst of inputs. The voltage at the branch and at the soma
is drawn for weights below and above the threshold of an NMDA spike.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import dendmod
from dendmod.params.wybo2022 import ampa_nmda
from dendmod.plotting import save, style


def main(out: Path) -> None:
    cell = dendmod.L5PyramidalCell()
    site = dendmod.choose_sites(cell).locations[0]
    soma = dendmod.Location(section=0, x=0.5)
    synapse = dendmod.Synapse(
        name="input", mechanism="AmpaNmdaSyn", location=site, params=ampa_nmda()
    )
    setup = dendmod.Setup(cell=cell, synapses=(synapse,), record={"branch": site, "soma": soma})
    run = dendmod.Run(tstop=250, dt=0.1, settle=500)
    times = np.linspace(50, 60, 10)  # ten inputs within 10 ms

    with style():
        figure, axes = plt.subplots(1, 2, figsize=(5, 2.2), constrained_layout=True)
        for weight_nS in (0.1, 0.2, 0.4, 0.8, 1.6):
            train = dendmod.SpikeTrain("input", times, weight_nS * 1e-3)  # uS
            result = dendmod.simulate(setup, run, (train,))
            for ax, place in zip(axes, ("branch", "soma"), strict=True):
                ax.plot(result.t, result.v[place], label=f"{weight_nS} nS")
        for ax, place in zip(axes, ("branch", "soma"), strict=True):
            ax.set_title(place.capitalize())
            ax.set_xlabel("Time (ms)")
            ax.set_ylabel("Voltage (mV)")
        axes[0].legend(title="Weight an input")
        save(figure, out, "nmda_spike")
    print(f"{out / 'nmda_spike.png'} written")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results/nmda_spike"))
