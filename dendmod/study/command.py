"""The command of a figure: ``dendmod figure wybo2022/fig1``, ``python -m dendmod.fig1``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError, did_you_mean
from dendmod.spec.grid import parse_grid
from dendmod.study.claims import NOT_RUN
from dendmod.study.messages import check_folder, guard
from dendmod.study.registry import Entry, figures, find


def figure_command(
    name: str, arguments: Sequence[str] | None = None, *, program: str | None = None
) -> None:
    """Make the figure that a command line asks for, and say where it lies.

    Parameters
    ----------
    name
        Of the figure, such as ``"wybo2022/fig1"``.
    arguments
        The command line; that of this process if not given.
    program
        How the command is called, for ``--help``.
    """
    guard(lambda: _make(name, arguments, program))


def paper_command(paper: str, program: str) -> None:
    """Make the figure of one paper that the command line of this process names first."""
    known = {entry.name.partition("/")[2]: entry for entry in figures(paper).values()}
    first = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if first in ("-h", "--help"):
        print(f"usage: {program} FIGURE [--help]\n")
        print(listing(known.values(), short=True))
        return

    def run() -> None:
        if first not in known:
            raise SpecError(f"there is no figure {first!r}." + did_you_mean(first, known))
        _make(known[first].name, sys.argv[2:], f"{program} {first}")

    guard(run)


def listing(entries: Iterable[Entry], *, short: bool = False) -> str:
    """Return a line for each figure: name and title."""
    names = {(e.name.partition("/")[2] if short else e.name): e.title for e in entries}
    width = max(map(len, names), default=0)
    return "\n".join(f"  {name:<{width}}  {title}" for name, title in names.items())


def _make(name: str, arguments: Sequence[str] | None, program: str | None) -> None:
    entry = find(name)
    given = _parser(entry, program or f"dendmod figure {name}").parse_args(arguments)
    out = given.out or entry.out
    check_folder(out)
    began = time.monotonic()
    from dendmod.study.figure import make_figure

    summary = make_figure(
        name,
        out,
        quick=given.quick,
        changes=_changes(entry, given),
        store=given.store or (None if given.out else entry.store),
        workers=given.workers,
        scheduler=given.scheduler,
        timeout=given.timeout,
    )
    figure = entry.load()
    for line in figure.tell(summary) if figure.tell else ():
        print(line)
    for key, claim in summary.get("claims", {}).items():
        if claim.get("why") != NOT_RUN:
            print(f"{key}: {claim['verdict']}")
    pictures = f"{out / entry.files}.png, .pdf and " if entry.files else f"{out}: "
    print(f"{pictures}summary.json written in {time.monotonic() - began:.0f} s")


def _at_least(lowest: int) -> Any:
    def whole(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r}: give a whole number") from None
        if value < lowest:
            raise argparse.ArgumentTypeError(f"{value}: give {lowest} or more")
        return value

    return whole


def _parser(entry: Entry, program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description=entry.title)
    parser.add_argument(
        "--out", type=Path, metavar="DIR",
        help=f"folder for pictures, summary.json and stored runs ({entry.out})",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="less of everything, in minutes")
    if not any(option.name == "seed" for option in entry.options):
        parser.add_argument(
            "--seed", type=_at_least(0), metavar="N", help="seed of all random numbers"
        )
    for option in entry.options:
        metavar = "A,B" if option.many else option.name.upper()
        parser.add_argument(f"--{option.name}", metavar=metavar, help=option.help)
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE",
        help="change a field of the settings, such as run.dt_ms=0.05",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=_at_least(1), metavar="N", help="processes (default: all cores)"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="run on the Dask cluster of this scheduler"
    )
    parser.add_argument(
        "--timeout", type=float, metavar="S", help="seconds after which a run is ended (none)"
    )
    parser.add_argument(
        "--store", type=Path, metavar="DIR",
        help=f"folder of finished runs, which figures can share ({entry.store or 'OUT/store'})",
    )  # fmt: skip
    return parser


def _changes(entry: Entry, given: argparse.Namespace) -> dict[str, Any]:
    """Return what options and ``--set`` change in the settings, by dotted field."""
    changes: dict[str, Any] = {}
    if getattr(given, "seed", None) is not None:
        changes["seed"] = given.seed
    for option in entry.options:
        text = getattr(given, option.name.replace("-", "_"))
        if text is None:
            continue
        changes.pop(option.name, None)
        names = [piece.strip() for piece in text.split(",")] if option.many else [text]
        changes[option.field] = [n for n in names if n] if option.many else text
    for field, values in parse_grid(given.set).items():
        if len(values) > 1:
            raise SpecError(
                f"--set {field}: a figure takes one value a field; `dendmod run` runs grids"
            )
        if field in changes:
            raise SpecError(f"{field} is given by --set and by an option; give one of them")
        changes[field] = values[0]
    return changes
