"""What a modulation did to a population function, in terms of scales and shifts.

Divisive normalisation scales a response: its output (response gain) or its input (input gain).
A threshold change shifts it. `compare` measures all three on two population functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from dendmod.arrays import reals
from dendmod.errors import SpecError

Array = npt.NDArray[np.float64]
Function = Callable[[npt.ArrayLike], Array]


@dataclass(frozen=True)
class Change:
    """``Q1(v) = output * Q0(input * (v - shift))``, fitted with one or all parameters free.

    Parameters
    ----------
    output, input, shift
        Fitted together; the shift in the unit of the input.
    residual
        Root of the mean square residual as a part of the range of Q1, by what was left free:
        "none", "output", "input", "shift" and "all".
    """

    output: float
    input: float
    shift: float
    residual: dict[str, float]

    @property
    def best_single(self) -> str:
        """The one parameter that explains most."""
        return min(("output", "input", "shift"), key=lambda k: self.residual[k])


def compare(before: Function, after: Function, v: npt.ArrayLike) -> Change:
    """Measure how one population function follows from another over inputs `v`.

    Raises
    ------
    SpecError
        If the second does not vary over `v`.
    """
    x = np.asarray(v, dtype=float)
    y = after(x)
    size = float(np.ptp(y))
    if size <= 0:
        raise SpecError("the second function is constant over these inputs; give a wider range")
    base = {"output": 0.0, "input": 0.0, "shift": 0.0}

    def predicted(output: float, gain: float, shift: float) -> Array:
        return np.exp(output) * before(np.exp(gain) * (x - shift))

    def fitted(names: tuple[str, ...]) -> tuple[dict[str, float], float]:
        def residual(p: Array) -> Array:
            full = base | dict(zip(names, (float(q) for q in p), strict=True))
            return predicted(full["output"], full["input"], full["shift"]) - y

        if not names:
            return base, float(np.sqrt(np.mean(residual(np.zeros(0)) ** 2))) / size
        done = least_squares(
            residual, np.zeros(len(names)), x_scale=[_scale(n, x) for n in names], diff_step=1e-6
        )
        found = base | dict(zip(names, (float(q) for q in done.x), strict=True))
        return found, float(np.sqrt(np.mean(done.fun**2))) / size

    fits = {
        "none": fitted(()),
        "output": fitted(("output",)),
        "input": fitted(("input",)),
        "shift": fitted(("shift",)),
        "all": fitted(("output", "input", "shift")),
    }
    best = fits["all"][0]
    return Change(
        float(np.exp(best["output"])), float(np.exp(best["input"])), best["shift"],
        {name: residual for name, (_, residual) in fits.items()},
    )  # fmt: skip


def _scale(name: str, x: Array) -> float:
    return 0.1 * float(np.ptp(x)) if name == "shift" else 0.3


def normalised(response: npt.ArrayLike, pool: npt.ArrayLike, semisaturation: float) -> Array:
    """Return the response divided by ``semisaturation + pool`` (Carandini & Heeger 2012, Eq 1).

    Parameters
    ----------
    response, pool
        Drive of a population and of its normalisation pool, of one shape (Hz).
    semisaturation
        Constant (Hz), > 0.
    """
    if not semisaturation > 0:
        raise SpecError(f"semisaturation = {semisaturation} Hz; give a number > 0")
    return reals(response, "response") / (semisaturation + reals(pool, "pool"))
