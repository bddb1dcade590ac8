"""What the scripts of this folder share: the workload file, the check, the report.

A script is run as ``PYTHON -m benchmarks.rivals.SCRIPT WORKLOAD.npz [--rounds N] [--wait]`` from
the root of the repository, in an environment that needs no dendmod. It prints one JSON object a
line: first what it is and how far it is from the kernel, then the CPU time (ms a sample) of each
round; with ``--wait`` it starts a round when a line comes in, so that tools take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def arguments(**more: dict[str, Any]) -> argparse.Namespace:
    """Return the script's arguments; `more` are further options by name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--wait", action="store_true", help="a round for each line of input")
    for name, how in more.items():
        parser.add_argument(f"--{name}", **how)
    return parser.parse_args()


def one_core() -> None:
    """Keep this process and what it starts on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[os.getpid() % len(allowed)]})


def read(path: str) -> dict[str, Any]:
    """Return the arrays of a workload file by name; single numbers as such."""
    with np.load(path) as data:
        return {name: data[name][()] for name in data.files}


def samples(work: dict[str, Any], first: int, last: int) -> dict[str, Any]:
    """Return the workload of samples first..last-1 alone."""
    out = dict(work)
    for name in ("opened", "closed", "expected"):
        out[name] = work[name][first:last]
    for kind in ("feedforward", "context", "ampa", "gaba"):
        of = work[f"{kind}_sample"]
        kept = (of >= first) & (of < last)
        for name in ("sample", "neuron", "compartment", "step", "input"):
            if f"{kind}_{name}" in work:
                out[f"{kind}_{name}"] = work[f"{kind}_{name}"][kept]
        out[f"{kind}_sample"] = out[f"{kind}_sample"] - first
    return out


def difference(work: dict[str, Any], counts: Any, v: Any, weights: Any) -> dict[str, Any]:
    """Return how far results lie from the kernel's of the file.

    Parameters
    ----------
    counts, v, weights
        Spikes (samples, cells), somatic potentials at whole ms (samples, cells, ms) and contextual
        weights at the end (samples, hidden, dendrites), None where they do not learn.
    """
    n = min(v.shape[2], work["result_v"].shape[2])
    kept = np.asarray(v, float)[:, :, :n] - work["result_v"][:, :, :n]
    out = {
        "hidden_spikes": int(counts[:, :-1].sum()),
        "counts_equal": float(np.mean(counts == work["result_counts"])),
        "soma_rms_mV": float(np.sqrt(np.mean(kept**2))),
    }
    if weights is None:
        return {**out, "learns": False}
    change = work["result_weights"] - work["context_weights"]
    missing = np.asarray(weights, float) - work["result_weights"]
    relative = float(np.linalg.norm(missing) / np.linalg.norm(change))
    return {**out, "weight_change_relative": relative}


def serve(options: argparse.Namespace, about: dict[str, Any], seconds: Callable[[], float]) -> None:
    """Print what the tool is, then the CPU time of each round; `seconds` runs all samples once."""
    print(json.dumps(about), flush=True)
    samples = about["samples"]
    for _ in range(options.rounds):
        if options.wait and not sys.stdin.readline():
            return
        print(json.dumps({"ms": 1e3 * seconds() / samples}), flush=True)
