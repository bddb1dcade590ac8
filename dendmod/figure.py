"""What every figure command shares: options, error messages, summary.json."""

from __future__ import annotations

import argparse
import errno
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dendmod.atomic import replacing
from dendmod.errors import DendmodError, SpecError

# what the place of a file or the disk is to blame for; any other OSError is a fault of ours
_OF_FILES = {
    errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOENT,
    errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS,
}  # fmt: skip


NOTE: ContextVar[str] = ContextVar("NOTE", default="")  # what pictures say in their corner


@dataclass(frozen=True)
class FigureOptions:
    """Options of a figure command."""

    out: Path
    seed: int | None = None
    trials: int | None = None
    quick: bool = False
    workers: int | None = None
    morphology: str | None = None
    dt: float | None = None
    data: str | None = None
    io: str | None = None
    panels: list[str] | None = None
    matrices: list[str] | None = None
    tasks: list[str] | None = None
    samples: int | None = None
    scheduler: str | None = None
    timeout: float | None = None
    curves: str | None = None

    def sweep(self) -> dict[str, Any]:
        """Return the arguments of `Experiment` that say where and how runs are made."""
        return {"workers": self.workers, "scheduler": self.scheduler, "timeout": self.timeout}

    def changes(self) -> dict[str, Any]:
        """Return what the options change in a protocol, by dotted field."""
        fields = {
            "run.seed": self.seed,
            "run.dt_ms": self.dt,
            "cell.morphology": self.morphology,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def at(self, point: Mapping[str, Any]) -> FigureOptions:
        """Return the options at a point of a grid: the trials that it sets are those asked for.

        Raises
        ------
        SpecError
            If the options give a number of trials as well.
        """
        if "run.trials" not in point:
            return self
        if self.trials is not None:
            raise SpecError("run.trials is given by --set and by --trials; give one of them")
        return replace(self, trials=point["run.trials"])


def _at_least(lowest: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r}: give a whole number") from None
        if value < lowest:
            raise argparse.ArgumentTypeError(f"{value}: give {lowest} or more")
        return value

    return whole


def _names(text: str) -> list[str]:
    return [name for name in (piece.strip() for piece in text.split(",")) if name]


_ARGUMENTS: dict[str, dict[str, Any]] = {
    "seed": {"type": _at_least(0), "help": "seed of all random inputs"},
    "trials": {"type": _at_least(1), "help": "trials a condition"},
    "quick": {"action": "store_true", "help": "less of everything, in under two minutes"},
    "workers": {"type": _at_least(1), "help": "processes (default: all cores)"},
    "morphology": {"help": "name, or SWC or ASC file"},
    "dt": {"type": float, "metavar": "MS", "help": "time step (ms)"},
    "scheduler": {"metavar": "ADDRESS", "help": "run on the Dask cluster of this scheduler"},
    "timeout": {
        "type": float,
        "metavar": "S",
        "help": "seconds after which a run is ended (none)",
    },
    "matrix": {
        "dest": "matrices",
        "type": _names,
        "metavar": "A,B",
        "help": "feedforward weights: dPMD, dSD, dPCA, PMD, SD, PCA, RP",
    },
    "tasks": {"type": _names, "metavar": "A,B", "help": "tasks, such as 0,3,7 (default: see docs)"},
    "samples": {"type": _at_least(1), "help": "samples a task"},
    "data": {"metavar": "PATH", "help": "npz file of images in place of the built-in ones"},
    "io": {"metavar": "FILE", "help": "IO file whose bias and x-shift hidden units have as well"},
    "curves": {
        "metavar": "DIR",
        "help": "folder of measured curves that figures share (default: each its own)",
    },
    "panels": {
        "nargs": "+",
        "choices": ("images", "others", "plane", "transfer"),
        "help": "run these panels alone",
    },
    "matrices": {"nargs": "+", "metavar": "KIND", "help": "run these alone, such as dPMD RP"},
}
_OF_NEURONS = ("seed", "trials", "quick", "workers", "morphology", "dt", "scheduler", "timeout")
OF_NETWORKS = ("seed", "quick", "workers", "data", "scheduler", "timeout")


def _parser(program: str, arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m dendmod.{program}")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("results", *program.split()),
        metavar="DIR",
        help="folder for the figure, summary.json and the stored runs",
    )
    for argument in arguments:
        parser.add_argument(f"--{argument}", **_ARGUMENTS[argument])
    return parser


def run_figure(
    name: str,
    main: Callable[[FigureOptions], dict[str, Any]],
    arguments: Sequence[str] = _OF_NEURONS,
    *,
    program: str | None = None,
    command: Sequence[str] | None = None,
    files: bool = True,
) -> None:
    """Parse the command line, run a figure and say where it lies.

    Parameters
    ----------
    name
        Of the figure's files.
    main
        Runs and draws it; its ``summary.json`` is what it returns.
    arguments
        Names of the options that it has.
    program
        What stands after ``python -m dendmod.``; `name` if not given.
    command
        The command line; that of this process if not given.
    files
        Say where the figure lies; a command without a picture says so itself.
    """
    options = FigureOptions(**vars(_parser(program or name, arguments).parse_args(command)))
    began = time.monotonic()

    def checked() -> None:
        check_folder(options.out)
        with noted(quick=options.quick):
            main(options)

    guard(checked)
    if not files:
        return
    print(
        f"{options.out / name}.png, .pdf and summary.json written in "
        f"{time.monotonic() - began:.0f} s"
    )


@contextmanager
def noted(*, quick: bool) -> Iterator[None]:
    """Have every picture that is saved within the block say that its run was a quick one."""
    token = NOTE.set("quick run" if quick else "")
    try:
        yield
    finally:
        NOTE.reset(token)


def guard(run: Callable[[], Any]) -> Any:
    """Run, and turn errors made on purpose and Ctrl-C into one message and an exit code."""
    try:
        return run()
    except (DendmodError, OSError, ValueError) as error:
        message = _message(error)
        if message is None or os.environ.get("DENDMOD_DEBUG"):
            raise
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(130)


def _message(error: Exception) -> str | None:
    """Return what to tell the user, or None where the fault is in the program."""
    if isinstance(error, DendmodError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _OF_FILES:
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"{place}{error.strerror}. Give a place that can be read and written"
    return None


def check_folder(out: Path) -> None:
    """Check that a folder for results can be made or written, before anything is computed.

    Raises
    ------
    SpecError
        If a file is in the way, or the place cannot be written.
    """
    there = next((place for place in (out, *out.parents) if place.exists()), Path("."))
    if not there.is_dir():
        raise SpecError(f"--out {out}: {there} is a file; give a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise SpecError(f"--out {out}: {there} cannot be written; give another folder")


def check_file(out: Path) -> None:
    """Check that a file can be made or replaced, before anything is computed.

    Raises
    ------
    SpecError
        If a folder is in the way, or the place cannot be written.
    """
    if out.is_dir():
        raise SpecError(f"--out {out} is a folder; give a file")
    check_folder(out.parent)


def plain(values: Any) -> Any:
    """Return numbers as (nested) lists that JSON can hold; what is not finite becomes None."""
    if hasattr(values, "__len__"):
        return [plain(v) for v in values]
    return float(values) if math.isfinite(values) else None


def write_summary(out: Path, summary: dict[str, Any]) -> None:
    """Write summary.json, whole or not at all."""
    with replacing(out / "summary.json") as partial:
        partial.write_text(json.dumps(summary, indent=1, allow_nan=False) + "\n")
