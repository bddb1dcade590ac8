"""Fit the IO curves of all levels of modulation together (Wybo 2022, Eqs 2 and 8-10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError, did_you_mean
from dendmod.iocurve.model import IOModel
from dendmod.iocurve.thresholds import CROSSINGS

Array = npt.NDArray[np.float64]
FitModel = Literal["gain", "bias", "gain_xshift"]
MODELS: tuple[FitModel, ...] = get_args(FitModel)

X_SHIFT_RANGE = (-600.0, 600.0)
"""Scanned x-shifts, in inputs; ours: the paper gives no range."""
_SCAN_STEP = 2.0
_FINER, _FINEST = 33, 1e-9  # points of a finer scan; inputs at which the finest ends
_POLISH = 20
_SAME = 1e-6  # inputs: two minima closer than this are one
_FLAT = 1e-12  # of the sum of squares of y: a residual that differs by less is the same


@dataclass(frozen=True)
class IOFit:
    """IO curves fitted together.

    Parameters
    ----------
    model
        "gain" (shared bias), "bias" (shared gain) or "gain_xshift" (shared bias and x-shift).
    levels
        Labels of all levels.
    left_out
        Labels of the levels that a threshold is missing of; they were not fitted.
    gain, bias
        A number where shared, else shape [levels] with NaN for levels left out. Spikes an input,
        and spikes.
    x_shift
        In inputs; zero but for "gain_xshift".
    residual
        Sum of squares over all fit points, in spikes^2.
    covariance
        Of `parameters`, shape [parameters, parameters], from the residual and its degrees of
        freedom; NaN without any left, infinite where the points do not determine a parameter.
    parameters
        Names of the fitted parameters in the order of `covariance`.
    minima
        Every local minimum over the scanned x-shift as (x_shift, residual), the best first; an end
        of the range counts if the residual still falls towards it.
    x_shift_range
        The scanned range.
    """

    model: FitModel
    levels: tuple[float, ...]
    left_out: tuple[float, ...]
    gain: float | Array
    bias: float | Array
    x_shift: float
    residual: float
    covariance: Array
    parameters: tuple[str, ...]
    minima: tuple[tuple[float, float], ...]
    x_shift_range: tuple[float, float]

    @property
    def at_edge(self) -> bool:
        """Whether the best x-shift is an end of the scanned range."""
        return self.model == "gain_xshift" and self.x_shift in self.x_shift_range

    def io_model(self) -> IOModel:
        """Return the fitted curves as functions, without the levels left out."""
        gain, bias = (np.broadcast_to(p, len(self.levels)) for p in (self.gain, self.bias))
        kept = [i for i, level in enumerate(self.levels) if level not in self.left_out]
        return IOModel(
            tuple(self.levels[i] for i in kept),
            tuple(float(gain[i]) for i in kept),
            tuple(float(bias[i]) for i in kept),
            self.x_shift,
        )


def feature_matrix(thresholds: npt.ArrayLike, model: FitModel, x_shift: float = 0.0) -> Array:
    """Return the matrix A of ``argmin_u |A u - y|^2``, shape [levels * crossings, parameters].

    Rows are the thresholds, level by level. For "gain" and "gain_xshift" the parameters are
    ``(g_1 .. g_M, b)``, for "bias" ``(g, b_1 .. b_M)``.

    Parameters
    ----------
    thresholds
        Shape [levels, crossings].
    model
        "gain" (Eq 9), "bias" (Eq 10) or "gain_xshift" (Eq 9 with each n replaced by n - x_shift).
    x_shift
        In inputs; for "gain_xshift" only.
    """
    n = np.asarray(thresholds, dtype=float)
    m, k = n.shape
    blocks = np.kron(np.eye(m), np.ones((k, 1)))  # [m * k, m]: which level a row belongs to
    if model == "bias":
        return np.column_stack([n.ravel(), blocks])
    shift = x_shift if model == "gain_xshift" else 0.0
    return np.column_stack([blocks * (n.ravel() - shift)[:, None], np.ones(m * k)])


def fit_io(
    thresholds: npt.ArrayLike,
    model: FitModel,
    *,
    levels: Sequence[float] | None = None,
    crossings: Sequence[float] = CROSSINGS,
    x_shift_range: tuple[float, float] = X_SHIFT_RANGE,
) -> IOFit:
    """Fit thresholds of all levels by linear least squares.

    The x-shift of "gain_xshift" is scanned over `x_shift_range` in steps of 2 inputs and each local
    minimum is refined. Where the residual does not depend on it (all gains alike), the minimum
    nearest to zero is taken. As x_shift grows beyond all bounds the model turns into "bias", and at
    zero it is "gain": its residual is never larger than that of "gain".

    Parameters
    ----------
    thresholds
        Shape [levels, crossings], in inputs; NaN where a crossing was not found. Such a level is
        left out and named in the result.
    model
        "gain", "bias" or "gain_xshift".
    levels
        Labels of the levels; 0, 1, 2 ... if not given.
    crossings
        Output spikes at the thresholds (0.5 and 1.5).
    x_shift_range
        In inputs.

    Raises
    ------
    SpecError
        If the model is unknown, shapes do not fit, thresholds fall along a level, or too few levels
        are whole.

    References
    ----------
    Wybo et al. 2022, "IO curve parameter fitting", Eqs 2 and 8-10.
    """
    if model not in MODELS:
        raise SpecError(f"unknown model {model!r}." + did_you_mean(str(model), set(MODELS)))
    n, labels = _checked(thresholds, levels, crossings)
    whole = np.isfinite(n).all(axis=1)
    needed = 2 if model == "gain_xshift" else 1
    if whole.sum() < needed:
        raise SpecError(
            f"{whole.sum()} of {len(n)} levels have all thresholds; {model!r} needs {needed}. "
            "Widen the range of inputs in which crossings are looked for"
        )
    low, high = x_shift_range
    if not (np.isfinite([low, high]).all() and low < high):
        raise SpecError(f"x_shift_range = {x_shift_range}: give two finite numbers, low < high")
    kept = n[whole]
    y = np.tile(np.asarray(crossings, dtype=float), len(kept))
    minima: tuple[tuple[float, float], ...] = ()
    if model == "gain_xshift":
        minima = _minima(kept, y, low, high)
    x_shift = minima[0][0] if minima else 0.0
    u, residual = _solve(kept, y, model, x_shift)
    several, shared = (u[1:], u[0]) if model == "bias" else (u[:-1], u[-1])
    by_level = np.full(len(n), np.nan)
    by_level[whole] = several
    names = [
        f"{'bias' if model == 'bias' else 'gain'}[{labels[i]:g}]" for i in np.flatnonzero(whole)
    ]
    parameters = ["gain", *names] if model == "bias" else [*names, "bias"]
    if model == "gain_xshift":
        parameters.append("x_shift")
    return IOFit(
        model=model,
        levels=labels,
        left_out=tuple(labels[i] for i in np.flatnonzero(~whole)),
        gain=float(shared) if model == "bias" else by_level,
        bias=by_level if model == "bias" else float(shared),
        x_shift=x_shift,
        residual=residual,
        covariance=_covariance(kept, u, model, x_shift, residual),
        parameters=tuple(parameters),
        minima=minima,
        x_shift_range=(float(low), float(high)),
    )


def _checked(
    thresholds: npt.ArrayLike, levels: Sequence[float] | None, crossings: Sequence[float]
) -> tuple[Array, tuple[float, ...]]:
    n = np.asarray(thresholds, dtype=float)
    if n.ndim != 2 or n.shape[1] != len(crossings) or n.shape[0] == 0:
        raise SpecError(
            f"thresholds have shape {n.shape}; give [levels, {len(crossings)}], a column a crossing"
        )
    if np.isinf(n).any():
        raise SpecError("thresholds must be finite, or NaN where a crossing was not found")
    if (np.diff(n, axis=1) < 0).any():
        row = int(np.flatnonzero((np.diff(n, axis=1) < 0).any(axis=1))[0])
        raise SpecError(f"thresholds of level {row} fall: {n[row]}; more spikes need more inputs")
    labels = tuple(float(x) for x in (range(len(n)) if levels is None else levels))
    if len(labels) != len(n) or len(set(labels)) != len(n):
        raise SpecError(
            f"{len(n)} rows of thresholds need as many different levels; given {labels}"
        )
    return n, labels


def _solve(n: Array, y: Array, model: FitModel, x_shift: float) -> tuple[Array, float]:
    a = feature_matrix(n, model, x_shift)
    scale = np.linalg.norm(a, axis=0)
    scale[scale == 0] = 1.0
    u = np.linalg.lstsq(a / scale, y, rcond=None)[0] / scale
    return u, float(np.sum((a @ u - y) ** 2))


def _minima(n: Array, y: Array, low: float, high: float) -> tuple[tuple[float, float], ...]:
    """Return every local minimum over the x-shift, the best first; of equals, that nearest 0."""
    grid = np.unique(
        [*np.linspace(low, high, 2 + int((high - low) / _SCAN_STEP)), *([0.0] * (low < 0 < high))]
    )
    residual = _scan(n, y, grid)
    flat = _FLAT * float(y @ y)
    if np.ptp(residual) <= flat:
        x = float(np.clip(0.0, low, high))
        return ((x, _solve(n, y, "gain_xshift", x)[1]),)
    padded = np.concatenate([[np.inf], residual, [np.inf]])
    found: list[tuple[float, float]] = []
    for i in np.flatnonzero((padded[1:-1] <= padded[:-2]) & (padded[1:-1] <= padded[2:])):
        x = _refined(n, y, grid, int(i))
        if all(abs(x - other) > _SAME for other, _ in found):
            found.append((x, _solve(n, y, "gain_xshift", x)[1]))
    best = min(r for _, r in found)
    return tuple(sorted(found, key=lambda m: (0.0 if m[1] <= best + flat else m[1], abs(m[0]))))


def _scan(n: Array, y: Array, grid: Array) -> Array:
    """Return the residual at each x-shift of a grid, shape [grid].

    The gains, then the bias, are eliminated from the normal equations of the feature matrix: good
    enough to find minima, and a hundred times faster than solving for each x-shift.
    """
    d = n[None] - grid[:, None, None]  # [grid, levels, crossings]
    of = y.reshape(n.shape)
    dd = np.maximum(np.sum(d * d, axis=2), np.finfo(float).tiny)
    d1, dy = d.sum(axis=2), np.sum(d * of, axis=2)
    ones = np.sum(n.shape[1] - d1 * d1 / dd, axis=1)
    cross = np.sum(of.sum(axis=1) - d1 * dy / dd, axis=1)
    squares = np.sum(np.sum(of * of, axis=1) - dy * dy / dd, axis=1)
    explained = np.divide(cross**2, ones, out=np.zeros_like(ones), where=ones > 1e-12)
    return np.maximum(squares - explained, 0.0)


def _refined(n: Array, y: Array, grid: Array, i: int) -> float:
    """Return the minimum near grid point `i`: by ever finer scans, then polished by Gauss-Newton.

    A minimum of zero is too flat for the residual alone to place it; Gauss-Newton's steps come
    from the errors themselves, and are taken as long as they make the residual smaller.
    """
    low, high = float(grid[max(i - 1, 0)]), float(grid[min(i + 1, grid.size - 1)])
    near, far = low, high
    while far - near > _FINEST:
        finer = np.linspace(near, far, _FINER)
        k = int(np.argmin(_scan(n, y, finer)))
        near, far = float(finer[max(k - 1, 0)]), float(finer[min(k + 1, _FINER - 1)])
    found = (near + far) / 2
    ends = [e for e in (low, high) if e in (grid[0], grid[-1])]
    # _scan loses digits where the residual is small
    x = min([found, *ends], key=lambda x: _solve(n, y, "gain_xshift", x)[1])
    u, residual = _solve(n, y, "gain_xshift", x)
    for _ in range(_POLISH):
        error = feature_matrix(n, "gain_xshift", x) @ u - y
        j = _jacobian(n, u, x)
        scale = np.linalg.norm(j, axis=0)
        scale[scale == 0] = 1.0
        step = -np.linalg.lstsq(j / scale, error, rcond=1e-13)[0][-1] / scale[-1]
        u_new, residual_new = _solve(n, y, "gain_xshift", x + step)
        if not (low <= x + step <= high and residual_new < residual):
            break
        x, u, residual = float(x + step), u_new, residual_new
    return x


def _jacobian(n: Array, u: Array, x_shift: float) -> Array:
    by_row = np.repeat(u[:-1], n.shape[1])
    return np.column_stack([feature_matrix(n, "gain_xshift", x_shift), -by_row])


def _covariance(n: Array, u: Array, model: FitModel, x_shift: float, residual: float) -> Array:
    j = _jacobian(n, u, x_shift) if model == "gain_xshift" else feature_matrix(n, model)
    left = j.shape[0] - j.shape[1]
    if left <= 0:
        return np.full((j.shape[1],) * 2, np.nan)
    scale = np.linalg.norm(j, axis=0)
    scale[scale == 0] = 1.0
    scaled = j / scale
    if np.linalg.matrix_rank(scaled, tol=1e-10) < j.shape[1]:
        return np.full((j.shape[1],) * 2, np.inf)
    inverse = np.linalg.inv(scaled.T @ scaled)
    return residual / left * inverse / np.outer(scale, scale)
