"""The fields of a file of stimuli and recordings. Units stand in the names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from dendmod.engines.held import Engine
from dendmod.errors import did_you_mean
from dendmod.protocol.model import CellFields
from dendmod.protocol.stimulus_fields import (
    ClampFields,
    CurrentFields,
    Place,
    StimulusFields,
    TrainFields,
)
from dendmod.spec import Location, Recording, Run, Spec
from dendmod.spec.grid import MOST_TRIALS, grid_points


class StimuliRunFields(Spec):
    """[run]"""

    dt_ms: float = Field(default=0.025, gt=0, le=0.2)
    tstop_ms: PositiveFloat
    settle_ms: NonNegativeFloat = 1000.0
    method: Literal["fixed", "adaptive"] = "fixed"
    spike_threshold_mV: float | None = None  # None: the cell's
    trials: PositiveInt = Field(default=1, le=MOST_TRIALS)
    seed: int = Field(default=1, ge=0)
    engine: Engine = "auto"


class RecordingFields(Spec):
    """[recordings.NAME]: a variable by NEURON's name, at a location or of a stimulus's synapse."""

    location: Place | None = None
    synapse: str | None = None
    variable: str = "v"

    @model_validator(mode="after")
    def _one_of_both(self) -> RecordingFields:
        if (self.location is None) == (self.synapse is None):
            raise ValueError("a recording is at a location or of a synapse; give one of them")
        return self


class MeasureFields(Spec):
    """[measure]: where and when spikes are counted and means taken.

    `recording` is the voltage whose spikes count, the first one if not given; the window is that
    of the stimuli.
    """

    recording: str | None = None
    start_ms: NonNegativeFloat | None = None
    stop_ms: PositiveFloat | None = None


class StimulusProtocol(Spec):
    """A whole file of stimuli and recordings."""

    schema_: Literal["dendmod/stimuli/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    title: str
    source: str = ""
    cell: CellFields = CellFields()
    run: StimuliRunFields
    locations: dict[str, Place] = {}
    stimuli: dict[str, StimulusFields] = {}
    recordings: dict[str, RecordingFields] = {"soma": RecordingFields(location="soma")}
    measure: MeasureFields = MeasureFields()
    sweep: dict[str, tuple[Any, ...]] = {}
    quick: dict[str, Any] = {}

    @model_validator(mode="after")
    def _fits(self) -> StimulusProtocol:
        clamps = [name for name, s in self.stimuli.items() if isinstance(s, ClampFields)]
        if len(clamps) > 1:
            raise ValueError(f"one cell has one voltage clamp; given: {', '.join(clamps)}")
        played = [name for name, s in self.stimuli.items() if isinstance(s, CurrentFields)]
        if played and self.run.method != "fixed":
            raise ValueError(f"{', '.join(played)}: played step by step; take run.method = 'fixed'")
        voltages = self.voltages
        if self.measure.recording is not None and self.measure.recording not in voltages:
            raise ValueError(
                f"measure.recording = {self.measure.recording!r} is no recording of v."
                + did_you_mean(self.measure.recording, voltages)
            )
        start, stop = self.window
        if not start < stop:
            raise ValueError(
                f"nothing is measured: from {start} to {stop} ms of a run of {self.run.tstop_ms} "
                "ms; change measure.start_ms, measure.stop_ms or run.tstop_ms"
            )
        for field, values in self.sweep.items():
            if not values:
                raise ValueError(f"sweep.{field!r} has no value")
        return self

    @property
    def voltages(self) -> tuple[str, ...]:
        """Names of the recordings of v."""
        return tuple(name for name, r in self.recordings.items() if r.variable == "v")

    @property
    def window(self) -> tuple[float, float]:
        """From when to when (ms) spikes are counted and means taken."""
        found = [s.window for s in self.stimuli.values()]
        start, stop = self.measure.start_ms, self.measure.stop_ms
        if start is None:
            start = min((w[0] for w in found), default=0.0)
        if stop is None:
            latest = max((w[1] for w in found), default=self.run.tstop_ms)
            is_time = latest > start and not any(isinstance(s, TrainFields) for s in
                                                 self.stimuli.values())  # fmt: skip
            stop = latest if is_time else self.run.tstop_ms  # synapses act after their spikes
        return start, min(stop, self.run.tstop_ms)

    @property
    def points(self) -> list[dict[str, Any]]:
        """What each run of the sweep sets: every combination of the values of its fields."""
        return grid_points(self.sweep)

    @property
    def run_spec(self) -> Run:
        """The run."""
        r = self.run
        return Run(tstop=r.tstop_ms, dt=r.dt_ms, settle=r.settle_ms, method=r.method,
                   spike_threshold=self.cell.threshold(r.spike_threshold_mV))  # fmt: skip


def spikes_of(protocol: StimulusProtocol) -> Mapping[str, TrainFields]:
    """Return the stimuli that send spikes, by name."""
    return {n: s for n, s in protocol.stimuli.items() if isinstance(s, TrainFields)}


def recording_spec(fields: RecordingFields, at: Location | None) -> Location | Recording:
    """Return what a set-up keeps for a recording whose location is known."""
    if at is not None and fields.variable == "v":
        return at
    return Recording(location=at, synapse=fields.synapse, variable=fields.variable)
