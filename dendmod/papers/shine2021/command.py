"""``python -m dendmod.neuromodulation FIG``"""

from __future__ import annotations

import importlib
import sys

from dendmod.errors import did_you_mean
from dendmod.figure import run_figure

OPTIONS = ("seed", "quick", "workers", "morphology", "curves", "scheduler", "timeout")
FIGURES = {
    "fig1": "the effect of each mechanism on curves and kernels",
    "fig2": "from single-neuron functions to population functions",
    "fig3": "apical amplification when HCN channels close",
    "fig4": "dose-responses of noradrenaline",
    "fig5": "gain and the transition from segregation to integration",
    "measure": "every curve that the figures need, written as a file",
}


def main() -> None:
    """Draw the figure that is named first."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print("usage: python -m dendmod.neuromodulation FIG [--help]\n")
        for figure, what in FIGURES.items():
            print(f"  {figure:8} {what}")
        return
    if name not in FIGURES:
        print(f"error: there is no figure {name!r}." + did_you_mean(name, FIGURES), file=sys.stderr)
        sys.exit(2)
    module = importlib.import_module(f"dendmod.papers.shine2021.{name}")
    run_figure(
        name if name != "measure" else "neuromodulation",
        module.main,
        OPTIONS,
        program=f"neuromodulation {name}",
        command=sys.argv[2:],
        files=name != "measure",
    )


if __name__ == "__main__":
    main()
