"""Run in a process of its own: ``FOLDER ...`` of .mod files, each in the kernel and in NEURON.

The last line printed is JSON: by mechanism the largest difference (mV) by precision, and the range
(mV) through which the potential went.
"""

import json
import sys
from pathlib import Path

import numpy as np

from dendmod import simulate, simulate_many
from dendmod.mechanisms import mechanism_set
from dendmod.spec import Compartment, CurrentClamp, Location, ReducedCell, Run, Setup
from dendmod.spec.trial import Trial

NEEDS = {
    "CaHva": ["CaShell"], "CaShell": ["CaHva"], "CalGhk": ["CalShell"], "CalShell": ["CalGhk"],
    "KCa": ["CaHva", "CaShell"], "KBoth": ["CaHva", "CaShell"], "KCaKinetic": ["CaHva", "CaShell"],
}  # fmt: skip
DENDRITE = {"KBoth": {"shift": 7.0}, "NaShifted": {"vshift": 5.0}}  # other than at the soma
RUN = Run(tstop=35, dt=0.05, settle=20)


def at(compartment: int) -> Location:
    return Location(section=compartment, x=0.5)


def setup_of(suffix: str, folders: tuple[str, ...]) -> Setup:
    known = mechanism_set(folders)
    names = [suffix, *NEEDS.get(suffix, [])]
    shared = {
        "e_leak": -70,
        "area": 3000,
        "channels": {n: {} for n in names if not known.get(n).pool_of},
        "pools": {n: {} for n in names if known.get(n).pool_of},
    }
    soma = Compartment(parent=-1, ca=30, g_leak=1, diam=20, **shared)
    there = {**shared, "channels": shared["channels"] | {n: DENDRITE.get(n, {}) for n in names
                                                         if n in shared["channels"]}}  # fmt: skip
    dendrite = Compartment(parent=0, ca=30, g_leak=1, g_couple=2, diam=3, **there)
    cell = ReducedCell(
        compartments=(soma, dendrite), ena=50, ek=-85, celsius=34, v_init=-70,
        mechanisms=folders,
    )  # fmt: skip
    return Setup(
        cell=cell,
        current_clamps=(
            CurrentClamp(location=at(0), delay=2, dur=15, amp=0.08),
            CurrentClamp(location=at(0), delay=20, dur=10, amp=-0.05),
        ),
        record={"soma": at(0), "dendrite": at(1)},
    )


def main(folders: tuple[str, ...]) -> None:
    rows = {}
    for path in sorted(p for folder in folders for p in Path(folder).glob("*.mod")):
        setup = setup_of(path.stem, folders)
        neuron = simulate(setup, RUN)
        rows[path.stem] = {"moved": float(np.ptp(neuron.v["soma"]))}
        for precision in ("float64", "float32"):
            kernel = simulate_many(setup, RUN, [Trial()], precision=precision, reach=(-120, 140))[0]
            rows[path.stem][precision] = float(
                max(np.abs(neuron.v[n] - kernel.v[n]).max() for n in neuron.v)
            )
    print(json.dumps(rows))


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
