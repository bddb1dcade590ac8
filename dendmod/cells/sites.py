"""Dendritic sites that can carry NMDA spikes nearly independently of each other.

Sites are chosen by the impedance criterion of Wybo et al. (2019), used in Wybo et al. 2022
(Methods, "Biophysical modelling"): two sites are the more independent the larger
``I = (Z11 + Z22) / (2 Z12) - 1`` of their input and transfer impedances.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.morphology import Morphology
from dendmod.spec import Cell, Location, ReducedCell, Spec


class SiteChoice(Spec):
    """How sites are chosen: their number, position and the shortest section (um)."""

    n: int = 20
    x: float = 0.8
    min_length: float = 50.0
    settle: float = 1000.0


@dataclass(frozen=True)
class Sites:
    """Chosen sites, by falling input impedance.

    Parameters
    ----------
    locations
        The sites.
    impedance
        Input impedance (MOhm), shape [n].
    independence
        The smallest index I of any two of them.
    """

    locations: tuple[Location, ...]
    impedance: npt.NDArray[np.float64]
    independence: float

    def __iter__(self) -> Iterator[Location]:
        return iter(self.locations)

    def __len__(self) -> int:
        return len(self.locations)


def candidates(morphology: Morphology, choice: SiteChoice) -> tuple[Location, ...]:
    """Return one place on each terminal basal or oblique section that is long enough."""
    obliques = set(morphology.oblique_sections)
    return tuple(
        Location(section=i, x=abs(choice.x - section.end))
        for i, section in enumerate(morphology.sections)
        if (section.kind == "basal" or i in obliques)
        and morphology.is_terminal(i)
        and morphology.length(i) >= choice.min_length
    )


def independence(z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the index I of every pair from an impedance matrix [n, n] (MOhm)."""
    own = np.diag(z)
    return (own[:, None] + own[None, :]) / (2 * z) - 1


def select(z: npt.NDArray[np.float64], parents: list[int], n: int) -> tuple[list[int], float]:
    """Choose `n` places greedily by falling input impedance, as independent as they can be.

    A place is taken if it shares no parent section with a chosen one and if its index with every
    chosen one is at least a bound; the bound is the largest that still yields `n` places.

    Returns
    -------
    chosen, bound
        Row numbers of `z` in order of choice, and that bound.

    Raises
    ------
    SpecError
        If there are no `n` places even without a bound.
    """
    pairwise = independence(z)
    order = np.argsort(-np.diag(z), kind="stable")

    def greedy(bound: float) -> list[int]:
        taken: list[int] = []
        for i in order:
            apart = all(pairwise[i, j] >= bound and parents[i] != parents[j] for j in taken)
            if apart:
                taken.append(int(i))
            if len(taken) == n:
                break
        return taken

    bounds = np.unique(pairwise[~np.eye(len(z), dtype=bool)])[::-1] if len(z) > 1 else np.zeros(1)
    for bound in (*bounds, -np.inf):
        taken = greedy(float(bound))
        if len(taken) == n:
            return taken, float(bound)
    raise SpecError(
        f"this morphology offers {len(greedy(-np.inf))} places without shared parents; {n} were "
        "asked for. Ask for fewer sites or allow shorter sections (min_length)."
    )


def choose_sites(cell: Cell | ReducedCell, choice: SiteChoice | None = None) -> Sites:
    """Choose sites on a cell by their impedances at rest; a reduced cell has its own.

    Raises
    ------
    SpecError
        If the cell has not as many.
    """
    from dendmod.engines.checks import shape_of
    from dendmod.engines.neuron import input_and_transfer_impedance

    choice = choice or SiteChoice()
    if isinstance(cell, ReducedCell):
        return _sites_of_reduced(cell, choice)
    morphology = shape_of(cell)
    places = candidates(morphology, choice)
    if len(places) < choice.n:
        raise SpecError(
            f"{cell.morphology} has {len(places)} terminal basal or oblique sections of at least "
            f"{choice.min_length} um; {choice.n} sites were asked for. Lower n or min_length."
        )
    z = input_and_transfer_impedance(cell, places, settle=choice.settle)
    parents = [morphology.sections[p.section].parent for p in places]
    taken, bound = select(z, parents, choice.n)
    return Sites(tuple(places[i] for i in taken), np.diag(z)[taken], bound)


def _sites_of_reduced(cell: ReducedCell, choice: SiteChoice) -> Sites:
    from dendmod.engines.neuron import input_and_transfer_impedance

    if len(cell.sites) != choice.n:
        raise SpecError(
            f"the reduced cell {cell.name} has {len(cell.sites)} sites; {choice.n} were asked for. "
            f"Set sites.n, or reduce the cell with --sites {choice.n}"
        )
    z = input_and_transfer_impedance(cell, cell.sites, settle=choice.settle)
    pairs = independence(z)[~np.eye(len(z), dtype=bool)]
    return Sites(cell.sites, np.diag(z).copy(), float(pairs.min(initial=np.inf)))
