"""A built cell as a tree of segments in plain arrays, at its settled state."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.engines.neuron.run import Simulator
from dendmod.mechanisms import catalogue, get
from dendmod.spec import Cell, ReducedCell, Run, Setup
from dendmod.spec.segments import SegmentTree
from dendmod.units import S_IN_US, UF_IN_NF, UM2_IN_CM2


def maximal_conductance(suffix: str) -> str | None:
    """Return the name of the maximal conductance of a channel, None for other mechanisms."""
    names = [p for p in get(suffix).parameter_names if p.endswith("bar")]
    return names[0] if names else None


def segment_tree(
    cell: Cell | ReducedCell, *, settle: float = 1000.0, dt: float = 0.1
) -> SegmentTree:
    """Build a cell, let it settle for `settle` ms and return it as a tree of segments."""
    run = Run(tstop=dt, dt=dt, settle=settle)
    with Simulator(Setup(cell=cell), run) as simulator:
        simulator.restore()
        built = simulator.cell
        rows = _rows(built.sections, getattr(built, "axon", []))
    reversals = cell if isinstance(cell, ReducedCell) else cell.biophysics
    return _tree(rows, reversals.ena, reversals.ek, cell.celsius)


def _rows(sections: list[Any], axon: list[Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    centres: dict[str, list[int]] = {}
    ends: dict[str, int] = {}
    for number, sec in enumerate((*sections, *axon)):
        index = number if number < len(sections) else -1
        trunk = sec.parentseg()
        if trunk is None:
            above = -1
        elif trunk.x == 1.0:
            above = ends[trunk.sec.name()]
        else:
            middle = centres[trunk.sec.name()]
            above = middle[min(int(trunk.x * len(middle)), len(middle) - 1)]
        own = [0] * sec.nseg
        segments = list(sec)
        for k, before in _outwards(sec.nseg, root=trunk is None):
            # the conductance between two neighbours is kept by the right one of them
            g = 1.0 / segments[k if before is None else max(k, before)].ri()
            parent = above if before is None else own[before]
            rows.append({**_row(segments[k]), "parent": parent, "g_axial": g, "section": index})
            own[k] = len(rows) - 1
        centres[sec.name()] = own
        end = {"x": 1.0, "section": index, "v": sec(1).v, "parent": own[-1]}
        rows.append({**end, "g_axial": 1.0 / sec(1).ri()})
        ends[sec.name()] = len(rows) - 1
    rows[0]["g_axial"] = 0.0
    return rows


def _outwards(n: int, *, root: bool) -> list[tuple[int, int | None]]:
    """Return (segment, its parent) in building order: from the middle of the root, else from 0."""
    if not root:
        return [(k, k - 1 if k else None) for k in range(n)]
    middle = n // 2
    right: list[tuple[int, int | None]] = [(k, k - 1) for k in range(middle + 1, n)]
    left: list[tuple[int, int | None]] = [(k, k + 1) for k in range(middle - 1, -1, -1)]
    return [(middle, None), *right, *left]


def _row(segment: Any) -> dict[str, Any]:
    area = segment.area() * UM2_IN_CM2  # cm2
    row: dict[str, Any] = {
        "area": segment.area(),
        "ca": segment.cm * area * UF_IN_NF,
        "v": segment.v,
        "x": segment.x,
    }
    for mechanism in segment:
        suffix = mechanism.name()
        if suffix == "pas":
            row["g_leak"] = mechanism.g * area * S_IN_US
        elif suffix in catalogue():
            for name in get(suffix).parameter_names:
                row[f"parameter/{suffix}/{name}"] = getattr(mechanism, name)
            gbar = maximal_conductance(suffix)
            if gbar is not None:
                density = row.pop(f"parameter/{suffix}/{gbar}")
                row[f"gbar/{suffix}"] = density * area * S_IN_US
                conducting = getattr(mechanism, gbar.removesuffix("bar"))
                row[f"open/{suffix}"] = conducting / density if density > 0 else 0.0
    return row


def _tree(rows: list[dict[str, Any]], ena: float, ek: float, celsius: float) -> SegmentTree:
    def column(name: str, missing: float = 0.0) -> np.ndarray:
        return np.array([row.get(name, missing) for row in rows], dtype=float)

    keys = sorted({key for row in rows for key in row if "/" in key})
    suffixes = [key.removeprefix("gbar/") for key in keys if key.startswith("gbar/")]
    parameters: dict[str, dict[str, np.ndarray]] = {}
    for key in keys:
        if key.startswith("parameter/"):
            _, suffix, name = key.split("/")
            parameters.setdefault(suffix, {})[name] = column(key, np.nan)
    return SegmentTree(
        parent=column("parent").astype(int),
        g_axial=column("g_axial"),
        area=column("area"),
        ca=column("ca"),
        g_leak=column("g_leak"),
        gbar={s: column(f"gbar/{s}") for s in suffixes},
        open_at_rest={s: column(f"open/{s}") for s in suffixes},
        parameters=parameters,
        v_rest=column("v"),
        section=column("section").astype(int),
        x=column("x"),
        ena=ena,
        ek=ek,
        celsius=celsius,
    )
