"""Current steps into the soma and the rates they evoke: python protocols/current_steps.py [FOLDER]

Compares the built-in cell with the experimental rates that Hay et al. 2011 aimed at.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

import dendmod
from dendmod.params.hay2011 import STEPS
from dendmod.plotting import save, style


def main(out: Path) -> None:
    cell = dendmod.L5PyramidalCell(biophysics=3)
    soma = dendmod.Location(section=0, x=0.5)
    run = dendmod.Run(tstop=STEPS.delay + STEPS.dur, method="adaptive")
    with style():
        figure, axes = plt.subplots(
            len(STEPS.rates), 1, figsize=(3.4, 4), sharex=True, constrained_layout=True
        )
        for ax, (amp, measured, sd) in zip(axes, STEPS.rates, strict=True):
            clamp = dendmod.CurrentClamp(location=soma, delay=STEPS.delay, dur=STEPS.dur, amp=amp)
            result = dendmod.simulate(dendmod.Setup(cell=cell, current_clamps=(clamp,)), run)
            rate = result.spike_times().size / (STEPS.dur / 1000)
            ax.plot(result.t, result.v["soma"], color="k", lw=0.6)
            ax.set_title(f"{amp} nA: {rate:g} Hz (experiment {measured} ± {sd} Hz)")
            ax.set_ylabel("Soma (mV)")
        axes[-1].set_xlabel("Time (ms)")
        save(figure, out, "current_steps")
    print(f"{out / 'current_steps.png'} written")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results/current_steps"))
