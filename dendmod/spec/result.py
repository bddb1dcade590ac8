"""What a run returns, and what can be done with it: spikes, tables, files, a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dendmod.atomic import replacing
from dendmod.errors import DendmodError, SpecError, did_you_mean
from dendmod.npz import read_npz

if TYPE_CHECKING:
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
    """

    t: Array
    v: dict[str, Array]
    clamp_current: Array | None = None
    provenance: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        clamp = "" if self.clamp_current is None else ", clamp current"
        length = f"{self.t[-1] - self.t[0]:g} ms, " if self.t.size else ""
        engine = self.provenance.get("engine")
        return (
            f"Result({length}{self.t.size} samples of {', '.join(self.v) or 'no recording'}{clamp}"
            f"{'' if engine is None else f'; {engine}'})"
        )

    def spike_times(self, recording: str = "soma", threshold: float = 0.0) -> Array:
        """Return the times (ms) of upward crossings of `threshold` (mV), interpolated.

        Raises
        ------
        SpecError
            If nothing was recorded under this name.
        """
        return upward_crossings(self.t, self._trace(recording), threshold)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the traces as a table.

        Returns
        -------
        DataFrame
            A row per time, with the index ``t_ms``; a column per recording (mV), and
            ``clamp_current_nA``. ``attrs["units"]`` names the unit of each column.
        """
        import pandas

        columns, units = dict(self.v), dict.fromkeys(self.v, "mV")
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
            ``v`` (mV) over ``recording`` and ``t`` (ms), and ``clamp_current`` (nA) over ``t``.
            Units and provenance are attributes.

        Raises
        ------
        DendmodError
            If xarray is not installed.
        """
        try:
            import xarray
        except ImportError:
            raise DendmodError(
                "xarray is not installed; give: pip install 'dendmod[xarray]', or use to_pandas()"
            ) from None
        v = (("recording", "t"), self._stacked(), {"units": "mV"})
        variables: dict[str, Any] = {"v": v}
        if self.clamp_current is not None:
            variables["clamp_current"] = ("t", self.clamp_current, {"units": "nA"})
        return xarray.Dataset(
            variables,
            coords={"t": ("t", self.t, {"units": "ms"}), "recording": list(self.v)},
            attrs={name: str(value) for name, value in self.provenance.items()},
        )

    def save(self, path: str | Path) -> None:
        """Write the traces into an npz file, whole or not at all; `load` reads it."""
        header = {"schema": _SCHEMA, "recordings": list(self.v), "provenance": self.provenance}
        arrays: dict[str, Any] = {"header": np.array(json.dumps(header))}
        arrays |= {"t": self.t, "v": self._stacked()}
        if self.clamp_current is not None:
            arrays["clamp_current"] = self.clamp_current
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
        kept = read_npz(path)
        try:
            header = json.loads(str(kept["header"]))
            if header["schema"] != _SCHEMA:
                raise ValueError(f"its schema is {header['schema']!r} in place of {_SCHEMA!r}")
            names = list(header["recordings"])
            t, v = (np.asarray(kept[name], dtype=float) for name in ("t", "v"))
            clamp = kept.get("clamp_current")
            if t.ndim != 1 or v.shape != (len(names), t.size):
                raise ValueError(f"{len(names)} recordings of {t.size} samples have {v.shape}")
            if clamp is not None and clamp.shape != t.shape:
                raise ValueError(f"a clamp current of {clamp.size} samples for {t.size} times")
            return cls(t, dict(zip(names, v, strict=True)), clamp, dict(header["provenance"]))
        except (ValueError, KeyError, TypeError) as error:
            raise SpecError(
                f"{path} is no file of a result ({error}); `Result.save` writes one"
            ) from None

    def plot(self, ax: Axes | None = None, recordings: Sequence[str] | None = None) -> Axes:
        """Draw membrane potentials over time.

        Parameters
        ----------
        ax
            Where; a new figure if None.
        recordings
            Which; all if None.

        Returns
        -------
        Axes
            With a line per recording and labels with units.

        Raises
        ------
        SpecError
            If nothing was recorded under one of the names.
        """
        traces = {
            name: self._trace(name) for name in (self.v if recordings is None else recordings)
        }
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots()
        for name, v in traces.items():
            ax.plot(self.t, v, label=name)
        ax.set_xlabel("time (ms)")
        ax.set_ylabel("membrane potential (mV)")
        if len(traces) > 1:
            ax.legend(frameon=False)
        return ax

    def _stacked(self) -> Array:
        return np.array(list(self.v.values())).reshape(len(self.v), self.t.size)

    def _trace(self, recording: str) -> Array:
        if recording not in self.v:
            raise SpecError(
                f"nothing was recorded as {recording!r}." + did_you_mean(recording, self.v)
            )
        return self.v[recording]


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
