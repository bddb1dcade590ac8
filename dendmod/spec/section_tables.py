"""The membrane of a cell section by section and segment by segment, in NEURON's names."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from dendmod.spec.base import Spec

MOST_SEGMENTS = 32767  # of a section, in NEURON


class SectionMembrane(Spec):
    """The membrane of one section.

    Parameters
    ----------
    region
        What the section is of; a myelinated one belongs to the axon.
    nseg
        Number of segments, at most 32767.
    Ra
        Axial resistivity (ohm cm).
    mechanisms
        Distributed mechanisms in the section.
    values
        By NEURON's name ("cm", "ena", "gbar_NaT", "e_pas") one number, or one a segment.
    """

    region: Literal["soma", "basal", "apical", "axon"]
    nseg: PositiveInt = Field(le=MOST_SEGMENTS)
    Ra: PositiveFloat
    mechanisms: tuple[str, ...]
    values: dict[str, tuple[float, ...]]

    @model_validator(mode="after")
    def _one_or_one_a_segment(self) -> SectionMembrane:
        for name, row in self.values.items():
            if len(row) not in (1, self.nseg):
                raise ValueError(
                    f"{name} has {len(row)} values in a section of {self.nseg} segments; give one, "
                    "or one a segment"
                )
        if min(self.values.get("cm", (0.0,))) <= 0:
            raise ValueError("give cm, above 0 uF/cm2 everywhere")
        return self


class SectionTables(Spec):
    """The membrane of a whole cell, a table a section, with temperature (degC) and start (mV).

    Such tables are made by programs: `dendmod.cells.file.load_cell` evaluates lists and
    distributions of a cell file, importers read a cell out of NEURON.

    Parameters
    ----------
    name
        Of the cell, in messages and results.
    sections
        In the order of the morphology; those of an axon stub come after them. Maximal conductances
        stand in them also where they are the defaults of their mechanisms.
    celsius, v_init
        Temperature, and potential from which a run settles.
    """

    name: str
    sections: tuple[SectionMembrane, ...]
    celsius: float
    v_init: float

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """Suffixes of all mechanisms of the membrane."""
        return tuple(sorted({m for section in self.sections for m in section.mechanisms}))
