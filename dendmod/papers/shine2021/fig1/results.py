"""What is measured for each mechanism, gathered and fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dendmod.iocurve import CROSSINGS
from dendmod.neuromodulation.functions import KernelFigures, kernel_figures
from dendmod.papers.shine2021.analysis import FICurves
from dendmod.papers.shine2021.curves import Curves
from dendmod.papers.shine2021.measured_file import Arrays
from dendmod.papers.shine2021.settings import IOCurves, Settings
from dendmod.protocol.iocurves import IOAnalysis
from dendmod.protocol.tables import IOTable
from dendmod.sweep import Sweep

PLACES = ("basal", "apical", "inhibition")  # of synapses, in the order of measured PSPs
Kernels = Mapping[str, list[list[KernelFigures]]]  # by mechanism: [holding currents][places]


@dataclass(frozen=True)
class Measured:
    """Curves of every mechanism.

    Parameters
    ----------
    curves
        Where they are from.
    fi
        f-I curves.
    psp, kernels
        Potentials as `tasks.potentials` gives them, and their figures.
    sampled
        Sampled IO curves by rising dose, as `dendmod.protocol.tasks.search_thresholds` gives them.
    io
        The same fitted, of those mechanisms that leave thresholds to be found.
    """

    curves: Curves
    fi: FICurves
    psp: Mapping[str, Arrays]
    kernels: Kernels
    sampled: Mapping[str, list[Arrays]]
    io: Mapping[str, IOAnalysis]


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Measure every mechanism, or look it up."""
    curves = Curves(settings, sweep)
    fi, psp, io = (curves.of(kind) for kind in ("fi", "psp", "io"))
    p = settings.potentials
    sampled = {
        name: [io["control/0"], *(io[f"{name}/{dose:g}"] for dose in settings.io.doses[1:])]
        for name in settings.mechanisms.io
    }
    return Measured(
        curves=curves,
        fi=FICurves.of(fi, settings),
        psp=psp,
        kernels={
            name: [[kernel_figures(x, p.before, p.keep_every) for x in row] for row in r["psp"]]
            for name, r in psp.items()
        },
        sampled=sampled,
        io={
            name: fitted(rows, settings.io, settings.seed)
            for name, rows in sampled.items()
            if not always_fires(rows[-1])
        },
    )


def fitted(rows: list[Arrays], io: IOCurves, seed: int) -> IOAnalysis:
    """Return the analysis of IO curves whose levels are doses."""
    return IOAnalysis(IOTable.gather(io.doses, rows, io.resolution), io.bootstraps, seed)


def always_fires(curve: Arrays) -> bool:
    """Whether the cell fires whatever burst it is given, inhibitory ones too."""
    return bool(curve["counts"].mean(axis=1).min() > CROSSINGS[0])
