"""The layer 5 pyramidal cell, ready to use."""

from __future__ import annotations

from dendmod.morphology.naming import check_name
from dendmod.params import hay2011
from dendmod.spec import Cell


def L5PyramidalCell(morphology: str = "l5pc", biophysics: int = 1) -> Cell:
    """Return the specification of the L5 pyramidal cell of Hay et al. 2011.

    Parameters
    ----------
    morphology
        "l5pc" (built in), "hay2011" (after ``dendmod morphology get hay2011``) or a file.
    biophysics
        Parameter set: 1 (used by Wybo et al. 2022's protocols) or 3 (step and BAC firing).

    Raises
    ------
    SpecError
        If there is no such set.
    MorphologyError
        If there is no such morphology.

    References
    ----------
    Hay et al. 2011, PLoS Comput Biol 7:e1002107, Tables 2 and 3.
    """
    check_name(morphology)
    return Cell(morphology=morphology, biophysics=hay2011.biophysics(biophysics))
