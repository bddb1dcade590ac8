"""Which cell a command runs: one of a file, or Hay's membrane on a morphology."""

from __future__ import annotations

from dendmod.cells.file import load_cell
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.errors import SpecError
from dendmod.morphology import Morphology, resolve
from dendmod.spec import Cell

HAY = "the membrane of Hay et al. 2011's L5b pyramidal cell"


def choose_cell(cell: str | None, morphology: str | None, biophysics: int | None) -> Cell:
    """Return the cell of a file, or Hay's membrane on a morphology ("l5pc", set 1).

    Raises
    ------
    SpecError
        If both are asked for, or the morphology is no pyramidal cell.
    """
    if cell is None:
        chosen = L5PyramidalCell(morphology or "l5pc", biophysics or 1)
        check_shape(resolve(chosen.morphology))
        return chosen
    if morphology is not None or biophysics is not None:
        raise SpecError(
            f"--cell {cell} is a whole cell, with its morphology and membrane; leave out "
            f"--morphology and --biophysics, which are those of {HAY}"
        )
    return load_cell(cell).cell


def spike_threshold_of(cell: str | None) -> float:
    """Return what counts as a spike at the soma (mV): as the cell's file says, 0 without one."""
    return 0.0 if cell is None else load_cell(cell).fields.conditions.spike_threshold_mV


def check_shape(shape: Morphology) -> None:
    """Refuse to put Hay's membrane onto a shape that has no apical tree with a trunk.

    Raises
    ------
    SpecError
        Saying which membrane it would be, and how to give another.
    """
    if not shape.tuft_sections:
        lacks = "no tuft" if shape.trunk_sections else "no apical tree"
        raise SpecError(
            f"a morphology alone gets {HAY}, which changes along an apical trunk and tuft, but "
            f"{shape.name} has {lacks}. Give a cell with its own membrane: --cell FOLDER, or "
            "[cell] file in a protocol (docs/own_cell.md)"
        )
