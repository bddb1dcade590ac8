"""What the scripts that run a full cell share; see ``common.py``, whose rules they follow.

A script is run as ``PYTHON -m benchmarks.rivals.SCRIPT CELL.npz --traces TRACES.npz [--dt DT ...]``
from the root of the repository. It writes the somatic potentials of all trials at each step, prints
what it is, and then, for each round and step, the CPU time (ms) of a trial.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from benchmarks.rivals import common


def arguments(**more: dict[str, Any]) -> argparse.Namespace:
    """Return the script's arguments; `more` are further options by name."""
    dt = {"nargs": "+", "type": float, "help": "steps (ms); the file's where none is given"}
    return common.arguments(traces={"required": True, "help": "a new .npz"}, dt=dt, **more)


def steps_of(options: argparse.Namespace, work: Mapping[str, Any]) -> list[float]:
    """Return the steps to run with (ms)."""
    return list(options.dt or [float(work["dt"])])


def report(options: argparse.Namespace, about: dict[str, Any], v: Mapping[float, Any]) -> None:
    """Write somatic potentials (trials, steps + 1) by time step, and print what the tool is."""
    np.savez(options.traces, **{f"{dt:g}": np.asarray(rows, float) for dt, rows in v.items()})
    print(json.dumps(about), flush=True)


def serve_times(
    options: argparse.Namespace, steps: Iterable[float], n: int,
    seconds: Callable[[float, int], float],
) -> None:  # fmt: skip
    """Print the CPU time of a trial a round and step; `seconds` runs trial k with a step (ms)."""
    for k in range(options.rounds):
        for dt in steps:
            if options.wait and not sys.stdin.readline():
                return
            print(json.dumps({"dt": dt, "ms": 1e3 * seconds(dt, k % n)}), flush=True)
