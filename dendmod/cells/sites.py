"""Dendritic sites that can carry NMDA spikes nearly independently of each other.

Sites are chosen by the impedance criterion of Wybo et al. (2019), used in Wybo et al. 2022
(Methods, "Biophysical modelling"): two sites are the more independent the larger
``I = (Z11 + Z22) / (2 Z12) - 1`` of their input and transfer impedances.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from dendmod.cells.cell_shape import CellShape, shape_with_lists
from dendmod.engines.checks import numbered, section_names
from dendmod.errors import SpecError
from dendmod.spec import Cell, Location, ReducedCell, Spec
from dendmod.spec.stimulus import check_places

AS_MANY = "as many as fit"
_DENDRITES = ("basal", "oblique")


class SiteRule(Spec):
    """Which places of a cell can be sites, and how many are taken.

    Parameters
    ----------
    n
        How many, or "as many as fit".
    x
        Where on its section a site is.
    lists
        A dendritic section can have a site where this place is on one of these: lists of the cell,
        built-in ones, sections, or expressions such as "dendritic and distance > 100".
    terminal
        Take sections alone that end there.
    min_independence
        The least index I of any two sites.
    locations
        In place of all that, the sites themselves.
    """

    n: PositiveInt | Literal["as many as fit"] = 20
    x: float = Field(default=0.8, ge=0, le=1)
    lists: tuple[str, ...] = Field(default=_DENDRITES, min_length=1)
    terminal: bool = True
    min_independence: NonNegativeFloat = 0.0
    locations: tuple[Location, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _all_of_those_named(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("locations") and "n" not in given:
            return {**given, "n": len(given["locations"])}
        return given

    @model_validator(mode="after")
    def _number_of_locations(self) -> SiteRule:
        if self.locations and self.n not in (AS_MANY, len(self.locations)):
            raise ValueError(
                f"n is {self.n}, but locations names {len(self.locations)}; leave n out"
            )
        if len(set(map(repr, self.locations))) < len(self.locations):
            raise ValueError("locations names a place twice; every site has a place of its own")
        return self


class SiteChoice(SiteRule):
    """How sites are chosen: as `SiteRule`, the shortest section (um), settling time (ms)."""

    min_length: NonNegativeFloat = 50.0
    settle: NonNegativeFloat = 1000.0


def sites_of_options(
    n: str | None, lists: Sequence[str] | None = None, places: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the fields of a `SiteRule` that options of a command give.

    Raises
    ------
    SpecError
        If they do not go together.
    """
    if lists and places:
        raise SpecError("--list says which sections can have sites, --place names them; give one")
    if n is not None and n != AS_MANY and not n.isdigit():
        raise SpecError(f"--sites is {n!r}; give a number or {AS_MANY!r}")
    fields = {
        "n": n if n in (None, AS_MANY) else int(n),
        "lists": list(lists or ()),
        "locations": list(places or ()),
    }
    return {name: value for name, value in fields.items() if value not in (None, [])}


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


def candidates(shape: CellShape, choice: SiteChoice) -> tuple[Location, ...]:
    """Return one place on each dendritic section that the choice allows.

    Raises
    ------
    SpecError
        If a list is not there, or an expression made of what is not.
    """
    for text in choice.lists:
        shape.check_where("sites.lists", text)
    whole, found = shape.morphology, []
    for i, section in enumerate(shape.sections):
        if "dendritic" not in section.lists or whole.length(i) < choice.min_length:
            continue
        if choice.terminal and not whole.is_terminal(i):
            continue
        x = abs(choice.x - whole.sections[i].end)  # of a section whose far end is its 0 end
        place = shape.place(i, x)
        if any(shape.on_list(text, section.name, place) for text in choice.lists):
            found.append(Location(section=i, x=x))
    return tuple(found)


def independence(z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the index I of every pair from an impedance matrix [n, n] (MOhm)."""
    own = np.diag(z)
    return (own[:, None] + own[None, :]) / (2 * z) - 1


def select(
    z: npt.NDArray[np.float64], parents: list[int], n: int | None, least: float = -np.inf
) -> tuple[list[int], float]:
    """Choose `n` places greedily by falling input impedance, as independent as they can be.

    A place is taken if it shares no parent section with a chosen one and if its index with every
    chosen one is at least a bound; the bound is the largest that still yields `n` places.

    Parameters
    ----------
    z
        Impedance matrix (MOhm), shape [places, places].
    parents
        Section that each place's section is joined to.
    n
        How many; None for as many as fit at the bound `least`.
    least
        Smallest bound.

    Returns
    -------
    chosen, bound
        Row numbers of `z` in order of choice, and that bound.

    Raises
    ------
    SpecError
        If there are no `n` places at the smallest bound, with the number that there are.
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

    if n is None:
        taken = greedy(least)
        apart = pairwise[np.ix_(taken, taken)][~np.eye(len(taken), dtype=bool)]
        return taken, float(apart.min(initial=np.inf))
    bounds = np.unique(pairwise[~np.eye(len(z), dtype=bool)])[::-1] if len(z) > 1 else np.zeros(1)
    for bound in (*bounds[bounds > least], least):
        taken = greedy(float(bound))
        if len(taken) == n:
            return taken, float(bound)
    fit = len(greedy(least))
    raise SpecError(
        f"{fit} of {len(z)} places fit without a shared parent"
        + (f" and with an index of {least:g} or more" if least > 0 else "")
        + f"; {n} were asked for"
    )


def choose_sites(cell: Cell | ReducedCell, choice: SiteChoice | None = None) -> Sites:
    """Choose sites on a cell by their impedances at rest; a reduced cell has its own.

    Sites that the choice names are taken as they are, in their order.

    Raises
    ------
    SpecError
        If the cell has not as many, with the number that fit and what can be changed.
    """
    choice = choice or SiteChoice()
    if choice.locations:
        return _named(cell, choice)
    if isinstance(cell, ReducedCell):
        return _sites_of_reduced(cell, choice)
    shape = shape_with_lists(cell)
    places = candidates(shape, choice)
    n = None if choice.n == AS_MANY else int(choice.n)
    try:
        if not places or len(places) < (n or 1):
            raise SpecError(f"{len(places)} places fit; {n or 'some'} were asked for")
        z = _impedance(cell, places, choice)
        parents = [shape.morphology.sections[p.section].parent for p in places]
        taken, bound = select(z, parents, n, choice.min_independence or -np.inf)
    except SpecError as error:
        ends = " that end" if choice.terminal else ""
        raise SpecError(
            f"sites of {cell.morphology} on {' or '.join(choice.lists)}, in sections of "
            f"{choice.min_length:g} um or more{ends}: {error}. Ask for fewer (n, or {AS_MANY!r}), "
            "allow shorter sections (min_length), more (lists, terminal = false) or nearer sites "
            "(min_independence), or name them (locations)"
        ) from None
    return Sites(tuple(places[i] for i in taken), np.diag(z)[taken], bound)


def _impedance(
    cell: Cell | ReducedCell, places: tuple[Location, ...], choice: SiteChoice
) -> npt.NDArray[np.float64]:
    from dendmod.engines.neuron import input_and_transfer_impedance

    return input_and_transfer_impedance(cell, places, settle=choice.settle)


def _of_all(cell: Cell | ReducedCell, places: tuple[Location, ...], choice: SiteChoice) -> Sites:
    z = _impedance(cell, places, choice)
    pairs = independence(z)[~np.eye(len(z), dtype=bool)]
    return Sites(places, np.diag(z).copy(), float(pairs.min(initial=np.inf)))


def _named(cell: Cell | ReducedCell, choice: SiteChoice) -> Sites:
    places = tuple(numbered(place, cell) for place in choice.locations)
    name = cell.name if isinstance(cell, ReducedCell) else cell.morphology
    what = "compartment" if isinstance(cell, ReducedCell) else "section"
    check_places({f"site {p!r}": p for p in places}, len(section_names(cell)), what, name)
    sites = _of_all(cell, places, choice)
    if sites.independence < choice.min_independence:
        raise SpecError(
            f"two of the sites that are named have an index of {sites.independence:.3g}; "
            f"min_independence is {choice.min_independence:g}"
        )
    return sites


def _sites_of_reduced(cell: ReducedCell, choice: SiteChoice) -> Sites:
    if choice.lists != _DENDRITES:
        raise SpecError(
            f"the reduced cell {cell.name} has no lists; its sites are those of its file. Leave "
            "sites.lists out, or name compartments in sites.locations"
        )
    if choice.n not in (AS_MANY, len(cell.sites)):
        raise SpecError(
            f"the reduced cell {cell.name} has {len(cell.sites)} sites; {choice.n} were asked for. "
            f"Set sites.n, or reduce the cell with --sites {choice.n}"
        )
    return _of_all(cell, cell.sites, choice)
