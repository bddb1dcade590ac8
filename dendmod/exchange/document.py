"""Write fitted IO curves as a `dendmod/io/1` file."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.atomic import replacing
from dendmod.errors import SpecError
from dendmod.exchange.load_io import EQUATION, SCHEMA, STATUS, UNITS, content_hash, from_document
from dendmod.iocurve import CROSSINGS, FitModel, IOFit

# an innermost list; JSON has no line breaks inside texts, so only lists can match
_ROW = re.compile(r"\[\n\s*((?:[^\[\]{}]|\"[^\"\n]*\")*?)\n\s*\]")


@dataclass(frozen=True)
class RawCurve:
    """What was run at one level: ``spikes`` has shape [n, trials] for ``x`` of shape [n]."""

    x: npt.NDArray[np.float64]
    spikes: npt.NDArray[np.float64]


def io_document(
    fits: Mapping[FitModel, IOFit],
    thresholds: npt.ArrayLike,
    *,
    name: str,
    title: str,
    level: str,
    provenance: Mapping[str, Any],
    interval: npt.ArrayLike | None = None,
    curves: Sequence[RawCurve] | None = None,
    crossings: Sequence[float] = CROSSINGS,
) -> dict[str, Any]:
    """Return what a file says, with its hash.

    The default model of the file is "gain_xshift" where it was fitted: its residual is never larger
    than that of "gain", and it has "bias" as its limit.

    Parameters
    ----------
    fits
        Fits of the same thresholds, by model.
    thresholds
        Shape [levels, crossings], in inputs; NaN where a crossing was not found.
    name, title
        A short name for files and code, and a line for people.
    level
        What a level is, such as "shunt inputs".
    provenance
        Where the points come from; anything that JSON can hold.
    interval
        90 % intervals of the thresholds, shape [levels, crossings, 2].
    curves
        One a level.
    crossings
        Output spikes at the thresholds.

    Raises
    ------
    SpecError
        If the fits do not belong together or to the thresholds.
    """
    n = np.asarray(thresholds, dtype=float)
    if not fits:
        raise SpecError("no fit was given; a file needs one or more")
    first = next(iter(fits.values()))
    for model, fit in fits.items():
        if fit.model != model or (fit.levels, fit.left_out) != (first.levels, first.left_out):
            raise SpecError(
                f"fits[{model!r}] is of {fit.model!r}, or of other levels than the rest"
            )
    if n.shape != (len(first.levels), len(crossings)):
        needed = (len(first.levels), len(crossings))
        raise SpecError(f"thresholds have shape {n.shape}; these fits need {needed}")
    if curves is None:
        curves = [RawCurve(np.empty(0), np.empty((0, 0)))] * len(n)
    if len(curves) != len(n):
        raise SpecError(f"{len(curves)} curves for {len(n)} levels; give one a level")
    whole = np.isfinite(n).all(axis=1)
    by_level = [
        {
            "level": _label(label),
            "thresholds": _numbers(n[i]),
            "interval": None if interval is None else _pairs(np.asarray(interval)[i]),
            "x": [_label(x) for x in curves[i].x],
            "spikes": [[_label(c) for c in row] for row in curves[i].spikes],
        }
        for i, label in enumerate(first.levels)
    ]
    document = {
        "schema": SCHEMA,
        "sha256": "",
        "name": name,
        "title": title,
        "equation": EQUATION,
        "units": UNITS,
        "level": level,
        "levels": [_label(x) for x in first.levels],
        "left_out": [_label(x) for x in first.left_out],
        "default_model": "gain_xshift" if "gain_xshift" in fits else next(iter(fits)),
        "fits": {model: _fit(fit, n[whole]) for model, fit in fits.items()},
        "points": {"crossings": [float(c) for c in crossings], "by_level": by_level},
        "provenance": json.loads(json.dumps(provenance, allow_nan=False)),
    }
    document["sha256"] = content_hash(document)
    from_document(document)  # what is written can be read
    return document


def write_io(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document of `io_document`, whole or not at all."""
    text = json.dumps(document, indent=1, allow_nan=False)
    text = _ROW.sub(lambda row: "[" + re.sub(r"\n\s*", " ", row[1]) + "]", text)
    with replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def hash_of(values: Any) -> str:
    """Return the SHA-256 of anything that JSON can hold, whatever the order of its fields."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _fit(fit: IOFit, thresholds: npt.NDArray[np.float64]) -> dict[str, Any]:
    model = fit.io_model()
    if np.isfinite(fit.covariance).all():
        status = STATUS[0]
    else:
        status = STATUS[1] if np.isnan(fit.covariance).any() else STATUS[2]
    return {
        "levels": [_label(x) for x in model.levels],
        "gain": list(model.gain),
        "bias": list(model.bias),
        "x_shift": [float(model.x_shift)] * len(model.levels),
        "fit_range": [[float(row.min()), float(row.max())] for row in thresholds],
        "residual": fit.residual,
        "parameters": list(fit.parameters),
        "covariance": fit.covariance.tolist() if status == STATUS[0] else None,
        "covariance_status": status,
        "x_shift_range": list(fit.x_shift_range) if fit.model == "gain_xshift" else None,
        "minima": [list(m) for m in fit.minima],
    }


def _label(value: float) -> int | float:
    """A whole number without its decimal point."""
    number = float(value)
    return int(number) if number.is_integer() else number


def _numbers(values: npt.NDArray[np.float64]) -> list[float | None]:
    return [float(v) if math.isfinite(v) else None for v in values]


def _pairs(values: npt.NDArray[np.float64]) -> list[list[float] | None]:
    return [row.tolist() if np.isfinite(row).all() else None for row in values]
