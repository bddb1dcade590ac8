"""What the scripts that run a full cell share; see ``common.py``, whose rules they follow.

A script is run as ``PYTHON -m benchmarks.rivals.SCRIPT CELL.npz --traces TRACES.npz [--wait]``. It
writes the somatic potentials of all trials, prints what it is, and then the CPU time of each trial.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rivals import common


def arguments(**more: dict[str, Any]) -> argparse.Namespace:
    """Return the script's arguments; `more` are further options by name."""
    return common.arguments(traces={"required": True, "help": "where potentials go"}, **more)


def report(options: argparse.Namespace, about: dict[str, Any], v: Any) -> None:
    """Write somatic potentials (trials, steps + 1) and print what the tool is."""
    np.savez(options.traces, v=np.asarray(v, float))
    print(json.dumps(about), flush=True)


def serve_times(options: argparse.Namespace, n: int, seconds: Callable[[int], float]) -> None:
    """Print the CPU time (ms) of a trial a round; `seconds` runs trial k."""
    for k in range(options.rounds):
        if options.wait and not sys.stdin.readline():
            return
        print(json.dumps({"ms": 1e3 * seconds(k % n)}), flush=True)
