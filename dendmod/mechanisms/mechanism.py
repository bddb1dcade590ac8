"""A mechanism: what a specification can set of it, and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dendmod.mechanisms.nmodl import Ion, Kind

CONDUCTANCES = {"S/cm2", "mho/cm2", "mS/cm2", "uS/cm2", "pS/um2", "nS/um2", "S/m2", "siemens/cm2"}
PERMEABILITIES = {"cm/s"}


@dataclass(frozen=True)
class Parameter:
    """A parameter that a specification may set: name, default and declared unit."""

    name: str
    default: float
    unit: str


@dataclass(frozen=True)
class Mechanism:
    """One mechanism.

    Parameters
    ----------
    suffix
        Its name in NEURON.
    kind
        "density" for distributed mechanisms, "point" for point processes, "artificial" for cells
        without membrane.
    parameters, globals
        What can be set from place to place (RANGE), and once a process (GLOBAL).
    variables
        Other RANGE variables, which can be read.
    ions
        Ions that it uses, and what of them it reads and writes.
    currents
        Names of the currents that it adds to the membrane.
    maximal
        Parameters that a current is proportional to: maximal conductances or permeabilities.
    conductance, reversal
        Of an ohmic current ``i = g*(v - e)`` the names of g and e, else "".
    states
        Names of its states.
    reads
        Of "v", "celsius", "diam" and "area" what it reads.
    blocks
        Constructs of its file that engines care for, such as "KINETIC".
    weight_unit
        Of the weight that a spike brings to a synapse; "" where its file declares none.
    quiet_with
        (parameter, value): while a pool has these values it adds no current, whatever it writes.
    title, source
        Head of the .mod file.
    file
        The .mod file; None for what is built into NEURON.
    """

    suffix: str
    kind: Kind
    parameters: tuple[Parameter, ...]
    globals: tuple[Parameter, ...]
    variables: tuple[str, ...]
    ions: tuple[Ion, ...]
    currents: tuple[str, ...]
    maximal: tuple[str, ...]
    conductance: str
    reversal: str
    states: tuple[str, ...]
    reads: tuple[str, ...]
    blocks: tuple[str, ...]
    weight_unit: str
    title: str
    source: str
    file: Path | None
    quiet_with: tuple[tuple[str, float], ...] = ()

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(p.name for p in self.parameters)

    @property
    def pool_of(self) -> tuple[str, ...]:
        """Ions whose concentration inside it writes: it is a pool, whatever it is called."""
        return tuple(ion.name for ion in self.ions if f"{ion.name}i" in ion.writes)

    @property
    def conducts(self) -> bool:
        """Whether it is a distributed mechanism that adds a current to the membrane."""
        return self.kind == "density" and bool(self.currents)

    @property
    def is_leak(self) -> bool:
        """Whether its conductance is one of its parameters and no ion's: a plain leak.

        A gate without a state, which follows the potential at once, makes it a channel.
        """
        return self.conducts and not self.ions and self.conductance in self.parameter_names

    @property
    def gated_by(self) -> tuple[str, ...]:
        """Ions whose concentration inside it reads without carrying or keeping that ion."""
        return tuple(
            ion.name for ion in self.ions if f"{ion.name}i" in ion.reads and not ion.writes
        )

    @property
    def needs_pool(self) -> tuple[str, ...]:
        """Ions whose concentration matters to it: those that gate it or, carried, drive it.

        Those are calcium, whose reversal potential follows its concentration, which no model leaves
        alone, and any ion whose current is computed from concentrations (GHK).
        """
        read = {ion.name for ion in self.ions if f"{ion.name}i" in ion.reads}
        carried = tuple(ion for ion in self.carries if ion == "ca" or ion in read)
        return tuple(dict.fromkeys((*self.gated_by, *carried)))

    @property
    def reads_reversal_of(self) -> tuple[str, ...]:
        """Ions whose reversal potential it reads."""
        return tuple(ion.name for ion in self.ions if f"e{ion.name}" in ion.reads)

    @property
    def carries(self) -> tuple[str, ...]:
        """Ions whose current it writes."""
        return tuple(ion.name for ion in self.ions if f"i{ion.name}" in ion.writes)

    def unit_of(self, name: str) -> str:
        """Return the declared unit of a parameter; "" where the file declares none."""
        return next((p.unit for p in self.parameters if p.name == name), "")

    @property
    def kind_in_words(self) -> str:
        """What it is: channel, pool, pump, leak, synapse, point process, artificial cell."""
        if self.kind == "artificial":
            return "artificial cell"
        if self.kind == "point":
            return "synapse" if "NET_RECEIVE" in self.blocks else "point process"
        if self.pool_of:
            return "pump" if self.currents else "pool"
        if self.is_leak:
            return "leak"
        return "channel" if self.conducts else "mechanism without current"
