"""Cells of a layer as arrays for the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import POINTER, c_double, c_int32
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.engines.kernel import structures
from dendmod.engines.kernel.membranes import (
    MembraneTable,
    around,
    channel_values,
    gate_values,
    membrane,
    pool_values,
)
from dendmod.engines.kernel.structures import MAX_CHANNELS, MAX_GATES
from dendmod.errors import UnsupportedByEngine
from dendmod.network import Background
from dendmod.network.spec import Layer
from dendmod.units import NS_IN_US, PF_IN_NF

CONTEXT, AMPA, GABA, NMDA, BACKGROUND_NMDA = (
    1,
    2,
    4,
    8,
    16,
)  # what a compartment has; as in kernel.c


@dataclass(frozen=True)
class Rows:
    """Weights by which the spikes of one source layer reach another.

    Parameters
    ----------
    weights
        Jumps of currents (nA) or of what the next step adds to a conductance (uS), shape (source
        cells, cells).
    compartment
        Of the receptors; None is a current at the soma.
    nmda
        Jump of NMDA, in the kernel's unit, for that of AMPA.
    """

    weights: npt.NDArray[np.float64]
    compartment: int | None = None
    gaba: bool = False
    nmda: float = 0.0

    @property
    def place(self) -> int:
        """What kernel.c knows the receptors by."""
        return -1 if self.compartment is None else 2 * self.compartment + self.gaba

    @property
    def kind(self) -> int:
        """What the compartment has of it."""
        return GABA if self.gaba else AMPA | (NMDA | BACKGROUND_NMDA if self.nmda > 0 else 0)


class Population:
    """A layer with the arrays that it points to.

    Parameters
    ----------
    layer
        Its cells, one each.
    rows
        What reaches it from other layers.
    first_table
        Where the numbers of its backgrounds' tables start.
    context
        Compartments with contextual synapses.
    context_nmda
        Whether those have NMDA receptors.
    """

    def __init__(
        self,
        layer: Layer,
        rows: Sequence[Rows],
        first_table: int,
        context: tuple[int, ...] = (),
        context_nmda: bool = False,
    ) -> None:
        cells, background = layer.cells, layer.background
        first = cells[0]
        for i, cell in enumerate(cells):
            if cell is first:
                continue
            if cell.layout != first.layout:
                raise UnsupportedByEngine(
                    f"cell {i} has other parents or channels than cell 0; the kernel runs layers "
                    "of cells that share them (conductances may be 0)"
                )
            for c, (own, that) in enumerate(
                zip(cell.compartments, first.compartments, strict=True)
            ):
                if around(cell, own) != around(first, that):
                    raise UnsupportedByEngine(
                        f"cell {i} has other values in compartment {c} than cell 0, on which rates "
                        "depend; the kernel runs layers of cells that share them"
                    )
        self.cells, self.background = cells, background
        self.first_neuron, self.first_table = layer.first, first_table
        none = [np.zeros((0, len(cells)))]
        self.weights = np.ascontiguousarray(np.concatenate([r.weights for r in rows] or none))
        sizes = [len(r.weights) for r in rows]
        self.first_row = [0, *np.cumsum(sizes).tolist()]
        self.place = np.repeat(np.array([r.place for r in rows], np.int32), sizes)
        self.nmda = np.repeat(np.array([r.nmda for r in rows], np.float64), sizes)
        synapses = CONTEXT | (NMDA if context_nmda else 0)
        n = len(first.compartments)
        kinds = [_background_kind(background, c) for c in range(n)]
        self.kind = np.array(
            [kind | (synapses if c in context else 0) for c, kind in enumerate(kinds)], np.int32
        )
        for r in rows:
            if r.compartment is not None:
                self.kind[r.compartment] |= r.kind

    def membranes(self, dt: float, width: int, kind: str) -> list[MembraneTable | None]:
        """Return the channels of each compartment."""
        cell = self.cells[0]
        return [
            membrane(tuple(sorted(c.channels)), around(cell, c), bool(c.pools), dt, width, kind)
            if c.channels or c.pools
            else None
            for c in cell.compartments
        ]

    def structure(self, dt: float, membrane_of: list[int]) -> structures.Population:
        """Return the layer for the kernel; it keeps its arrays alive."""
        n_comp, n = len(self.cells[0].compartments), len(self.cells)
        self._parent = np.array([c.parent for c in self.cells[0].compartments], np.int32)
        self._membrane = np.array(membrane_of, np.int32)
        self._values = np.zeros((n_comp, 6, n))
        self._channels = np.zeros((n_comp, MAX_CHANNELS, 2, n))
        self._gates = np.zeros((n_comp, MAX_GATES, n))
        self._pools = np.zeros((n_comp, 5, n))
        for i, cell in enumerate(self.cells):
            if i and cell is self.cells[i - 1]:  # large cells take long to look through
                for each in (self._values, self._channels, self._gates, self._pools):
                    each[..., i] = each[..., i - 1]
                continue
            for c, compartment in enumerate(cell.compartments):
                self._values[c, :, i] = (
                    compartment.ca * PF_IN_NF,
                    compartment.g_leak * NS_IN_US,
                    compartment.e_leak,
                    compartment.g_couple * NS_IN_US,
                    cell.v_init,
                    compartment.area,
                )
                if compartment.channels:
                    values = channel_values(compartment, cell)
                    self._channels[c, : len(values), :, i] = values
                    gates = gate_values(compartment, cell)
                    self._gates[c, : len(gates), i] = gates
                self._pools[c, :, i] = pool_values(compartment, cell, dt)
        out = structures.Population()
        out.n, out.n_comp, out.n_sources = n, n_comp, self.weights.shape[0]
        out.first_neuron, out.first_table = self.first_neuron, self.first_table
        out.parent, out.kind = pointer(self._parent), pointer(self.kind)
        out.membrane = pointer(self._membrane)
        out.values, out.channel_values = pointer(self._values), pointer(self._channels)
        out.gate_values, out.pool_values = pointer(self._gates), pointer(self._pools)
        out.weights, out.place = pointer(self.weights), pointer(self.place)
        out.nmda = pointer(self.nmda)
        if self.background is not None:
            out.ampa_weight, out.gaba_weight = (
                self.background.ampa_weight,
                self.background.gaba_weight,
            )
            out.background_ratio = self.background.nmda_ratio
        return out


def _background_kind(background: Background | None, compartment: int) -> int:
    if background is None or not background.reaches(compartment):
        return 0
    return AMPA | GABA | (NMDA | BACKGROUND_NMDA if background.nmda_ratio > 0 else 0)


_KINDS: dict[str, Any] = {"int32": c_int32, "float64": c_double}


def pointer(array: npt.NDArray[Any]) -> Any:
    """Return a pointer to an array of 32-bit integers or doubles."""
    return array.ctypes.data_as(POINTER(_KINDS[array.dtype.name]))
