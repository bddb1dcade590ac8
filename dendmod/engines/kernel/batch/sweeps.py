"""C that reads tables: gates that relax, states that mix, and plain functions of the potential.

Members are swept a chunk at a time, one function after the other, so that the coefficients of a
function stay in registers. Functions that come from a TABLE of a file keep its rows and are looked
up in memory, which is slower.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from dendmod.engines.kernel.batch.staging import Known, OfV
from dendmod.engines.kernel.batch.stepping import Mixing
from dendmod.engines.kernel.batch.tables import PIECES, Floats, Grid, Pieces, Range, fit

# below these the errors of gates, though small, add up to a spike's time
_LEAST_OF_VALUES, _LEAST_OF_RATES = 3, 2
_SLOPE = 1e-4  # of slopes, which say how fast a potential moves and not where to
_ALIGNED = 16  # floats of a vector


@dataclass(frozen=True)
class Accuracy:
    """How well tables keep to the equations.

    Parameters
    ----------
    value
        Largest error of a steady state or of a mixing.
    rate
        Largest error of a rate, or of a function that enters a current, relative to its largest
        value within a piece of some mV.
    """

    value: float
    rate: float


class Helper(NamedTuple):
    """A function of C: the degrees of one polynomial, or of two side by side; by rows or not."""

    degrees: tuple[int, ...]
    by_rows: bool

    @property
    def name(self) -> str:
        """Its name."""
        what = "relax" if len(self.degrees) == 2 else "values"
        return "_".join([what, *map(str, self.degrees), *(["rows"] if self.by_rows else [])])


@dataclass
class Sweeps:
    """The tables of a population, and the lines that read them."""

    reach: Range
    accuracy: Accuracy
    grids: dict[Grid, int] = field(default_factory=dict)
    update: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    helpers: set[Helper] = field(default_factory=set)
    errors: dict[str, float] = field(default_factory=dict)
    _tables: list[Floats] = field(default_factory=list)

    @property
    def table(self) -> Floats:
        """All coefficients, one function after the other: [coefficient][piece]."""
        return np.concatenate([*self._tables, np.zeros(_ALIGNED)])

    def relax(self, name: str, slot: int, rate: OfV | Known, steady: OfV | Known) -> None:
        """Write the sweep of a gate."""
        grid = _rows_of(rate, steady)
        s = self._steady(name, steady, grid)
        r = self._rate(name, rate, grid)
        if s.grid != r.grid:  # one of both has a kink: both take its pieces
            kinked = s.grid if s.grid != self.reach.grid() else r.grid
            s, r = self._steady(name, steady, kinked), self._rate(name, rate, kinked)
        at = self._add(s), self._add(r)
        assert at[1] == at[0] + s.coefficients.size
        call = self._call((s.degree, r.degree), s.grid, at[0], f"state + CHUNK * L * {slot}")
        self.update.append(f"{call} /* {name} */")

    def _steady(self, name: str, steady: OfV | Known, grid: Grid | None) -> Pieces:
        return self._fit(steady, f"{name}, steady state", grid, relative=False)

    def _rate(self, name: str, rate: OfV | Known, grid: Grid | None) -> Pieces:
        return self._fit(rate, f"{name}, rate", grid, relative=True)

    def mix(self, name: str, slots: Sequence[int], mixing: Mixing) -> None:
        """Write the sweep of states that are solved together."""
        lines: list[str] = []
        news: list[str] = []
        for i, state in enumerate(mixing.states):
            new = f"x{i}"
            for k, function in enumerate((*mixing.change[i], mixing.gain[i])):
                if function is None:
                    continue
                pieces = self._fit(
                    OfV(function), f"{name}, {state}, part {k}", mixing.rows, relative=False
                )
                lines += self._value(pieces, f"mix_{i}_{k}")
                of = f"*(const V *)(mix_{i}_{k} + q)"
                is_gain = k == len(mixing.states)
                new = f"({new} + {of})" if is_gain else f"fma_v({of}, x{k}, {new})"
            news.append(f"*(V *)(state + CHUNK * L * {slots[i]} + q) = {new};")
        lines.append("for (int q = 0; q < count; q += W) {")
        lines += [
            f"const V x{i} = *(const V *)(state + CHUNK * L * {at} + q);"
            for i, at in enumerate(slots)
        ]
        self.update += ["{ /* " + name + " */", *lines, *news, "} }"]

    def value(self, value: OfV, number: int) -> None:
        """Write the sweep of a function that running code reads as TABLE(number)."""
        bound = max(self.accuracy.rate, _SLOPE if value.is_slope else 0.0)
        name = f"function {number} of the potential"
        pieces = self._fit(value, name, value.rows, relative=True, bound=bound)
        self.values += self._value(pieces, f"value{number}")

    def locating(self) -> list[str]:
        """Return the lines that find pieces and places in them, by grid."""
        lines = []
        for grid, g in self.grids.items():
            scale, shift = 1 / grid.width, -grid.start / grid.width - 0.5
            lines += [
                f"ALIGNED float place{g}[CHUNK * L]; ALIGNED int32_t piece{g}[CHUNK * L];",
                f"locate(v, count, (real){scale!r}, (real){shift!r}, place{g}, piece{g});",
            ]
            if grid.is_of_rows:
                lines.append(f"stay(place{g}, piece{g}, count, {grid.pieces});")
        return lines

    @property
    def limits(self) -> tuple[float, float]:
        """Potentials (mV) that all tables reach over."""
        own = [grid for grid in self.grids if not grid.is_of_rows]
        low = max((g.start for g in own), default=-np.inf)
        return low, min((g.end for g in own), default=np.inf)

    def _fit(
        self, value: OfV | Known, name: str, grid: Grid | None, *,
        relative: bool, bound: float | None = None,
    ) -> Pieces:  # fmt: skip
        if bound is None:
            bound = self.accuracy.rate if relative else self.accuracy.value
        least = 0 if grid and grid.is_of_rows else _LEAST_OF_RATES if relative else _LEAST_OF_VALUES
        function = value.function if isinstance(value, OfV) else _constant(value)
        pieces = fit(
            function, self.reach, bound, relative=relative, name=name, least=least, grid=grid
        )
        self.errors[name] = pieces.error
        return pieces

    def _add(self, pieces: Pieces) -> int:
        """Add a table; return where it begins."""
        at = sum(table.size for table in self._tables)
        self._tables.append(pieces.coefficients.ravel())
        return at

    def _call(self, degrees: tuple[int, ...], grid: Grid, at: int, to: str) -> str:
        helper = Helper(degrees, grid.is_of_rows)
        self.helpers.add(helper)
        g = self.grids.setdefault(grid, len(self.grids))
        pieces = f"{grid.pieces}, " if grid.is_of_rows else ""
        return f"{helper.name}({pieces}table + {at}, place{g}, piece{g}, {to}, count);"

    def _value(self, pieces: Pieces, made: str) -> list[str]:
        call = self._call((pieces.degree,), pieces.grid, self._add(pieces), made)
        return [f"ALIGNED real {made}[CHUNK * L];", call]


def helper_code(helper: Helper) -> str:
    """Return a function of C that evaluates polynomials, one or two side by side."""
    degrees, two = helper.degrees, len(helper.degrees) == 2
    row, look, pieces = ("ROW", "look", str(PIECES))
    if helper.by_rows:
        row, look, pieces = ("const float *const {}", "look_row", "pieces")
    out = [
        f"static __attribute__((noinline)) void {helper.name}(",
        f"  {'int pieces, ' if helper.by_rows else ''}const float *t, const float *place, "
        "const int32_t *piece, real *x, int count)",
        "{",
    ]
    for letter, degree, at in zip("ab", degrees, (0, degrees[0] + 1), strict=False):
        for k in range(degree + 1):
            place = f"t + {at + k} * {pieces}"
            made = f"{row.format(f'{letter}{k}')} = {place}" if helper.by_rows else ""
            out.append(f"  {made or f'ROW({letter}{k}, {place})'};")
    out += [
        "  for (int q = 0; q < count; q += TABLE_W) {",
        "    const F f = *(const F *)(place + q);",
        "    const I i = *(const I *)(piece + q);",
    ]
    letters = list(zip("ab", degrees, strict=False))
    out += [f"    F {letter} = {look}({letter}{d}, i);" for letter, d in letters]
    for k in range(max(degrees) - 1, -1, -1):
        out += [
            f"    {letter} = fma_f({letter}, f, {look}({letter}{k}, i));"
            for letter, d in letters
            if k < d
        ]
    out += [
        "    (void)f;",
        "    for (int h = 0; h < PARTS; h++) {",
        "      V *const y = (V *)(x + q + W * h);",
        "      *y = fma_v(part(b, h), part(a, h) - *y, *y);" if two else "      *y = part(a, h);",
        "    }",
        "  }",
        "}",
    ]
    return "\n".join(out)


def _rows_of(*values: OfV | Known) -> Grid | None:
    """Return the rows of the TABLE from which functions come, or None."""
    return next((v.rows for v in values if isinstance(v, OfV) and v.rows is not None), None)


def _constant(value: Known) -> Callable[[Floats], Floats]:
    x = float(value.value.flat[0])
    return lambda v: np.full_like(v, x)
