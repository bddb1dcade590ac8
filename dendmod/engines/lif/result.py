"""What a run of an integrate-and-fire network leaves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dendmod.errors import SpecError
from dendmod.formats.recorded import Recorded, Trace, Train

if TYPE_CHECKING:
    import neo
    import pandas
    import xarray

_TRACES = {"v": "mV", "current": "mV/s", "current_I": "mV/s", "external": "mV/s"}


@dataclass(frozen=True)
class SpikingResult:
    """What a run of a spiking network left.

    Parameters
    ----------
    spike_times, spike_ids
        Time (ms; start of the step that finds v above threshold) and neuron of every spike, in
        order of time, then of neuron.
    v
        Potential at the end of every step [recorded, steps] (mV).
    current
        Recurrent current that the step used [recorded, steps] (mV/s).
    current_I
        The part of it that neurons named ``inhibitory`` gave [recorded, steps] (mV/s); None where
        none were named.
    external
        Drive that the step used [recorded, steps] (mV/s).
    v_end, current_end, refractory_end
        State of all neurons at the end (mV, mV/s, ms): ``v0``, ``current0`` and ``refractory0``
        of a run that goes on.
    dt, t_stop
        Step and duration (ms).
    recorded
        Numbers of the neurons whose potential and currents were recorded [recorded].
    """

    spike_times: np.ndarray
    spike_ids: np.ndarray
    v: np.ndarray
    current: np.ndarray
    current_I: np.ndarray | None
    external: np.ndarray
    v_end: np.ndarray
    current_end: np.ndarray
    refractory_end: np.ndarray
    dt: float
    t_stop: float
    recorded: np.ndarray

    @property
    def current_E(self) -> np.ndarray:
        """The part of the recurrent current of all other neurons [recorded, steps] (mV/s)."""
        if self.current_I is None:
            raise SpecError("E and I currents were not told apart; say who is `inhibitory`")
        return self.current - self.current_I

    @property
    def t(self) -> np.ndarray:
        """Ends of the steps (ms), at which potentials were recorded [steps]."""
        return self.dt * np.arange(1.0, 1.0 + round(self.t_stop / self.dt))

    def to_pandas(self) -> pandas.DataFrame:
        """Return the spikes as a table: ``neuron`` and ``time_ms``, a row a spike."""
        import pandas

        return pandas.DataFrame({"neuron": self.spike_ids, "time_ms": self.spike_times})

    def to_xarray(self) -> xarray.Dataset:
        """Return spikes, traces and the state at the end; needs the extra ``xarray``.

        Returns
        -------
        Dataset
            ``spike_time`` (ms) over ``spike`` with its neuron; ``v`` (mV), ``current``,
            ``current_I`` and ``external`` (mV/s) over ``recorded``, by number, and ``t`` (ms);
            ``v_end``, ``current_end`` and ``refractory_end`` over ``neuron``. Currents of all and
            of inhibitory neurons are the two rows of ``current_end``, where they were told apart.

        Raises
        ------
        SpecError
            If xarray is not installed.
        """
        from dendmod.formats.dataset import dataset

        end = ("neuron",) if self.current_end.ndim == 1 else ("part", "neuron")
        variables: dict[str, Any] = {
            "spike_time": ("spike", self.spike_times, {"units": "ms"}),
            **{
                name: (("recorded", "t"), values, {"units": _TRACES[name]})
                for name, values in self._traces().items()
            },
            "v_end": ("neuron", self.v_end, {"units": "mV"}),
            "current_end": (end, self.current_end, {"units": "mV/s"}),
            "refractory_end": ("neuron", self.refractory_end, {"units": "ms"}),
        }
        known: dict[str, Any] = {
            "t": ("t", self.t, {"units": "ms"}),
            "recorded": ("recorded", self.recorded, {}),
            "neuron": ("neuron", np.arange(self.v_end.size), {}),
            "spike_neuron": ("spike", np.asarray(self.spike_ids, np.int64), {}),
        }
        if len(end) == 2:
            known["part"] = ("part", ["all", "inhibitory"], {})
        return dataset(variables, known, self._provenance())

    def to_neo(self) -> neo.Block:
        """Return a spike train of every neuron and the recorded traces; needs the extra ``neo``.

        Raises
        ------
        SpecError
            If neo is not installed.
        """
        from dendmod.formats.neo import block

        return block(self._recorded())

    def to_nwb(self, path: str | Path) -> Path:
        """Write spikes and recorded traces as an NWB file; needs the extra ``nwb``.

        The weights are no part of a result, so the file holds no specification.

        Raises
        ------
        SpecError
            If pynwb is not installed.
        """
        from dendmod.formats.nwb import write_nwb

        return write_nwb(self._recorded(), path)

    def _traces(self) -> dict[str, np.ndarray]:
        found = {name: getattr(self, name) for name in _TRACES}
        return {name: values for name, values in found.items() if values is not None}

    def _provenance(self) -> dict[str, Any]:
        return {"engine": "lif", "dt": self.dt, "t_stop": self.t_stop}

    def _recorded(self) -> Recorded:
        order = np.argsort(self.spike_ids, kind="stable")
        edges = np.searchsorted(self.spike_ids[order], np.arange(self.v_end.size + 1))
        times = self.spike_times[order]
        return Recorded(
            title="a simulated network of integrate-and-fire neurons",
            t=self.t,
            duration=self.t_stop,
            traces=tuple(
                Trace(f"{name}_{number}", values[i][None], _TRACES[name], f"neuron {number}")
                for name, values in self._traces().items()
                for i, number in enumerate(self.recorded)
            ),
            trains=tuple(
                Train(f"neuron{i}", (times[a:b],), {"neuron": i})
                for i, (a, b) in enumerate(zip(edges[:-1], edges[1:], strict=True))
            ),
            provenance=self._provenance(),
        )
