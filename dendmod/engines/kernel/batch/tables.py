"""Functions of the membrane potential as polynomials on pieces, with a bound on their error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import UnsupportedByEngine

Floats = npt.NDArray[np.float64]
Function = Callable[[Floats], Floats]

PIECES = 32  # as in vectors.h: their coefficients stay in registers
_MAX_DEGREE = 9
_NODES, _CHECKS, _FINE = 24, 65, 400  # points a piece: to fit, to measure the error, to find a kink
_KEPT = 500  # tables: those of a cell of which other numbers were changed are the same
_FLOOR = 1e-3  # of the largest value: below it an error counts as if the value were that


@dataclass(frozen=True)
class Grid:
    """Equal pieces of the potential.

    Parameters
    ----------
    start, width
        Where the first piece begins and how wide each is (mV).
    pieces
        Their number: `PIECES`, or for the rows of a TABLE any.
    """

    start: float
    width: float
    pieces: int = PIECES

    @property
    def end(self) -> float:
        """Where the last piece ends (mV)."""
        return self.start + self.pieces * self.width

    @property
    def is_of_rows(self) -> bool:
        """Whether its pieces are rows of a TABLE, beyond which the first and the last row count."""
        return self.pieces != PIECES


@dataclass(frozen=True)
class Range:
    """Potentials (mV) that tables reach over."""

    low: float = -105.0
    high: float = 50.0

    def grid(self, offset: float | None = None) -> Grid:
        """Return pieces over the range of which a boundary lies at `offset` (mV).

        One of the pieces is left for the grid to be moved by.
        """
        width = (self.high - self.low) / (PIECES - 1)
        return Grid(self.low - (self.low - (self.low if offset is None else offset)) % width, width)


@dataclass(frozen=True, eq=False)
class Pieces:
    """One function on its pieces.

    Parameters
    ----------
    coefficients
        Of powers of the place within a piece, -1/2 .. 1/2, shape [degree + 1, pieces].
    short
        How many of the highest coefficients are kept in 16 bits, which look-ups take faster.
    """

    coefficients: Floats
    grid: Grid
    short: int = 0

    @property
    def degree(self) -> int:
        """Degree of the polynomials."""
        return len(self.coefficients) - 1

    @property
    def row(self) -> npt.NDArray[np.float32]:
        """The coefficients as they lie in memory, one after the other."""
        long, short = np.split(self.coefficients, [self.degree + 1 - self.short])
        return np.concatenate([long.astype(np.float32).ravel(), _halves(short).view(np.float32)])


_FITTED: dict[tuple[object, ...], Pieces] = {}
"""What was fitted, by what it was fitted to: all values on the pieces that are tried first."""


def fit(
    function: Function, reach: Range, bound: float, *,
    relative: bool, name: str, least: int = 0, grid: Grid | None = None,
) -> Pieces:  # fmt: skip
    """Return the pieces of lowest degree that keep a bound.

    Parameters
    ----------
    function
        Values at potentials (mV).
    bound
        Largest error; if `relative` for each piece of its largest value there.
    name
        For messages.
    least
        Lowest degree.
    grid
        The pieces; None takes those of `reach`, moved to a kink if there is one.

    Raises
    ------
    UnsupportedByEngine
        If the function is not finite, or no degree keeps the bound, as at a second kink.
    """
    key: tuple[object, ...] = ()
    for pieces in _grids(function, reach, grid):
        y = function(
            (pieces.start + pieces.width * (np.arange(pieces.pieces)[:, None] + _points())).ravel()
        ).reshape(pieces.pieces, -1)
        key = key or (pieces, bound, relative, least, y.tobytes())
        if key in _FITTED:
            return _FITTED[key]
        if not np.isfinite(y).all():
            raise UnsupportedByEngine(
                f"{name} is not finite between {pieces.start:g} and {pieces.end:g} mV"
            )
        allowed = np.full(pieces.pieces, bound)
        if relative:
            size = np.abs(y).max(1)
            allowed = bound * np.maximum(size, _FLOOR * size.max() + 1e-300)
        flat = bool(np.ptp(y) <= 1e-12 * np.abs(y).max())
        for degree in (0,) if flat else range(least, _MAX_DEGREE + 1):
            coefficients, error = _polynomials(y, degree)
            if flat or (error <= allowed).all():
                _FITTED[key] = _shortened(Pieces(coefficients, pieces), y, allowed)
                while len(_FITTED) > _KEPT:
                    _FITTED.pop(next(iter(_FITTED)))
                return _FITTED[key]
    bad = int(np.argmax(error / allowed))
    raise UnsupportedByEngine(
        f"{name} has no table within {bound:g}: its error is {error[bad]:.2g} near "
        f"{pieces.start + pieces.width * bad:g} mV"
    )


def _shortened(pieces: Pieces, y: Floats, allowed: Floats) -> Pieces:
    """Return pieces with as many short coefficients as leave them within what is allowed."""
    if pieces.grid.is_of_rows:
        return pieces
    for short in range(pieces.degree - 1, 0, -1):
        n = pieces.degree + 1 - short
        high = pieces.coefficients.copy()
        high[:n], high[n:] = 0.0, _whole(_halves(high[n:])).reshape(high[n:].shape)
        at = _points() - 0.5
        taken = np.polynomial.polynomial.polyval(at, high)
        low, error = _polynomials(y - taken, n - 1)
        if (error <= allowed).all():
            high[:n] = low
            return Pieces(high, pieces.grid, short)
    return pieces


def _halves(x: Floats) -> npt.NDArray[np.uint16]:
    """Return the 16 bits that stand for each number: both halves of a float32 near it."""
    near = x.astype(np.float32).ravel().view(np.uint32) >> 16
    every = np.stack([near - 1, near, near + 1])
    best = np.nanargmin(np.abs(_whole(every) - x.ravel()), 0)  # beside 0 are no numbers
    return np.take_along_axis(every, best[None], 0)[0].astype(np.uint16)


def _whole(halves: npt.NDArray[np.unsignedinteger[Any]]) -> Floats:
    """Return the numbers for which 16 bits stand."""
    return (halves.astype(np.uint32) * np.uint32(0x10001)).view(np.float32).astype(float)


def _grids(function: Function, reach: Range, grid: Grid | None) -> Iterator[Grid]:
    """Yield the pieces to try: those that are given, or the usual ones, then moved ones."""
    first = reach.grid() if grid is None else grid
    yield first
    if grid is None:
        bends = [_bend(function, first.start + first.width * k, first.width) for k in range(PIECES)]
        yield reach.grid(max(bends)[1])


def _points() -> Floats:
    """Return the places in a piece (0 .. 1) at which it is fitted and at which it is checked."""
    nodes = 0.5 + 0.5 * np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    # just inside, so that a jump at a boundary belongs to one piece
    checks = np.linspace(1e-9, 1 - 1e-9, _CHECKS)
    return np.concatenate([nodes, checks])


def _polynomials(y: Floats, degree: int) -> tuple[Floats, Floats]:
    """Return coefficients [degree + 1, pieces] near the least maximum error, and the errors."""
    chebyshev = np.polynomial.chebyshev
    at = 2 * _points() - 1
    basis = chebyshev.chebvander(at[:_NODES], degree)
    c = (y[:, :_NODES] @ basis) / (basis**2).sum(0)
    found = chebyshev.chebvander(at[_NODES:], degree) @ c.T
    error = np.abs(found.T - y[:, _NODES:]).max(1)
    return _powers(degree) @ c.T, error


@lru_cache
def _powers(degree: int) -> Floats:
    """Return what turns Chebyshev coefficients into those of powers of half the place."""
    found = np.zeros((degree + 1, degree + 1))
    for k in range(degree + 1):
        p = np.polynomial.chebyshev.cheb2poly(np.eye(degree + 1)[k])
        found[: p.size, k] = p * 2.0 ** np.arange(p.size)
    return found


def _bend(function: Function, start: float, width: float) -> tuple[float, float]:
    """Return how abruptly the slope of a function changes in a piece, and where (mV)."""
    x = np.linspace(start, start + width, _FINE)
    abrupt = np.abs(np.diff(np.diff(function(x), 2)))
    at, much = int(np.argmax(abrupt)), float(abrupt.max())
    low, high = x[max(at - 2, 0)], x[min(at + 5, _FINE - 1)]
    for _ in range(4):  # each narrows the place to a few of its points
        x = np.linspace(low, high, _FINE)
        at = int(np.argmax(np.abs(np.diff(function(x), 2)))) + 1
        low, high = x[max(at - 3, 0)], x[min(at + 3, _FINE - 1)]
    return much, float(round((low + high) / 2, 6))
