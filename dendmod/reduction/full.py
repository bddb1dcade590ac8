"""The full cell that a reduced one was made from."""

from __future__ import annotations

from dendmod.cells.l5 import L5PyramidalCell
from dendmod.engines.checks import shape_of
from dendmod.errors import SpecError
from dendmod.morphology import resolve
from dendmod.reduction.fit import mechanisms_hash
from dendmod.spec import Cell, ReducedCell


def full_cell(reduced: ReducedCell, origin: str) -> Cell:
    """Return the cell that a reduced one was made from.

    Files of earlier versions, without the specification of that cell, name one of Hay's sets.

    Raises
    ------
    SpecError
        If the file does not say, or the morphology or a mechanism has changed since.
    """
    facts = reduced.provenance
    number = set_of_hay(str(facts.get("biophysics", "")))
    if "morphology" not in facts or ("cell" not in facts and number is None):
        raise SpecError(
            f"{origin} does not say which cell it was reduced from; `dendmod reduce` writes this"
        )
    cell = Cell.model_validate(facts["cell"]) if "cell" in facts else None
    now = (resolve(facts["morphology"]).without_axon() if cell is None else shape_of(cell)).sha256
    if facts.get("morphology_sha256") != now:
        raise SpecError(
            f"{origin} was reduced from another {facts['morphology']} than the one that is there "
            "now; reduce the cell again"
        )
    if cell is None:
        return L5PyramidalCell(facts["morphology"], number or 0)
    if facts.get("mechanisms") != mechanisms_hash(cell):
        raise SpecError(
            f"the .mod files of the mechanisms of {origin} have changed since it was reduced; "
            "reduce the cell again"
        )
    return cell


def set_of_hay(biophysics: str) -> int | None:
    """Return the parameter set that a membrane of Hay et al. 2011 is named by, or None."""
    family, _, number = biophysics.partition("/")
    return int(number) if family == "hay2011" and number.isdigit() else None
