"""Read fitted IO curves (`dendmod/io/1` files). Copy this one file: it needs Python 3.10, no more.

    from load_io import load_io

    io = load_io("io_nmda.json")
    curve = io.curve(level=11)  # of io.levels
    y = curve(60.0)             # spikes per burst, for 60 inputs in a burst

A curve is ``y = max(0, gain * (x - x_shift) + bias)`` (Wybo et al. 2022, Eqs 1 and 2). x is the
number of inputs of one burst and y the number of output spikes that answer it: **y is no rate**.
Everything that is wrong with a file raises `IOFileError`, which says where and what to do.

Licence: BSD-3-Clause, the dendmod contributors.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHEMA = "dendmod/io/1"
EQUATION = "y = max(0, gain * (x - x_shift) + bias)"
UNITS = {
    "x": "inputs per burst",
    "y": "spikes per burst",
    "gain": "spikes per input",
    "bias": "spikes per burst",
    "x_shift": "inputs per burst",
    "residual": "(spikes per burst)^2",
}
SHARED = {  # model -> what all levels have in common
    "gain": ("bias", "x_shift"),
    "bias": ("gain", "x_shift"),
    "gain_xshift": ("bias", "x_shift"),
}
STATUS = ("determined", "no degrees of freedom", "not determined by the points")
_FIELDS = ("schema", "sha256", "name", "title", "equation", "units", "level", "levels", "left_out",
           "default_model", "fits", "points", "provenance")  # fmt: skip
_FIT_FIELDS = ("levels", "gain", "bias", "x_shift", "fit_range", "residual", "parameters",
               "covariance", "covariance_status", "x_shift_range", "minima")  # fmt: skip
_POINT_FIELDS = ("level", "thresholds", "interval", "x", "spikes")


_MOST = 1e100  # of any number: beyond it a curve would give infinity


class IOFileError(ValueError):
    """A file is not a whole, unchanged `dendmod/io/1` file."""


@dataclass(frozen=True)
class Curve:
    """Output spikes of one burst: `EQUATION`.

    Parameters
    ----------
    gain, bias, x_shift
        In the units of `UNITS`.
    fit_range
        x of the lowest and highest point that was fitted; beyond it the curve extrapolates.
    """

    gain: float
    bias: float
    x_shift: float
    fit_range: tuple[float, float]

    def __call__(self, x: Any) -> Any:
        """Return spikes per burst for a number, a numpy array or a tensor `x`."""
        y = self.gain * (x - self.x_shift) + self.bias
        return (y + abs(y)) / 2  # max(0, y) without knowing what y is

    @property
    def theta(self) -> float:
        """Where the line crosses zero (inputs); NaN for a gain of zero."""
        return self.x_shift - self.bias / self.gain if self.gain else math.nan


@dataclass(frozen=True)
class Fit:
    """Curves of all fitted levels.

    `covariance` is of `parameters`, in their order; None where `status` says why.
    """

    model: str
    curves: dict[float, Curve]
    residual: float
    parameters: tuple[str, ...]
    covariance: tuple[tuple[float, ...], ...] | None
    status: str
    x_shift_range: tuple[float, float] | None

    @property
    def at_edge(self) -> bool:
        """Whether the x-shift is an end of the range that was scanned for it."""
        shifts = {curve.x_shift for curve in self.curves.values()}
        return self.x_shift_range is not None and bool(shifts & set(self.x_shift_range))


@dataclass(frozen=True)
class IOFile:
    """A file: `fits` by model, and all that it says as `document`."""

    name: str
    levels: tuple[float, ...]
    left_out: tuple[float, ...]
    default_model: str
    fits: dict[str, Fit]
    sha256: str
    document: dict[str, Any] = field(repr=False)

    def fit(self, model: str | None = None) -> Fit:
        """Return the fit of a model ("gain", "bias", "gain_xshift"); the file's default if None."""
        chosen = self.default_model if model is None else model
        if chosen not in self.fits:
            raise IOFileError(f"{self.name}: no fit {chosen!r}; it has {', '.join(self.fits)}")
        return self.fits[chosen]

    def curve(self, level: float, model: str | None = None) -> Curve:
        """Return the curve of a level of modulation."""
        curves = self.fit(model).curves
        if level not in curves:
            known = ", ".join(f"{known:g}" for known in curves)
            lost = " (it was left out: a threshold is missing)" if level in self.left_out else ""
            raise IOFileError(f"{self.name}: no curve for level {level}{lost}; it has {known}")
        return curves[level]


def content_hash(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document's values, whatever its white space; `sha256` is left out."""
    rest = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def load_io(path: str | Path, *, verify: bool = True) -> IOFile:
    """Read a file.

    Parameters
    ----------
    path
        Such as ``io_nmda.json``.
    verify
        False takes a file whose values were changed by hand; everything else is still checked.

    Raises
    ------
    IOFileError
        If the file is missing, cut off, of another version, or holds what it may not.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise IOFileError(f"{path}: cannot be read ({error})") from None
    try:
        document = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins)
        return from_document(document, verify=verify)
    except IOFileError as error:
        raise IOFileError(f"{path}: {error}") from None
    except json.JSONDecodeError as error:
        raise IOFileError(
            f"{path}: no whole JSON, line {error.lineno}: {error.msg}. Was it cut off? Get it again"
        ) from None
    except (RecursionError, ValueError) as error:  # nested too deeply; numbers out of range
        raise IOFileError(f"{path}: no {SCHEMA} file ({error})") from None


def from_document(document: Any, *, verify: bool = True) -> IOFile:
    """Check what was parsed from a file, and return it."""
    if not isinstance(document, dict):
        raise IOFileError(f"the file holds no object; a {SCHEMA} file does")
    _version(document.get("schema"))
    _keys(document, _FIELDS, "")
    if document["equation"] != EQUATION:
        raise IOFileError(f"equation is {document['equation']!r}; this loader knows {EQUATION!r}")
    if document["units"] != UNITS:
        raise IOFileError(f"units are {document['units']!r}; they must be {UNITS} (y is no rate)")
    for key in ("name", "title", "level", "sha256"):
        _text(document[key], key)
    if not isinstance(document["provenance"], dict):
        raise IOFileError("provenance must be an object")
    levels = _row(document["levels"], "levels")
    left_out = _row(document["left_out"], "left_out")
    if not levels or len(set(levels)) != len(levels) or not set(left_out) < set(levels):
        raise IOFileError("levels must be different, and left_out some of them, not all")
    fits = document["fits"]
    if not isinstance(fits, dict) or not fits or not set(fits) <= set(SHARED):
        raise IOFileError(f"fits must hold one or more of {', '.join(SHARED)}")
    if document["default_model"] not in list(fits):
        raise IOFileError(f"default_model {document['default_model']!r} is not in fits")
    fitted = tuple(x for x in levels if x not in left_out)
    _points(document["points"], levels)
    io = IOFile(
        document["name"], levels, left_out, document["default_model"],
        {model: _fit(fit, model, fitted) for model, fit in fits.items()},
        document["sha256"], document,
    )  # fmt: skip
    if verify and content_hash(document) != io.sha256:
        raise IOFileError(
            "sha256 does not belong to the values: the file was changed after it was written. Get "
            "it again, or read it with load_io(..., verify=False) if you changed it yourself"
        )
    return io


def _fit(fit: Any, model: str, levels: tuple[float, ...]) -> Fit:
    at = f"fits.{model}"
    _keys(fit, _FIT_FIELDS, at)
    if _row(fit["levels"], f"{at}.levels") != levels:
        raise IOFileError(f"{at}.levels must be levels without left_out")
    columns = [_row(fit[key], f"{at}.{key}", len(levels)) for key in ("gain", "bias", "x_shift")]
    for key, column in zip(("gain", "bias", "x_shift"), columns, strict=True):
        if key in SHARED[model] and len(set(column)) > 1:
            raise IOFileError(f"{at}.{key} is shared by all levels, yet differs")
    ranges = _table(fit["fit_range"], f"{at}.fit_range", len(levels), 2)
    names = fit["parameters"]
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise IOFileError(f"{at}.parameters must be a list of names")
    if fit["covariance_status"] not in STATUS:
        raise IOFileError(f"{at}.covariance_status must be one of {STATUS}")
    if (fit["covariance"] is not None) != (fit["covariance_status"] == STATUS[0]):
        raise IOFileError(f"{at}.covariance must be a matrix if {STATUS[0]!r}, else null")
    covariance = fit["covariance"]
    if covariance is not None:
        covariance = _table(covariance, f"{at}.covariance", len(names), len(names))
    residual = _number(fit["residual"], f"{at}.residual")
    if residual < 0:
        raise IOFileError(f"{at}.residual is {residual}; a sum of squares is not negative")
    scanned = fit["x_shift_range"]
    if scanned is not None:
        scanned = _row(scanned, f"{at}.x_shift_range", 2)
    if not isinstance(fit["minima"], list):
        raise IOFileError(f"{at}.minima must be a list")
    _table(fit["minima"], f"{at}.minima", len(fit["minima"]), 2)
    curves = {x: Curve(*row) for x, *row in zip(levels, *columns, ranges, strict=True)}
    return Fit(model, curves, residual, tuple(names), covariance, fit["covariance_status"], scanned)


def _points(points: Any, levels: tuple[float, ...]) -> None:
    _keys(points, ("crossings", "by_level"), "points")
    crossings = _row(points["crossings"], "points.crossings")
    rows = points["by_level"]
    if not isinstance(rows, list) or len(rows) != len(levels):
        raise IOFileError(f"points.by_level must have a row for each of {len(levels)} levels")
    for i, row in enumerate(rows):
        at = f"points.by_level[{i}]"
        _keys(row, _POINT_FIELDS, at)
        if _number(row["level"], f"{at}.level") != levels[i]:
            raise IOFileError(f"{at}.level is {row['level']}, not levels[{i}]")
        for key in ("thresholds", "interval"):
            given = row[key]
            if key == "interval" and given is None:
                continue
            if not isinstance(given, list) or len(given) != len(crossings):
                raise IOFileError(f"{at}.{key} must have {len(crossings)} entries")
            for j, value in enumerate(given):
                if value is not None and key == "thresholds":
                    _number(value, f"{at}.{key}[{j}]")
                elif value is not None:
                    _row(value, f"{at}.{key}[{j}]", 2)
        n = len(_row(row["x"], f"{at}.x"))
        if not isinstance(row["spikes"], list) or len(row["spikes"]) != n:
            raise IOFileError(f"{at}.spikes must have a list of counts for each of {n} x")
        for j, counts in enumerate(row["spikes"]):
            found = _row(counts, f"{at}.spikes[{j}]")
            if not found or any(c < 0 or c != int(c) for c in found):
                raise IOFileError(f"{at}.spikes[{j}] must hold counts, one a trial")


def _version(given: Any) -> None:
    if given == SCHEMA:
        return
    if isinstance(given, str) and given.startswith("dendmod/io/"):
        raise IOFileError(
            f"written as {given}, and this loader reads {SCHEMA}: take load_io.py of the dendmod "
            "that wrote the file"
        )
    hint = "; give one of the io_*.json beside it" if given == "dendmod/fig2/1" else ""
    raise IOFileError(f"schema is {given!r}, not {SCHEMA!r}{hint}")


def _keys(value: Any, allowed: tuple[str, ...], at: str) -> None:
    where = at or "the file"
    if not isinstance(value, dict):
        raise IOFileError(f"{where} must be an object")
    missing = [key for key in allowed if key not in value]
    unknown = [key for key in value if key not in allowed]
    if missing:
        raise IOFileError(f"{where} has no {', '.join(missing)}")
    if unknown:
        raise IOFileError(f"{where} has fields that {SCHEMA} does not: {', '.join(unknown)}")


def _text(value: Any, at: str) -> None:
    if not isinstance(value, str):
        raise IOFileError(f"{at} must be text")


def _number(value: Any, at: str) -> float:
    try:
        if not isinstance(value, bool) and isinstance(value, (int, float)) and abs(value) <= _MOST:
            return float(value)
    except OverflowError:  # an integer too large for a float
        pass
    raise IOFileError(f"{at} is {str(value)[:40]}; give a number between -{_MOST:g} and {_MOST:g}")


def _row(value: Any, at: str, length: int | None = None) -> tuple[float, ...]:
    if not isinstance(value, list) or length not in (None, len(value)):
        raise IOFileError(f"{at} must be a list" + ("" if length is None else f" of {length}"))
    return tuple(_number(x, f"{at}[{i}]") for i, x in enumerate(value))


def _table(value: Any, at: str, rows: int, columns: int) -> tuple[tuple[float, ...], ...]:
    if not isinstance(value, list) or len(value) != rows:
        raise IOFileError(f"{at} must be a list of {rows} lists of {columns}")
    return tuple(_row(x, f"{at}[{i}]", columns) for i, x in enumerate(value))


def _no_constant(name: str) -> None:
    raise IOFileError(f"holds {name}; every number must be finite (null where there is none)")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise IOFileError("a field occurs twice in one object; which one counts is not defined")
    return out
