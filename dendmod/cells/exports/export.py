"""What is exported: a frozen cell, its mechanisms, and the step that its example runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from dendmod.cells.exports.layout import farthest_end
from dendmod.mechanisms import Mechanism
from dendmod.spec import Location
from dendmod.spec.frozen import FrozenCell

DELAY, DURATION, TSTOP, DT = 5.0, 55.0, 60.0, 0.025  # ms
THRESHOLD = 0.0  # mV, above which a spike is counted


@dataclass(frozen=True)
class Export:
    """What a form of export is made from.

    Parameters
    ----------
    cell
        The cell as it stands in NEURON.
    mechanisms
        Those of its membrane, and those of its receptors after them.
    amp
        Current (nA) of the step at the root of the example.
    """

    cell: FrozenCell
    mechanisms: tuple[Mechanism, ...]
    amp: float

    @cached_property
    def name(self) -> str:
        """The name of the cell as a program may spell it."""
        name = re.sub(r"\W+", "_", self.cell.name).strip("_")
        return name if name and not name[0].isdigit() else f"cell_{name}".rstrip("_")

    @cached_property
    def units(self) -> dict[str, str]:
        """Unit by NEURON's name, of what the files of the mechanisms declare."""
        found = {"Ra": "ohm cm", "cm": "uF/cm2"}
        for m in self.mechanisms:
            found |= {f"{p.name}_{m.suffix}": p.unit for p in (*m.parameters, *m.globals)}
            for ion in m.ions:
                found |= {f"e{ion.name}": "mV", f"{ion.name}i": "mM", f"{ion.name}o": "mM"}
                found |= {f"{ion.name}{side}0_{ion.name}_ion": "mM" for side in "io"}
        return {name: unit for name, unit in found.items() if unit not in ("", "1")}

    @cached_property
    def places(self) -> tuple[Location, ...]:
        """Where the example records: the root, the farthest end, and the end of an axon."""
        return places_of(self.cell)

    def place_name(self, place: Location) -> str:
        """Return NEURON's name of a place."""
        return f"{self.cell.sections[place.section].name}({place.x:g})"


def places_of(cell: FrozenCell) -> tuple[Location, ...]:
    """Return where a cell is recorded: at the root, the farthest end, and the end of an axon."""
    axon = [i for i, s in enumerate(cell.sections) if s.membrane.region == "axon"]
    ends = dict.fromkeys((farthest_end(cell), *axon[-1:]))
    return (
        Location(section=0, x=0.5),
        *(Location(section=i, x=1.0) for i in ends if i),
    )
