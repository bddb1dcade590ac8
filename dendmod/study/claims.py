"""What a paper claims, and whether runs show it: one vocabulary and one small set of rules.

A rule is written before the run. Each returns a `Judged`: ``reproduced``, ``not reproduced`` or,
where the runs cannot tell, ``not resolved``, with the figures that it rests on.

- `higher`, `rises`, `falls`: an interval against a bound. Runs are few, so that the interval is
  Student's at 95 %: 2.8 standard errors for five paired runs, 4.3 for three.
- `alike`: equivalence, all of the interval within a margin.
- `sign_of`: the sign of a slope or a difference, by the same interval.
- `share`: how many of many draws agree, for bootstraps.
- `holds`: a statement about numbers without spread, such as the order of two thresholds.
- `all_of`: a claim that needs several parts; one that fails fails it.

A statement that cannot fail, such as a closed form or the order of two constants, is no claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Verdict = Literal["reproduced", "not resolved", "not reproduced"]
REPRODUCED: Verdict = "reproduced"
NOT_RESOLVED: Verdict = "not resolved"
NOT_REPRODUCED: Verdict = "not reproduced"

CONFIDENCE = 0.95
ALIKE = 0.01  # ours: balanced accuracies that differ by less are alike
SAME = 0.1  # ours: a ratio that differs from one by less counts as one
SURE = 0.9  # ours: part of the draws that has to agree


@dataclass(frozen=True)
class Judged:
    """A verdict and the figures that it rests on."""

    verdict: Verdict
    figures: Mapping[str, Any] = field(default_factory=dict)

    def with_figures(self, **more: Any) -> Judged:
        """Return the verdict with further figures beside those of its rule."""
        return Judged(self.verdict, {**self.figures, **more})


NOT_RUN = "not run with these options"
"""Why a claim that nothing was run for is not resolved."""


def summarise(texts: Mapping[str, str], judged: Mapping[str, Judged]) -> dict[str, Any]:
    """Return each claim with its text and verdict; what was not run is not resolved.

    Raises
    ------
    KeyError
        If a verdict has no claim.
    """
    unknown = sorted(set(judged) - set(texts))
    if unknown:
        raise KeyError(f"no claim is called {', '.join(unknown)}")
    nothing = Judged(NOT_RESOLVED, {"why": NOT_RUN})
    out = {}
    for name, text in texts.items():
        found = judged.get(name, nothing)
        out[name] = {"claim": text, "verdict": found.verdict, **found.figures}
    return out


def interval(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[float, float, float]:
    """Return the mean of `a` less that of `b`, its standard error, half its interval (Welch).

    Constants in place of runs count as known: with them alone the runs of the other decide. Half
    the interval is infinite below two runs.
    """
    from scipy import stats

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
    return d, se, float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * se


def paired(a: npt.ArrayLike, b: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return `a` less `b`, one by one, to be held against zeros where the two belong together."""
    return np.ravel(np.asarray(a, dtype=float)) - np.ravel(np.asarray(b, dtype=float))


def higher(a: npt.ArrayLike, b: npt.ArrayLike = (0.0, 0.0), by: float = 0.0) -> Judged:
    """Judge that `a` is higher than `b` by more than `by`; the interval has to leave out `by`."""
    d, se, half = interval(a, b)
    return _by_interval(d, se, d - by > half, by - d > half)


def alike(a: npt.ArrayLike, b: npt.ArrayLike = (0.0, 0.0), within: float = ALIKE) -> Judged:
    """Judge that `a` and `b` differ by less than `within`, all of the interval."""
    d, se, half = interval(a, b)
    return _by_interval(d, se, abs(d) + half < within, abs(d) - half > within)


def rises(ratios: npt.ArrayLike, by: float = SAME) -> Judged:
    """Judge that ratios, one a seed, lie above one by more than `by`.

    A single ratio without spread, of a deterministic measurement, counts as known.
    """
    return _ratios(ratios, by)


def falls(ratios: npt.ArrayLike, by: float = SAME) -> Judged:
    """Judge that ratios, one a seed, lie below one by more than `by`."""
    return _ratios(2.0 - np.asarray(ratios, dtype=float), by, shown=ratios)


def same(ratios: npt.ArrayLike, within: float = SAME) -> Judged:
    """Judge that ratios, one a seed, differ from one by less than `within`."""
    values = np.ravel(np.asarray(ratios, dtype=float))
    d, half = _about_one(values)
    return Judged(
        _verdict(abs(d) + half < within, abs(d) - half > within), {"ratio": values.tolist()}
    )


def sign_of(values: npt.ArrayLike) -> int:
    """Return the sign of a mean whose interval leaves out zero, else 0; NaN do not count."""
    good = np.ravel(np.asarray(values, dtype=float))
    good = good[np.isfinite(good)]
    if len(good) < 2:
        return 0
    d, _, half = interval(good, (0.0, 0.0))
    return int(np.sign(d)) if abs(d) > half else 0


def share(agree: npt.ArrayLike, sure: float = SURE) -> Judged:
    """Judge by how many draws agree: `sure` of them, or no more than one less that.

    A draw that crossed nothing (NaN compares false) does not agree.
    """
    part = float(np.mean(np.asarray(agree, dtype=bool)))
    return Judged(_verdict(part >= sure, part <= 1 - sure), {"share": part})


def holds(statement: bool, **figures: Any) -> Judged:
    """Judge a statement about measured numbers that have no spread."""
    return Judged(_verdict(bool(statement), not statement), figures)


def all_of(*parts: Judged) -> Judged:
    """Judge a claim that needs all of these: one that fails fails it."""
    found = [part.verdict for part in parts]
    worst = next((v for v in (NOT_REPRODUCED, NOT_RESOLVED) if v in found), REPRODUCED)
    return Judged(worst, {"parts": [{"verdict": p.verdict, **p.figures} for p in parts]})


def inverted_u(rows: Sequence[Sequence[float]] | npt.NDArray[np.float64]) -> Judged:
    """Judge that values along a dose, one row a seed, peak inside and fall on either side.

    The mean has to fall by a tenth (`SAME`) of its peak on both sides, and every row to peak
    inside.
    """
    table = np.atleast_2d(np.asarray(rows, dtype=float))
    mean = table.mean(axis=0)
    last = table.shape[1] - 1
    inside = [0 < int(np.argmax(row)) < last for row in (*table, mean)]
    falls_again = max(mean[0], mean[-1]) <= (1.0 - SAME) * mean.max()
    return holds(all(inside) and bool(falls_again))


def _about_one(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    if len(values) == 1:
        return float(values[0] - 1.0), 0.0
    d, _, half = interval(values, (1.0, 1.0))
    return d, half


def _ratios(ratios: npt.ArrayLike, by: float, shown: npt.ArrayLike | None = None) -> Judged:
    values = np.ravel(np.asarray(ratios, dtype=float))
    d, half = _about_one(values)
    said = np.ravel(np.asarray(ratios if shown is None else shown, dtype=float)).tolist()
    return Judged(_verdict(d - by >= half, by - d > half), {"ratio": said})


def _by_interval(d: float, se: float, yes: bool, no: bool) -> Judged:
    return Judged(
        _verdict(yes, no),
        {
            "difference": round(d, 5),
            "standard_error": round(se, 5) if np.isfinite(se) else None,
        },
    )


def _verdict(yes: bool, no: bool) -> Verdict:
    return REPRODUCED if yes else NOT_REPRODUCED if no else NOT_RESOLVED
