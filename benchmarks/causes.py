"""How far engines lie from NEURON's fixed steps, and why: shown by numbers, or left open.

A cause is named where what it predicts is seen: an error of an order in the step shrinks with the
step in that order, rounding is no larger than what a nudge of the stimulus in the last digits does,
a table's error shrinks with the table's bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np

from dendmod.spec.result import Array

ORDER_WITHIN = 0.35  # of a whole order
ROUNDING = 30.0  # times what the nudge moves: still rounding
FACTOR = 3.0  # by which one difference is clearly larger than another
ARBORS_DECAY = "kernel_f64_arbors_decay"
SAME = 1e-9  # ms: spikes that are there at the same time


@dataclass(frozen=True)
class Measured:
    """What an engine says of the cell: rest (mV), input resistance (MOhm), spike times (ms)."""

    rest: float
    rin: float
    spikes: Array

    def row(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"rest_mV": self.rest, "rin_MOhm": self.rin, "spikes_ms": self.spikes.tolist()}


def late(own: Measured, other: Measured) -> float:
    """Return the largest difference of spike times (ms), NaN where the counts differ."""
    if own.spikes.size != other.spikes.size:
        return float("nan")
    return float(np.abs(own.spikes - other.spikes).max(initial=0.0))


def first(own: Measured, other: Measured) -> float:
    """Return the difference of first spikes (ms), NaN where there is none."""
    if not (own.spikes.size and other.spikes.size):
        return float("nan")
    return float(abs(own.spikes[0] - other.spikes[0]))


def orders(differences: Sequence[float]) -> list[float]:
    """Return the orders in which differences shrink at steps of which each is half of the last."""
    return [
        log2(a / b) if a > 0 and b > 0 else float("nan")
        for a, b in zip(differences, differences[1:], strict=False)
    ]


def shrinks(differences: Sequence[float], order: float) -> bool:
    """Return whether the last halving of the step shrinks them in an order."""
    found = orders(differences)
    return bool(found) and abs(found[-1] - order) < ORDER_WITHIN * order


def shown(differences: Sequence[float]) -> str:
    """Return differences in ms as text."""
    return ", ".join("other counts" if np.isnan(x) else f"{x:.2g}" for x in differences) + " ms"


def cause(name: str, late_ms: Mapping[str, Sequence[float]], dts: Sequence[float]) -> str:
    """Return in a sentence why an engine's spikes differ from those of NEURON at the same step.

    Parameters
    ----------
    name
        The engine.
    late_ms
        By engine the largest differences of spike times (ms) to NEURON's, a number a step.
    dts
        The steps (ms), each half of the last.
    """
    own = late_ms[name]
    at = f"at steps of {', '.join(f'{dt:g}' for dt in dts)} ms spikes are off by {shown(own)}"
    if all(x < SAME for x in own):
        return f"No difference: {at}."
    if name == "nudged":
        return f"The yardstick of rounding: with the current changed in its twelfth digit {at}."
    nudged = late_ms["nudged"]
    if all(a <= ROUNDING * max(b, SAME) for a, b in zip(own, nudged, strict=True)):
        return f"Rounding: {at}, where NEURON's own are by {shown(nudged)} when the current is " \
               "changed in its twelfth digit."  # fmt: skip
    if name == "cvode" and shrinks(own, 1):
        return f"NEURON's implicit Euler is of the first order: {at}, half with half the step."
    if name == ARBORS_DECAY:
        return f"Gates decay as Arbor's do, by (2 - x)/(2 + x): {at}."
    if name == "arbor" and ARBORS_DECAY in late_ms:
        first, left = late_ms["arbor, first"], late_ms["arbor, first, same decay"]
        if all(FACTOR * b < a for a, b in zip(first, left, strict=True)):
            return f"Arbor takes (2 - x)/(2 + x) for the exp(-x) of its gates: {at}; its first " \
                   f"spike by {shown(first)}, of which {shown(left)} are left to the kernel with " \
                   "that decay."  # fmt: skip
    if name.startswith("kernel"):
        return _of_kernel(name, late_ms, at)
    return f"Open: {at}, which fits none of the causes that are tried."


def _of_kernel(name: str, late_ms: Mapping[str, Sequence[float]], at: str) -> str:
    """Return what is larger in the kernel: the tables' error or rounding to its precision."""
    last = -1  # the smallest step
    if name.startswith("kernel_f64"):
        fast, fine = late_ms["kernel_f64_fast"][last], late_ms["kernel_f64"][last]
        if fast > FACTOR * fine:
            return f"Tables of rates: {at}; at the smallest, tables within 1e-4 give {fast:.2g} " \
                   f"ms and tables within 3e-7 {fine:.2g} ms."  # fmt: skip
        return f"Open: {at}, and wider tables are no worse."
    tables, rounding = late_ms["kernel_f64_fast"][last], late_ms["kernel_f32_fine"][last]
    larger = "Tables of rates" if tables > rounding else "Rounding to float32"
    return f"{larger}: {at}; at the smallest, the same tables in float64 give {tables:.2g} ms, " \
           f"fine tables in float32 {rounding:.2g} ms."  # fmt: skip
