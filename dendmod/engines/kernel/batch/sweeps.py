"""C that reads tables: gates that relax, states that mix, and plain functions of the potential.

Members are swept a chunk at a time, one function after the other, so that the coefficients of a
function stay in registers. Functions that come from a TABLE of a file keep its rows and are looked
up in memory, which is slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dendmod.engines.kernel.batch.staging import Known, OfV, function_of, rows_of
from dendmod.engines.kernel.batch.stepping import Mixing
from dendmod.engines.kernel.batch.tables import Grid, Pieces, Range, fit

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
    """A function of C for a polynomial or two side by side: degrees, short ones, by rows or not."""

    degrees: tuple[int, ...]
    short: tuple[int, ...]
    by_rows: bool

    @property
    def name(self) -> str:
        """Its name."""
        what = "relax" if len(self.degrees) == 2 else "values"
        forms = [f"{d}s{n}" for d, n in zip(self.degrees, self.short, strict=True)]
        return "_".join([what, *forms, *(["rows"] if self.by_rows else [])])


@dataclass
class Sweeps:
    """The tables of a population, and the lines that read them."""

    reach: Range
    accuracy: Accuracy
    grids: dict[Grid, int] = field(default_factory=dict)
    update: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    helpers: set[Helper] = field(default_factory=set)
    _tables: list[npt.NDArray[np.float32]] = field(default_factory=list)

    @property
    def table(self) -> npt.NDArray[np.float32]:
        """All coefficients, one function after the other: [coefficient][piece]."""
        return np.concatenate([*self._tables, np.zeros(_ALIGNED, np.float32)])

    def relax(self, name: str, slot: int, rate: OfV | Known, steady: OfV | Known) -> None:
        """Write the sweep of a gate."""
        grid = rows_of([rate, steady])
        s = self._steady(name, steady, grid)
        r = self._rate(name, rate, grid)
        if s.grid != r.grid:  # one of both has a kink: both take its pieces
            kinked = s.grid if s.grid != self.reach.grid() else r.grid
            s, r = self._steady(name, steady, kinked), self._rate(name, rate, kinked)
        call = self._call((s, r), f"state + CHUNK * L * {slot}")
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
                f"locate(v, count, (real){scale!r}, (real){shift!r}, place{g}, piece{g}, "
                f"{int(not grid.is_of_rows)});",
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
        return fit(
            function_of(value), self.reach, bound, relative=relative, name=name, least=least,
            grid=grid,
        )  # fmt: skip

    def _call(self, pieces: tuple[Pieces, ...], to: str) -> str:
        """Add tables that follow each other; return the call that reads them."""
        at, grid = sum(table.size for table in self._tables), pieces[0].grid
        self._tables += [p.row for p in pieces]
        helper = Helper(
            tuple(p.degree for p in pieces), tuple(p.short for p in pieces), grid.is_of_rows
        )
        self.helpers.add(helper)
        g = self.grids.setdefault(grid, len(self.grids))
        rows = f"{grid.pieces}, " if grid.is_of_rows else ""
        return f"{helper.name}({rows}table + {at}, place{g}, piece{g}, {to}, count);"

    def _value(self, pieces: Pieces, made: str) -> list[str]:
        return [f"ALIGNED real {made}[CHUNK * L];", self._call((pieces,), made)]


def helper_code(helper: Helper) -> str:
    """Return a function of C that evaluates polynomials, one or two side by side."""
    two = len(helper.degrees) == 2
    out = [
        f"static __attribute__((noinline)) void {helper.name}(",
        f"  {'int pieces, ' if helper.by_rows else ''}const float *t, const float *place, "
        "const int32_t *piece, real *x, int count)",
        "{",
    ]
    looks: dict[tuple[str, int], str] = {}
    letters = list(zip("ab", helper.degrees, helper.short, strict=False))
    for letter, degree, short in letters:
        for k in range(degree + 1):
            is_short = k > degree - short
            kind = "SHORT_" if is_short else ""
            out.append(
                f"  const float *const {letter}{k} = t; t += pieces;"
                if helper.by_rows
                else f"  {kind}ROW({letter}{k}, t); t += {kind}ROW_SIZE;"
            )
            look = "look_row" if helper.by_rows else "look_short" if is_short else "look"
            looks[letter, k] = f"{look}({letter}{k}, i)"
    out += [
        "  for (int q = 0; q < count; q += TABLE_W) {",
        "    const F f = *(const F *)(place + q);",
        "    const I i = *(const I *)(piece + q);",
    ]
    out += [f"    F {letter} = {looks[letter, d]};" for letter, d, _ in letters]
    for k in range(max(helper.degrees) - 1, -1, -1):
        out += [
            f"    {letter} = fma_f({letter}, f, {looks[letter, k]});"
            for letter, d, _ in letters
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
