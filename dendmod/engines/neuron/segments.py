"""A built cell as a tree of segments in plain arrays, at its settled state."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.engines.neuron.build import BuiltCell
from dendmod.engines.neuron.run import Simulator
from dendmod.mechanisms import get
from dendmod.segments import SegmentTree
from dendmod.spec import Cell, Run, Setup

_UM2_TO_CM2 = 1e-8
_S_TO_US = 1e6


def maximal_conductance(suffix: str) -> str | None:
    """Return the name of the maximal conductance of a channel, None for other mechanisms."""
    names = [p for p in get(suffix).parameter_names if p.endswith("bar")]
    return names[0] if names else None


def segment_tree(cell: Cell, *, settle: float = 1000.0, dt: float = 0.1) -> SegmentTree:
    """Build a cell, let it settle for `settle` ms and return it as a tree of segments."""
    run = Run(tstop=dt, dt=dt, settle=settle)
    with Simulator(Setup(cell=cell), run) as simulator:
        simulator.restore()
        built = simulator.cell
        assert isinstance(built, BuiltCell)
        return _export(built)


def _export(built: BuiltCell) -> SegmentTree:
    rows: list[dict[str, Any]] = []
    centres: dict[str, list[int]] = {}
    ends: dict[str, int] = {}
    kinds = [s.kind for s in built.morphology.sections] + ["axon"] * len(built.axon)
    for number, (sec, kind) in enumerate(zip((*built.sections, *built.axon), kinds, strict=True)):
        index = number if number < len(built.sections) else -1
        trunk = sec.parentseg()
        if trunk is None:
            above = -1
        elif trunk.x == 1.0:
            above = ends[trunk.sec.name()]
        else:
            middle = centres[trunk.sec.name()]
            above = middle[min(int(trunk.x * len(middle)), len(middle) - 1)]
        own = [0] * sec.nseg
        for k, before in _outwards(sec.nseg, root=trunk is None):
            segments = list(sec)
            # the conductance between two neighbours is kept by the right one of them
            g = 1.0 / segments[k if before is None else max(k, before)].ri()
            parent = above if before is None else own[before]
            rows.append({**_row(segments[k], kind, index), "parent": parent, "g_axial": g})
            own[k] = len(rows) - 1
        centres[sec.name()] = own
        end = {**dict.fromkeys(rows[-1], 0.0), "x": 1.0, "region": kind, "section": index}
        rows.append({**end, "parent": own[-1], "g_axial": 1.0 / sec(1).ri(), "v": sec(1).v})
        ends[sec.name()] = len(rows) - 1
    rows[0]["g_axial"] = 0.0
    return _tree(rows)


def _outwards(n: int, *, root: bool) -> list[tuple[int, int | None]]:
    """Return (segment, its parent) in building order: from the middle of the root, else from 0."""
    if not root:
        return [(k, k - 1 if k else None) for k in range(n)]
    middle = n // 2
    right: list[tuple[int, int | None]] = [(k, k - 1) for k in range(middle + 1, n)]
    left: list[tuple[int, int | None]] = [(k, k + 1) for k in range(middle - 1, -1, -1)]
    return [(middle, None), *right, *left]


def _row(segment: Any, region: str, section: int) -> dict[str, Any]:
    area = segment.area() * _UM2_TO_CM2  # cm2
    row: dict[str, Any] = {
        "area": segment.area(),
        "ca": segment.cm * area * 1e3,  # uF -> nF
        "g_leak": segment.pas.g * area * _S_TO_US if hasattr(segment, "pas") else 0.0,
        "v": segment.v,
        "region": region,
        "section": section,
        "x": segment.x,
    }
    for mechanism in segment:
        suffix = mechanism.name()
        if suffix.endswith("_ion") or suffix in ("pas", "morphology"):
            continue
        name = maximal_conductance(suffix)
        if name is None:
            continue
        density = getattr(mechanism, name)
        row[f"gbar/{suffix}"] = density * area * _S_TO_US
        conducting = getattr(mechanism, name.removesuffix("bar"))
        row[f"open/{suffix}"] = conducting / density if density > 0 else 0.0
    return row


def _tree(rows: list[dict[str, Any]]) -> SegmentTree:
    def column(name: str) -> np.ndarray:
        return np.array([row.get(name, 0.0) for row in rows], dtype=float)

    suffixes = sorted({key.partition("/")[2] for row in rows for key in row if "gbar/" in key})
    return SegmentTree(
        parent=column("parent").astype(int),
        g_axial=column("g_axial"),
        area=column("area"),
        ca=column("ca"),
        g_leak=column("g_leak"),
        gbar={s: column(f"gbar/{s}") for s in suffixes},
        open_at_rest={s: column(f"open/{s}") for s in suffixes},
        v_rest=column("v"),
        region=tuple(row["region"] for row in rows),
        section=column("section").astype(int),
        x=column("x"),
    )
