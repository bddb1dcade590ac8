"""What a run returns, and what can be done with it: spikes, tables, files, a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dendmod.arrays import reals
from dendmod.atomic import replacing
from dendmod.errors import SpecError, did_you_mean
from dendmod.formats.recorded import Recorded, Trace, Train
from dendmod.npz import read_header
from dendmod.spec.asked import Asked

if TYPE_CHECKING:
    import neo
    import pandas
    import xarray
    from matplotlib.axes import Axes

Array = npt.NDArray[np.float64]
_SCHEMA = "dendmod/result/1"


@dataclass(frozen=True, repr=False)
class Result:
    """Traces of one run.

    Parameters
    ----------
    t
        Times (ms), shape (steps + 1,).
    v
        Voltage (mV) a recording, each of the shape of `t`.
    clamp_current
        Current of the voltage clamp (nA) of the shape of `t`, or None.
    provenance
        Engine, versions and hashes.
    recordings
        Other variables by name, each of the shape of `t`.
    units
        Unit of each of them, "" where it has none or none is known.
    spike_threshold
        What an upward crossing of counts as a spike (mV), unless `spike_times` is told otherwise.
    asked
        What it is the result of, or None where that is not known.
    """

    t: Array
    v: dict[str, Array]
    clamp_current: Array | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    recordings: dict[str, Array] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    spike_threshold: float = 0.0
    asked: Asked | None = None

    def __repr__(self) -> str:
        clamp = "" if self.clamp_current is None else ", clamp current"
        length = f"{self.t[-1] - self.t[0]:g} ms, " if self.t.size else ""
        engine = self.provenance.get("engine")
        return (
            f"Result({length}{self.t.size} samples of "
            f"{', '.join((*self.v, *self.recordings)) or 'no recording'}{clamp}"
            f"{'' if engine is None else f'; {engine}'})"
        )

    def spike_times(self, recording: str = "soma", threshold: float | None = None) -> Array:
        """Return the times (ms) of upward crossings of `threshold` (mV), interpolated.

        None takes the `spike_threshold` of the run.

        Raises
        ------
        SpecError
            If nothing was recorded under this name.
        """
        level = self.spike_threshold if threshold is None else threshold
        return upward_crossings(self.t, self._trace(recording), level)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the traces as a table.

        Returns
        -------
        DataFrame
            A row per time, with the index ``t_ms``; a column per voltage (mV), one per other
            recording, and ``clamp_current_nA``. ``attrs["units"]`` names the unit of each column.
        """
        import pandas

        columns = self.v | self.recordings
        units = dict.fromkeys(self.v, "mV") | {n: self.unit_of(n) for n in self.recordings}
        if self.clamp_current is not None:
            columns["clamp_current_nA"], units["clamp_current_nA"] = self.clamp_current, "nA"
        table = pandas.DataFrame(columns, index=pandas.Index(self.t, name="t_ms"))
        table.attrs["units"] = units
        return table

    def to_xarray(self) -> xarray.Dataset:
        """Return the traces as a data set; needs the extra ``xarray``.

        Returns
        -------
        Dataset
            ``v`` (mV) over ``recording`` and ``t`` (ms); each other recording by its name and
            ``clamp_current`` (nA) over ``t``. ``place`` says where each potential was recorded, an
            attribute where another variable was, as far as it is known. Units and provenance are
            attributes, and so is what was asked for, as JSON.

        Raises
        ------
        SpecError
            If xarray is not installed.
        """
        from dendmod.formats.dataset import dataset

        v = (("recording", "t"), _stacked(self.v, self.t.size), {"units": "mV"})
        variables: dict[str, Any] = {"v": v} | {
            name: ("t", trace, {"units": self.unit_of(name), **self._known_place(name)})
            for name, trace in self.recordings.items()
        }
        if self.clamp_current is not None:
            variables["clamp_current"] = ("t", self.clamp_current, {"units": "nA"})
        coordinates: dict[str, Any] = {
            "t": ("t", self.t, {"units": "ms"}),
            "recording": ("recording", list(self.v), {}),
        }
        if self.asked is not None:
            places = [self.asked.place(name) for name in self.v]
            coordinates["place"] = ("recording", places, {})
        return dataset(variables, coordinates, self.provenance, self._specification())

    def to_neo(self) -> neo.Block:
        """Return the traces and the spikes of each potential; needs the extra ``neo``.

        Returns
        -------
        Block
            One segment with a signal a recording, in its unit, and a spike train (ms) a potential.

        Raises
        ------
        SpecError
            If neo is not installed.
        """
        from dendmod.formats.neo import block

        return block(self._recorded())

    def to_nwb(self, path: str | Path) -> Path:
        """Write traces, spikes and what was asked for as an NWB file; needs the extra ``nwb``.

        `Asked.from_json` of `dendmod.formats.nwb.read_specification` is what was asked for.

        Raises
        ------
        SpecError
            If pynwb is not installed.
        """
        from dendmod.formats.nwb import write_nwb

        return write_nwb(self._recorded(), path)

    def save(self, path: str | Path) -> None:
        """Write the traces into an npz file, whole or not at all; `load` reads it."""
        header = {
            "schema": _SCHEMA,
            "recordings": list(self.v),
            "variables": {name: self.unit_of(name) for name in self.recordings},
            "spike_threshold": self.spike_threshold,
            "provenance": self.provenance,
        }
        arrays: dict[str, Any] = {"header": np.array(json.dumps(header))}
        arrays |= {"t": self.t, "v": _stacked(self.v, self.t.size)}
        if self.recordings:
            arrays["variables"] = _stacked(self.recordings, self.t.size)
        if self.clamp_current is not None:
            arrays["clamp_current"] = self.clamp_current
        if self.asked is not None:
            arrays["asked"] = np.array(self.asked.to_json())
        with replacing(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """Read the traces that `save` has written.

        Raises
        ------
        SpecError
            If the file is not there, cut short, damaged, or not one of a result.
        """
        try:
            header, kept = read_header(path, _SCHEMA)
            names = [str(name) for name in header["recordings"]]
            t, v = (reals(kept[name], name) for name in ("t", "v"))
            clamp = reals(kept["clamp_current"], "clamp") if "clamp_current" in kept else None
            if t.ndim != 1 or v.shape != (len(names), t.size):
                raise ValueError(f"{len(names)} recordings of {t.size} samples have {v.shape}")
            if clamp is not None and clamp.shape != t.shape:
                raise ValueError(f"a clamp current of {clamp.size} samples for {t.size} times")
            units = {str(name): str(unit) for name, unit in header.get("variables", {}).items()}
            others = reals(kept.get("variables", np.empty((0, t.size))), "variables")
            if others.shape != (len(units), t.size):
                raise ValueError(f"{len(units)} variables of {t.size} samples have {others.shape}")
            return cls(
                t,
                dict(zip(names, v, strict=True)),
                clamp,
                dict(header["provenance"]),
                recordings=dict(zip(units, others, strict=True)),
                units=units,
                spike_threshold=float(reals(header.get("spike_threshold", 0.0), "threshold", ())),
                asked=Asked.from_json(str(kept["asked"])) if "asked" in kept else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            why = (
                error
                if isinstance(error, SpecError)
                else f"a part is not there or not as it was: {error!r}"
            )
            raise SpecError(
                f"{path} is no file of a result ({str(why)[:300]}); `Result.save` writes one"
            ) from None

    def plot(self, ax: Axes | None = None, recordings: Sequence[str] | None = None) -> Axes:
        """Draw membrane potentials, or recordings of one unit, over time.

        Parameters
        ----------
        ax
            Where; a new figure if None.
        recordings
            Which; all voltages if None.

        Returns
        -------
        Axes
            With a line per recording and labels with units.

        Raises
        ------
        SpecError
            If nothing was recorded under one of the names, or their units differ.
        """
        traces = {
            name: self._trace(name) for name in (self.v if recordings is None else recordings)
        }
        units = {"mV" if name in self.v else self.unit_of(name) for name in traces}
        if len(units) > 1:
            raise SpecError(
                f"recordings in {', '.join(sorted(u or 'no unit' for u in units))} do not share an "
                "axis; plot them one by one"
            )
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots()
        for name, v in traces.items():
            ax.plot(self.t, v, label=name)
        ax.set_xlabel("time (ms)")
        ax.set_ylabel(self._label(list(traces)))
        if len(traces) > 1:
            ax.legend(frameon=False)
        return ax

    def unit_of(self, recording: str) -> str:
        """Return the unit of a recording; "" where it has none or none is known."""
        return "mV" if recording in self.v else self.units.get(recording, "")

    def _recorded(self) -> Recorded:
        unit_of = {name: self.unit_of(name) for name in (*self.v, *self.recordings)}
        traces = [
            Trace(name, values[None], unit_of[name], self._known_place(name).get("place", ""))
            for name, values in (self.v | self.recordings).items()
        ]
        if self.clamp_current is not None:
            hold = None if self.asked is None else self.asked.setup.voltage_clamp
            place = "" if hold is None or self.asked is None else self.asked.shown(hold.location)
            traces.append(Trace("clamp_current", self.clamp_current[None], "nA", place, clamp=True))
        return Recorded(
            title="a simulated cell",
            t=self.t,
            duration=float(self.t[-1]) if self.t.size else 0.0,
            traces=tuple(traces),
            trains=tuple(Train(name, (self.spike_times(name),)) for name in self.v),
            provenance=self.provenance,
            specification=self._specification(),
        )

    def _known_place(self, recording: str) -> dict[str, str]:
        place = "" if self.asked is None else self.asked.place(recording)
        return {"place": place} if place else {}

    def _specification(self) -> str:
        return "" if self.asked is None else self.asked.to_json()

    def _label(self, names: list[str]) -> str:
        if all(name in self.v for name in names):
            return "membrane potential (mV)"
        unit = self.unit_of(names[0])
        what = names[0] if len(names) == 1 else "recordings"
        return f"{what} ({unit})" if unit else what

    def _trace(self, recording: str) -> Array:
        traces = self.v | self.recordings
        if recording not in traces:
            raise SpecError(
                f"nothing was recorded as {recording!r}." + did_you_mean(recording, traces)
            )
        return traces[recording]


def _stacked(traces: dict[str, Array], size: int) -> Array:
    return np.array(list(traces.values())).reshape(len(traces), size)


def upward_crossings(t: Array, v: Array, threshold: float) -> Array:
    """Return the times at which `v` rises through `threshold`, linearly interpolated.

    Parameters
    ----------
    t, v
        Times (ms) and voltages (mV), shape (steps,).
    """
    before = np.flatnonzero((v[:-1] < threshold) & (v[1:] >= threshold))
    fraction = (threshold - v[before]) / (v[before + 1] - v[before])
    return t[before] + fraction * (t[before + 1] - t[before])
