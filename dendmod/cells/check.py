"""Electrical facts of a cell: rest, input resistance, step rates, BAC firing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.morphology import resolve
from dendmod.params import hay2011
from dendmod.spec import Cell, CurrentClamp, Location, Run, Setup, SpikeTrain, Synapse
from dendmod.spec.result import Array, Result
from dendmod.spec.stimulus import SOMA

RIN_AMP = -0.1  # nA
_REST_MS = 700.0
_RIN_MS = 500.0


@dataclass(frozen=True)
class CellFacts:
    """What `check_cell` measured.

    Parameters
    ----------
    rest
        Somatic potential after 700 ms (mV).
    rin
        Steady input resistance for -0.1 nA (MOhm).
    step_rates
        Rate (Hz) by step current (nA).
    bac_spikes
        Somatic spikes for "soma", "epsp", "both" and "calcium" (the current that evokes a calcium
        spike without a somatic pulse).
    traces
        Time (ms) and voltages (mV) of every protocol: ``{protocol: (t, {place: v})}``.
    """

    rest: float
    rin: float
    step_rates: dict[float, float]
    bac_spikes: dict[str, int]
    dendrite_peak: dict[str, float]
    traces: dict[str, tuple[Array, dict[str, Array]]]

    def as_json(self) -> dict[str, Any]:
        """Return the facts with units in their names."""
        return {
            "rest_mV": round(self.rest, 3),
            "rin_MOhm": round(self.rin, 3),
            "step_Hz": {str(k): v for k, v in self.step_rates.items()},
            "bac_spikes": self.bac_spikes,
            "bac_dendrite_peak_mV": {k: round(v, 2) for k, v in self.dendrite_peak.items()},
        }


def _run(setup: Setup, tstop: float, trains: tuple[SpikeTrain, ...] = ()) -> Result:
    from dendmod.engines.neuron import Simulator

    # the protocols start from v_init and count their delays from there, as the paper's do
    with Simulator(setup, Run(tstop=tstop, method="adaptive")) as simulator:
        return simulator.run(trains)


def step(spec: Cell, amp: float, delay: float, dur: float) -> Result:
    """Run one current step at the soma (nA, ms)."""
    clamp = CurrentClamp(location=SOMA, delay=delay, dur=dur, amp=amp)
    return _run(Setup(cell=spec, current_clamps=(clamp,)), delay + dur)


def bac(spec: Cell, *, soma: bool, epsp_amp: float) -> Result:
    """Run the BAC protocol with or without its somatic pulse and with this dendritic EPSP (nA)."""
    b = hay2011.BAC
    morphology = resolve(spec.morphology).without_axon()
    section, x = morphology.on_trunk(b.epsp_distance)
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
    return _run(setup, b.tstop, trains)


def check_cell(spec: Cell) -> CellFacts:
    """Measure the electrical facts of a cell (Hay et al. 2011, Table 1 and Fig 2)."""
    s, b = hay2011.STEPS, hay2011.BAC
    traces = {}
    hyperpolarised = step(spec, RIN_AMP, _REST_MS, _RIN_MS)
    v = hyperpolarised.v["soma"]
    rest = float(np.interp(_REST_MS - 1.0, hyperpolarised.t, v))
    rin = float((v[-1] - rest) / RIN_AMP)
    traces["rin"] = (hyperpolarised.t, hyperpolarised.v)
    rates = {}
    for amp, _, _ in s.rates:
        result = step(spec, amp, s.delay, s.dur)
        spikes = result.spike_times()
        rates[amp] = float(np.count_nonzero(spikes >= s.delay) / (s.dur / 1000))
        traces[f"step {amp}"] = (result.t, result.v)
    spikes_of, peaks = {}, {}
    for name, soma, amp in (
        ("soma", True, 0.0),
        ("epsp", False, b.epsp_amp),
        ("both", True, b.epsp_amp),
        ("calcium", False, b.calcium_spike_amp),
    ):
        result = bac(spec, soma=soma, epsp_amp=amp)
        spikes_of[name] = int(np.count_nonzero(result.spike_times() >= b.soma_delay))
        late = result.t >= b.soma_delay
        peaks[name] = float(result.v["dendrite"][late].max())
        traces[name] = (result.t, result.v)
    return CellFacts(rest, rin, rates, spikes_of, peaks, traces)
