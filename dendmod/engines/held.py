"""Is the kernel NEURON's equal on a set-up? The same trials on both, and which engine that makes.

`hold` runs a few trials on both engines, in one process; `choose` says which engine runs the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from dendmod.engines.kernel.vectors import Precision
from dendmod.engines.trials import open_trials
from dendmod.errors import EngineError, SpecError, UnsupportedByEngine, did_you_mean
from dendmod.spec import Run, Setup
from dendmod.spec.result import Result
from dendmod.spec.trial import Trial

Engine = Literal["auto", "neuron", "kernel"]
ENGINES: tuple[Engine, ...] = ("auto", "neuron", "kernel")

# Bounds of agreement, ours, set before the first run. mV rms: float32 is .001 off as a rule, .04
# where a spike moves by a step
RMS_MV = 0.1
# of a clamp's current: tables of float32 take .0001 of it
CLAMP_PART = 0.001


@dataclass(frozen=True)
class Agreement:
    """What both engines gave in the same trials.

    Parameters
    ----------
    kernel, neuron
        Spikes of each trial, shape [trials].
    rms
        Of the difference of the potentials (mV), the largest of the recordings, shape [trials].
    clamp
        Of the difference of the clamp's currents, rms in parts of the largest of NEURON's, shape
        [trials]; empty without a voltage clamp.
    refused
        Why the kernel did not run at all; nothing else is known then.
    precision
        Of the kernel.
    allowed
        The largest rms (mV) that counts as equal.
    """

    kernel: npt.NDArray[np.int64]
    neuron: npt.NDArray[np.int64]
    rms: npt.NDArray[np.float64]
    clamp: npt.NDArray[np.float64]
    refused: str = ""
    precision: Precision = "float32"
    allowed: float = RMS_MV

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Agreement:
        """Return what a task gave back as `arrays`."""
        single = ("refused", "precision", "allowed")
        kept: dict[str, Any] = {
            f.name: np.asarray(arrays[f.name]).item() if f.name in single else arrays[f.name]
            for f in fields(cls)
            if f.name in arrays
        }
        return cls(**kept)

    @classmethod
    def together(cls, parts: Sequence[Agreement]) -> Agreement:
        """Return what is known of several set-ups that were held, as of one."""
        for part in parts:
            if part.refused:
                return part
        each = ("kernel", "neuron", "rms", "clamp")
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(p, name) for p in parts]) for name in each
        }
        return replace(parts[0], **joined)

    @classmethod
    def refusing(cls, why: str) -> Agreement:
        """Return what is known where the kernel does not run, for a reason."""
        nothing, none = np.zeros(0, np.int64), np.zeros(0)
        return cls(nothing, nothing, none, none, why)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The same as arrays by name, as a task returns them."""
        return {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}

    @property
    def differs(self) -> str:
        """What is not equal within the bounds, "" where all is."""
        if self.refused:
            return self.refused
        n = self.neuron.size
        if not np.array_equal(self.kernel, self.neuron):
            return (
                f"{self.kernel.tolist()} spikes for NEURON's {self.neuron.tolist()} in {n} trials"
            )
        if not self.rms.max(initial=0.0) <= self.allowed:
            return (
                f"potentials off by {self.rms.max():.2g} mV rms in {n} trials (at most "
                f"{self.allowed:g} is allowed)"
            )
        if not self.clamp.max(initial=0.0) <= CLAMP_PART:
            return (
                f"the clamp's current off by {self.clamp.max():.2g} of its size in {n} trials (at "
                f"most {CLAMP_PART:g} is allowed)"
            )
        return ""


def hold(
    setup: Setup,
    run: Run,
    trials: Sequence[Trial],
    *,
    precision: Precision = "float32",
    otherwise: Precision | None = None,
    allowed: float = RMS_MV,
    reach: tuple[float, float] | None = None,
) -> Agreement:
    """Run trials on the kernel and on NEURON.

    A process that runs this is best one of its own, as every run of NEURON's: call it in a task,
    and return `Agreement.arrays`.

    Parameters
    ----------
    setup, run, trials
        What is run. Spikes are counted in the set-up's first recording.
    precision
        Of the kernel, as the runs that follow will have it.
    otherwise
        A second precision that is tried where the first does not agree; where the second does, it
        is what is returned (`Agreement.precision`), and runs that follow have to take it.
    allowed
        The largest difference of potentials (mV rms) that counts as equal.
    reach
        Potentials (mV) that the kernel's tables reach over, as the runs that follow will have them.

    Raises
    ------
    DendmodError
        If NEURON cannot run them. What the kernel cannot run is said in `Agreement.refused`.
    """

    def on_kernel(precision: Precision) -> list[Result]:
        with open_trials(
            setup, run, "kernel", precision=precision, reach=reach, strict=True
        ) as opened:
            return opened.run_many(trials)

    try:  # first: what the kernel refuses is known before NEURON runs
        kernel = on_kernel(precision)
    except EngineError as error:
        return Agreement.refusing(str(error))
    with open_trials(setup, run, "neuron", coreneuron=False) as opened:
        neuron = opened.run_many(trials)
    found = between(kernel, neuron, precision=precision, allowed=allowed)
    if found.differs and otherwise is not None and otherwise != precision:
        second = between(on_kernel(otherwise), neuron, precision=otherwise, allowed=allowed)
        return found if second.differs else second
    return found


def between(
    kernel: Sequence[Result],
    neuron: Sequence[Result],
    *,
    precision: Precision = "float32",
    allowed: float = RMS_MV,
) -> Agreement:
    """Return how results of both engines, of the same trials, agree; as `hold` does."""
    counted = next(iter(neuron[0].v), None) if neuron else None
    pairs = list(zip(kernel, neuron, strict=True))
    return Agreement(
        _counts(kernel, counted),
        _counts(neuron, counted),
        np.array([max((_rms(a.v[n] - b.v[n]) for n in b.v), default=0.0) for a, b in pairs]),
        np.array([_clamp(a, b) for a, b in pairs if b.clamp_current is not None]),
        precision=precision,
        allowed=allowed,
    )


def _counts(results: Sequence[Result], recording: str | None) -> npt.NDArray[np.int64]:
    if recording is None:
        return np.zeros(len(results), np.int64)
    return np.array([r.spike_times(recording).size for r in results], np.int64)


def _rms(difference: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(difference**2)))


def _clamp(kernel: Result, neuron: Result) -> float:
    assert kernel.clamp_current is not None
    assert neuron.clamp_current is not None
    largest = float(np.abs(neuron.clamp_current).max())
    off = _rms(kernel.clamp_current - neuron.clamp_current)
    return off / largest if largest else off


@dataclass(frozen=True)
class Chosen:
    """Which engine runs a set-up, and why.

    Parameters
    ----------
    engine
        "neuron" or "kernel".
    why
        One sentence, for people.
    agreement
        What both gave, where they were held against each other.
    """

    engine: Literal["neuron", "kernel"]
    why: str
    agreement: Agreement | None = None

    @property
    def precision(self) -> Precision:
        """Of the engine: NEURON has float64."""
        if self.engine == "neuron" or self.agreement is None:
            return "float64"
        return self.agreement.precision

    @property
    def summary(self) -> dict[str, Any]:
        """What summary.json says of it."""
        a, is_kernel = self.agreement, self.engine == "kernel"
        said: dict[str, Any] = {
            "name": self.engine,
            "precision": self.precision,
            "held_against_neuron": is_kernel,
            "why": self.why,
        }
        if a is not None and not a.refused:
            spikes = {"kernel": a.kernel, "neuron": a.neuron}
            said |= {"spikes": spikes, "rms_mV": a.rms, "rms_allowed_mV": a.allowed}
            if a.clamp.size:
                said |= {"clamp": a.clamp, "clamp_allowed": CLAMP_PART}
        return said


def choose(asked: str, held: Callable[[], Agreement]) -> Chosen:
    """Return the engine: the kernel where it was held against NEURON and agrees, else NEURON.

    Parameters
    ----------
    asked
        "auto"; "neuron", which asks nothing; or "kernel", which takes no other.
    held
        Returns what both engines gave; called where it has to be known.

    Raises
    ------
    UnsupportedByEngine
        If the kernel was asked for and cannot run it.
    EngineError
        If the kernel was asked for and its results are not NEURON's.
    SpecError
        If there is no such engine.
    """
    if asked not in ENGINES:
        raise SpecError(f"there is no engine {asked!r}." + did_you_mean(asked, ENGINES))
    if asked == "neuron":
        return Chosen("neuron", "NEURON ran it, as was asked.")
    found = held()
    differs = found.differs
    if not differs:
        n, spikes = found.neuron.size, int(found.neuron.sum())
        return Chosen(
            "kernel",
            f"The kernel ran it in {found.precision}: in {n} trials it gave NEURON's {spikes} "
            f"spikes, with potentials within {found.rms.max(initial=0.0):.1g} mV rms.",
            found,
        )
    if asked == "kernel":
        if found.refused:
            raise UnsupportedByEngine(f'{differs}. run.engine = "neuron" runs it (--engine neuron)')
        raise EngineError(
            f'the kernel is not NEURON on this cell: {differs}. Use run.engine = "neuron" '
            "(--engine neuron)"
        )
    verb = "cannot" if found.refused else "does not give the same"
    return Chosen("neuron", f"NEURON ran it, as the kernel {verb}: {differs}.", found)
