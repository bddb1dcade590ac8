"""Modulators: ligands whose receptors carry effects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from pydantic import Field

from dendmod.cells.effects import Effect, apply, on_membrane
from dendmod.errors import SpecError, did_you_mean
from dendmod.neuromodulation.receptors import Receptor
from dendmod.spec import Cell, Spec

Array = npt.NDArray[np.float64]


class Action(Spec):
    """What one class of receptors does when all of it is occupied."""

    receptor: Receptor
    effects: tuple[Effect, ...] = Field(min_length=1)


class Modulator(Spec):
    """A ligand and its actions.

    Examples
    --------
    >>> from dendmod.neuromodulation import modulator
    >>> [round(e.scale, 2) for e in modulator("noradrenaline").effects(56.0)]
    [0.5, 1.0]
    """

    name: str
    actions: tuple[Action, ...] = Field(min_length=1)

    def occupancies(self, concentration: float) -> dict[str, float]:
        """Return the occupied part of each class of receptors at a concentration (nM)."""
        return {a.receptor.name: float(a.receptor.occupancy(concentration)) for a in self.actions}

    def effects(self, concentration: float) -> tuple[Effect, ...]:
        """Return all effects at a steady concentration (nM)."""
        return self.effects_of(self.occupancies(concentration))

    def effects_of(self, occupied: Mapping[str, float]) -> tuple[Effect, ...]:
        """Return all effects where these parts of the receptors are occupied."""
        names = {a.receptor.name for a in self.actions}
        for name in occupied:
            if name not in names:
                raise SpecError(
                    f"{self.name} has no receptor {name!r}." + did_you_mean(name, names)
                )
        return tuple(
            effect.at(occupied.get(action.receptor.name, 0.0))
            for action in self.actions
            for effect in action.effects
        )

    def apply(self, cell: Cell, concentration: float) -> Cell:
        """Return the specification of a cell in a steady concentration (nM)."""
        return apply(cell, on_membrane(self.effects(concentration), cell.mechanisms))

    def activations(self, t: npt.ArrayLike, concentration: npt.ArrayLike) -> dict[str, Array]:
        """Return the activation of each class of receptors over time, through its G protein.

        Parameters
        ----------
        t, concentration
            Times (ms) and the concentration (nM) from each on, shape [n].
        """
        return {a.receptor.name: a.receptor.activation(t, concentration) for a in self.actions}
