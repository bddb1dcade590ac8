"""Electrical facts of a cell: rest, input resistance, time constant, sag, spikes, BAC firing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dendmod.cells.features import smallest_current, spike_features, time_constant
from dendmod.cells.file import LoadedCell
from dendmod.cells.pools import with_pool_start
from dendmod.engines.checks import check_setup, shape_of
from dendmod.errors import DendmodError, SpecError, UnsupportedByEngine
from dendmod.params import hay2011
from dendmod.spec import (
    Cell,
    CurrentClamp,
    Location,
    ReducedCell,
    Run,
    Setup,
    SpikeTrain,
    Synapse,
)
from dendmod.spec.cell_file import CheckFields
from dendmod.spec.result import Array, Result, upward_crossings
from dendmod.spec.stimulus import SOMA

if TYPE_CHECKING:
    from dendmod.engines.neuron import Simulator

RIN_AMP = -0.1  # nA
_SETTLE_MS = 700.0  # before the steps that look for the rheobase
_DT = 0.025  # ms, of a cell with a mechanism that takes no adaptive steps
_ONSET_MS = 50.0  # of the steps that look for the rheobase
_PASSIVE_MV = 150.0  # a current that would take the membrane so far up by its resistance is enough


def fields_of(loaded: LoadedCell) -> CheckFields:
    """Return what the file of a cell asks to be measured."""
    fields = loaded.fields.check
    if fields.spike_threshold_mV is not None:
        return fields
    threshold = loaded.fields.conditions.spike_threshold_mV
    return fields.model_copy(update={"spike_threshold_mV": threshold})


def check_fields(cell: Cell | ReducedCell) -> CheckFields:
    """Return what is measured of a cell that asks for nothing itself: of Hay's, Hay's protocols."""
    if isinstance(cell, Cell) and cell.biophysics.name.startswith("hay2011/"):
        return CheckFields(
            steps_nA=tuple(amp for amp, *_ in hay2011.STEPS.rates),
            bac=True,
            spike_threshold_mV=hay2011.STEPS.threshold,
            calcium_start_mM=hay2011.CALCIUM_START,
            settled_ms=hay2011.SETTLED,
            rin_delay_ms=hay2011.RIN_DELAY,
            rin_dur_ms=hay2011.RIN_DUR,
        )
    return CheckFields()


@dataclass(frozen=True)
class CellFacts:
    """What `check_cell` measured; None or empty where it was not asked for or could not be.

    Parameters
    ----------
    rest
        Somatic potential before the small step (mV).
    rin
        Steady input resistance for the small step (MOhm).
    tau
        Time constant of the exponential that fits the onset of this step best (ms).
    sag
        (peak - steady) / (peak - rest) of this step; 0 of a passive membrane.
    rheobase
        Smallest step that evokes a spike (nA).
    fi
        Rate (Hz) by step current (nA).
    features
        Means over spikes, by name with unit; see `dendmod.cells.features`.
    step_rates
        Rate (Hz) by step current (nA).
    bac_spikes
        Somatic spikes for "soma", "epsp", "both" and "calcium" (the current that evokes a calcium
        spike without a somatic pulse).
    dendrite_peak
        Peak of the dendritic potential (mV), likewise.
    traces
        Time (ms) and voltages (mV) of every protocol: ``{protocol: (t, {place: v})}``.
    refused
        Why a part could not be measured, by its name.
    settled
        The same, without rheobase and features, after settling and from calcium at rest.
    """

    rest: float | None = None
    rin: float | None = None
    tau: float | None = None
    sag: float | None = None
    rheobase: float | None = None
    fi: dict[float, float] = field(default_factory=dict)
    features: dict[str, float] = field(default_factory=dict)
    step_rates: dict[float, float] = field(default_factory=dict)
    bac_spikes: dict[str, int] = field(default_factory=dict)
    dendrite_peak: dict[str, float] = field(default_factory=dict)
    traces: dict[str, tuple[Array, dict[str, Array]]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    settled: CellFacts | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the facts with units in their names; what was not measured is left out."""
        numbers = {
            "rest_mV": self.rest,
            "rin_MOhm": self.rin,
            "tau_ms": self.tau,
            "sag_ratio": self.sag,
            "rheobase_nA": self.rheobase,
        }
        found: dict[str, Any] = {k: round(v, 3) for k, v in numbers.items() if v is not None}
        tables: dict[str, Any] = {
            "step_Hz": {str(k): v for k, v in self.step_rates.items()},
            "bac_spikes": self.bac_spikes,
            "bac_dendrite_peak_mV": {k: round(v, 2) for k, v in self.dendrite_peak.items()},
            "fi_Hz": {f"{k:.4g}": v for k, v in self.fi.items()},
            "spike_features": {k: round(v, 4) for k, v in self.features.items()},
            "refused": self.refused,
            "settled": self.settled.as_json() if self.settled is not None else {},
        }
        return found | {name: table for name, table in tables.items() if table}


@contextmanager
def _simulator(setup: Setup, tstop: float, settle: float) -> Iterator[Simulator]:
    """Give a simulator of adaptive steps, or of fixed ones where a mechanism takes no others."""
    from dendmod.engines.neuron import Simulator

    with ExitStack() as kept:
        try:
            found = kept.enter_context(
                Simulator(setup, Run(tstop=tstop, settle=settle, method="adaptive"))
            )
        except UnsupportedByEngine:
            found = kept.enter_context(Simulator(setup, Run(tstop=tstop, settle=settle, dt=_DT)))
        yield found


def _run(setup: Setup, tstop: float, settle: float, trains: tuple[SpikeTrain, ...] = ()) -> Result:
    # the protocols start from v_init and count their delays from there, as the paper's do
    with _simulator(setup, tstop, settle) as simulator:
        return simulator.run(trains)


def step(
    spec: Cell | ReducedCell, amp: float, delay: float, dur: float, *, settle: float = 0.0
) -> Result:
    """Run one current step at the soma (nA, ms)."""
    clamp = CurrentClamp(location=SOMA, delay=delay, dur=dur, amp=amp)
    return _run(Setup(cell=spec, current_clamps=(clamp,)), delay + dur, settle)


def bac(spec: Cell, *, soma: bool, epsp_amp: float, settle: float = 0.0) -> Result:
    """Run the BAC protocol with or without its somatic pulse and with this dendritic EPSP (nA)."""
    b = hay2011.BAC
    section, x = shape_of(spec).on_trunk(b.epsp_distance)
    place = Location(section=section, x=x)
    clamps: tuple[CurrentClamp, ...] = ()
    if soma:
        clamps = (CurrentClamp(location=SOMA, delay=b.soma_delay, dur=b.soma_dur, amp=b.soma_amp),)
    synapse = Synapse(
        name="epsp",
        mechanism="DoubleExpCurrent",
        location=place,
        params={"tau_rise": b.epsp_tau_rise, "tau_decay": b.epsp_tau_decay},
    )
    setup = Setup(
        cell=spec,
        synapses=(synapse,),
        current_clamps=clamps,
        record={"soma": SOMA, "dendrite": place},
    )
    trains: tuple[SpikeTrain, ...] = ()
    if epsp_amp:
        time = b.soma_delay + b.epsp_lag
        trains = (SpikeTrain("epsp", np.array([time]), epsp_amp),)
    return _run(setup, b.tstop, settle, trains)


class _Check:
    """Measures one cell, part by part; a part that is refused takes no other along."""

    def __init__(
        self, cell: Cell | ReducedCell, fields: CheckFields, *, settle: float = 0.0
    ) -> None:
        self.cell, self.fields, self.settle = cell, fields, settle
        self.threshold = fields.spike_threshold_mV or 0.0
        start = fields.calcium_start_mM
        self.started = cell if start is None or settle else with_pool_start(cell, start)
        self.found: dict[str, Any] = {}
        self.traces: dict[str, tuple[Array, dict[str, Array]]] = {}
        self.refused: dict[str, str] = {}

    def measure(self, name: str, part: Callable[[], Mapping[str, Any]]) -> None:
        """Keep what a part found, or why it found nothing."""
        try:
            self.found |= part()
        except DendmodError as error:
            self.refused[name] = str(error)

    def facts(self) -> CellFacts:
        """Measure everything that is asked for."""
        fields = self.fields
        self.measure("rest and input resistance", self.passive)
        if fields.steps_nA:
            self.measure("step rates", self.steps)
        if fields.bac:
            self.measure("BAC firing", self.bac)
        if fields.rheobase:
            self.measure("rheobase and f-I curve", self.firing)
        settled = None
        if fields.settled_ms:
            again = fields.model_copy(update={"rheobase": False, "settled_ms": 0.0})
            settled = _Check(self.cell, again, settle=fields.settled_ms).facts()
        return CellFacts(**self.found, traces=self.traces, refused=self.refused, settled=settled)

    def passive(self) -> dict[str, Any]:
        """Rest, input resistance, time constant and sag, from one small step."""
        f = self.fields
        amp, delay = f.rin_amp_nA, f.rin_delay_ms
        result = step(self.started, amp, delay, f.rin_dur_ms, settle=self.settle)
        t, v = result.t, result.v["soma"]
        self.traces["rin"] = (t, result.v)
        rest = float(np.interp(delay - 1.0, t, v))
        steady = float(v[-1] - rest)
        found = {"rest": rest, "rin": float(steady / amp)}
        on = t >= delay
        since, moved = t[on] - delay, (v[on] - rest) * np.sign(steady or 1.0)
        top = int(np.argmax(moved))
        if moved[top] > 0:
            found["sag"] = float((moved[top] - abs(steady)) / moved[top])
            onset = since[: top + 1], moved[: top + 1]
            self.measure("time constant", lambda: {"tau": time_constant(*onset)})
        return found

    def steps(self) -> dict[str, Any]:
        """Rates at the given steps."""
        f = self.fields
        rates = {}
        for amp in f.steps_nA:
            result = step(self.started, amp, f.steps_delay_ms, f.steps_dur_ms, settle=self.settle)
            spikes = result.spike_times(threshold=self.threshold)
            n = np.count_nonzero(spikes >= f.steps_delay_ms)
            rates[amp] = float(n / (f.steps_dur_ms / 1000))
            self.traces[f"step {amp}"] = (result.t, result.v)
        return {"step_rates": rates}

    def bac(self) -> dict[str, Any]:
        """Spikes and dendritic peaks of the BAC protocol."""
        cell = self.started
        if isinstance(cell, ReducedCell):
            raise SpecError("BAC firing needs the full cell: a reduced one has no trunk")
        b = hay2011.BAC
        spikes_of, peaks = {}, {}
        for name, soma, amp in (
            ("soma", True, 0.0),
            ("epsp", False, b.epsp_amp),
            ("both", True, b.epsp_amp),
            ("calcium", False, b.calcium_spike_amp),
        ):
            result = bac(cell, soma=soma, epsp_amp=amp, settle=self.settle)
            spikes = result.spike_times(threshold=self.threshold)
            spikes_of[name] = int(np.count_nonzero(spikes >= b.soma_delay))
            late = result.t >= b.soma_delay
            peaks[name] = float(result.v["dendrite"][late].max())
            self.traces[name] = (result.t, result.v)
        return {"bac_spikes": spikes_of, "dendrite_peak": peaks}

    def firing(self) -> dict[str, Any]:
        """Rheobase, f-I curve and the features of its spikes."""
        f = self.fields
        clamp = CurrentClamp(location=SOMA, delay=_ONSET_MS, dur=f.fi_dur_ms, amp=0.0)
        found: dict[str, Any] = {}
        setup = Setup(cell=self.cell, current_clamps=(clamp,))
        with _simulator(setup, _ONSET_MS + f.fi_dur_ms, _SETTLE_MS) as simulator:

            def rate(amp: float) -> float:
                times = simulator.run(amps=(amp,)).spike_times(threshold=self.threshold)
                return float(np.count_nonzero(times >= _ONSET_MS) / (f.fi_dur_ms / 1000))

            def fires(amp: float) -> bool:
                return _has_spike(simulator.run(amps=(amp,)), self.threshold)

            limit = f.rheobase_max_nA or _enough(self.found.get("rin"))
            rheobase = smallest_current(fires, limit, f.rheobase_resolution)
            found["rheobase"] = rheobase
            rates = {k * rheobase: rate(k * rheobase) for k in (1.0, *f.fi_factors)}
            result = simulator.run(amps=(f.features_at * rheobase,))
        self.traces["features"] = (result.t, result.v)
        window = (_ONSET_MS, _ONSET_MS + f.fi_dur_ms)
        self.measure(
            "spike features",
            lambda: {
                "features": spike_features(
                    result.t, result.v["soma"], window, threshold=self.threshold
                )
            },
        )
        return found | {"fi": rates}


def _enough(rin: float | None) -> float:
    """Return the current (nA) at which the search for a spike ends."""
    return _PASSIVE_MV / rin if rin and rin > 0 else 10.0


def _has_spike(result: Result, threshold: float) -> bool:
    """Whether the soma goes above a threshold (mV) and, unlike a passive one, comes down again."""
    down = upward_crossings(result.t, -result.v["soma"], -threshold)
    return bool((down >= _ONSET_MS).any())


def check_cell(cell: Cell | ReducedCell, fields: CheckFields | None = None) -> CellFacts:
    """Measure the electrical facts of a cell.

    Parameters
    ----------
    cell
        Any cell.
    fields
        What is measured; `check_fields` of the cell if not given: of Hay's cells also their steps
        and BAC firing (Hay et al. 2011, Table 1 and Fig 2).

    Returns
    -------
    CellFacts
        A part that the cell does not allow is named in `refused` beside the others.

    Raises
    ------
    MorphologyError, MechanismError, SpecError
        If the cell itself cannot be built.
    """
    check_setup(Setup(cell=cell))
    return _Check(cell, fields or check_fields(cell)).facts()
