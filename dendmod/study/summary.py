"""summary.json: what it may hold, and how it is written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.atomic import replacing
from dendmod.spec.base import Spec


def clean(value: Any) -> Any:
    """Return a value as JSON can hold it: arrays as lists, what is not finite as None.

    Raises
    ------
    TypeError
        If it is, or holds, something that is no number, text, list or mapping.
    """
    if isinstance(value, Spec):
        return clean(value.model_dump(mode="json", by_alias=True))
    if isinstance(value, Mapping):
        return {str(key): clean(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return clean(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a summary cannot hold {type(value).__name__}: {value!r}"[:200])


def rounded(value: Any, digits: int = 6) -> Any:
    """Return what `clean` gives, its numbers cut to so many significant digits."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cut(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [cut(inner) for inner in value]
        return float(f"{value:.{digits}g}") if isinstance(value, float) else value

    return cut(clean(value))


def engine_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return what a command says of the engine that ran: a sentence, or one a variant on NEURON.

    Parameters
    ----------
    summary
        With ``engine``, as `dendmod.engines.held.Chosen.summary` has it, ``engines`` with one a
        part, or ``variants`` with one each; of anything else nothing is said.
    """
    if "engines" in summary:
        return [f"{part}: {engine['why']}" for part, engine in summary["engines"].items()]
    if "engine" in summary:
        both = [summary["engine"], summary.get("clamp_engine", summary["engine"])]
        why = [both[0]["why"]]
        if both[0]["name"] != both[1]["name"]:
            why.append(f"Voltage clamps: {both[1]['why']}")
        return why
    engines = {k: v["engine"] for k, v in summary.get("variants", {}).items() if "engine" in v}
    if len(engines) < 2:
        return [engine["why"] for engine in engines.values()]
    elsewhere = {k: engine["why"] for k, engine in engines.items() if engine["name"] != "kernel"}
    n = len(engines)
    if len(set(elsewhere.values())) == 1 and len(elsewhere) == n:
        return list(elsewhere.values())[:1]
    first = f"The kernel ran {n - len(elsewhere)} of {n} variants, held against NEURON in each."
    return [first, *(f"{k}: {why}" for k, why in elsewhere.items())]


def read_summary(out: Path) -> dict[str, Any]:
    """Return what summary.json in a folder says."""
    said: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return said


def write_summary(out: Path, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Write summary.json into a folder, whole or not at all; return what it says."""
    said: dict[str, Any] = clean(summary)
    with replacing(out / "summary.json") as partial:
        partial.write_text(json.dumps(said, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return said
