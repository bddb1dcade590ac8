"""Figures of Wyrick & Mazzucato 2021: ``python -m dendmod.clustered --help``."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dendmod.figure import guard, noted, write_summary
from dendmod.papers.wyrick2021.cells import fig6
from dendmod.papers.wyrick2021.common import Job
from dendmod.papers.wyrick2021.evoked import fig4, fig5
from dendmod.papers.wyrick2021.ongoing import fig2, fig3
from dendmod.papers.wyrick2021.running import fig7, fig8
from dendmod.papers.wyrick2021.study import FULL, QUICK, Study
from dendmod.papers.wyrick2021.table3 import table3

FIGURES: dict[str, Callable[[Job], dict[str, Any]]] = {
    f.__name__: f for f in (fig2, fig3, fig4, fig5, fig6, fig7, fig8, table3)
}
_RESULTS = Path("results") / "clustered"


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value}: give 1 or more")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dendmod.clustered")
    parser.add_argument("figure", choices=list(FIGURES), help="which figure or table")
    parser.add_argument(
        "--out", type=Path, metavar="DIR",
        help=f"folder for the picture and summary.json (default: {_RESULTS}/FIGURE)",
    )  # fmt: skip
    parser.add_argument(
        "--store", type=Path, metavar="DIR",
        help="folder of finished runs, which figures share (default: "
        f"{_RESULTS}/store, or OUT/store where --out is given)",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="3 networks, few levels and trials")
    parser.add_argument("--seed", type=int, default=0, help="seed of all random numbers")
    parser.add_argument(
        "--levels", choices=("all", "few"), default="all",
        help="all 28 sizes of perturbations, or the 10 of --quick with all trials",
    )  # fmt: skip
    parser.add_argument("--networks", type=_positive, help="networks a condition")
    parser.add_argument("--workers", type=_positive, help="processes (default: all cores)")
    return parser


def _finite(value: Any) -> Any:
    """Return what JSON can hold: numbers that are not finite become null."""
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def main(arguments: Sequence[str] | None = None) -> None:
    """Make one figure."""
    given = _parser().parse_args(arguments)
    out = given.out or _RESULTS / given.figure
    store = given.store or (given.out / "store" if given.out else _RESULTS / "store")
    scale = QUICK if given.quick else FULL
    if given.levels == "few":
        scale = replace(scale, levels=QUICK.levels)
    if given.networks:
        scale = replace(scale, networks=given.networks)
    began = time.monotonic()
    job = Job(out, Study(store, scale, given.seed, given.workers))

    def run() -> None:
        with noted(quick=given.quick):
            write_summary(out, _finite(FIGURES[given.figure](job)))

    guard(run)
    print(
        f"{out / given.figure}.png, .pdf and summary.json written in "
        f"{time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
