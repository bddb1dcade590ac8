"""Run a set-up many times from one settled state."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.engines.checks import check_setup, check_traces, check_weights, with_numbers
from dendmod.engines.neuron.build import BuiltCell, build
from dendmod.engines.neuron.compartments import BuiltCompartments, build_compartments
from dendmod.engines.neuron.session import InSession, Session, h
from dendmod.errors import EngineError, SpecError, UnsupportedByEngine
from dendmod.spec import Cell, ReducedCell, Run, Setup, SpikeTrain
from dendmod.spec.asked import Asked
from dendmod.spec.currents import Current
from dendmod.spec.result import Array, Result
from dendmod.spec.stimulus import Recording, VoltageClamp
from dendmod.spec.trial import Trial

_ALWAYS = 1e9  # ms


class Simulator(InSession):
    """A set-up built in NEURON, settled once, run any number of times.

    Parameters
    ----------
    setup
        The cell and what is attached to it.
    run
        Duration, step, settling time.
    coreneuron
        As in `Session`.

    Raises
    ------
    MorphologyError, MechanismError, SpecError
        If the set-up names something that is not there (`dendmod.engines.checks.check_setup`).
    UnsupportedByEngine
        If the set-up has currents that change with time and the run has no fixed steps.

    Notes
    -----
    Use it as a context manager. Settling runs without spikes; its end state is restored before
    each run, so that a trial costs its own duration only.
    """

    def __init__(self, setup: Setup, run: Run, *, coreneuron: bool | None = None) -> None:
        self._given = setup
        setup = with_numbers(setup)
        check_setup(setup)
        if setup.currents and run.method != "fixed":
            raise UnsupportedByEngine(
                f"a {setup.currents[0].kind} is played step by step; use method='fixed'"
            )
        self.setup, self.spec = setup, run
        self.session = Session(
            dt=run.dt,
            celsius=setup.cell.celsius,
            adaptive=run.method == "adaptive",
            coreneuron=coreneuron,
            mechanism_folders=setup.cell.mechanisms,
            global_parameters=setup.cell.globals,
        )

    def _start(self) -> None:
        self._build()
        self.settle()

    def _drop(self) -> None:
        for name in ("_points", "_clamps", "_vclamp", "_played", "_vectors", "_state", "cell"):
            self.__dict__.pop(name, None)

    def _build(self) -> None:
        self.cell: BuiltCell | BuiltCompartments = _build(self.setup.cell)
        self._points: dict[str, Any] = {}
        for synapse in self.setup.synapses:
            point = getattr(h, synapse.mechanism)(self.cell.segment(synapse.location))
            for name, value in synapse.params.items():
                setattr(point, name, value)
            self._points[synapse.name] = point
        self._clamps = []
        for clamp in self.setup.current_clamps:
            point = h.IClamp(self.cell.segment(clamp.location))
            point.delay = self.spec.settle + clamp.delay
            point.dur, point.amp = clamp.dur, clamp.amp
            self._clamps.append(point)
        self._played = [self._play(current) for current in self.setup.currents]
        self._vclamp: Any = None
        if self.setup.voltage_clamp is not None:
            self._vclamp = self._hold(self.setup.voltage_clamp)
        self._vectors = {
            name: h.Vector().record(self.cell.segment(place)._ref_v)
            for name, place in self.setup.voltages.items()
        }
        self.units: dict[str, str] = {}
        for name, recording in self.setup.recordings.items():
            self._vectors[name] = h.Vector().record(self._reference(name, recording))
        if self._vclamp is not None:
            self._vectors["__clamp__"] = h.Vector().record(self._vclamp._ref_i)
        if self.session.adaptive:
            self._vectors["__t__"] = h.Vector().record(h._ref_t)

    def _play(self, current: Current) -> tuple[Any, ...]:
        """Return a clamp whose amplitude follows a current, with the vectors that it reads.

        Each step has two points of one value, so that NEURON's interpolation between them gives
        that value however its clock rounds.
        """
        dt, settle = self.spec.dt, self.spec.settle
        starts = dt * np.arange(round(self.spec.tstop / dt) + 1.0)
        times = h.Vector((settle + starts[:, None] + dt * np.array([0.25, 0.75])).ravel())
        values = h.Vector(np.repeat(current.values(starts + dt / 2), 2))
        point = h.IClamp(self.cell.segment(current.location))
        point.delay, point.dur = settle, _ALWAYS
        values.play(point._ref_amp, times, True)
        return point, values, times

    def _hold(self, clamp: VoltageClamp) -> Any:
        point = h.SEClamp(self.cell.segment(clamp.location))
        point.rs = clamp.rs
        if clamp.v is not None:
            point.amp1, point.dur1 = clamp.v, _ALWAYS
        for i, level in enumerate(clamp.levels, start=1):
            setattr(point, f"amp{i}", level.v)
            setattr(point, f"dur{i}", level.dur + (self.spec.settle if i == 1 else 0.0))
        return point

    def _reference(self, name: str, recording: Recording) -> Any:
        """Return NEURON's reference of a variable, and note its unit."""
        variable = unit_of = recording.variable
        if recording.location is not None:
            owner = self.cell.segment(recording.location)
            has = "there are " + ", ".join(mechanism.name() for mechanism in owner)
        else:
            owner = self._points[str(recording.synapse)]
            mechanism = owner.hname().partition("[")[0]
            has, unit_of = f"it is of {mechanism}", f"{mechanism}.{variable}"
        try:
            reference = getattr(owner, f"_ref_{variable}")
        except AttributeError:
            raise SpecError(
                f"recording {name!r}: {recording.synapse or 'its place'} has no variable "
                f"{variable!r}; {has}"
            ) from None
        self.units[name] = h.units(unit_of)
        return reference

    def settle(self) -> None:
        """Run without spikes from the initial potential and keep the state that is reached.

        Raises
        ------
        UnsupportedByEngine
            If a mechanism of the cell takes no adaptive steps, and they were asked for.
        """
        v_init = self.setup.cell.v_init
        try:
            h.finitialize(v_init)
        except RuntimeError as error:
            if not self.session.adaptive or "CVODE" not in str(error):
                raise
            raise UnsupportedByEngine(
                f"{str(error).rpartition(': ')[2]}, NEURON's adaptive steps; use method='fixed'"
            ) from None
        if self.spec.settle > 0:
            self.session.advance(self.spec.settle)
        self._check_finite()
        self._state = h.SaveState()
        self._state.save()

    def run(
        self, trains: tuple[SpikeTrain, ...] = (), *, amps: tuple[float, ...] | None = None
    ) -> Result:
        """Run once from the settled state with these spike trains.

        Parameters
        ----------
        trains
            Spikes that arrive.
        amps
            Amplitudes (nA) of the set-up's current clamps in this run, in their order; those of
            the set-up if not given. A clamp that is on while the cell settles settles with its own.

        Raises
        ------
        SpecError
            If a train names a synapse that is not there, or a conductance is negative.
        EngineError
            If a recorded voltage did not stay finite, or is far beyond that of any cell.
        """
        check_weights(self.setup, trains)
        own = tuple(clamp.amp for clamp in self.setup.current_clamps)
        if amps is not None and len(amps) != len(own):
            raise SpecError(f"{len(amps)} amplitudes for {len(own)} current clamps; give one each")
        for point, amp in zip(self._clamps, own if amps is None else amps, strict=True):
            point.amp = amp
        self.restore()
        netcons = [self._send(train) for train in trains]
        self.session.advance(self.spec.tstop)
        del netcons
        traces: dict[str, Array] = {
            name: np.array(vector) for name, vector in self._vectors.items()
        }
        if self.session.adaptive:
            t = traces.pop("__t__") - self.spec.settle
        else:
            t = self.spec.dt * np.arange(1.0 + round(self.spec.tstop / self.spec.dt))
        n = t.size
        for name, trace in traces.items():
            if trace.size != n:
                raise EngineError(
                    f"the recording {name!r} has {trace.size} samples and not {n}: NEURON took "
                    "another number of steps than tstop / dt; please report this with your Run"
                )
        current = traces.pop("__clamp__", None)
        v = {name: traces.pop(name) for name in self.setup.voltages}
        check_traces(v, {**traces, **({} if current is None else {"__clamp__": current})})
        return Result(
            t=t,
            v={name: v[name] for name in self.setup.record if name in v},
            clamp_current=current,
            provenance=self.session.provenance,
            recordings=traces,
            units=dict(self.units),
            spike_threshold=self.spec.spike_threshold,
            asked=Asked(self._given, self.spec, Trial(trains=tuple(trains), amps=amps)),
        )

    def restore(self) -> None:
        """Put the cell back to its settled state, without events.

        NEURON's clock then stands at the end of settling, which is time zero of the run.
        """
        h.finitialize(self.setup.cell.v_init)
        self._state.restore(1)
        h.fcurrent()
        if self.session.adaptive and self.spec.settle > 0:
            h.CVode().re_init()  # or it goes on from the initial potential, at time zero
        h.frecord_init()

    def _send(self, train: SpikeTrain) -> Any:
        netcon = h.NetCon(None, self._points[train.synapse])
        netcon.weight[0] = train.weight
        for time in train.times:
            if time <= self.spec.tstop:
                netcon.event(self.spec.settle + float(time))
        return netcon

    def _check_finite(self) -> None:
        v = self.cell.sections[0](0.5).v
        if not np.isfinite(v) or abs(v) > 1000:
            raise EngineError(
                f"the soma stands at {v} mV after settling: the run diverged. Use a smaller dt, or "
                "look for a conductance that is far too large."
            )


def _build(cell: Cell | ReducedCell) -> BuiltCell | BuiltCompartments:
    return build_compartments(cell) if isinstance(cell, ReducedCell) else build(cell)
