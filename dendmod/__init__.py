"""Biophysical dendritic neuron modelling on NEURON.

Importing dendmod loads no engine: the public names and the packages below are fetched when they are
first used, so that ``import dendmod; dendmod.network`` works without further imports.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from dendmod import (
        cells,
        clustered,
        engines,
        errors,
        exchange,
        explore,
        formats,
        iocurve,
        learning,
        mechanisms,
        morphology,
        network,
        neuromodulation,
        params,
        plotting,
        population,
        protocol,
        reduction,
        rng,
        sources,
        spec,
        study,
        sweep,
        switching,
        units,
    )
    from dendmod.cells.check import check_cell
    from dendmod.cells.l5 import L5PyramidalCell
    from dendmod.cells.sites import SiteChoice, choose_sites
    from dendmod.engines.simulation import simulate, simulate_many
    from dendmod.iocurve import IOModel, ThresholdSearch, fit_io, thresholds
    from dendmod.morphology import Morphology
    from dendmod.protocol import load_protocol
    from dendmod.spec import (
        Biophysics,
        Cell,
        Chirp,
        ClampLevel,
        CurrentClamp,
        Location,
        OrnsteinUhlenbeck,
        Ramp,
        Recording,
        Run,
        Setup,
        Sine,
        SpikeTrain,
        Synapse,
        VoltageClamp,
        Waveform,
    )
    from dendmod.spec.result import Result
    from dendmod.spec.trial import Trial
    from dendmod.study.citations import cite
    from dendmod.study.figure import make_figure
    from dendmod.sweep import Task, run_tasks

_WHERE = {
    "Biophysics": "dendmod.spec",
    "Cell": "dendmod.spec",
    "Chirp": "dendmod.spec",
    "ClampLevel": "dendmod.spec",
    "CurrentClamp": "dendmod.spec",
    "IOModel": "dendmod.iocurve",
    "L5PyramidalCell": "dendmod.cells.l5",
    "Location": "dendmod.spec",
    "Morphology": "dendmod.morphology",
    "OrnsteinUhlenbeck": "dendmod.spec",
    "Ramp": "dendmod.spec",
    "Recording": "dendmod.spec",
    "Result": "dendmod.spec.result",
    "Run": "dendmod.spec",
    "Setup": "dendmod.spec",
    "Sine": "dendmod.spec",
    "SiteChoice": "dendmod.cells.sites",
    "SpikeTrain": "dendmod.spec",
    "Synapse": "dendmod.spec",
    "Task": "dendmod.sweep",
    "Trial": "dendmod.spec.trial",
    "ThresholdSearch": "dendmod.iocurve",
    "VoltageClamp": "dendmod.spec",
    "Waveform": "dendmod.spec",
    "check_cell": "dendmod.cells.check",
    "choose_sites": "dendmod.cells.sites",
    "cite": "dendmod.study.citations",
    "fit_io": "dendmod.iocurve",
    "load_protocol": "dendmod.protocol",
    "make_figure": "dendmod.study.figure",
    "run_tasks": "dendmod.sweep",
    "simulate": "dendmod.engines.simulation",
    "simulate_many": "dendmod.engines.simulation",
    "thresholds": "dendmod.iocurve",
}

_PACKAGES = (
    "cells", "clustered", "engines", "errors", "exchange", "explore", "formats", "iocurve",
    "learning", "mechanisms", "morphology", "network", "neuromodulation", "params", "plotting",
    "population", "protocol", "reduction", "rng", "sources", "spec", "study", "sweep", "switching",
    "units",
)  # fmt: skip

__all__ = [
    "Biophysics",
    "Cell",
    "Chirp",
    "ClampLevel",
    "CurrentClamp",
    "IOModel",
    "L5PyramidalCell",
    "Location",
    "Morphology",
    "OrnsteinUhlenbeck",
    "Ramp",
    "Recording",
    "Result",
    "Run",
    "Setup",
    "Sine",
    "SiteChoice",
    "SpikeTrain",
    "Synapse",
    "Task",
    "ThresholdSearch",
    "Trial",
    "VoltageClamp",
    "Waveform",
    "cells",
    "check_cell",
    "choose_sites",
    "cite",
    "clustered",
    "engines",
    "errors",
    "exchange",
    "explore",
    "fit_io",
    "formats",
    "iocurve",
    "learning",
    "load_protocol",
    "make_figure",
    "mechanisms",
    "morphology",
    "network",
    "neuromodulation",
    "params",
    "plotting",
    "population",
    "protocol",
    "reduction",
    "rng",
    "run_tasks",
    "simulate",
    "simulate_many",
    "sources",
    "spec",
    "study",
    "sweep",
    "switching",
    "thresholds",
    "units",
]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"dendmod.{name}")
    if name not in _WHERE:
        raise AttributeError(f"module 'dendmod' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
