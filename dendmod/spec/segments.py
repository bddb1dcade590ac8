"""A cell as the equations see it: a tree of segments with their membrane, in plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dendmod.spec.nodes import node_at
from dendmod.spec.place import Location

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SegmentTree:
    """Every node of a discretised cell; parents come before their children, node 0 is the soma.

    Ends of sections at which others are joined are nodes without membrane.

    Parameters
    ----------
    parent
        Number of the parent node, shape [nodes]; -1 for the soma.
    g_axial
        Conductance to the parent (uS), shape [nodes]; 0 for the soma.
    area
        Membrane area (um2), shape [nodes].
    ca
        Capacitance (nF), shape [nodes].
    g_leak
        Conductance of the passive leak (uS), shape [nodes].
    gbar
        Maximal conductance by channel (uS), each of shape [nodes]. For a permeability, the number
        of cm/s times the area counts as if it were S/cm2.
    open_at_rest
        Open fraction by channel in the settled state, each of shape [nodes]: slope conductance
        per unit of `gbar`.
    parameters
        By mechanism other than leaks, the parameters that are not maximal conductances (reversal
        potentials, those of pools), each of shape [nodes]; NaN where it is not.
    v_rest
        Potential in the settled state (mV), shape [nodes].
    section, x
        Section number and position of each node; sections of an axon stub come after those of the
        morphology.
    ena, ek, celsius
        Reversal potentials (mV) and temperature (degC).
    reversals
        Reversal potentials (mV) by NEURON's name ("ena", "eca") that channels read and no pool
        makes, each of shape [nodes]; NaN where none reads it. `ena` and `ek` count elsewhere.
    present
        By mechanism other than leaks, where it is, each of shape [nodes]; where `parameters` has
        numbers, if not given.
    diam
        Diameter (um), shape [nodes], for mechanisms that read it; 0 for ends of sections.
    axon
        Numbers of the sections of the axon.
    mechanisms, globals
        As those of the cell; `globals` has the concentrations (mM), too, from which ions start that
        matter to channels.
    """

    parent: npt.NDArray[np.int64]
    g_axial: Array
    area: Array
    ca: Array
    g_leak: Array
    gbar: dict[str, Array]
    open_at_rest: dict[str, Array]
    parameters: dict[str, dict[str, Array]]
    v_rest: Array
    section: npt.NDArray[np.int64]
    x: Array
    ena: float
    ek: float
    celsius: float
    present: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    diam: Array | None = None
    axon: tuple[int, ...] = ()
    mechanisms: tuple[str, ...] = ()
    globals: Mapping[str, float] = field(default_factory=dict)
    reversals: Mapping[str, Array] = field(default_factory=dict)

    def reversals_at(self, node: int) -> dict[str, float]:
        """Return the reversal potentials (mV) of a node by NEURON's name, ena and ek always."""
        own = {name: float(row[node]) for name, row in self.reversals.items()}
        return {"ena": self.ena, "ek": self.ek} | {
            name: value for name, value in own.items() if np.isfinite(value)
        }

    @property
    def n(self) -> int:
        """Number of nodes."""
        return int(self.parent.size)

    def node(self, place: Location) -> int:
        """Return the node of a place; see `dendmod.spec.nodes.node_at`."""
        return node_at(place, self.section, self.x, self.area)

    def path_to_root(self, node: int) -> list[int]:
        """Return the nodes from `node` to the soma, both included."""
        path = [node]
        while self.parent[path[-1]] >= 0:
            path.append(int(self.parent[path[-1]]))
        return path

    def membrane_node(self, node: int) -> int:
        """Return the node itself, or for the end of a section the segment before it."""
        return node if self.area[node] > 0 else int(self.parent[node])
