"""What a result answers: a set-up, how it was run, and what its trial had of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from dendmod.errors import SpecError
from dendmod.spec.currents import Current
from dendmod.spec.place import Location
from dendmod.spec.reduced import ReducedCell
from dendmod.spec.run import Run
from dendmod.spec.stimulus import Recording, Setup, SpikeTrain
from dendmod.spec.trial import Trial

_SCHEMA = "dendmod/asked/1"
_CURRENT: TypeAdapter[Current] = TypeAdapter(Current)


@dataclass(frozen=True)
class Asked:
    """All that a run of a cell depends on; the same again gives the same result.

    Parameters
    ----------
    setup, run
        The cell with all that is attached to it, and how it was run.
    trial
        Spikes, amplitudes, currents and factors of the trial.
    """

    setup: Setup
    run: Run
    trial: Trial = field(default_factory=Trial)

    def place(self, recording: str) -> str:
        """Return where something was recorded, such as ``apic[36](0.5)``; "" if it is unknown."""
        kept = self.setup.record.get(recording)
        if isinstance(kept, Recording):
            if kept.location is None:
                return f"synapse {kept.synapse}"
            kept = kept.location
        return "" if kept is None else self.shown(kept)

    def shown(self, place: Location) -> str:
        """Return a place as a text, with the name of a compartment where it has one."""
        section, cell = place.section_, self.setup.cell
        if section == 0:
            section = "soma"
        elif isinstance(cell, ReducedCell) and isinstance(section, int):
            section = cell.compartments[section].name or section
        return f"{section}({place.x:g})"

    def to_json(self) -> str:
        """Return it as JSON, with every number to its last digit."""
        trial = self.trial
        currents = None if trial.currents is None else [
            _CURRENT.dump_python(c, mode="json") for c in trial.currents
        ]  # fmt: skip
        return json.dumps({
            "schema": _SCHEMA,
            "setup": self.setup.model_dump(mode="json"),
            "run": self.run.model_dump(mode="json"),
            "trial": {
                "trains": [
                    {"synapse": t.synapse, "times": t.times.tolist(), "weight": float(t.weight)}
                    for t in trial.trains
                ],
                "amps": None if trial.amps is None else list(trial.amps),
                "currents": currents,
                "scale": dict(trial.scale),
            },
        })  # fmt: skip

    @classmethod
    def from_json(cls, text: str) -> Asked:
        """Read what `to_json` has written.

        Raises
        ------
        SpecError
            If it is something else.
        """
        try:
            given: dict[str, Any] = json.loads(text)
            if given["schema"] != _SCHEMA:
                raise ValueError(f"its schema is {given['schema']!r} in place of {_SCHEMA!r}")
            of = given["trial"]
            trial = Trial(
                trains=tuple(
                    SpikeTrain(t["synapse"], np.array(t["times"], float), t["weight"])
                    for t in of["trains"]
                ),
                amps=None if of["amps"] is None else tuple(of["amps"]),
                currents=None
                if of["currents"] is None
                else tuple(_CURRENT.validate_python(c) for c in of["currents"]),
                scale=of["scale"],
            )
            setup = Setup.model_validate(given["setup"])
            return cls(setup, Run.model_validate(given["run"]), trial)
        except SpecError:
            raise
        except (ValueError, KeyError, TypeError) as error:
            raise SpecError(f"this is no specification of a run ({error})") from None
