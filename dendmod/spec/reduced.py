"""The specification of a cell of few compartments, joined to a tree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from dendmod.errors import SpecError, did_you_mean
from dendmod.spec.base import Spec
from dendmod.spec.place import Location
from dendmod.spec.receptor import Receptor
from dendmod.spec.tree import check_tree
from dendmod.units import (
    MOHM_UM_IN_OHM_CM,
    NS_PER_UM2_IN_S_PER_CM2,
    PER_NS_IN_MOHM,
    PF_PER_UM2_IN_UF_PER_CM2,
)

Role = Literal["soma", "site", "support", "axon"]
Reversal = Annotated[float, Field(ge=-1000, le=1000)]


class Compartment(Spec):
    """One isopotential compartment.

    Parameters
    ----------
    name
        "soma", "site00" ..., "bifurcation0" ...; "" leaves it to its number.
    role
        "site" where inputs arrive; "axon" for places of the axon, which may start the spikes;
        "support" for bifurcations and other kept places.
    parent
        Number of the compartment that it is joined to; -1 for the soma.
    site
        The place of the full cell that it stands for, if it was reduced from one.
    ca
        Capacitance (pF).
    g_leak, e_leak
        Leak conductance (nS) and its reversal potential (mV).
    g_couple
        Conductance to the parent (nS); 0 for the soma.
    area
        Area (um2) to which the densities of the channels refer.
    v_rest
        Resting potential of the full cell at the site (mV), which the leak reversal reproduces, if
        it was reduced from one.
    channels
        Parameters by channel, each in the unit that its mechanism declares; maximal conductances
        are densities of `area`.
    pools
        Parameters by pool, which keeps the concentration of an ion.
    reversals
        Reversal potentials (mV) by NEURON's name where they are not the cell's `ena` and `ek`, and
        of other ions that no pool keeps ("eca").
    diam
        Diameter (um) that mechanisms which read `diam` get, such as pools whose volume goes with
        it. It changes neither area, capacitance nor coupling. None where none reads it.
    """

    name: str = Field(default="", pattern=r"^([A-Za-z][A-Za-z0-9_ ]*)?$")
    role: Role = "site"
    parent: int = Field(ge=-1)
    site: Location | None = None
    ca: PositiveFloat
    g_leak: NonNegativeFloat
    e_leak: Reversal
    g_couple: NonNegativeFloat = 0.0
    area: PositiveFloat
    v_rest: float | None = None
    channels: dict[str, dict[str, float]] = {}
    pools: dict[str, dict[str, float]] = {}
    reversals: dict[Annotated[str, Field(pattern=r"^e[a-z][A-Za-z0-9_]*$")], Reversal] = {}
    diam: PositiveFloat | None = None

    @model_validator(mode="after")
    def _no_negative_conductance(self) -> Compartment:
        for suffix, params in self.channels.items():
            for name, value in params.items():
                if name.endswith("bar") and value < 0:
                    raise ValueError(
                        f"{name} of {suffix} in {self.name} is {value} S/cm2; a conductance is not "
                        "negative"
                    )
        return self

    def cylinder(self) -> Cylinder:
        """Return the cylinder of one segment that has this area, capacitance and coupling.

        Joined with its end to the middle of its parent it is apart by its own half alone. Where the
        compartment has a diameter it is the cylinder's, for mechanisms that read it, and the length
        is such that the area is the compartment's.
        """
        length = diameter = math.sqrt(self.area / math.pi)
        if self.diam is not None:
            diameter = self.diam
            length = self.area / (math.pi * diameter)
        Ra = None
        if self.g_couple > 0:
            resistance = PER_NS_IN_MOHM / self.g_couple  # along half the section
            Ra = resistance * (math.pi * diameter**2 / 4) / (length / 2) * MOHM_UM_IN_OHM_CM
        return Cylinder(length, diameter, self.ca / self.area * PF_PER_UM2_IN_UF_PER_CM2, Ra)

    @property
    def g_pas(self) -> float:
        """Density of the leak (S/cm2)."""
        return self.g_leak / self.area * NS_PER_UM2_IN_S_PER_CM2


@dataclass(frozen=True)
class Cylinder:
    """Length and diameter (um), specific capacitance (uF/cm2), axial resistivity (ohm cm).

    The resistivity is None where nothing depends on it.
    """

    L: float
    diam: float
    cm: float
    Ra: float | None


class ReducedCell(Spec):
    """A cell of few compartments; the soma first, parents before their children.

    Engines run it wherever they run a `Cell`, and in networks; a `Location` names a compartment by
    its number. `dendmod.reduction.reduce` makes one of a full cell.

    Parameters
    ----------
    ena, ek
        Reversal potentials (mV), where a compartment has no other; calcium's follows from its pool
        (Nernst, 2 mM outside).
    celsius, v_init
        Temperature (degC) and the potential from which a run starts (mV).
    spike_threshold
        Somatic potential (mV) whose upward crossing counts as a spike of this cell, where nothing
        else is said.
    mechanisms, globals, receptors
        As those of a `Cell`.
    provenance
        What it was reduced from and how.
    """

    schema_: Literal["dendmod/reduced/1"] = Field(default="dendmod/reduced/1", alias="schema")
    name: str = "cell"
    compartments: tuple[Compartment, ...] = Field(min_length=1)
    ena: float
    ek: float
    celsius: float
    v_init: float = Field(ge=-140, le=90)
    spike_threshold: float = Field(default=0.0, ge=-140, le=90)
    mechanisms: tuple[str, ...] = ()
    globals: dict[str, float] = {}
    receptors: dict[str, Receptor] = {}
    provenance: dict[str, Any] = {}

    @model_validator(mode="after")
    def _is_a_tree(self) -> ReducedCell:
        names = [c.name for c in self.compartments if c.name]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"compartment names must differ; twice: {', '.join(twice)}")
        check_tree(self.compartments)
        return self

    def __repr__(self) -> str:
        n, sites = len(self.compartments), len(self.sites)
        return (
            f"ReducedCell({self.name}: {n} compartment{'s' * (n != 1)}, {sites} "
            f"site{'s' * (sites != 1)}, "
            f"{len({s for c in self.compartments for s in c.channels})} channels)"
        )

    __str__ = __repr__

    @property
    def layout(self) -> tuple[tuple[int, tuple[str, ...]], ...]:
        """Parent and mechanisms of each compartment: what cells of one population share."""
        return tuple(
            (c.parent, tuple(sorted({**c.channels, **c.pools}))) for c in self.compartments
        )

    @property
    def site_numbers(self) -> tuple[int, ...]:
        """Numbers of the compartments that are sites, where inputs of a network arrive."""
        return tuple(i for i, c in enumerate(self.compartments) if i and c.role == "site")

    @property
    def sites(self) -> tuple[Location, ...]:
        """The compartments of the sites, in the order of their names."""
        ranks = [
            (c.name, i)
            for i, c in enumerate(self.compartments)
            if c.role == "site" and c.parent >= 0
        ]
        return tuple(Location(section=i, x=0.5) for _, i in sorted(ranks))

    def index(self, name: str) -> int:
        """Return the number of a compartment.

        Raises
        ------
        SpecError
            If there is none of this name.
        """
        for i, c in enumerate(self.compartments):
            if c.name == name:
                return i
        known = [c.name for c in self.compartments if c.name]
        raise SpecError(f"{self.name} has no compartment {name!r}." + did_you_mean(name, known))

    def reversals(self, compartment: Compartment) -> dict[str, float]:
        """Return the reversal potentials (mV) of a compartment by NEURON's name."""
        return {"ena": self.ena, "ek": self.ek, **compartment.reversals}

    def location(self, name: str) -> Location:
        """Return the place of a compartment, for synapses, clamps and recordings."""
        return Location(section=self.index(name), x=0.5)
