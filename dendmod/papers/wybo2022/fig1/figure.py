"""Figure 1 of Wybo et al. 2022: ``python -m dendmod.fig1 --help``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.figure import FigureOptions, run_figure, write_summary
from dendmod.protocol import load_protocol
from dendmod.protocol.conductance import ConductanceSummary, subtract_baseline, summarise
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.model import Protocol
from dendmod.protocol.provenance import versions
from dendmod.protocol.tables import SpikeTable

_QUICK_RUNS = 3
_BASELINE_START = 50.0  # ms: the background has built up
_ONSET_SD = 3.0  # the contextual burst begins this many SD before its centre

_Clamped = tuple[str, int, bool]  # arm, level, whether channels are blocked


@dataclass(frozen=True)
class _Measured:
    """All that the figure shows: spikes, the levels chosen by them, conductances (nS) of those."""

    experiment: Experiment
    tables: Mapping[str, SpikeTable]
    chosen: Mapping[str, Mapping[int, int | None]]
    clamped: Mapping[str, list[int]]
    paired: Mapping[_Clamped, ConductanceSummary]

    @property
    def protocol(self) -> Protocol:
        return self.experiment.protocol


def main(options: FigureOptions) -> dict[str, Any]:
    """Run, analyse and draw Figure 1; return its summary."""
    protocol = load_protocol("fig1", options.changes())
    trials = protocol.trials(options.trials, quick=options.quick)
    experiment = Experiment(protocol, options.out / "store", **options.sweep())
    levels = protocol.levels(quick=options.quick)
    tables = experiment.spikes(levels, trials=trials, seed=protocol.run.seed, traces=True)
    chosen = {
        name: {k: tables[name].chosen(k) for k in arm.target_spikes}
        for name, arm in protocol.arms.items()
    }
    clamped = {
        name: sorted({0, *(level for level in chosen[name].values() if level is not None)})
        for name in protocol.arms
    }
    runs = min(trials, _QUICK_RUNS) if options.quick else protocol.clamp.runs
    conductance = experiment.conductance(clamped, runs=runs, seed=protocol.run.seed)
    paired = {
        (name, level, blocked): _paired(protocol, name, conductance, level, blocked)
        for name, level, blocked in conductance
    }
    measured = _Measured(experiment, tables, chosen, clamped, paired)
    summary = _summary(measured)
    _draw(options.out, measured)
    write_summary(options.out, summary)
    return summary


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


def _arm_summary(measured: _Measured, name: str) -> dict[str, Any]:
    table, clamped = measured.tables[name], measured.clamped[name]
    return {
        "n_ff": measured.protocol.arms[name].n_feedforward,
        "levels": list(table.levels),
        "mean_spikes": table.mean().tolist(),
        "spikes": table.counts[:, 0, :].tolist(),
        "chosen": {str(k): level for k, level in measured.chosen[name].items()},
        "conductance_nS": _peaks(measured.paired, name, clamped, True),
        "conductance_active_nS": _peaks(measured.paired, name, clamped, False),
    }


def _summary(measured: _Measured) -> dict[str, Any]:
    experiment, protocol, tables = measured.experiment, measured.protocol, measured.tables
    arms = {name: _arm_summary(measured, name) for name in tables}
    top = tables["nmda"].extras[-1]
    arms["nmda"]["plateau"] = {
        "level": tables["nmda"].levels[-1],
        "peak_mV": top["site_peak"].mean(axis=0).tolist(),
        "ms_above_minus40": top["site_above"].mean(axis=0).tolist(),
    }
    return {
        "schema": "dendmod/fig1/1",
        "seed": protocol.run.seed,
        "trials": int(tables["nmda"].counts.shape[2]),
        "morphology": {
            "name": experiment.morphology.name,
            "sha256": experiment.morphology.sha256,
        },
        "readings": {
            **protocol.readings.model_dump(),
            "biophysics": protocol.cell.biophysics,
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
        "engine": str(tables["nmda"].extras[0]["engine"]),
        "versions": versions(),
    }


def _example(table: SpikeTable, level: int | None, target: int) -> np.ndarray | None:
    """Return the somatic trace of the first trial of a level with `target` spikes, or any."""
    if level is None:
        return None
    row = table.levels.index(level)
    hits = np.flatnonzero(table.counts[row, 0] == target)
    return table.extras[row]["v_soma"][hits[0] if hits.size else 0]


def _draw(out: Path, measured: _Measured) -> None:
    from dendmod.papers.wybo2022.fig1.plot import draw
    from dendmod.plotting import save, style

    experiment, protocol, tables = measured.experiment, measured.protocol, measured.tables
    n = tables["nmda"].extras[0]["v_soma"].shape[1]
    arms: dict[str, Any] = {}
    unit = {"shunt": "shunt inputs", "nmda": "sites"}
    for name, table in tables.items():
        arms[name] = {
            "table": table,
            "n_ff": protocol.arms[name].n_feedforward,
            "soma": [
                (f"no level gives {k}" if level is None else f"{level} {unit[name].split()[0]}",
                 _example(table, level, k))
                for k, level in measured.chosen[name].items()
            ],
            "conductance": [
                (f"{level} {unit[name]}", measured.paired[name, level, True])
                for level in reversed(measured.clamped[name]) if level
            ],
        }  # fmt: skip
    top = tables["nmda"].extras[-1]
    arms["nmda"] |= {
        "dendrites": top["v_sites"][0],
        "dendrite_level": tables["nmda"].levels[-1],
        "above": top["site_above"].mean(axis=0),
    }
    t = _times(protocol, n)
    pairs = zip(experiment.sites["section"], experiment.sites["x"], strict=True)
    data = {
        "t": t,
        "t_sites": np.linspace(0, t[-1], top["v_sites"].shape[2]),
        "morphology": experiment.morphology,
        "sites": [(int(section), float(x)) for section, x in pairs],
        "paper": protocol.paper,
        "window": (_BASELINE_START, protocol.run.tstop_ms),
        **arms,
    }
    with style():
        save(draw(data), out, "fig1")


if __name__ == "__main__":
    run_figure("fig1", main)
