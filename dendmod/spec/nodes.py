"""A cell as its equations see it: every node with the numbers of its mechanisms, in arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.spec.place import Location

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def node_at(place: Location, section: Ints, x: Array, area: Array) -> int:
    """Return the node whose segment holds a place; at an end at which others are joined, that end.

    Parameters
    ----------
    section, x, area
        Section number, position and membrane area of every node; ends have no area.

    Raises
    ------
    SpecError
        If there is no such section.
    """
    of_section = np.flatnonzero((section == place.section) & (area > 0))
    if not of_section.size:
        raise SpecError(
            f"section {place.section} is not there: the cell has sections 0..{int(section.max())}"
        )
    end = np.flatnonzero((section == place.section) & (area <= 0) & (x == place.x))
    if end.size:
        return int(end[0])
    of_section = of_section[np.argsort(x[of_section])]
    return int(of_section[min(int(place.x * of_section.size), of_section.size - 1)])


@dataclass(frozen=True, eq=False)
class Inserted:
    """One mechanism where it is.

    Parameters
    ----------
    nodes
        Numbers of its nodes, rising, shape [places].
    parameters, states
        Values by name as NEURON has them when the cell starts from its initial potential, each of
        shape [places]; concentrations among the states are those of the ion. What a file reads and
        never assigns counts as a parameter.
    """

    nodes: Ints
    parameters: dict[str, Array]
    states: dict[str, Array]


@dataclass(frozen=True, eq=False)
class CellNodes:
    """All nodes of a discretised cell; parents come before their children, node 0 is the root.

    Ends of sections at which others are joined are nodes without membrane.

    Parameters
    ----------
    parent
        Number of the parent node, shape [nodes]; -1 for the root.
    g_axial
        Conductance to the parent (uS), shape [nodes]; 0 for the root.
    area, cm, diam
        Membrane area (um2), capacitance (uF/cm2) and diameter (um), shape [nodes]; 0 for ends.
    section, x
        Section number and position of each node.
    mechanisms
        What is inserted, by name, leaks among it.
    ions
        By ion its variables such as ``ena`` (mV) and ``cai`` (mM), each of shape [nodes], NaN where
        the ion is not used.
    nernst
        By ion, whether its reversal potential follows its concentrations, shape [nodes].
    charges
        Charge by ion.
    v_init, celsius, globals
        Initial potential (mV), temperature (degC), and all GLOBAL parameters of the mechanisms by
        NEURON's name.
    """

    parent: Ints
    g_axial: Array
    area: Array
    cm: Array
    diam: Array
    section: Ints
    x: Array
    mechanisms: dict[str, Inserted]
    ions: dict[str, dict[str, Array]]
    nernst: dict[str, npt.NDArray[np.bool_]]
    charges: dict[str, float]
    v_init: float
    celsius: float
    globals: Mapping[str, float]

    @property
    def n(self) -> int:
        """Number of nodes."""
        return int(self.parent.size)

    def node(self, place: Location) -> int:
        """Return the node of a place; see `node_at`."""
        return node_at(place, self.section, self.x, self.area)
