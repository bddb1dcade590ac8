"""Build a cell in a process of its own, read it out of NEURON, and run its step.

NEURON unloads no mechanism, so that a process has one set of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from dendmod.cells.channels import channels
from dendmod.cells.exports import export as step
from dendmod.errors import DendmodError, EngineError
from dendmod.mechanisms import mechanism_set
from dendmod.spec import Cell, CurrentClamp, Location, Run, SectionTables, Setup
from dendmod.spec.frozen import FrozenCell
from dendmod.spec.result import Array, upward_crossings

AMPS = tuple(0.1 * 2**k for k in range(8))  # nA
ENOUGH = 2  # spikes


@dataclass(frozen=True)
class Built:
    """A cell as it stands in NEURON, and what it does there.

    Parameters
    ----------
    cell
        As it was read out.
    amp
        Current of the step (nA): the first of 0.1, 0.2, 0.4 ... at which the root spikes twice, or
        the largest; 0.1 for a cell without channels.
    v
        Potentials (mV) at `dendmod.cells.exports.export.places_of`, shape [place, sample].
    """

    cell: FrozenCell
    amp: float
    v: Array


def build_elsewhere(
    cell: Cell, name: str, lists: Mapping[str, tuple[int, ...]], amp: float | None
) -> Built:
    """Build a cell in a new process, read it out and run the step there.

    Parameters
    ----------
    cell
        The cell.
    name
        What it is called.
    lists
        Numbers of sections by the name of a list.
    amp
        Current of the step (nA); looked for if None.

    Raises
    ------
    DendmodError
        If the cell cannot be built or read out, or its run diverges.
    """
    with TemporaryDirectory() as folder:
        asked = {"cell": cell.model_dump(mode="json"), "name": name, "lists": lists, "amp": amp}
        done = subprocess.run(
            [sys.executable, "-m", __name__, folder], input=json.dumps(asked),
            capture_output=True, text=True, check=False, cwd=folder, env=environment(),
        )  # fmt: skip
        answer = Path(folder) / "built.json"
        if done.returncode != 0 or not answer.is_file():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise EngineError(f"{name} cannot be exported: {last}")
        table = json.loads(answer.read_text(encoding="utf-8"))
        v = np.load(Path(folder) / "v.npy")
    return Built(FrozenCell.model_validate(table["cell"]), table["amp"], v)


def environment() -> dict[str, str]:
    """Return the environment of a process that imports what this one can."""
    paths = os.pathsep.join(os.path.abspath(p) for p in ("", *sys.path))
    return {**os.environ, "PYTHONPATH": paths}


def _read_out(cell: Cell, name: str, lists: Mapping[str, list[int]]) -> tuple[FrozenCell, Any]:
    from dendmod.engines.checks import section_names
    from dendmod.engines.neuron.readout import read_out
    from dendmod.engines.neuron.run import Simulator

    names = section_names(cell)
    assert isinstance(cell.biophysics, SectionTables)
    regions = [s.region for s in cell.biophysics.sections]
    clamp = CurrentClamp(
        location=Location(section=0, x=0.5), delay=step.DELAY, dur=step.DURATION, amp=0.0
    )
    setup = Setup(cell=cell, current_clamps=(clamp,), record={})
    run = Run(tstop=step.TSTOP, dt=step.DT, settle=0)
    with Simulator(setup, run, coreneuron=False) as simulator:
        live = simulator.cell.all_sections
        found = read_out(
            live[0], mechanism_set(cell.mechanisms), name=name,
            lists={key: [live[i] for i in members] for key, members in lists.items()},
            regions=dict(zip(names, regions, strict=True)),
            names=dict(zip(live, names, strict=True)),
            celsius=cell.celsius, v_init=cell.v_init,
        ).cell  # fmt: skip
        del live
    return found, setup


def _run(setup: Setup, frozen: FrozenCell, amp: float | None) -> tuple[float, Array]:
    from dendmod.engines.checks import section_names
    from dendmod.engines.neuron.run import Simulator

    numbers = {name: i for i, name in enumerate(section_names(setup.cell))}
    record = {
        str(k): Location(section=numbers[frozen.sections[p.section].name], x=p.x)
        for k, p in enumerate(step.places_of(frozen))
    }
    run = Run(tstop=step.TSTOP, dt=step.DT, settle=0)
    tries = AMPS if channels(setup.cell) else AMPS[:1]  # a passive cell never spikes
    with Simulator(setup.model_copy(update={"record": record}), run, coreneuron=False) as simulator:
        for tried in tries if amp is None else (amp,):
            result = simulator.run(amps=(tried,))
            v = result.v
            if upward_crossings(result.t, v["0"], step.THRESHOLD).size >= ENOUGH:
                break
    return tried, np.array([v[str(k)] for k in range(len(record))])


def main(folder: str) -> None:
    """Do what standard input asks for, and write it into a folder."""
    asked = json.load(sys.stdin)
    try:
        frozen, setup = _read_out(Cell.model_validate(asked["cell"]), asked["name"], asked["lists"])
        amp, v = _run(setup, frozen, asked["amp"])
    except DendmodError as error:
        sys.exit(" ".join(str(error).split()))
    np.save(Path(folder) / "v.npy", v)
    table = {"cell": frozen.model_dump(mode="json"), "amp": amp}
    (Path(folder) / "built.json").write_text(json.dumps(table), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
