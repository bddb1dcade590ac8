"""The one place that imports NEURON, loads mechanisms and touches NEURON's global state."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")

import neuron
from neuron import h

from dendmod import mechanisms
from dendmod.errors import EngineError, UnsupportedByEngine
from dendmod.mechanisms.included import source

_MARGIN = 0.5
_ATOL = 1e-3  # CVODE's absolute tolerance

_loaded: mechanisms.LoadedMechanisms | None = None
_set: mechanisms.MechanismSet | None = None
_texts: dict[str, bytes] = {}  # of the .mod files when they were loaded, by mechanism
_coreneuron_globals: dict[str, float] | None = None  # with which CoreNEURON began
_active: Session | None = None


def load_mechanisms(
    wanted: mechanisms.MechanismSet | None = None,
) -> mechanisms.LoadedMechanisms:
    """Load a set of compiled mechanisms into this process, once; dendmod's own if None.

    Raises
    ------
    EngineError
        If this process has loaded other files for a name of the set, or these as they were before
        they were edited: NEURON unloads nothing.
    """
    global _loaded, _set, _texts
    wanted = wanted or mechanisms.mechanism_set()
    texts = {m.suffix: source(m.file) for m in wanted.mechanisms.values() if m.file is not None}
    if _loaded is None or _set is None:
        _loaded, _set, _texts = mechanisms.load(h, wanted), wanted, texts
        return _loaded
    other = [suffix for suffix, text in texts.items() if _texts.get(suffix) != text]
    if other and wanted.folders == _set.folders:
        raise EngineError(
            f"{', '.join(other)} changed since this process loaded its mechanisms, which NEURON "
            "cannot do twice; start a new process"
        )
    if other:
        raise EngineError(
            f"this process has loaded other mechanisms ({', '.join(_set.folders) or 'its own'}) "
            f"than the cell needs ({', '.join(wanted.folders) or 'its own'}): {', '.join(other)}. "
            "NEURON cannot unload them; run each cell in a process of its own, such as a task of "
            "a sweep"
        )
    return _loaded


class Session:
    """NEURON's global state, set on entry and restored on exit.

    Parameters
    ----------
    dt
        Time step (ms).
    celsius
        Temperature (degC).
    adaptive
        Integrate with CVODE in place of fixed steps.
    coreneuron
        True: CoreNEURON, an error if it is not there; False: NEURON; None: CoreNEURON if the
        mechanisms were built for it.
    mechanism_folders
        Folders of the cell's own .mod files, besides dendmod's.
    global_parameters
        Values of GLOBAL parameters of mechanisms, by NEURON's name, such as ``tha_na``.

    Raises
    ------
    MechanismError
        If there is no such GLOBAL parameter.
    EngineError
        If another session is open, sections are left over in this process, or CoreNEURON was
        asked for and is not there, or has begun with other values of GLOBAL parameters.

    Notes
    -----
    CoreNEURON takes GLOBAL parameters when a process runs it for the first time and never again. A
    session that needs other values runs on NEURON where `coreneuron` is None.
    """

    def __init__(
        self,
        *,
        dt: float,
        celsius: float,
        adaptive: bool = False,
        coreneuron: bool | None = None,
        mechanism_folders: tuple[str, ...] = (),
        global_parameters: Mapping[str, float] | None = None,
    ) -> None:
        self._mechanisms = mechanisms.mechanism_set(mechanism_folders)
        self._globals = dict(global_parameters or {})
        self._mechanisms.check_globals(self._globals)
        if adaptive and coreneuron:
            raise UnsupportedByEngine("CoreNEURON has no adaptive steps; use method='fixed'")
        self.dt, self.celsius, self.adaptive = dt, celsius, adaptive
        self._wanted = False if adaptive else coreneuron
        self.coreneuron = False

    def __enter__(self) -> Session:
        global _active
        if _active is not None:
            raise EngineError(
                "another NEURON session is open in this process; close it first (NEURON has one "
                "global state a process)"
            )
        leftover = [sec.name() for sec in h.allsec()]
        if leftover:
            raise EngineError(
                f"{len(leftover)} sections are left over in this process ({leftover[0]} ...); "
                "delete them, or run this simulation in a process of its own"
            )
        loaded = load_mechanisms(self._mechanisms)
        self.coreneuron = loaded.coreneuron if self._wanted is None else self._wanted
        if self.coreneuron and not loaded.coreneuron:
            raise EngineError(_no_coreneuron(loaded.why_not))
        self._globals_before = {name: getattr(h, name) for name in self._globals}
        try:
            self._set_globals()
        except BaseException:
            self._restore_globals()
            raise
        self.provenance: dict[str, Any] = {
            "engine": "coreneuron" if self.coreneuron else "neuron",
            "neuron": neuron.__version__,
            "mechanisms": loaded.hash,
        }
        h.load_file("stdrun.hoc")
        cvode = h.CVode()
        self._before = (
            h.dt,
            h.celsius,
            h.steps_per_ms,
            h.secondorder,
            cvode.active(),
            cvode.cache_efficient(),
            cvode.atol(),
        )
        cvode.active(self.adaptive)
        cvode.atol(_ATOL)
        cvode.cache_efficient(1)
        h.secondorder = 0
        h.dt, h.celsius = self.dt, self.celsius
        h.steps_per_ms = 1.0 / self.dt
        _active = self
        return self

    def _set_globals(self) -> None:
        for name, value in self._globals.items():
            setattr(h, name, value)
        if not self.coreneuron or _coreneuron_globals is None:
            return
        now = _globals_now()
        other = sorted(n for n, value in now.items() if _coreneuron_globals.get(n) != value)
        if other and self._wanted:
            raise EngineError(
                f"CoreNEURON takes GLOBAL parameters once a process, and has begun with other "
                f"values of {', '.join(other)}; use NEURON (coreneuron=False) or a new process"
            )
        self.coreneuron = not other

    def _restore_globals(self) -> None:
        for name, value in self._globals_before.items():
            setattr(h, name, value)

    def __exit__(self, *error: object) -> None:
        global _active
        cvode = h.CVode()
        dt, celsius, steps, secondorder, active, cache, atol = self._before
        h.dt, h.celsius, h.steps_per_ms, h.secondorder = dt, celsius, steps, secondorder
        self._restore_globals()
        cvode.atol(atol)
        cvode.active(active)
        cvode.cache_efficient(cache)
        _active = None

    def advance(self, duration: float) -> None:
        """Integrate for `duration` ms, which is a whole number of fixed steps.

        NEURON sums its clock step by step; half a step of margin keeps the rounding of that sum
        from costing a step.
        """
        tstop = h.t + duration
        if self.adaptive:
            h.CVode().solve(tstop)
            return
        tstop += _MARGIN * self.dt
        pc = h.ParallelContext()
        pc.set_maxstep(10)
        if not self.coreneuron:
            pc.psolve(tstop)
            return
        from neuron import coreneuron

        global _coreneuron_globals
        if _coreneuron_globals is None:
            _coreneuron_globals = _globals_now()
        coreneuron.verbose = 0
        coreneuron.enable = True
        try:
            pc.psolve(tstop)
        finally:
            coreneuron.enable = False


def _globals_now() -> dict[str, float]:
    """Return the values of all GLOBAL parameters of the loaded mechanisms."""
    known = [] if _set is None else list(_set.mechanisms.values())
    names = [f"{p.name}_{m.suffix}" for m in known for p in m.globals]
    return {name: float(getattr(h, name)) for name in names if hasattr(h, name)}


class InSession(ABC):
    """What is built in a session of its own and goes with it; use it as a context manager."""

    session: Session

    @abstractmethod
    def _start(self) -> None:
        """Build, and settle, in the open session."""

    @abstractmethod
    def _drop(self) -> None:
        """Let go of every object of NEURON's, whatever of it was built."""

    def __enter__(self) -> Self:
        self.session.__enter__()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop all that was built and give NEURON's global state back."""
        self._drop()
        self.session.__exit__()


def _no_coreneuron(reason: str) -> str:
    """Return why CoreNEURON cannot run what is loaded, and what to do."""
    if reason:
        return (
            f"CoreNEURON was asked for, but takes not all mechanisms of the cell: {reason}. Change "
            "that file, or use engine='neuron'"
        )
    return (
        "CoreNEURON was asked for, but the loaded mechanisms were not built for it; "
        "run `dendmod mechanisms build`, or remove ./x86_64 of the working directory"
    )
