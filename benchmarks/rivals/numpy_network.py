"""The pinned network in plain NumPy, float64: what the equations cost without a compiler."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.rivals.common import arguments, difference, read, serve
from benchmarks.rivals.equations import constants, dense, start, step


def run(work: dict[str, Any], pade: bool = False) -> tuple[Any, Any, Any]:
    """Return spike counts, potentials at whole ms and weights, as `difference` takes them."""
    p = constants(work, np.float64, pade)
    inputs, s = dense(work, np.float64), start(p, np)
    counts: Any = 0
    traces = []
    for now in range(int(work["n_steps"])):
        s, v, crossed = step(s, {name: rows[now] for name, rows in inputs.items()}, p, np)
        counts = counts + crossed
        if now % round(1 / p.dt) == 0:
            traces.append(v)
    change = s["dendrite"]["change"].transpose(1, 2, 0)[:, :-1]
    return counts, np.stack(traces, axis=2), work["context_weights"] + change


def main() -> None:
    """Check against the kernel, run for each round."""
    options = arguments()
    work = read(options.workload)

    def seconds() -> float:
        began = time.process_time()
        run(work)
        return time.process_time() - began

    about = {"tool": f"NumPy {np.__version__}", "precision": "float64"}
    about |= {"samples": work["opened"].size, **difference(work, *run(work))}
    serve(options, about, seconds)


if __name__ == "__main__":
    main()
