"""What the paper claims, and what the L5 cell says to it.

Every claim is cut into parts that figures can decide; one tolerance serves all of them: a change of
less than a tenth counts as none (`params.neuromodulators.SAME`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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


def inverted_u(values: list[float]) -> bool:
    """Whether values along a dose peak inside, and fall by a tenth of the peak on either side."""
    top = max(values)
    k = values.index(top)
    inside = 0 < k < len(values) - 1
    return inside and max(values[0], values[-1]) <= (1.0 - SAME) * top


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, bool | str | int) or value is None:
        return value
    number = float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None
