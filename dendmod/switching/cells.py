"""The cells of the learning networks: a star, or any reduced cell from a file."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from dendmod.errors import SpecError
from dendmod.network import CellModel, Compartment
from dendmod.network.drawn import hay_soma
from dendmod.rng import stream

STAR = "star"
N_DENDRITES = 20
_SEED = 0
# ours: the star that speeds are measured on (pF, nS, mV, um2)
_SOMA = {"ca": 300.0, "g_leak": 10.0, "e_leak": -75.0, "area": 1000.0}
_DENDRITE = {"ca": (20.0, 50.0), "g_couple": (2.0, 10.0), "g_leak": (1.0, 3.0)}


def cells(name: str, biophysics: int) -> tuple[CellModel, CellModel]:
    """Return the hidden cell and the output cell.

    Parameters
    ----------
    name
        "star", or a JSON file with the two models under ``hidden`` and ``output``.
    biophysics
        Parameter set of the somata of a star; a file has its own.

    Raises
    ------
    SpecError
        If there is no such cell, or a file does not hold two of them.
    """
    if name == STAR:
        return star_cell(biophysics), output_cell(biophysics)
    path = Path(name)
    if not path.is_file():
        raise SpecError(f"there is no cell {name!r}; give {STAR!r} or a JSON file of two cells")
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return (
            CellModel.model_validate(table["hidden"]),
            CellModel.model_validate(table["output"]),
        )
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise SpecError(
            f"{path}: not a file of two cells, 'hidden' and 'output': {str(error)[:300]}"
        ) from None


def star_cell(biophysics: int) -> CellModel:
    """Return a soma with the channels of a set of Hay et al. 2011 and 20 passive dendrites."""
    rng = stream(_SEED, "star cell")
    drawn = {
        field: rng.uniform(low, high, N_DENDRITES) for field, (low, high) in _DENDRITE.items()
    }
    dendrites = tuple(
        Compartment(
            name=f"dendrite {i}",
            parent=0,
            e_leak=_SOMA["e_leak"],
            **{field: float(values[i]) for field, values in drawn.items()},
        )
        for i in range(N_DENDRITES)
    )
    return CellModel(
        name=f"star, set {biophysics}",
        compartments=(_soma(biophysics), *dendrites),
        v_init=_SOMA["e_leak"],
    )


def output_cell(biophysics: int) -> CellModel:
    """Return the soma of the star alone."""
    return CellModel(
        name=f"soma, set {biophysics}", compartments=(_soma(biophysics),), v_init=_SOMA["e_leak"]
    )


def _soma(biophysics: int) -> Compartment:
    return Compartment(name="soma", parent=-1, **_SOMA, **hay_soma(biophysics))  # type: ignore[arg-type]
