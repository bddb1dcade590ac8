"""What the paper claims, and what the L5 cell says to it.

Every claim is cut into parts that figures can decide. One tolerance serves all of them: a change
of less than a tenth counts as none (`params.neuromodulators.SAME`). What has random numbers has to
show the change in every seed, or in nine tenths of the bootstraps (`SURE`, beside it).
docs/neuromodulation.md lists the rules and the parts of each claim.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from dendmod.params.neuromodulators import SAME

Verdict = Literal["reproduced", "qualified", "contradicted"]


@dataclass(frozen=True)
class Claim:
    """A claim of Shine et al. 2021 and its verdict, with the figures that it rests on."""

    text: str
    verdict: Verdict
    figures: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what summary.json says."""
        return {"claim": self.text, "verdict": self.verdict, "figures": _plain(self.figures)}


def verdict(*parts: bool) -> Verdict:
    """Return "reproduced" if every part of a claim holds, "contradicted" if none, else between."""
    if all(parts):
        return "reproduced"
    return "qualified" if any(parts) else "contradicted"


def same(ratio: float) -> bool:
    """Whether a ratio counts as one."""
    return abs(ratio - 1.0) < SAME


def rises(ratio: float) -> bool:
    """Whether a ratio is above one by more than what counts as the same."""
    return ratio >= 1.0 + SAME


def falls(ratio: float) -> bool:
    """Whether a ratio is below one by more than what counts as the same."""
    return ratio <= 1.0 - SAME


def same_in_mean(ratios: Sequence[float]) -> bool:
    """Whether ratios, one a seed, are one in the mean."""
    return same(float(np.mean(ratios)))


def all_rise(ratios: Sequence[float]) -> bool:
    """Whether ratios, one a seed, rise in the mean, and none is below one."""
    return rises(float(np.mean(ratios))) and min(ratios) > 1.0


def all_fall(ratios: Sequence[float]) -> bool:
    """Whether ratios, one a seed, fall in the mean, and none is above one."""
    return falls(float(np.mean(ratios))) and max(ratios) < 1.0


def inverted_u(values: Sequence[float]) -> bool:
    """Whether values along a dose peak inside, and fall by a tenth of the peak on either side."""
    values = list(values)
    top = max(values)
    k = values.index(top)
    inside = 0 < k < len(values) - 1
    return inside and max(values[0], values[-1]) <= (1.0 - SAME) * top


def inverted_u_in_all(rows: Sequence[Sequence[float]]) -> bool:
    """Whether dose-responses, one a seed, are an inverted U in the mean and all peak inside."""
    inside = [0 < int(np.argmax(row)) < len(row) - 1 for row in rows]
    return all(inside) and inverted_u(np.mean(rows, axis=0).tolist())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, bool | str | int) or value is None:
        return value
    number = float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None
