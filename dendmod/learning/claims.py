"""Whether runs show what a paper says: reproduced, not resolved, not reproduced.

A difference counts from where its 95 % confidence interval leaves out what is denied. Runs are few,
so that the interval is Student's: 2.8 standard errors for five paired runs, 4.3 for three.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

REPRODUCED, NOT_RESOLVED, NOT_REPRODUCED = "reproduced", "not resolved", "not reproduced"
_CONFIDENCE = 0.95
ALIKE = 0.01  # balanced accuracy; ours


def difference(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[float, float, float]:
    """Return the mean of `a` less that of `b`, its standard error, half its interval (Welch).

    Constants in place of runs count as known: with them alone the runs of the other decide.
    """
    a, b = np.ravel(np.asarray(a, dtype=float)), np.ravel(np.asarray(b, dtype=float))
    d = float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2:
        return d, float("inf"), float("inf")
    parts = [(x.var(ddof=1) / len(x), len(x) - 1) for x in (a, b)]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return d, 0.0, 0.0
    freedom = variance**2 / sum(part**2 / n for part, n in parts)
    se = float(np.sqrt(variance))
    return d, se, float(stats.t.ppf((1 + _CONFIDENCE) / 2, freedom)) * se


def paired(a: npt.ArrayLike, b: npt.ArrayLike) -> np.ndarray:
    """Return `a` less `b`, one by one, to be held against zeros where the two belong together."""
    return np.ravel(np.asarray(a, dtype=float)) - np.ravel(np.asarray(b, dtype=float))


def higher(a: npt.ArrayLike, b: npt.ArrayLike = (0.0, 0.0), by: float = 0.0) -> dict[str, Any]:
    """Judge the claim that `a` is higher than `b`, or higher by more than `by`.

    Reproduced or not reproduced where the interval of the difference leaves out `by`.
    """
    d, se, half = difference(a, b)
    return _entry(d, se, d - by > half, by - d > half)


def alike(a: npt.ArrayLike, b: npt.ArrayLike = (0.0, 0.0), within: float = ALIKE) -> dict[str, Any]:
    """Judge the claim that `a` and `b` differ by less than `within`, all of the interval."""
    d, se, half = difference(a, b)
    return _entry(d, se, abs(d) + half < within, abs(d) - half > within)


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
