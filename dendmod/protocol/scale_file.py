"""Scale a protocol to a cell and write the file, with what was found and how beside its fields."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.atomic import replacing
from dendmod.cells.file import find_cell, shipped_cells
from dendmod.cells.sites import AS_MANY
from dendmod.protocol.model import CellFields, Protocol
from dendmod.protocol.read import load_protocol, parse_protocol
from dendmod.protocol.scale import Background, Scaled, scale_protocol
from dendmod.protocol.scale_search import (
    FIRST_SPIKE_INPUTS,
    PLATEAU_MS,
    QUIET,
    Curve,
    target_of,
)
from dendmod.protocol.scale_tasks import dendritic, longest_above
from dendmod.protocol.tasks import kept_every_ms
from dendmod.protocol.write import protocol_text
from dendmod.study.summary import write_summary
from dendmod.sweep import Sweep

_FILES = ("file", "reduced", "morphology")  # fields of [cell] that may name a file


def scale_file(
    out: str | Path,
    folder: str | Path,
    *,
    base: str | Path = "fig1",
    cell: str | None = None,
    sites: Mapping[str, Any] | None = None,
    sweep: Sweep | None = None,
    changes: Mapping[str, Any] | None = None,
    quick: bool = False,
    background: Background = "scaled",
    plateau_ms: float = PLATEAU_MS,
) -> Scaled:
    """Scale a protocol to a cell, and write it with a summary and a picture.

    Parameters
    ----------
    out
        The protocol file that is written.
    folder
        Where summary.json, the picture and finished runs go.
    base
        The protocol that is scaled: a file, or the name of one that dendmod carries.
    cell
        Folder, file or name of the cell; that of the base protocol, if not given.
    sites
        Fields of [sites] that differ from the base protocol's. If they name no number, as many
        sites are taken as fit, but no more than the base protocol has.
    sweep
        Where runs are kept and how they are made; in ``folder/store``, on all cores, if not given.
    changes
        Other fields that differ, by dotted name.
    quick
        Search at the quick scale; the file has the levels and trials of the base protocol.
    background, plateau_ms
        As in `dendmod.protocol.scale.scale_protocol`.

    Raises
    ------
    SpecError
        If the cell cannot do what the protocol asks; nothing is written then.
    """
    out, folder = Path(out), Path(folder)
    sweep = sweep or Sweep(folder / "store")
    changes = dict(changes or {})
    own = changes | {f"sites.{name}": value for name, value in (sites or {}).items()}
    if cell is not None:
        own["cell.file"] = cell
    before = load_protocol(base)

    def at(protocol: Protocol) -> Protocol:
        scale = {name: v for name, v in changes.items() if name.startswith(("run.", "io."))}
        table = protocol.model_dump(mode="json", by_alias=True)
        return parse_protocol(table, scale, quick=True) if quick else protocol

    # levels that the base protocol has and a smaller number of sites has not are scaled later
    n = own.pop("sites.n", None)
    own["sites.n"] = AS_MANY
    at_most = None if n or before.sites.n == AS_MANY else before.n_sites
    scaled = scale_protocol(
        before,
        load_protocol(base, own),
        sweep,
        at=at,
        n=None if n == AS_MANY else n,
        at_most=at_most,
        background=background,
        plateau_ms=plateau_ms,
    )
    text = _text(scaled, out, background, plateau_ms)
    with replacing(out) as partial:
        partial.write_text(text, encoding="utf-8")
    write_summary(folder, summary_of(scaled, out, background, plateau_ms, sweep.versions))
    _draw(scaled, folder, plateau_ms, "quick run" if quick else "")
    return scaled


def summary_of(
    scaled: Scaled,
    out: Path,
    background: Background,
    plateau_ms: float,
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """Return what summary.json says: what was found, and the searches."""
    p = scaled.protocol
    return {
        "schema": "dendmod/scale/1",
        "file": out.name,
        "protocol": p,
        "base": scaled.base.name,
        "sites": {"n": p.n_sites, "fit": scaled.fit},
        "resistance_MOhm": {"base": scaled.resistance[0], "cell": scaled.resistance[1]},
        "background": {"rule": background, "factor": scaled.by},
        "plateau": {"mV": p.run.plateau_mV, "ms": plateau_ms},
        "feedforward": _searched(scaled.feedforward, "spikes"),
        "arms": {
            name: {
                "n_feedforward": arm.n_feedforward,
                "target_spikes": target_of(arm),
                "levels": list(scaled.tables[name].levels),
                "mean_spikes": scaled.tables[name].mean(),
                "curve": {
                    "n_feedforward": scaled.curves[name][0],
                    "mean_spikes": scaled.curves[name][1].mean(axis=1),
                },
                **(
                    {
                        "weight": _searched(scaled.plateaus[name], "ms_above"),
                        "sites_with_plateau": with_plateau(scaled, name, plateau_ms),
                        "median_ms_above": median_above(scaled, name),
                    }
                    if name in scaled.plateaus
                    else {}
                ),
            }
            for name, arm in p.arms.items()
        },
        "engine": scaled.chosen.summary,
        "versions": dict(versions),
    }


def _searched(curve: Curve, what: str) -> dict[str, Any]:
    return {
        "found": curve.found,
        "tried": curve.weights,
        f"median_{what}": np.median(curve.values.reshape(len(curve.weights), -1), axis=1),
        f"mean_{what}": curve.values.reshape(len(curve.weights), -1).mean(axis=1),
    }


def with_plateau(scaled: Scaled, arm: str, plateau_ms: float) -> float:
    """Return at how many sites there is a plateau at the highest level, a mean over trials."""
    return float((_above(scaled, arm) >= plateau_ms).sum(axis=1).mean())


def median_above(scaled: Scaled, arm: str) -> float:
    """Return the median over sites and trials of the time above the level (ms), all driven."""
    return float(np.quantile(_above(scaled, arm), 0.5, method="higher"))


def _above(scaled: Scaled, arm: str) -> np.ndarray:
    """For how long sites are above the level without a break (ms), all driven [trials, sites]."""
    v = scaled.tables[arm].extras[-1]["v_sites"]
    return longest_above(v, scaled.protocol.run.plateau_mV, kept_every_ms(scaled.protocol))


def _text(scaled: Scaled, out: Path, background: Background, plateau_ms: float) -> str:
    p, base = scaled.protocol, scaled.base
    p = p.model_copy(
        update={
            "name": "".join(c if c.isalnum() or c in "_-" else "_" for c in out.stem),
            "title": f"{base.title}, scaled",
            "source": f"after {base.source}",
            "cell": _beside(p.cell, out),
            "paper": {},
        }
    )
    head = (
        f"{base.name}, scaled by `dendmod protocol scale` to the cell that [cell] names. What was "
        f"found stands beside its field; all else is {base.name}'s."
    )
    return protocol_text(p, _comments(scaled, background, plateau_ms), head)


def _comments(scaled: Scaled, background: Background, plateau_ms: float) -> dict[str, str]:
    p, (of_base, own) = scaled.protocol, scaled.resistance
    unit = p.feedforward.weight[1]
    tried, trials = scaled.feedforward.weights, scaled.feedforward.values.shape[1]
    said = {
        f"feedforward.weight_{unit}": (
            f"found: {FIRST_SPIKE_INPUTS} inputs of it give half of {trials} trials a spike; "
            f"{len(tried)} weights from {tried[0]:.3g} to {tried[-1]:.3g} were tried"
        ),
        "sites.n": "" if scaled.fit is None else f"found: {scaled.fit} fit",
        "background": (
            f"The weights are {scaled.base.name}'s times {scaled.by:g}, as is that of shunt: the "
            f"input resistance of the soma is {own:.3g} MOhm, of {scaled.base.name}'s cell "
            f"{of_base:.3g} MOhm."
            if background == "scaled"
            else f"The weights are {scaled.base.name}'s, as was asked."
        ),
    }
    for name, arm in p.arms.items():
        target, table = target_of(arm), scaled.tables[name]
        rule = (
            f"the most that give {QUIET:g} spikes a trial or less"
            if target == 0
            else f"the smallest that gives {target}"
        )
        said[f"arms.{name}.n_feedforward"] = f"found: {rule}"
        means = ", ".join(
            f"{m:.3g} at level {level}" for level, m in zip(table.levels, table.mean(), strict=True)
        )
        said[f"arms.{name}"] = f"Mean spikes of {trials} trials: {means}."
        if name in scaled.plateaus:
            w = scaled.plateaus[name].weights
            said[f"arms.{name}.high_weight_nS"] = (
                f"found: half of the sites are above {p.run.plateau_mV:g} mV for {plateau_ms:g} ms "
                "without a break where all are driven, without feedforward inputs; "
                f"{w.size} weights from {w[0]:.3g} to {w[-1]:.3g} were tried. With them "
                f"{with_plateau(scaled, name, plateau_ms):.3g} of {p.n_sites} sites are, the "
                f"median for {median_above(scaled, name):.3g} ms"
            )
            low = dendritic(scaled.base, name)
            said[f"arms.{name}.low_weight_nS"] = (
                f"the same part of the high weight as in {scaled.base.name} "
                f"({low.low_weight_nS:g} of {low.high_weight_nS:g})"
            )
    return said


def _beside(cell: CellFields, out: Path) -> CellFields:
    """Return the cell with its file named as seen from the protocol that is written."""
    update = {}
    for name in _FILES:
        given = getattr(cell, name)
        if given is None or given in shipped_cells() or not os.path.exists(given):
            continue
        path = find_cell(given) if name == "file" else Path(given)
        update[name] = os.path.relpath(path.resolve(), out.resolve().parent)
    return cell.model_copy(update=update)


def _draw(scaled: Scaled, folder: Path, plateau_ms: float, note: str) -> None:
    from dendmod.plotting import save, style
    from dendmod.plotting.scale import ArmPanel, Searched, draw_scale

    p = scaled.protocol
    unit = p.feedforward.weight[1]
    searches = [
        Searched(
            f"Feedforward weight ({unit})",
            f"Spikes of {FIRST_SPIKE_INPUTS} inputs",
            scaled.feedforward.weights,
            scaled.feedforward.values.mean(axis=1),
            scaled.feedforward.found,
        ),
        *(
            Searched(
                f"Weight of driven sites (nS), {name}",
                f"Part of sites above\n{p.run.plateau_mV:g} mV for {plateau_ms:g} ms",
                curve.weights,
                (curve.values >= plateau_ms).reshape(len(curve.weights), -1).mean(axis=1),
                curve.found,
            )
            for name, curve in scaled.plateaus.items()
        ),
    ]
    arms = [_panel(p, name, scaled) for name in p.arms]
    with style():
        picture = draw_scale(searches, [ArmPanel(**arm) for arm in arms], p.title)
        save(picture, folder, "scale", note=note)


def _panel(p: Protocol, name: str, scaled: Scaled) -> dict[str, Any]:
    table = scaled.tables[name]
    n, counts = scaled.curves[name]
    v = [extra["v_soma"][0] for extra in table.extras]
    top = table.extras[-1]["v_sites"][0]
    t = np.arange(v[0].size) * p.run.dt_ms
    return {
        "name": name,
        "n": n,
        "mean": counts.mean(axis=1),
        "chosen": p.arms[name].n_feedforward,
        "t": t,
        "soma": dict(zip(map(str, table.levels), v, strict=True)),
        "t_sites": np.linspace(0, t[-1], top.shape[1]),
        "sites": top if name in scaled.plateaus else None,
        "level_mV": p.run.plateau_mV,
    }
