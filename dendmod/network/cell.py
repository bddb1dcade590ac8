"""The specification of a cell of few compartments, as networks are made of."""

from __future__ import annotations

from typing import Any

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from dendmod.mechanisms import check_parameters, get
from dendmod.params import hay2011
from dendmod.spec.base import Spec
from dendmod.spec.tree import check_tree

POOL = "CaDynamics_E2"
_NEEDS_POOL = ("Ca_HVA", "Ca_LVAst", "SK_E2")


class Compartment(Spec):
    """One isopotential compartment.

    Parameters
    ----------
    name
        For messages alone.
    parent
        Number of the compartment that it is joined to; -1 for the soma.
    ca
        Capacitance (pF).
    g_leak, e_leak
        Leak conductance (nS) and its reversal potential (mV).
    g_couple
        Conductance to the parent (nS); 0 for the soma.
    area
        Area (um2) to which the densities of the channels refer.
    channels
        Parameters by channel; maximal conductances in S/cm2.
    pools
        Parameters by calcium pool.
    """

    name: str = ""
    parent: int = Field(ge=-1)
    ca: PositiveFloat
    g_leak: NonNegativeFloat
    e_leak: float = Field(ge=-1000, le=1000)
    g_couple: NonNegativeFloat = 0.0
    area: PositiveFloat = 1000.0
    channels: dict[str, dict[str, float]] = {}
    pools: dict[str, dict[str, float]] = {}

    @model_validator(mode="after")
    def _mechanisms_are_known(self) -> Compartment:
        for suffix, params in {**self.channels, **self.pools}.items():
            check_parameters(suffix, params)
            if get(suffix).kind != "density":
                raise ValueError(f"{suffix} is a point process; name a channel or a calcium pool")
        for suffix in self.pools:
            if suffix != POOL:
                raise ValueError(f"{suffix} is not a calcium pool; the pool is {POOL}")
        lonely = [s for s in self.channels if s in _NEEDS_POOL]
        if lonely and not self.pools:
            raise ValueError(
                f"{', '.join(lonely)} in compartment {self.name!r} works on calcium; give the "
                f"compartment a pool: pools={{{POOL!r}: {{...}}}}"
            )
        return self


class CellModel(Spec):
    """A star or tree of compartments; the soma first, parents before their children.

    Parameters
    ----------
    ena, ek
        Reversal potentials (mV); calcium's follows from its pool (Nernst, 2 mM outside).
    celsius
        Temperature (degC).
    v_init
        Potential of all compartments at the start (mV).
    """

    name: str = "cell"
    compartments: tuple[Compartment, ...] = Field(min_length=1)
    ena: float = hay2011.ENA
    ek: float = hay2011.EK
    celsius: float = hay2011.CELSIUS
    v_init: float = Field(default=hay2011.V_INIT, ge=-140, le=90)

    @model_validator(mode="after")
    def _is_a_tree(self) -> CellModel:
        check_tree(self.compartments)
        return self

    @classmethod
    def of(cls, cell: Any) -> CellModel:
        """Return the model of a reduced cell, whose compartments carry further fields."""
        fields = Compartment.model_fields
        compartments = tuple(
            Compartment(**{name: getattr(c, name) for name in fields}) for c in cell.compartments
        )
        shared = {name: getattr(cell, name) for name in cls.model_fields if name != "compartments"}
        return cls(compartments=compartments, **shared)

    @property
    def layout(self) -> tuple[tuple[int, tuple[str, ...]], ...]:
        """Parent and mechanisms of each compartment: what cells of one population share."""
        return tuple(
            (c.parent, tuple(sorted({**c.channels, **c.pools}))) for c in self.compartments
        )
