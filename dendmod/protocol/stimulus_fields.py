"""The fields of one stimulus in a file: currents, a voltage clamp, spikes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from dendmod.arrays import reals
from dendmod.errors import SpecError
from dendmod.npz import read_npz
from dendmod.protocol.places import PlaceFields
from dendmod.rng import gaussian_burst, poisson, stream
from dendmod.spec import (
    Chirp,
    ClampLevel,
    CurrentClamp,
    Location,
    OrnsteinUhlenbeck,
    Ramp,
    Sine,
    Spec,
    SpikeTrain,
    Synapse,
    VoltageClamp,
    Waveform,
)
from dendmod.spec.currents import Current
from dendmod.texts import read_text

Place = str | PlaceFields


class _Stimulus(Spec):
    location: Place = "soma"


class _Timed(_Stimulus):
    delay_ms: NonNegativeFloat
    dur_ms: PositiveFloat

    @property
    def window(self) -> tuple[float, float]:
        """When it begins and ends (ms)."""
        return self.delay_ms, self.delay_ms + self.dur_ms


class StepFields(_Timed):
    """kind = "step": a current that is on and off."""

    kind: Literal["step"]
    amp_nA: float

    def clamp(self, at: Location) -> CurrentClamp:
        """Return the clamp."""
        return CurrentClamp(location=at, delay=self.delay_ms, dur=self.dur_ms, amp=self.amp_nA)


class RampFields(_Timed):
    """kind = "ramp": a current in a straight line from one value to another."""

    kind: Literal["ramp"]
    start_nA: float = 0.0
    stop_nA: float

    def current(self, at: Location, seed: int, trial: int, name: str) -> Current:
        """Return the current."""
        return Ramp(location=at, delay=self.delay_ms, dur=self.dur_ms, start=self.start_nA,
                    stop=self.stop_nA)  # fmt: skip


class SineFields(_Timed):
    """kind = "sine": amplitude, frequency, phase and mean of a current."""

    kind: Literal["sine"]
    amp_nA: float
    frequency_Hz: PositiveFloat
    phase_rad: float = 0.0
    mean_nA: float = 0.0

    def current(self, at: Location, seed: int, trial: int, name: str) -> Current:
        """Return the current."""
        return Sine(
            location=at, delay=self.delay_ms, dur=self.dur_ms, amp=self.amp_nA,
            frequency=self.frequency_Hz, phase=self.phase_rad, mean=self.mean_nA,
        )  # fmt: skip


class ChirpFields(_Timed):
    """kind = "chirp": a sine whose frequency rises or falls in a straight line."""

    kind: Literal["chirp"]
    amp_nA: float
    start_Hz: NonNegativeFloat
    stop_Hz: PositiveFloat
    mean_nA: float = 0.0

    def current(self, at: Location, seed: int, trial: int, name: str) -> Current:
        """Return the current."""
        return Chirp(
            location=at, delay=self.delay_ms, dur=self.dur_ms, amp=self.amp_nA,
            start=self.start_Hz, stop=self.stop_Hz, mean=self.mean_nA,
        )  # fmt: skip


class NoiseFields(_Timed):
    """kind = "noise": Ornstein-Uhlenbeck noise, another in each trial."""

    kind: Literal["noise"]
    mean_nA: float = 0.0
    sd_nA: NonNegativeFloat
    tau_ms: PositiveFloat

    def current(self, at: Location, seed: int, trial: int, name: str) -> Current:
        """Return the current."""
        return OrnsteinUhlenbeck(
            location=at, delay=self.delay_ms, dur=self.dur_ms, mean=self.mean_nA, sd=self.sd_nA,
            tau=self.tau_ms, seed=seed, key=f"{name}/{trial}",
        )  # fmt: skip


class WaveformFields(_Stimulus):
    """kind = "waveform": a current from a file.

    A CSV file has a column of times (ms) and one of currents (nA), with or without a line of
    names; an npz file has arrays ``t`` and ``i``. Times begin `delay_ms` after time zero, currents
    are multiplied by `scale`.
    """

    kind: Literal["waveform"]
    file: str
    delay_ms: NonNegativeFloat = 0.0
    scale: float = 1.0
    between: Literal["line", "hold"] = "line"

    def current(self, at: Location, seed: int, trial: int, name: str) -> Current:
        """Return the current."""
        t, i = read_waveform(self.file)
        return Waveform(location=at, times=tuple((t + self.delay_ms).tolist()),
                        amps=tuple((i * self.scale).tolist()), between=self.between)  # fmt: skip

    @property
    def window(self) -> tuple[float, float]:
        """When it begins and ends (ms)."""
        t, _ = read_waveform(self.file)
        return self.delay_ms + float(t[0]), self.delay_ms + float(t[-1])


class ClampFields(_Stimulus):
    """kind = "voltage_clamp": up to three levels, the first held from settling on."""

    kind: Literal["voltage_clamp"]
    levels_mV: tuple[float, ...] = Field(min_length=1, max_length=3)
    durations_ms: tuple[PositiveFloat, ...]
    rs_MOhm: PositiveFloat = 1e-3

    @model_validator(mode="after")
    def _one_duration_a_level(self) -> ClampFields:
        if len(self.levels_mV) != len(self.durations_ms):
            raise ValueError(
                f"{len(self.levels_mV)} levels_mV and {len(self.durations_ms)} durations_ms; give "
                "one a level"
            )
        return self

    def voltage_clamp(self, at: Location) -> VoltageClamp:
        """Return the clamp."""
        pairs = zip(self.levels_mV, self.durations_ms, strict=True)
        levels = tuple(ClampLevel(v=v, dur=dur) for v, dur in pairs)
        return VoltageClamp(location=at, rs=self.rs_MOhm, levels=levels)

    @property
    def window(self) -> tuple[float, float]:
        """When it begins and ends (ms)."""
        return 0.0, sum(self.durations_ms)


class SpikeFields(_Stimulus):
    """kind = "spikes", "burst" or "poisson": spikes that arrive at a point process.

    `weight` is in the unit of the mechanism, uS for conductances and nA for currents.

    - "spikes": at `times_ms`.
    - "burst": `n` times, normal around `center_ms` with `sd_ms`, others in each trial.
    - "poisson": at `rate_Hz` from `delay_ms` for `dur_ms`, others in each trial.
    """

    mechanism: str
    params: dict[str, float] = {}
    weight: float

    def synapse(self, name: str, at: Location) -> Synapse:
        """Return the synapse."""
        return Synapse(name=name, mechanism=self.mechanism, location=at, params=self.params)


class GivenSpikes(SpikeFields):
    """kind = "spikes": spikes at given times."""

    kind: Literal["spikes"]
    times_ms: tuple[NonNegativeFloat, ...]

    def train(self, name: str, seed: int, trial: int) -> SpikeTrain:
        """Return its spikes."""
        return SpikeTrain(name, np.array(self.times_ms, dtype=float), self.weight)

    @property
    def window(self) -> tuple[float, float]:
        """First and last spike (ms)."""
        return min(self.times_ms, default=0.0), max(self.times_ms, default=0.0)


class BurstSpikes(SpikeFields):
    """kind = "burst": spike times that are normal around a centre."""

    kind: Literal["burst"]
    n: int = Field(ge=0)
    center_ms: NonNegativeFloat
    sd_ms: PositiveFloat

    def train(self, name: str, seed: int, trial: int) -> SpikeTrain:
        """Return its spikes."""
        rng = stream(seed, trial, name, "burst")
        return SpikeTrain(
            name, gaussian_burst(rng, self.n, self.center_ms, self.sd_ms), self.weight
        )

    @property
    def window(self) -> tuple[float, float]:
        """Three SD around the centre (ms)."""
        return max(self.center_ms - 3 * self.sd_ms, 0.0), self.center_ms + 3 * self.sd_ms


class PoissonSpikes(SpikeFields):
    """kind = "poisson": spikes at a rate."""

    kind: Literal["poisson"]
    rate_Hz: NonNegativeFloat
    delay_ms: NonNegativeFloat = 0.0
    dur_ms: PositiveFloat

    def train(self, name: str, seed: int, trial: int) -> SpikeTrain:
        """Return its spikes."""
        times = poisson(stream(seed, trial, name, "poisson"), self.rate_Hz, self.dur_ms)
        return SpikeTrain(name, times + self.delay_ms, self.weight)

    @property
    def window(self) -> tuple[float, float]:
        """When it begins and ends (ms)."""
        return self.delay_ms, self.delay_ms + self.dur_ms


CurrentFields = RampFields | SineFields | ChirpFields | NoiseFields | WaveformFields
TrainFields = GivenSpikes | BurstSpikes | PoissonSpikes
StimulusFields = Annotated[
    StepFields | CurrentFields | ClampFields | TrainFields, Field(discriminator="kind")
]


def read_waveform(file: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times (ms) and currents (nA) of a CSV or npz file, each of shape [n].

    Raises
    ------
    SpecError
        If the file is not there or does not hold two rows of numbers.
    """
    path = Path(file)
    if path.suffix == ".npz":
        kept = read_npz(path)
        missing = [name for name in ("t", "i") if name not in kept]
        if missing:
            raise SpecError(f"{path} has no array {missing[0]!r}; save t (ms) and i (nA)")
        return _checked_waveform(
            path, reals(kept["t"], f"{path}: t"), reals(kept["i"], f"{path}: i")
        )
    lines = read_text(path).split("\n")
    rows = [line.split(",") for line in lines if line.strip() and not line.startswith("#")]
    if rows and not _is_number(rows[0][0]):
        rows = rows[1:]
    for number, row in enumerate(rows, start=1):
        if len(row) != 2 or not all(map(_is_number, row)):
            raise SpecError(
                f"{path}, row {number}: {','.join(row)!r:.100}; give a time (ms) and a current "
                "(nA), with a comma between them"
            )
    table = np.array(rows, dtype=float).reshape(-1, 2)
    return _checked_waveform(path, table[:, 0], table[:, 1])


def _checked_waveform(path: Path, t: np.ndarray, i: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return times and currents if they are two rows of one length, and times go up."""
    if t.ndim != 1 or t.shape != i.shape or not t.size:
        raise SpecError(f"{path}: times {t.shape} and currents {i.shape}; give two rows, one long")
    if (np.diff(t) < 0).any():
        raise SpecError(f"{path}: the times go back; give them in ascending order")
    return t, i


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
