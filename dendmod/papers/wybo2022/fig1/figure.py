"""Figure 1 of Wybo et al. 2022: shunt at the soma against NMDA spikes in dendrites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture

from dendmod.papers.wybo2022.fig1.plot import Dendrites, Panels, Side, draw
from dendmod.protocol.conductance import ConductanceSummary, subtract_baseline, summarise
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.model import Protocol
from dendmod.protocol.read import protocol_of
from dendmod.protocol.tables import SpikeTable
from dendmod.study.claims import Judged, all_of, higher, holds
from dendmod.study.figure import Figure
from dendmod.study.summary import engine_lines
from dendmod.sweep import Sweep

_BASELINE_START = 50.0  # ms: the background has built up
_ONSET_SD = 3.0  # the contextual burst begins this many SD before its centre
_UNIT = {"shunt": "shunt inputs", "nmda": "sites"}

# The rules were written after results of earlier runs were known.
CLAIMS = {
    "shunt_takes_spikes_away": "Shunt takes the cell from two spikes to none (Results, Fig 1E)",
    "nmda_spikes_add_spikes": "NMDA spikes take the cell from no spike to two (Results, Fig 1G)",
    "shunt_conductance": "Shunt that silences the cell adds 100 to 150 nS (Results, Fig 1H)",
    "nmda_plateaus": "An NMDA spike lasts 50 to 100 ms (Introduction); here above -40 mV",
    "nmda_conductance": "NMDA spikes at all sites add 1 to 10 nS at the soma (Results, Fig 1H)",
}

_Clamped = tuple[str, int, bool]  # arm, level, whether channels are blocked


@dataclass(frozen=True)
class Measured:
    """All that the figure shows: spikes, the levels chosen by them, conductances (nS) of those."""

    experiment: Experiment
    tables: Mapping[str, SpikeTable]
    chosen: Mapping[str, Mapping[int, int | None]]
    clamped: Mapping[str, list[int]]
    paired: Mapping[_Clamped, ConductanceSummary]


def measure(protocol: Protocol, sweep: Sweep) -> Measured:
    """Count spikes at every level; clamp the cell at those with the paper's numbers of spikes."""
    experiment = Experiment(protocol, sweep)
    sweep.run(experiment.hold_tasks(clamps=True))
    tables = experiment.spikes(traces=True)
    chosen = {
        name: {k: tables[name].chosen(k) for k in arm.target_spikes}
        for name, arm in protocol.arms.items()
    }
    clamped = {
        name: sorted({0, *(level for level in chosen[name].values() if level is not None)})
        for name in protocol.arms
    }
    conductance = experiment.conductance(clamped)
    paired = {
        (name, level, blocked): _paired(protocol, name, conductance, level, blocked)
        for name, level, blocked in conductance
    }
    return Measured(experiment, tables, chosen, clamped, paired)


def judge(protocol: Protocol, measured: Measured) -> dict[str, Judged]:
    """Return the verdict on each claim; the paper's ranges are for its own cell alone."""
    counts = {name: table.counts[:, 0] for name, table in measured.tables.items()}
    reached = {
        name: holds(
            None not in chosen.values(),
            levels_by_spikes={str(k): level for k, level in chosen.items()},
        )
        for name, chosen in measured.chosen.items()
    }
    found = {
        "shunt_takes_spikes_away": all_of(
            reached["shunt"], higher(counts["shunt"][0], counts["shunt"][-1])
        ),
        "nmda_spikes_add_spikes": all_of(
            reached["nmda"], higher(counts["nmda"][-1], counts["nmda"][0])
        ),
    }
    stated = protocol.paper_range("nmda_spike_duration_ms")
    lasts = float(np.median(measured.tables["nmda"].extras[-1]["site_above"]))
    if stated:
        found["nmda_plateaus"] = holds(stated[0] <= lasts <= stated[1], median_ms=lasts)
    for name in ("shunt", "nmda"):
        stated = protocol.paper_range(f"{name}_conductance_nS")
        top = max(measured.clamped[name])
        if stated and top:
            peak = measured.paired[name, top, True].mean_peak
            found[f"{name}_conductance"] = holds(
                stated[0] <= peak <= stated[1], mean_peak_nS=peak, level=top
            )
    return found


def _times(protocol: Protocol, n: int) -> np.ndarray:
    return np.arange(n) * protocol.run.dt_ms


def _paired(
    protocol: Protocol,
    arm: str,
    conductance: Mapping[_Clamped, np.ndarray],
    level: int,
    blocked: bool,
) -> ConductanceSummary:
    """Change of conductance against level 0 of the same seeds; level 0 itself is not paired."""
    g = conductance[arm, level, blocked]
    if level:
        g = g - conductance[arm, 0, blocked]
    onset = protocol.arms[arm].context_center_ms - _ONSET_SD * protocol.context_sd(arm)
    window = (min(_BASELINE_START, onset / 2), onset)
    return summarise(subtract_baseline(g, _times(protocol, g.shape[1]), window))


def _peaks(
    entries: Mapping[_Clamped, ConductanceSummary], arm: str, levels: list[int], blocked: bool
) -> list[dict[str, float]]:
    background = entries[arm, 0, blocked].mean_peak
    rows = []
    for level in levels:
        s = entries[arm, level, blocked]
        rows.append({
            "level": level,
            "mean_peak": s.mean_peak if level else 0.0,
            "envelope_peak": s.envelope_peak if level else 0.0,
            "background_peak": background,
        })  # fmt: skip
    return rows


def _arm_summary(protocol: Protocol, measured: Measured, name: str) -> dict[str, Any]:
    table, clamped = measured.tables[name], measured.clamped[name]
    return {
        "n_ff": protocol.arms[name].n_feedforward,
        "levels": list(table.levels),
        "mean_spikes": table.mean().tolist(),
        "spikes": table.counts[:, 0, :].tolist(),
        "chosen": {str(k): level for k, level in measured.chosen[name].items()},
        "conductance_nS": _peaks(measured.paired, name, clamped, True),
        "conductance_active_nS": _peaks(measured.paired, name, clamped, False),
    }


def summary_of(protocol: Protocol, measured: Measured) -> dict[str, Any]:
    """Return what summary.json says: spikes, chosen levels, conductances, plateaus."""
    experiment, tables = measured.experiment, measured.tables
    arms = {name: _arm_summary(protocol, measured, name) for name in tables}
    top = tables["nmda"].extras[-1]
    arms["nmda"]["plateau"] = {
        "level": tables["nmda"].levels[-1],
        "peak_mV": top["site_peak"].mean(axis=0).tolist(),
        "ms_above_minus40": top["site_above"].mean(axis=0).tolist(),
    }
    return {
        "seed": protocol.run.seed,
        "trials": int(tables["nmda"].counts.shape[2]),
        "morphology": {
            "name": experiment.morphology.name,
            "sha256": experiment.morphology.sha256,
        },
        "readings": {
            **protocol.readings.model_dump(),
            "biophysics": protocol.cell.membrane,
            "site_x": protocol.sites.x,
            "feedforward_lag_ms": {n: a.feedforward_lag_ms for n, a in protocol.arms.items()},
            "dt_ms": protocol.run.dt_ms,
        },
        "sites": {
            "impedance_MOhm": experiment.sites["impedance"].tolist(),
            "independence": float(experiment.sites["independence"]),
        },
        **arms,
        "paper": protocol.paper,
        "clamp_engine": experiment.chosen_for_clamps.summary,
        "engine": experiment.engine,
    }


def _example(table: SpikeTable, level: int | None, target: int) -> np.ndarray | None:
    """Return the somatic trace of the first trial of a level with `target` spikes, or any."""
    if level is None:
        return None
    row = table.levels.index(level)
    hits = np.flatnonzero(table.counts[row, 0] == target)
    return table.extras[row]["v_soma"][hits[0] if hits.size else 0]


def draw_panels(
    protocol: Protocol, measured: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw panels D to H beside the spike counts of every level."""
    experiment, tables = measured.experiment, measured.tables
    top = tables["nmda"].extras[-1]
    t = _times(protocol, tables["nmda"].extras[0]["v_soma"].shape[1])
    pairs = zip(experiment.sites["section"], experiment.sites["x"], strict=True)
    panels = Panels(
        t=t,
        window=(_BASELINE_START, protocol.run.tstop_ms),
        morphology=experiment.morphology,
        sites=[(int(section), float(x)) for section, x in pairs],
        shunt=_side(protocol, measured, "shunt"),
        nmda=_side(protocol, measured, "nmda"),
        dendrites=Dendrites(
            t=np.linspace(0, t[-1], top["v_sites"].shape[2]),
            v=top["v_sites"][0],
            level=tables["nmda"].levels[-1],
            above=top["site_above"].mean(axis=0),
            paper_ms=protocol.paper_range("nmda_spike_duration_ms"),
        ),
    )
    return {"fig1": draw(panels)}


def _side(protocol: Protocol, measured: Measured, name: str) -> Side:
    table, unit = measured.tables[name], _UNIT[name]
    return Side(
        table=table,
        n_feedforward=protocol.arms[name].n_feedforward,
        soma=[
            (
                f"no level gives {k}" if level is None else f"{level} {unit.split()[0]}",
                _example(table, level, k),
            )
            for k, level in measured.chosen[name].items()
        ],
        conductance=[
            (f"{level} {unit}", measured.paired[name, level, True])
            for level in reversed(measured.clamped[name])
            if level
        ],
        paper_nS=protocol.paper_range(f"{name}_conductance_nS"),
    )


FIGURE = Figure(
    settings=protocol_of,
    measure=measure,
    summarise=summary_of,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
    tell=engine_lines,
)
