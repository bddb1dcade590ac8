"""Cells of two sections that spike, each with one of the miniature mechanisms and what it needs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.spec import (
    Biophysics,
    Cell,
    CurrentClamp,
    Location,
    MechanismSpec,
    RegionSpec,
    Run,
    Setup,
)  # fmt: skip

FOLDER = Path(__file__).with_name("miniatures")
CM, RA, CELSIUS, V_INIT, ENA, EK = 1.0, 150.0, 10.0, -65.0, 50.0, -77.0
LEAK = {"g": 1e-4, "e": -65.0}
STEPS = (0.2, 0.3, 0.4)  # nA at the soma, at each of which every cell spikes more than once
DELAY, DURATION, TSTOP, DT = 5.0, 90.0, 100.0, 0.025  # ms


@dataclass(frozen=True)
class Miniature:
    """What a cell has besides hh in the soma and a leak in the dendrite.

    Parameters
    ----------
    soma, dendrite
        Parameters by mechanism.
    globals
        Values of GLOBAL parameters.
    """

    soma: dict[str, dict[str, float]]
    dendrite: dict[str, dict[str, float]]
    globals: dict[str, float] = field(default_factory=dict)


CALCIUM = {"CaHva": {"gbar": 4e-4}, "CaShell": {"tau": 40.0}, "KCa": {"gbar": 1e-3}}
MINIATURES = {
    "KdrGmax": Miniature({"KdrGmax": {"gmax": 0.01}}, {"KdrGmax": {"gmax": 0.002}}),
    "Ih": Miniature({"Ih": {"gbar": 1e-4}}, {"Ih": {"gbar": 4e-4}}, {"e_Ih": -25.0}),
    "KmPicosiemens": Miniature(
        {"KmPicosiemens": {"gbar": 8.0}}, {"KmPicosiemens": {"gbar": 2.0}}
    ),
    "NapGlobal": Miniature(
        {"NapGlobal": {"gbar": 3e-4}}, {"NapGlobal": {"gbar": 1e-4}}, {"vhalf_NapGlobal": -48.0}
    ),
    "CaShell": Miniature(CALCIUM, CALCIUM),
    "KCa": Miniature(CALCIUM, CALCIUM, {"half_KCa": 2e-4}),
    "CalShell": Miniature(
        {"CalGhk": {}, "CalShell": {"depth": 5.0}, **CALCIUM},
        {"CalGhk": {"pbar": 2e-5}, "CalShell": {}, **CALCIUM},
        {"rest_CalShell": 1e-4, "calo0_cal_ion": 2.0},
    ),
    "CalGhk": Miniature({"CalGhk": {}}, {"CalGhk": {"pbar": 3e-5}},
                        {"cali0_cal_ion": 5e-5, "calo0_cal_ion": 2.0}),
    "KaKinetic": Miniature({"KaKinetic": {"gbar": 5e-4}}, {"KaKinetic": {"gbar": 2e-4}}),
    "CationInstant": Miniature({"CationInstant": {}}, {"CationInstant": {"gbar": 5e-5}}),
    "KvQ10": Miniature({"KvQ10": {"gbar": 4e-3}}, {"KvQ10": {"gbar": 1e-3}}, {"q10_KvQ10": 3.0}),
    "CaHva": Miniature({"CaHva": {}}, {"CaHva": {"gbar": 1e-4}}),
}  # fmt: skip


SHAPE = """\
1 1 0 -10 0 10 -1
2 1 0 10 0 10 1
3 3 0 0 0 1.5 2
4 3 100 0 0 1 3
5 3 200 0 0 0.5 4
"""  # a soma of 20 um and a dendrite that tapers


def cell(name: str, folder: Path, mechanisms: Path = FOLDER) -> Cell:
    """Return the cell of a miniature; its morphology is written into `folder`."""
    miniature = MINIATURES[name]
    path = folder / "two_sections.swc"
    path.write_text(SHAPE)

    def region(own: dict[str, dict[str, float]]) -> RegionSpec:
        made = tuple(MechanismSpec(suffix=s, params=params) for s, params in own.items())
        return RegionSpec(cm=CM, Ra=RA, mechanisms=made)

    biophysics = Biophysics(
        name=name,
        regions={
            "soma": region({"hh": {}, **miniature.soma}),
            "basal": region({"pas": LEAK, **miniature.dendrite}),
        },
        ena=ENA, ek=EK, celsius=CELSIUS, v_init=V_INIT,
    )  # fmt: skip
    return Cell(
        morphology=str(path), biophysics=biophysics, axon_stub=None, globals=miniature.globals,
        mechanisms=(str(mechanisms),),
    )  # fmt: skip


def step(spec: Cell, amp: float) -> Setup:
    """Return the cell with a step at the soma (nA), recorded in both sections."""
    soma, end = Location(section=0, x=0.5), Location(section=1, x=1.0)
    clamp = CurrentClamp(location=soma, delay=DELAY, dur=DURATION, amp=amp)
    return Setup(cell=spec, current_clamps=(clamp,), record={"soma": soma, "dendrite": end})


def environment() -> dict[str, str]:
    """Return the environment of a process that imports what this one can."""
    here = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": os.pathsep.join([here, *filter(None, sys.path)])}


def run(cell: dict[str, Any], amp: float) -> dict[str, Any]:
    """Run a step; a task of a sweep."""
    from dendmod.engines.neuron import Simulator

    setup = step(Cell.model_validate(cell), amp)
    with Simulator(setup, Run(tstop=TSTOP, dt=DT, settle=0), coreneuron=False) as simulator:
        result = simulator.run()
    return {"v": result.v["soma"], "mechanisms": np.array(result.provenance["mechanisms"])}
