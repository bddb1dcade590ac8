"""A cell as nodes, built in a process of its own: what programs with compartments take.

Any cell has this form, full or reduced: nodes of a tree with area, capacitance and the conductance
to the parent, and what is inserted into them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from dendmod.cells.exports import export as step
from dendmod.cells.exports.child import AMPS, ENOUGH, environment
from dendmod.cells.exports.lowered import OF_PLACES, Lowered, lower
from dendmod.cells.exports.neuroml_rates import CannotBeWritten
from dendmod.errors import DendmodError, EngineError, ExchangeError
from dendmod.mechanisms import mechanism_set
from dendmod.spec import Cell, CurrentClamp, Location, ReducedCell, Run, Setup
from dendmod.spec.result import Array, upward_crossings

SCHEMA = "dendmod/nodes/1"
JOINT = 1e-3  # um2; of a node without membrane at which sections are joined


@dataclass(frozen=True)
class NodesExport:
    """What is written for programs with compartments.

    Parameters
    ----------
    name
        The cell.
    table
        Its nodes, as the file ``cell.json`` has them: units stand in the names.
    mechanisms
        What its mechanisms compute.
    v
        Potentials (mV) of dendmod's own run of the step, shape [place, sample].
    """

    name: str
    table: dict[str, Any]
    mechanisms: tuple[Lowered, ...]
    v: Array

    @property
    def places(self) -> tuple[str, ...]:
        """Names of the places that are recorded."""
        return tuple(p["name"] for p in self.table["places"])


def nodes_elsewhere(cell: Cell | ReducedCell, name: str, amp: float | None) -> NodesExport:
    """Build a cell in a new process, read its nodes out and run the step there.

    Raises
    ------
    EngineError
        If the cell cannot be built or its run diverges.
    ExchangeError
        If a mechanism has a form that no other program takes; all of them are named.
    """
    reduced = isinstance(cell, ReducedCell)
    asked = {"cell": cell.model_dump(mode="json"), "reduced": reduced, "name": name, "amp": amp}
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", __name__, folder], input=json.dumps(asked),
            capture_output=True, text=True, check=False, cwd=folder, env=environment(),
        )  # fmt: skip
        answer = Path(folder) / "nodes.json"
        if done.returncode != 0 or not answer.is_file():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise EngineError(f"{name} cannot be exported: {last}")
        table = json.loads(answer.read_text(encoding="utf-8"))
        v = np.load(Path(folder) / "v.npy")
    return NodesExport(name, table, tuple(_lowered(cell, name, table)), v)


def _lowered(cell: Cell | ReducedCell, name: str, table: dict[str, Any]) -> Iterator[Lowered]:
    known = mechanism_set(cell.mechanisms)
    refused = list(_mixed(table))
    # as NEURON orders them, what keeps a concentration comes before what reads it
    order = sorted(table["mechanisms"], key=lambda suffix: not known.get(suffix).pool_of)
    table["mechanisms"] = {suffix: table["mechanisms"][suffix] for suffix in order}
    for suffix in order:
        mechanism = known.get(suffix)
        try:
            made = lower(mechanism)
        except CannotBeWritten as error:
            where = mechanism.file.name if mechanism.file is not None else "built into NEURON"
            refused.append(f"{suffix} ({where}): {error}")
            continue
        for p in mechanism.globals:
            key = f"{p.name}_{suffix}"
            if key in table["globals"]:
                made.values[p.name] = table["globals"][key]
        _of_place(table, suffix, made)
        yield made
    if refused:
        raise ExchangeError(
            f"{name} cannot be written for other programs: {'; '.join(refused)}. "
            "Take --to hoc or python"
        )


def _mixed(table: dict[str, Any]) -> Iterator[str]:
    """Yield the ions whose reversal potential follows concentrations in a part of the cell."""
    for ion, rows in table["ions"].items():
        used = [n for n, e in zip(rows["nernst"], rows[f"e{ion}"], strict=True) if e is not None]
        if len(set(used)) > 1:
            yield f"e{ion} follows its concentrations in a part of the cell only"


def _of_place(table: dict[str, Any], suffix: str, made: Lowered) -> None:
    """Give a mechanism what it reads of its places as parameters of its own."""
    own = table["mechanisms"][suffix]
    read = made.reads()
    kept = {n: row for n, row in own["parameters"].items() if n in read}
    for name in OF_PLACES:
        if name in read:
            kept[name] = [table["of_places"][name][i] for i in own["nodes"]]
            made.values.setdefault(name, kept[name][0])
    own["parameters"] = kept


def _table(found: Any, names: list[str]) -> dict[str, Any]:
    """Return nodes as a table, without the ends at which nothing is joined."""
    parents = set(found.parent.tolist())
    keep = [i for i in range(found.n) if found.area[i] > 0 or i in parents]
    new = {-1: -1} | {old: i for i, old in enumerate(keep)}
    joint = found.area[keep] <= 0

    def kept(row: Any) -> list[Any]:
        return np.asarray(row)[keep].tolist()

    return {
        "schema": SCHEMA,
        "celsius": found.celsius,
        "v_init_mV": found.v_init,
        "names": [f"{names[found.section[i]]}({found.x[i]:g})" for i in keep],
        "section": kept(found.section),
        "x": kept(found.x),
        "parent": [new[int(found.parent[i])] for i in keep],
        "g_axial_uS": kept(found.g_axial),
        "area_um2": np.where(joint, JOINT, found.area[keep]).tolist(),
        "cm_uF_per_cm2": np.where(joint, 1.0, found.cm[keep]).tolist(),
        "of_places": {
            "diam": kept(found.diam), "area": kept(found.area),
            "celsius": [found.celsius] * len(keep),
        },
        "globals": dict(found.globals),
        "mechanisms": {
            suffix: {
                "nodes": [new[int(i)] for i in own.nodes],
                "parameters": {n: row.tolist() for n, row in own.parameters.items()},
                "states": {n: row.tolist() for n, row in own.states.items()},
            }
            for suffix, own in found.mechanisms.items()
        },
        "ions": {
            ion: {
                **{n: [None if x != x else x for x in kept(row)] for n, row in rows.items()},
                "nernst": kept(found.nernst[ion]), "charge": found.charges[ion],
            }
            for ion, rows in found.ions.items()
        },
    }  # fmt: skip


def _main(folder: Path, asked: dict[str, Any]) -> None:
    from dendmod.engines.checks import section_names
    from dendmod.engines.neuron.nodes import cell_nodes
    from dendmod.engines.neuron.run import Simulator

    kind: Any = ReducedCell if asked["reduced"] else Cell
    cell = kind.model_validate(asked["cell"])
    found = cell_nodes(cell)
    table = _table(found, list(section_names(cell)))
    numbers = list(dict.fromkeys((0, _farthest(table))))
    where = [Location(section=table["section"][i], x=table["x"][i]) for i in numbers]
    clamp = CurrentClamp(
        location=Location(section=0, x=0.5), delay=step.DELAY, dur=step.DURATION, amp=0.0
    )
    record = {str(k): place for k, place in enumerate(where)}
    run = Run(tstop=step.TSTOP, dt=step.DT, settle=0)
    passive = set(table["mechanisms"]) <= {"pas"}
    tries = AMPS[:1] if passive else AMPS
    setup = Setup(cell=cell, current_clamps=(clamp,), record=record)
    with Simulator(setup, run, coreneuron=False) as simulator:
        for amp in tries if asked["amp"] is None else (asked["amp"],):
            result = simulator.run(amps=(amp,))
            if upward_crossings(result.t, result.v["0"], step.THRESHOLD).size >= ENOUGH:
                break
    table |= {
        "places": [{"name": table["names"][i], "node": i} for i in numbers],
        "step": {
            "amp_nA": amp, "delay_ms": step.DELAY, "duration_ms": step.DURATION,
            "tstop_ms": step.TSTOP, "dt_ms": step.DT, "spike_threshold_mV": step.THRESHOLD,
        },
    }  # fmt: skip
    np.save(folder / "v.npy", np.array([result.v[str(k)] for k in range(len(where))]))
    (folder / "nodes.json").write_text(json.dumps(table), encoding="utf-8")


def _farthest(table: dict[str, Any]) -> int:
    """Return the node with membrane that the largest resistance separates from the root."""
    reached: list[float] = []
    for parent, g in zip(table["parent"], table["g_axial_uS"], strict=True):
        reached.append(reached[parent] + 1 / g if parent >= 0 else 0.0)
    return max(
        range(len(reached)), key=lambda i: reached[i] if table["area_um2"][i] > JOINT else -1.0
    )


if __name__ == "__main__":
    try:
        _main(Path(sys.argv[1]), json.load(sys.stdin))
    except DendmodError as error:
        sys.exit(" ".join(str(error).split()))
