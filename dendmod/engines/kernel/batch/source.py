"""The C file of a cell: what never changes around the populations that were made for it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from dendmod.engines.kernel.batch.sweeps import helper_code
from dendmod.engines.kernel.batch.tables import PIECES
from dendmod.engines.kernel.batch.writing import Code

HERE = Path(__file__).parent
FILES = (HERE / "vectors.h", HERE / "run.h")

_EACH = ("for (int q = 0; q < VECTORS(m); q++) {", "const V u = *(V *)(v + W * q); (void)u;")


def c_source(membranes: Sequence[tuple[str, Code]], synapses: Sequence[tuple[str, Code]]) -> str:
    """Return the C of a cell.

    Parameters
    ----------
    membranes, synapses
        What each population is, in words, and its code; membranes come first among the populations
        of a job.
    """
    vectors, run = (path.read_text(encoding="utf-8") for path in FILES)
    helpers = sorted({helper for _, code in membranes for helper in code.sweeps.helpers})
    parts = [_elementary_tables(), vectors, *map(helper_code, helpers)]
    parts += [_membrane(k, what, code) for k, (what, code) in enumerate(membranes)]
    parts += [_synapse(len(membranes) + k, what, code) for k, (what, code) in enumerate(synapses)]
    calls = "\n".join(
        f"  if (update) membrane{k}(j, 1); else membrane{k}(j, 0);" for k in range(len(membranes))
    )
    parts.append(f"static void membranes(const Job *j, int update)\n{{\n{calls}\n}}")
    calls = "\n".join(f"  synapses{len(membranes) + k}(j);" for k in range(len(synapses)))
    parts.append(f"static void synapses(const Job *j)\n{{\n  (void)j;\n{calls}\n}}")
    return "\n\n".join([*parts, run])


def _elementary_tables() -> str:
    """Return what exp_v and log_v look up.

    That is 2 to each 32nd, and inverse and logarithm in the middle of each 32nd of 1 .. 2.
    """
    middle = 1 + (np.arange(PIECES) + 0.5) / PIECES
    inverse = (1 / middle).astype(np.float32)

    def row(name: str, values: Iterable[float]) -> str:
        numbers = ", ".join(f"{float(np.float32(x))!r}f" for x in values)
        return f"static const float {name}[{PIECES}] ALIGNED = {{{numbers}}};"

    rows = [
        row("exp_of", [2 ** (k / PIECES) for k in range(PIECES)]),
        row("log_inverse", inverse),
        row("log_of", [-math.log(float(x)) for x in inverse]),
    ]
    return "#define ELEMENTARY_TABLES " + " \\\n  ".join(rows)


def _membrane(k: int, what: str, code: Code) -> str:
    sweeps = code.sweeps
    extremes = ["low = least(u, low);", "high = most(u, high);"] if sweeps.grids else []
    before = ["V low = *(V *)j->low, high = *(V *)j->high;"] if sweeps.grids else []
    after = ["*(V *)j->low = low;", "*(V *)j->high = high;"] if sweeps.grids else []
    buffers, loops = code.loops()
    sweep = [*sweeps.locating(), "if (update) {", *sweeps.update, "}", *sweeps.values]
    body = [
        *_head(k, code, before),
        "const size_t at = (size_t)(p->at + k0) * L;",
        "const real *restrict const v = j->v + at;",
        "real *restrict const d = j->d + at, *restrict const r = j->r + at;",
        *(["const float *const table = p->table;", *sweep] if sweeps.grids else []),
        *buffers,
        *(
            line
            for k, loop in enumerate(loops)
            for line in (*_EACH, *(extremes if k == 0 else ()), *loop, "}")
        ),
        "}",
        *after,
        "}",
    ]
    head = f"/* {what} */\nINLINE void membrane{k}(const Job *j, const int update)\n"
    return head + _indented(body)


def _synapse(k: int, what: str, code: Code) -> str:
    body = [
        *_head(k, code),
        "const int32_t *const node = p->node + k0;",
        "for (int q = 0; q < VECTORS(m); q++) {",
        "const V u = AT_NODES(j->v); (void)u;",
        *(line for loop in code.loops()[1] for line in loop),
        "} } }",
    ]
    return f"/* {what} */\nstatic void synapses{k}(const Job *j)\n" + _indented(body)


def _head(k: int, code: Code, before: Sequence[str] = ()) -> list[str]:
    fields, states = max(1, len(code.numbers.own)), max(1, len(code.slots))
    return [
        "{",
        f"enum {{ FIELDS = {fields}, STATES = {states} }};",
        f"const Population *const p = j->population + {k};",
        "const real *restrict const shared = p->shared; (void)shared;",
        *before,
        "for (int k0 = 0; k0 < p->n; k0 += CHUNK) {",
        "const int m = p->n - k0 < CHUNK ? p->n - k0 : CHUNK, count = ROWS(m * L);",
        "(void)count;",
        "real *restrict const state = p->state + (size_t)k0 * STATES * L; (void)state;",
        "const real *restrict const number =",
        "  p->number + (size_t)k0 * FIELDS * NUMBER_LANES;",
        "(void)number;",
    ]


def _indented(lines: Sequence[str]) -> str:
    out, depth = [], 0
    for line in lines:
        closing = len(line) - len(line.lstrip("} "))
        shown = depth - line[:closing].count("}")
        out.append("  " * max(shown, 0) + line)
        depth += line.count("{") - line.count("}")
    return "\n".join(out)
