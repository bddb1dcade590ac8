"""What the figure runs: cells, orders of their sites, and readings, each a protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from dendmod.engines.held import Engine
from dendmod.errors import SpecError
from dendmod.protocol.model import DendriticNmda, Protocol
from dendmod.protocol.read import load_protocol
from dendmod.spec import Spec

Group = Literal["order", "reading", "place", "plateau", "stranger"]
Changes = dict[str, Any]
FIRST_ORDER = "falling impedance"
ARMS = ("nmda", "shunt")


class Variants(Spec):
    """Readings that are run on some of the cells, each changed alone.

    Parameters
    ----------
    cells
        Names of these cells.
    trials
        A number of inputs.
    plateau_trials
        Trials in which the duration of plateaus is measured, in all cases, and those of IO curves
        where plateaus are made longer: many of these trials leave the kernel's tables and run in
        NEURON.
    readings, places, plateaus
        By name, the fields of the protocol that each changes.
    """

    cells: tuple[str, ...]
    trials: int = Field(ge=2)
    plateau_trials: PositiveInt
    readings: dict[str, Changes] = {}
    places: dict[str, Changes] = {}
    plateaus: dict[str, Changes] = {}


class CellsStudy(Spec):
    """Settings of the figure.

    Parameters
    ----------
    protocol
        That of Figures 1 and 2, from which every case begins.
    seed, bootstraps
        Of the IO curves.
    kernel_trials
        Trials of each cell that the kernel and NEURON run side by side.
    trials, order_trials, scout_trials
        A number of inputs: of the first order of each cell, of its further orders, and those of
        them that look for the crossings.
    order_seeds
        Orders in which levels drive the sites, beside that of falling impedance.
    engine
        "auto", "kernel" or "neuron".
    cells
        By name, the fields of the protocol that make the cell.
    strangers
        Protocol files of other cells; each is one case, with its own levels.
    levels
        Levels of each arm that every order has.
    variants
        Readings on some of the cells.
    """

    protocol: str
    seed: NonNegativeInt
    trials: int = Field(ge=2)
    order_trials: int = Field(ge=2)
    scout_trials: PositiveInt
    bootstraps: PositiveInt
    kernel_trials: PositiveInt
    order_seeds: tuple[NonNegativeInt, ...] = Field(min_length=1)
    engine: Engine = "auto"
    cells: dict[str, Changes] = Field(min_length=1)
    strangers: tuple[str, ...] = ()
    levels: dict[str, tuple[int, ...]]
    variants: Variants

    @model_validator(mode="after")
    def _cells_are_there(self) -> CellsStudy:
        missing = sorted(set(self.variants.cells) - set(self.cells))
        if missing:
            raise ValueError(
                f"variants.cells names {', '.join(missing)}; there are {', '.join(self.cells)}"
            )
        return self


@dataclass(frozen=True)
class Case:
    """One protocol that is run: a cell, and what is changed on it."""

    cell: str
    group: Group
    name: str
    protocol: Protocol

    @property
    def key(self) -> str:
        """Cell, group and name: what tells it from all others."""
        return f"{self.cell}, {self.group}: {self.name}"

    @property
    def stage(self) -> str:
        """When it is run: the first of each cell, further orders, variants, longer plateaus."""
        if self.is_first:
            return "first"
        return self.group if self.group in ("order", "plateau") else "variants"

    @property
    def is_first(self) -> bool:
        """Whether it is the one that stands for its cell."""
        return self.group == "stranger" or (self.group == "order" and self.name == FIRST_ORDER)


def arms_of(protocol: Protocol) -> tuple[str, ...]:
    """Return those of the figure's arms that a protocol has."""
    return tuple(arm for arm in ARMS if arm in protocol.arms)


def cases_of(study: CellsStudy) -> list[Case]:
    """Return every protocol of the study.

    Raises
    ------
    SpecError
        If two cells have one name, or a field is unknown.
    """
    few: Changes = {f"arms.{arm}.levels": list(levels) for arm, levels in study.levels.items()}
    few |= {f"arms.{arm}.quick_levels": [] for arm in study.levels}
    io = {
        "run.seed": study.seed,
        "run.engine": study.engine,
        "io.scout_trials": study.scout_trials,
        "io.bootstraps": study.bootstraps,
    }
    many = io | {"run.trials": study.trials}
    cases = []
    for cell, of_cell in study.cells.items():
        first = load_protocol(study.protocol, many | of_cell)
        cases.append(Case(cell, "order", FIRST_ORDER, first))
        for seed in study.order_seeds:
            order = few | {"sites.order": "random", "sites.order_seed": seed}
            order["run.trials"] = study.order_trials
            protocol = load_protocol(study.protocol, many | of_cell | order)
            cases.append(Case(cell, "order", f"random {seed}", protocol))
    fewer = io | {"run.trials": study.variants.trials} | few
    groups: dict[Group, dict[str, Changes]] = {
        "reading": study.variants.readings,
        "place": study.variants.places,
        "plateau": study.variants.plateaus,
    }
    for cell in study.variants.cells:
        for group, named in groups.items():
            for name, changes in named.items():
                asked = fewer | study.cells[cell] | changes
                if group == "plateau":
                    asked["run.trials"] = study.variants.plateau_trials
                case = Case(cell, group, name, load_protocol(study.protocol, asked))
                cases.append(_without_shunt(case) if group == "plateau" else case)
    return cases + _strangers(study, many)


def _without_shunt(case: Case) -> Case:
    """Return the case without the arm that does not know how long plateaus are."""
    arms = {name: arm for name, arm in case.protocol.arms.items() if name != "shunt"}
    return replace(case, protocol=case.protocol.model_copy(update={"arms": arms}))


def _strangers(study: CellsStudy, many: Changes) -> list[Case]:
    cases: list[Case] = []
    for file in study.strangers:
        protocol = load_protocol(file, many)
        cell = str(protocol.cell.membrane)
        if cell in study.cells or any(cell == case.cell for case in cases):
            raise SpecError(f"two cells are called {cell!r}; a stranger needs a name of its own")
        if arms_of(protocol) != ARMS or not isinstance(protocol.arms["nmda"], DendriticNmda):
            raise SpecError(
                f"{file} has the arms {', '.join(protocol.arms)}; this figure needs nmda and shunt "
                "of Figure 1's protocol. `dendmod protocol scale` writes such a file"
            )
        cases.append(Case(cell, "stranger", Path(file).stem, protocol))
    return cases
