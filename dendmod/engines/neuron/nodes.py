"""A cell that is built in NEURON, read out node by node: how they are joined, what they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.engines.neuron.run import Simulator
from dendmod.engines.neuron.session import h, load_mechanisms
from dendmod.errors import UnsupportedByEngine
from dendmod.mechanisms import MechanismSet, mechanism_set
from dendmod.mechanisms.given import given_variables
from dendmod.spec import Cell, ReducedCell, Run, Setup
from dendmod.spec.nodes import CellNodes, Inserted

_NERNST = 64  # the bit of NEURON's ion_style by which a reversal follows concentrations


@dataclass(frozen=True)
class Joined:
    """A node with what joins it to its parent: a segment, or an end of a section (None)."""

    segment: Any
    section: int
    x: float
    parent: int
    g_axial: float


def joined_nodes(sections: list[Any]) -> Iterator[Joined]:
    """Yield the nodes of sections that stand in their order, parents before their children.

    Raises
    ------
    UnsupportedByEngine
        If a section is joined by its end 1.
    """
    trunks = [sec.parentseg() for sec in sections]
    # the start of the root is a node where something is joined to it
    started = {t.sec.name() for t in trunks if t is not None and t.x == 0.0}
    n = 0
    centres: dict[str, list[int]] = {}
    ends: dict[str, tuple[int, int]] = {}
    for index, sec in enumerate(sections):
        trunk, name = sec.parentseg(), sec.name()
        if trunk is None:
            above = -1
        elif sec.orientation() != 0:
            raise UnsupportedByEngine(f"{name} is joined by its end 1; join it by its end 0")
        elif trunk.x in (0.0, 1.0):
            above = ends[trunk.sec.name()][int(trunk.x)]
        else:
            middle = centres[trunk.sec.name()]
            above = middle[min(int(trunk.x * len(middle)), len(middle) - 1)]
        own = [0] * sec.nseg
        segments = list(sec)
        for k, before in _outwards(sec.nseg, root=trunk is None):
            # the conductance between two neighbours is kept by the right one of them
            g = 1.0 / segments[k if before is None else max(k, before)].ri()
            parent = above if before is None else own[before]
            yield Joined(segments[k], index, segments[k].x, parent, 0.0 if parent < 0 else g)
            own[k], n = n, n + 1
        yield Joined(None, index, 1.0, own[-1], 1.0 / sec(1).ri())
        start, end, n = above, n, n + 1
        if trunk is None and name in started:
            yield Joined(None, index, 0.0, own[0], 1.0 / segments[0].ri())
            start, n = n, n + 1
        centres[name], ends[name] = own, (start, end)


def _outwards(n: int, *, root: bool) -> list[tuple[int, int | None]]:
    """Return (segment, its parent) in building order: from the middle of the root, else from 0."""
    if not root:
        return [(k, k - 1 if k else None) for k in range(n)]
    middle = n // 2
    right: list[tuple[int, int | None]] = [(k, k - 1) for k in range(middle + 1, n)]
    left: list[tuple[int, int | None]] = [(k, k + 1) for k in range(middle - 1, -1, -1)]
    return [(middle, None), *right, *left]


def cell_nodes(cell: Cell | ReducedCell, *, dt: float = 0.1) -> CellNodes:
    """Build a cell and return its nodes as they are when a run starts from `v_init`.

    Raises
    ------
    UnsupportedByEngine
        If something is inserted that no .mod file describes, such as ``extracellular``.
    """
    with Simulator(Setup(cell=cell), Run(tstop=dt, dt=dt)) as simulator:
        h.finitialize(cell.v_init)
        known = mechanism_set(cell.mechanisms)
        nodes = list(joined_nodes(simulator.cell.all_sections))
        found = _read(nodes, simulator.cell.all_sections, known, cell)
        del nodes
    return found


def units_of(setup: Setup) -> dict[str, str]:
    """Return the units of a set-up's recordings other than voltages, as NEURON says them."""
    load_mechanisms(mechanism_set(setup.cell.mechanisms))
    of_synapse = {s.name: s.mechanism for s in setup.synapses}
    return {
        name: h.units(
            kept.variable if kept.synapse is None else f"{of_synapse[kept.synapse]}.{kept.variable}"
        )
        for name, kept in setup.recordings.items()
    }


def _read(
    nodes: list[Joined], sections: list[Any], known: MechanismSet, cell: Cell | ReducedCell
) -> CellNodes:
    rows: dict[str, list[tuple[int, list[float]]]] = {}
    ions: dict[str, dict[str, np.ndarray]] = {}
    nernst: dict[str, np.ndarray] = {}
    names_of: dict[str, tuple[tuple[str, ...], set[str]]] = {}
    for i, node in enumerate(nodes):
        for own in node.segment or ():
            name = own.name()
            if name.endswith("_ion"):
                ion = name.removesuffix("_ion")
                values = ions.setdefault(ion, {})
                follows = nernst.setdefault(ion, np.zeros(len(nodes), bool))
                follows[i] = bool(int(h.ion_style(name, sec=sections[node.section])) & _NERNST)
                for variable in (f"e{ion}", f"{ion}i", f"{ion}o"):
                    row = values.setdefault(variable, np.full(len(nodes), np.nan))
                    row[i] = getattr(node.segment, variable)
            elif name in known.mechanisms:
                if name not in names_of:
                    names_of[name] = _names(known, name), _of_ions(known, name)
                names, of_ions = names_of[name]
                held = [float(getattr(node.segment if n in of_ions else own, n)) for n in names]
                rows.setdefault(name, []).append((i, held))
            else:
                raise UnsupportedByEngine(f"{name} has no .mod file; the kernel cannot run it")
    segments = [node.segment for node in nodes]

    def column(name: str) -> np.ndarray:
        return np.array([0.0 if s is None else float(getattr(s, name)) for s in segments])

    return CellNodes(
        parent=np.array([node.parent for node in nodes]),
        g_axial=np.array([node.g_axial for node in nodes]),
        area=np.array([0.0 if s is None else s.area() for s in segments]),
        cm=column("cm"),
        diam=column("diam"),
        section=np.array([node.section for node in nodes]),
        x=np.array([node.x for node in nodes]),
        mechanisms={name: _inserted(known, name, found) for name, found in sorted(rows.items())},
        ions=ions,
        nernst=nernst,
        charges={ion: float(h.ion_charge(f"{ion}_ion")) for ion in ions},
        v_init=cell.v_init,
        celsius=cell.celsius,
        globals={n: float(getattr(h, n)) for n in known.globals if hasattr(h, n)},
    )


def _names(known: MechanismSet, suffix: str) -> tuple[str, ...]:
    mechanism = known.get(suffix)
    return (*mechanism.parameter_names, *given_variables(mechanism), *mechanism.states)


def _of_ions(known: MechanismSet, suffix: str) -> set[str]:
    """Return the states of a mechanism that are an ion's, such as ``cai``."""
    mechanism = known.get(suffix)
    return {w for ion in mechanism.ions for w in ion.writes} & set(mechanism.states)


def _inserted(known: MechanismSet, suffix: str, rows: list[tuple[int, list[float]]]) -> Inserted:
    values = np.array([held for _, held in rows]).reshape(len(rows), -1)
    columns = dict(zip(_names(known, suffix), values.T, strict=True))
    states = known.get(suffix).states
    return Inserted(
        nodes=np.array([i for i, _ in rows]),
        parameters={n: c.copy() for n, c in columns.items() if n not in states},
        states={n: columns[n].copy() for n in states},
    )
