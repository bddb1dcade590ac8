"""A set-up prepared for the kernel: its tree, its populations, their C and where all of it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dendmod.engines.kernel.batch.attached import clamp_places
from dendmod.engines.kernel.batch.layout import Layout
from dendmod.engines.kernel.batch.membrane import Membranes
from dendmod.engines.kernel.batch.source import c_source
from dendmod.engines.kernel.batch.sweeps import Accuracy
from dendmod.engines.kernel.batch.synapses import Synapses, populations
from dendmod.engines.kernel.batch.tables import Range
from dendmod.engines.kernel.batch.tree import Tree, tree_of
from dendmod.engines.kernel.batch.writing import Code
from dendmod.errors import UnsupportedByEngine
from dendmod.mechanisms import Mechanism, mechanism_set
from dendmod.mechanisms.equations import Equations
from dendmod.mechanisms.nmodl import equations_of
from dendmod.mechanisms.toolchain import neuron_data
from dendmod.spec import Location, Setup
from dendmod.spec.nodes import Array, CellNodes, Ints

_BUILT_IN = {"pas": "passive", "hh": "hh", "ExpSyn": "expsyn", "Exp2Syn": "exp2syn"}


@dataclass(frozen=True, eq=False)
class Recorded:
    """Where a recording lies: population (-1 for potentials), member or node, state, and when.

    Parameters
    ----------
    is_late
        Whether NEURON shows it as it was when the step's currents were computed.
    """

    population: int
    member: int
    slot: int
    is_late: bool


@dataclass(frozen=True, eq=False)
class Membrane:
    """A population of nodes."""

    suffixes: tuple[str, ...]
    nodes: Ints
    at: int
    code: Code


@dataclass(frozen=True, eq=False)
class Prepared:
    """What all trials of a set-up share.

    Parameters
    ----------
    tree
        Nodes by depth.
    storage
        Storage number by node of the cell, -1 where it has none.
    n_stored
        Storage that is needed, the last one for what goes nowhere.
    membranes, synapses
        The populations.
    coupling
        Conductance to the parent (uS) by storage number, shape [stored, lanes].
    source
        The C.
    recorded
        By name of the recording.
    clamps
        Storage numbers at which currents enter.
    held
        Storage number of the voltage clamp, or -1.
    reach
        Potentials (mV) that the tables reach over.
    """

    cells: tuple[CellNodes, ...]
    tree: Tree
    storage: Ints
    n_stored: int
    membranes: tuple[Membrane, ...]
    synapses: tuple[Synapses, ...]
    coupling: Array
    source: str
    recorded: Mapping[str, Recorded]
    clamps: Ints
    held: int
    reach: tuple[float, float]

    @property
    def codes(self) -> list[Code]:
        """The code of each population, as they are numbered."""
        return [*(m.code for m in self.membranes), *(s.code for s in self.synapses)]


def prepare(
    setups: Sequence[Setup], cells: Sequence[CellNodes], dt: float,
    layout: Layout, reach: Range, accuracy: Accuracy,
) -> Prepared:  # fmt: skip
    """Prepare a set-up, or several that differ in numbers alone, one a lane.

    Raises
    ------
    UnsupportedByEngine
        If the kernel cannot run something of it; file, line and reason are named.
    """
    setup, cell = setups[0], cells[0]
    known = mechanism_set(setup.cell.mechanisms)
    suffixes = {*cell.mechanisms, *(s.mechanism for s in setup.synapses)}
    equations = {suffix: _equations(known.get(suffix)) for suffix in sorted(suffixes)}

    def at(place: Location) -> int:
        return cell.node(place)

    record_nodes = {n: at(place) for n, place in setup.voltages.items()}
    kept: dict[int, list[str]] = {}
    of_synapses: dict[str, list[str]] = {}
    for recording in setup.recordings.values():
        if recording.location is not None:
            kept.setdefault(at(recording.location), []).append(recording.variable)
        else:
            of_synapses.setdefault(str(recording.synapse), []).append(recording.variable)
    synapse_nodes = [at(s.location) for s in setup.synapses]
    clamp_nodes = [at(place) for place in clamp_places(setup)]
    hold = setup.voltage_clamp
    held = -1 if hold is None else at(hold.location)
    used = {*record_nodes.values(), *kept, *synapse_nodes, *clamp_nodes, *({held} - {-1})}
    tree = tree_of(cell, np.array(sorted(used), int))
    coupled = np.stack([_same_tree(tree, c, cell, used).coupled() for c in cells], -1)
    place_in_tree = np.full(cell.n, -1)
    place_in_tree[tree.old] = np.arange(tree.n)

    of = Membranes(tuple(cells), known.mechanisms, equations, dt, reach, accuracy)
    storage, end = np.full(cell.n, -1), 0
    membranes: list[Membrane] = []
    recorded_suffixes = frozenset(s for s in known.mechanisms for names in kept.values()
                                  for n in names if n.endswith(f"_{s}"))  # fmt: skip
    for names, nodes in of.kinds(tree.old, recorded_suffixes).items():
        wanted = sorted({v for node in nodes for v in kept.get(int(node), ())})
        code = of.code(names, nodes, coupled[place_in_tree[nodes]], wanted)
        membranes.append(Membrane(names, nodes, end, code))
        storage[nodes] = end + np.arange(nodes.size)
        end += layout.padded(nodes.size)
    surroundings = {
        s: {"celsius": cell.celsius}
        | {g.removesuffix(f"_{s}"): x for g, x in cell.globals.items() if g.endswith(f"_{s}")}
        for s in suffixes
    }
    synapses = tuple(populations([s.synapses for s in setups], synapse_nodes, known, equations,
                                 surroundings, dt, of_synapses))  # fmt: skip
    coupling = np.zeros((end + 1, len(cells)))
    coupling[storage[tree.old]] = np.stack(
        [_same_tree(tree, c, cell, used).g_axial for c in cells], -1
    )
    source = c_source(
        [(f"{m.nodes.size} nodes: {', '.join(m.suffixes) or 'no membrane'}", m.code)
         for m in membranes],
        [(f"synapses: {s.mechanism}", s.code) for s in synapses],  # any number of them
    )  # fmt: skip
    limits = [m.code.sweeps.limits for m in membranes]
    return Prepared(
        cells=tuple(cells),
        tree=tree,
        storage=storage,
        n_stored=end + 1,
        membranes=tuple(membranes),
        synapses=synapses,
        coupling=coupling,
        source=source,
        recorded=_recorded(setup, membranes, synapses, record_nodes, storage, cell),
        clamps=storage[np.array(clamp_nodes, int)],
        held=-1 if held < 0 else int(storage[held]),
        reach=(max(low for low, _ in limits), min(high for _, high in limits)),
    )


def _equations(mechanism: Mechanism) -> Equations:
    path = mechanism.file
    if path is None:  # NEURON's wheel has the files of what is built into it
        data = neuron_data()
        path = data and data / "share" / "modfile" / f"{_BUILT_IN.get(mechanism.suffix, '')}.mod"
        if path is None or not path.is_file():
            raise UnsupportedByEngine(f"the file of {mechanism.suffix} is not in this NEURON")
    return equations_of(path)


def _same_tree(tree: Tree, cell: CellNodes, first: CellNodes, used: set[int]) -> Tree:
    """Return the tree of a variant, whose nodes are those of the first one."""
    if cell.n != first.n or list(cell.mechanisms) != list(first.mechanisms):
        raise UnsupportedByEngine(
            "variants of one cell have the same sections and the same mechanisms; these do not"
        )
    for suffix, inserted in cell.mechanisms.items():
        if not np.array_equal(inserted.nodes, first.mechanisms[suffix].nodes):
            raise UnsupportedByEngine(
                f"variants of one cell have the same mechanisms everywhere; {suffix} is not"
            )
    own = tree_of(cell, np.array(sorted(used), int))
    if not np.array_equal(own.old, tree.old) or not np.array_equal(own.parent, tree.parent):
        raise UnsupportedByEngine(
            "variants of one cell share their sections and segments; these do not"
        )
    return own


def _recorded(
    setup: Setup, membranes: Sequence[Membrane], synapses: Sequence[Synapses],
    record_nodes: Mapping[str, int], storage: Ints, cell: CellNodes,
) -> dict[str, Recorded]:  # fmt: skip
    found = {n: Recorded(-1, int(storage[node]), 0, False) for n, node in record_nodes.items()}
    for name, recording in setup.recordings.items():
        variable = recording.variable
        if recording.location is not None:
            node = cell.node(recording.location)
            number, m = next((k, m) for k, m in enumerate(membranes) if (m.nodes == node).any())
            member = int(np.flatnonzero(m.nodes == node)[0])
            slots = list(m.code.slots)
            late = variable in m.code.late
            found[name] = Recorded(number, member, slots.index(variable), late)
            continue
        k, s = next((k, s) for k, s in enumerate(synapses) if recording.synapse in s.names)
        member = int(s.member[s.names.index(str(recording.synapse))])
        slots = list(s.code.slots)
        late = f"kept_{variable}" in slots
        slot = slots.index(f"kept_{variable}" if late else f"{variable}_{s.mechanism}")
        found[name] = Recorded(len(membranes) + k, member, slot, late)
    return found
