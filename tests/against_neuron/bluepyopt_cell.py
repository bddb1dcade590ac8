"""A cell built by the package bluepyopt itself, from the JSON files of its examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def build(
    parameters: str, mechanisms: str, values: dict[str, float], morphology: str, axon: str,
    parameter_key: str | None = None,
) -> Any:  # fmt: skip
    """Return the instantiated cell."""
    from bluepyopt import ephys

    given = json.loads(Path(parameters).read_text())
    given = given if parameter_key is None else given[parameter_key]
    inserted = json.loads(Path(mechanisms).read_text())

    def on(where: str) -> list[Any]:
        return [ephys.locations.NrnSeclistLocation(where, seclist_name=where)]

    mechs = [
        ephys.mechanisms.NrnMODMechanism(name=f"{s}.{where}", suffix=s, locations=on(where))
        for where, suffixes in inserted.items()
        for s in suffixes
    ]
    params = [_parameter(ephys, entry, on) for entry in given]
    cell = ephys.models.CellModel(
        "cell",
        morph=ephys.morphologies.NrnFileMorphology(morphology, do_replace_axon=axon == "replace"),
        mechs=mechs,
        params=params,
    )
    cell.freeze(values)
    simulator = ephys.simulators.NrnSimulator()
    cell.instantiate(sim=simulator)
    return list(cell.icell.all)


def _parameter(ephys: Any, entry: dict[str, Any], on: Any) -> Any:
    name, frozen = entry["param_name"], "value" in entry
    shared = {"param_name": name, "frozen": frozen, "value": entry.get("value")}
    shared["bounds"] = None if frozen else entry["bounds"]
    if entry["type"] == "global":
        return ephys.parameters.NrnGlobalParameter(name=name, **shared)
    scaler = ephys.parameterscalers.NrnSegmentLinearScaler()
    if entry["dist_type"] != "uniform":
        scaler = ephys.parameterscalers.NrnSegmentSomaDistanceScaler(distribution=entry["dist"])
    kind = "NrnSectionParameter" if entry["type"] == "section" else "NrnRangeParameter"
    return getattr(ephys.parameters, kind)(
        name=f"{name}.{entry['sectionlist']}", value_scaler=scaler,
        locations=on(entry["sectionlist"]), **shared,
    )  # fmt: skip
