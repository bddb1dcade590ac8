"""What is attached to a cell: synapses and their spike trains, currents, clamps, recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from dendmod.errors import SpecError, did_you_mean
from dendmod.spec.base import Spec
from dendmod.spec.cell import Cell
from dendmod.spec.currents import Current
from dendmod.spec.place import SOMA, Location
from dendmod.spec.reduced import ReducedCell


class Synapse(Spec):
    """A point process that receives spikes; parameters in NEURON's units."""

    name: str
    mechanism: str
    location: Location
    params: dict[str, float] = {}


class CurrentClamp(Spec):
    """A current step: delay and dur in ms after time zero, amp in nA."""

    location: Location
    delay: NonNegativeFloat
    dur: PositiveFloat
    amp: float


class ClampLevel(Spec):
    """A potential (mV) that a voltage clamp holds for `dur` ms."""

    v: float
    dur: PositiveFloat


class VoltageClamp(Spec):
    """A single-electrode voltage clamp with series resistance rs in MOhm.

    Give either `v` (mV), held all the time, or up to three `levels`, as many as NEURON's SEClamp
    has: the first is held from settling on and ends its `dur` ms after time zero; after the last
    the clamp lets go.
    """

    location: Location
    v: float | None = None
    rs: PositiveFloat = 1e-3
    levels: tuple[ClampLevel, ...] = Field(default=(), max_length=3)

    @model_validator(mode="after")
    def _one_of_both(self) -> VoltageClamp:
        if (self.v is None) == (not self.levels):
            raise ValueError("a voltage clamp has either v or levels; give one of them")
        return self


class Recording(Spec):
    """A variable that is kept over time, by NEURON's name.

    Parameters
    ----------
    location
        Of a variable of the membrane: ``v``, ``ina``, ``cai``, ``gNaTa_t_NaTa_t``, ``m_NaTa_t``.
    synapse
        In place of it the name of a synapse, for variables of its point process such as ``i``.
    variable
        Name of the variable.
    """

    location: Location | None = None
    synapse: str | None = None
    variable: str = Field(pattern=r"^[A-Za-z]\w*$")

    @model_validator(mode="after")
    def _one_of_both(self) -> Recording:
        if (self.location is None) == (self.synapse is None):
            raise ValueError("a recording is at a location or at a synapse; give one of them")
        return self


_TAKEN = ("t", "v", "recording", "clamp_current")  # names of a result's own


class Setup(Spec):
    """A cell with all that is attached to it.

    `record` names what is kept: a `Location` keeps its voltage, a `Recording` any variable.
    """

    cell: Cell | ReducedCell
    synapses: tuple[Synapse, ...] = ()
    current_clamps: tuple[CurrentClamp, ...] = ()
    currents: tuple[Current, ...] = ()
    voltage_clamp: VoltageClamp | None = None
    record: dict[str, Location | Recording] = {"soma": SOMA}

    @model_validator(mode="after")
    def _unique_names(self) -> Setup:
        names = [s.name for s in self.synapses]
        twice = {n for n in names if names.count(n) > 1}
        if twice:
            raise ValueError(f"synapse names must differ; twice: {', '.join(sorted(twice))}")
        return self

    @model_validator(mode="after")
    def _recordings_are_of_what_is_there(self) -> Setup:
        known = [s.name for s in self.synapses]
        for name, kept in self.recordings.items():
            if name in _TAKEN:
                raise ValueError(f"a recording cannot be called {name!r}; give another name")
            if kept.synapse is not None and kept.synapse not in known:
                raise ValueError(
                    f"recording {name!r}: there is no synapse {kept.synapse!r}."
                    + did_you_mean(kept.synapse, known)
                )
        return self

    @model_validator(mode="after")
    def _compartments_are_there(self) -> Setup:
        if isinstance(self.cell, ReducedCell):
            n = len(self.cell.compartments)
            by_number = {what: p for what, p in self.places.items() if not p.is_named}
            check_places(by_number, n, "compartment", self.cell.name)
        return self

    def __repr__(self) -> str:
        counts = ((len(self.synapses), "synapse"), (len(self.current_clamps), "current clamp"),
                  (len(self.currents), "current waveform"),
                  (int(self.voltage_clamp is not None), "voltage clamp"))  # fmt: skip
        held = "".join(f", {n} {what}{'s' * (n != 1)}" for n, what in counts if n)
        return f"Setup({self.cell!r}{held}; records {', '.join(self.record) or 'nothing'})"

    __str__ = __repr__

    @property
    def places(self) -> dict[str, Location]:
        """Every place that is named, by what lies there."""
        found = {f"synapse {s.name!r}": s.location for s in self.synapses}
        found |= {f"current clamp {i}": c.location for i, c in enumerate(self.current_clamps)}
        found |= {f"{c.kind} {i}": c.location for i, c in enumerate(self.currents)}
        if self.voltage_clamp is not None:
            found["voltage clamp"] = self.voltage_clamp.location
        for name, kept in self.record.items():
            place = kept.location if isinstance(kept, Recording) else kept
            if place is not None:
                found[f"recording {name!r}"] = place
        return found

    @property
    def voltages(self) -> dict[str, Location]:
        """Places whose voltage is kept, by name."""
        found = {}
        for name, kept in self.record.items():
            if isinstance(kept, Location):
                found[name] = kept
            elif kept.variable == "v" and kept.location is not None:
                found[name] = kept.location
        return found

    @property
    def recordings(self) -> dict[str, Recording]:
        """Variables other than voltages that are kept, by name."""
        return {
            name: kept
            for name, kept in self.record.items()
            if isinstance(kept, Recording) and name not in self.voltages
        }


@dataclass(frozen=True)
class SpikeTrain:
    """Spikes that arrive at one synapse, all with one weight.

    Parameters
    ----------
    synapse
        Name of a synapse of the set-up.
    times
        Arrival times, shape (spikes,), in ms after time zero.
    weight
        Maximum of the conductance profile (uS) or extremum of the current profile (nA).

    Raises
    ------
    SpecError
        If a time or the weight is not finite, or a time is negative.
    """

    synapse: str
    times: npt.NDArray[np.float64]
    weight: float

    def __post_init__(self) -> None:
        times = np.asarray(self.times, dtype=float)
        if times.ndim != 1 or not np.isfinite(times).all() or (times < 0).any():
            raise SpecError(
                f"spike times of {self.synapse!r} must be one row of finite numbers >= 0 ms; "
                f"given: shape {times.shape}, range {times.min(initial=0)}..{times.max(initial=0)}"
            )
        if not np.isfinite(self.weight):
            raise SpecError(
                f"the weight of {self.synapse!r} is {self.weight}; give a finite number"
            )
        object.__setattr__(self, "times", times)


def check_places(places: Mapping[str, Location], n: int, kind: str, cell: str) -> None:
    """Raise a SpecError for a place whose section or compartment the cell does not have."""
    for what, place in places.items():
        if place.section >= n:
            raise SpecError(
                f"{what}: {kind} {place.section} is not there: {cell} has {kind}s 0..{n - 1}"
            )


def check_trains(setup: Setup, trains: tuple[SpikeTrain, ...]) -> None:
    """Raise a SpecError for a train whose synapse the set-up does not have."""
    known = {s.name for s in setup.synapses}
    for train in trains:
        if train.synapse not in known:
            raise SpecError(
                f"there is no synapse {train.synapse!r}." + did_you_mean(train.synapse, known)
            )
