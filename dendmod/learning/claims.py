"""Whether runs show what a paper says: reproduced, not resolved, not reproduced."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

REPRODUCED, NOT_RESOLVED, NOT_REPRODUCED = "reproduced", "not resolved", "not reproduced"
_STANDARD_ERRORS = 2.0
ALIKE = 0.01  # balanced accuracy; ours


def difference(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[float, float]:
    """Return the mean of `a` less that of `b`, and the standard error of this (Welch)."""
    a, b = np.ravel(np.asarray(a, dtype=float)), np.ravel(np.asarray(b, dtype=float))
    if min(len(a), len(b)) < 2:
        return float(a.mean() - b.mean()), float("inf")
    return float(a.mean() - b.mean()), float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))


def paired(a: npt.ArrayLike, b: npt.ArrayLike) -> np.ndarray:
    """Return `a` less `b`, one by one, to be held against zeros where the two belong together."""
    return np.ravel(np.asarray(a, dtype=float)) - np.ravel(np.asarray(b, dtype=float))


def higher(a: npt.ArrayLike, b: npt.ArrayLike = (0.0, 0.0), by: float = 0.0) -> dict[str, Any]:
    """Judge the claim that `a` is higher than `b`, or higher by more than `by`.

    Reproduced or not reproduced where the difference is more than two standard errors from `by`.
    """
    d, se = difference(a, b)
    return _entry(d, se, *(d - by > _STANDARD_ERRORS * se, by - d > _STANDARD_ERRORS * se))


def alike(a: npt.ArrayLike, b: npt.ArrayLike = (0.0, 0.0), within: float = ALIKE) -> dict[str, Any]:
    """Judge the claim that `a` and `b` differ by less than `within`, by two standard errors."""
    d, se = difference(a, b)
    margin = _STANDARD_ERRORS * se
    return _entry(d, se, abs(d) + margin < within, abs(d) - margin > within)


def both(*entries: dict[str, Any]) -> dict[str, Any]:
    """Judge a claim that needs all of these: one that fails fails it."""
    found = [entry["verdict"] for entry in entries]
    worst = next((v for v in (NOT_REPRODUCED, NOT_RESOLVED) if v in found), REPRODUCED)
    return {"verdict": worst, "parts": list(entries)}


def named(texts: dict[str, str], verdicts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return each claim with its text; what was not run is not resolved."""
    nothing = {"verdict": NOT_RESOLVED, "why": "not run with these options"}
    return {name: {"claim": text, **verdicts.get(name, nothing)} for name, text in texts.items()}


def _entry(d: float, se: float, yes: bool, no: bool) -> dict[str, Any]:
    verdict = REPRODUCED if yes else NOT_REPRODUCED if no else NOT_RESOLVED
    return {
        "verdict": verdict,
        "difference": round(d, 5),
        "standard_error": round(se, 5) if np.isfinite(se) else None,
    }
