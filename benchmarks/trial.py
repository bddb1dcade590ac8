"""One trial of the full cell, step by step faster: ``python -m benchmarks.trial [--rounds N]``

The baseline is plain NEURON at dt 0.025 with the warm-up before each trial, the way a careful user
would write it. Every row is run in turn, round by round, in one process; medians of CPU time are
compared, and spike counts beside them.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

from dendmod.cells.sites import choose_sites
from dendmod.engines.neuron import Simulator
from dendmod.protocol import load_protocol, setup_for, trains_for

WARM_UP = 300.0  # ms: rest is reached within 0.1 mV


def conditions() -> dict[str, tuple[float, bool, bool]]:
    """Return name -> (dt, CoreNEURON, warm-up in every trial)."""
    return {
        "NEURON, dt 0.025, warm-up in every trial": (0.025, False, True),
        "NEURON, dt 0.025, settled state restored": (0.025, False, False),
        "CoreNEURON, dt 0.025, settled state restored": (0.025, True, False),
        "NEURON, dt 0.1, settled state restored": (0.1, False, False),
        "CoreNEURON, dt 0.1, settled state restored": (0.1, True, False),
    }


def main() -> None:
    """Measure, print a table and write JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    base = load_protocol("fig1")
    sites = choose_sites(base.cell_spec, base.site_choice).locations
    seconds: dict[str, list[float]] = {name: [] for name in conditions()}
    spikes: dict[str, list[int]] = {name: [] for name in conditions()}
    for name, (dt, core, warm_up) in conditions().items():
        protocol = load_protocol("fig1", {"run.dt_ms": dt, "run.settle_ms": WARM_UP})
        with Simulator(setup_for(protocol, sites), protocol.run_spec, coreneuron=core) as simulator:
            for trial in range(options.rounds):
                trains = trains_for(
                    protocol, "nmda", level=11, n_feedforward=40, trial=trial, seed=1
                )
                began = time.process_time()
                if warm_up:
                    simulator.settle()
                result = simulator.run(trains)
                seconds[name].append(time.process_time() - began)
                spikes[name].append(int(result.spike_times().size))
    slowest = median(next(iter(seconds.values())))
    rows = {
        name: {
            "cpu_s": median(values),
            "times_faster": slowest / median(values),
            "spikes": spikes[name],
        }
        for name, values in seconds.items()
    }
    for name, row in rows.items():
        print(f"{name:48s}{row['cpu_s']:8.2f} s{row['times_faster']:8.1f} x  {row['spikes']}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
