"""Table 3: what an increase of each perturbation does, with our signs beside the paper's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dendmod.clustered.perturbation import Perturbation
from dendmod.clustered.readings import READINGS
from dendmod.papers.wyrick2021.cells import response_table
from dendmod.papers.wyrick2021.common import UNPERTURBED, Job, head, ongoing_table, rates
from dendmod.papers.wyrick2021.evoked import evoked_table
from dendmod.papers.wyrick2021.ongoing import CLUSTER_READINGS
from dendmod.papers.wyrick2021.study import Condition, Results, Study, spread
from dendmod.papers.wyrick2021.theory import reading_barriers
from dendmod.params import wyrick2021

COLUMNS = ("latency", "rate_E", "rate_I", "response_E", "response_I", "timescale", "gain")
# Ours: a slope counts as a change if it is more than two SEM over networks from zero; responses are
# mixed if the rarer sign makes up more than a third of all responses.
_SEM, _MIXED = 2.0, 1 / 3
_READING_SIZE, _THEORY_SIZE = 0.1, 0.05
_DEPRESSED = "background coupled as clusters are"


def table3(job: Job) -> dict[str, Any]:
    """Return our Table 3 with agreement and disagreement, and the readings of dAMPA and dGABA."""
    study = job.study
    ongoing, evoked = study.ongoing(), study.evoked()
    slow, fast, cells = ongoing_table(ongoing), evoked_table(evoked), response_table(study)
    ours = {kind: _row(kind, ongoing, slow, fast, cells, study) for kind in study.scale.levels}
    agreement = {
        kind: {
            name: None if name not in row else row[name]["sign"] == wyrick2021.SIGNS[kind][name]
            for name in COLUMNS
        }
        for kind, row in ours.items()
    }
    cells_agree = [v for row in agreement.values() for v in row.values() if v is not None]
    summary = {
        **head("table3", study),
        "signs": "1 up, -1 down, 0 no change beyond two SEM over networks, null mixed",
        "ours": ours,
        "paper": wyrick2021.SIGNS,
        "agrees": agreement,
        "agreeing": f"{sum(cells_agree)} of {len(cells_agree)}",
        "readings_of_couplings": _readings(study),
        "readings_in_theory": {
            f"{size:+g}": reading_barriers(study, size) for size in (_THEORY_SIZE, -_THEORY_SIZE)
        },
    }
    from dendmod.papers.wyrick2021.plot_cells import draw_table3
    from dendmod.plotting import save, style

    with style():
        save(draw_table3(ours, COLUMNS, summary), job.out, "table3")
    return summary


def _slope(levels: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """Return mean slope over networks, its SEM and its sign; values [levels, networks].

    Networks without a value at every level do not count; without two of them there is no slope, and
    its sign is 0.
    """
    good = np.isfinite(values).all(axis=0)
    if good.sum() < 2:
        return {"slope": None, "sem": None, "sign": 0}
    slopes = np.polyfit(levels, values[:, good], 1)[0]
    mean, sem = float(slopes.mean()), float(slopes.std(ddof=1) / good.sum() ** 0.5)
    return {"slope": mean, "sem": sem, "sign": int(np.sign(mean)) if abs(mean) > _SEM * sem else 0}


def _row(
    kind: str, ongoing: Results, slow: Any, fast: Any, cells: Any, study: Study
) -> dict[str, Any]:
    conditions: list[Condition] = [UNPERTURBED] + [(kind, z) for z in study.scale.levels[kind]]
    levels = np.array([z for _, z in conditions])

    def over(table: Any, name: str) -> np.ndarray:
        rows = [table[c]["over_networks"][name]["networks"] for c in conditions]
        return np.array([[np.nan if v is None else v for v in row] for row in rows])

    row = {
        "latency": _slope(levels, over(fast, "latency_change_s")),
        "rate_E": _slope(levels, np.array([rates(ongoing, c)[0] for c in conditions])),
        "rate_I": _slope(levels, np.array([rates(ongoing, c)[1] for c in conditions])),
        "timescale": _slope(levels, over(slow, "timescale_ms")),
        "gain": _slope(levels, over(slow, "gain_ratio")),
    }
    top = cells[kind, max(study.scale.levels[kind])]
    for population in "EI":
        excited, inhibited = top[f"excited_{population}"], top[f"inhibited_{population}"]
        total = excited + inhibited
        mixed = total > 0 and min(excited, inhibited) / total > _MIXED
        row[f"response_{population}"] = {
            "excited": excited,
            "inhibited": inhibited,
            "sign": None if mixed else int(np.sign(excited - inhibited)),
        }
    return row


def _readings(study: Study) -> dict[str, Any]:
    """Return timescale and gain of dAMPA and dGABA +0.1 under every reading, against none."""
    few = min(study.scale.networks, wyrick2021.READING_NETWORKS)
    study = replace(study, scale=replace(study.scale, networks=few))
    both: list[Condition] = [(kind, _READING_SIZE) for kind in ("dAMPA", "dGABA")]
    base = study.ongoing([UNPERTURBED])
    out: dict[str, Any] = {
        "networks": few,
        "unperturbed": {
            "timescale_ms": ongoing_table(base)[UNPERTURBED]["timescale_ms"],
            "timescale_by_definition_ms": _definitions(study, [UNPERTURBED, *both]),
        },
        _DEPRESSED: {
            "meaning": "pairs with a background neuron have J-, not 1; all recurrent weights scale"
        } | _entries(study.ongoing([UNPERTURBED, *both], changes={"background_depressed": True})),
    }  # fmt: skip
    for reading, meaning in READINGS.items():
        kinds = ["dAMPA"] if reading.endswith("external") or reading.startswith("external") else [
            "dAMPA", "dGABA"]  # fmt: skip
        conditions: list[Condition] = [(kind, _READING_SIZE) for kind in kinds]
        results = base | study.ongoing(conditions, reading=reading)
        out[reading] = {"meaning": meaning} | _entries(results)
    return out


def _entries(results: Results) -> dict[str, Any]:
    """Return the numbers of each perturbation, changes against the unperturbed networks."""
    table = ongoing_table(results)
    before = table[UNPERTURBED]
    return {
        f"{kind} {size:+g}": {
            "unperturbed_timescale_ms": before["timescale_ms"],
            "timescale_ms": entry["timescale_ms"],
            "timescale_change_ms": spread(_networks(entry) - _networks(before)),
            "gain_ratio": entry["gain_ratio"],
            "gain_ratio_over_networks": entry["over_networks"]["gain_ratio"],
            "active_clusters": entry["active_clusters"],
            "rates_Hz": entry["rates_Hz"],
        }
        for (kind, size), entry in table.items()
        if (kind, size) != UNPERTURBED
    }


def _definitions(study: Study, conditions: list[Condition]) -> dict[str, Any]:
    """Return the timescale (ms) under every definition of an active cluster."""
    readings = [list(c) for c in CLUSTER_READINGS]
    results = study.ongoing(conditions, cluster=readings)
    return {
        f"kernel {smoothing:g} ms, above {threshold:g} spikes/s": {
            Perturbation(*c).label: spread([1e3 * float(r["timescale"][k]) for r in rows])
            for c, rows in results.items()
        }
        for k, (smoothing, threshold) in enumerate(CLUSTER_READINGS)
    }


def _networks(entry: dict[str, Any]) -> np.ndarray:
    values = entry["over_networks"]["timescale_ms"]["networks"]
    return np.array([np.nan if v is None else v for v in values])
