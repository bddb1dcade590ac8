"""The clustered network, here and in Brian2: ``python -m benchmarks.clustered --brian2 PYTHON``

Same weights, same start, one thread, one after the other in one run. CPU seconds a simulated second
are compared; building and compiling are not counted. PYTHON is that of an environment with Brian2
2.9 (numpy below 2.3, setuptools below 80); without it only our own figures are measured.

The limit is what one pass over the neurons costs without any spike, and the time in which the bytes
of all synapses that carry a spike can be read from memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from dendmod.clustered import ClusteredNetwork, Network, build_network
from dendmod.clustered.kernel import Synapses
from dendmod.clustered.simulation import run, synapses
from dendmod.params import wyrick2021
from dendmod.rng import stream

_COMPARED_MS = 50.0
_SYNAPSE_BYTES = 12  # a jump and the neuron that it goes to


def _simulate(network: Network, table: Synapses, v0: np.ndarray, seconds: float) -> Any:
    spec, zero = network.spec, np.zeros(v0.size)
    began = time.process_time()
    result = run(
        table, network.thresholds, network.mu, v0=v0, current0=zero, refractory0=zero,
        steps=round(seconds * 1e3 / wyrick2021.DT), dt=wyrick2021.DT, tau_m=spec.tau_m,
        tau_s=spec.tau_s, t_refractory=spec.t_refractory, v_reset=spec.v_reset,
    )  # fmt: skip
    return (time.process_time() - began) / seconds, result


def _limit(network: Network, table: Synapses, events: float) -> float:
    """Return CPU seconds a simulated second that no such kernel can get below."""
    silent = Synapses(np.zeros_like(table.start), table.post[:0], table.jump[:0])
    cold = np.full(network.mu.size, -1e3)
    passes = min(_simulate(network, silent, cold, 1.0)[0] for _ in range(5))
    block = np.ones(2_000_000)  # 16 MB, as the synapses
    best = np.inf
    for _ in range(20):
        began = time.process_time()
        block.sum()
        best = min(best, time.process_time() - began)
    return passes + events * _SYNAPSE_BYTES * best / block.nbytes


def main() -> None:
    """Measure, print and write JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clustered")
    parser.add_argument("--brian2", type=Path, help="python of an environment with Brian2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="simulated time")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    network = build_network(ClusteredNetwork(), 1)
    table = synapses(network.weights, network.spec.tau_s)
    v0 = stream(1, "v0").random(network.mu.size) * network.thresholds
    own = []
    for _ in range(options.rounds):
        cpu, result = _simulate(network, table, v0, options.seconds)
        own.append(cpu)
    fan_out = np.diff(table.start)
    events = float(fan_out[result.spike_ids].sum()) / options.seconds
    limit = _limit(network, table, events)
    report: dict[str, Any] = {
        "dendmod_cpu_s_per_s": median(own),
        "dendmod_rounds": own,
        "spikes_per_s": result.spike_ids.size / options.seconds,
        "synaptic_events_per_s": events,
        "limit_cpu_s_per_s": limit,
        "over_limit": median(own) / limit,
    }
    if options.brian2:
        report |= _brian2(options, network, table, v0, result, median(own))
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


def _brian2(
    options: argparse.Namespace, network: Network, table: Synapses, v0: np.ndarray, result: Any,
    own: float,
) -> dict[str, Any]:  # fmt: skip
    spec = network.spec
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        np.savez(
            path, pre=np.repeat(np.arange(v0.size), np.diff(table.start)), post=table.post,
            jump=table.jump, thresholds=network.thresholds, mu=network.mu, v0=v0,
            dt=wyrick2021.DT, tau_m=spec.tau_m, tau_s=spec.tau_s, t_refractory=spec.t_refractory,
            seconds=options.seconds, compared_ms=_COMPARED_MS,
        )  # fmt: skip
        script = Path(__file__).with_name("brian2_clustered.py")
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run(
            [options.brian2, script, path, str(options.rounds)], capture_output=True, text=True,
            check=False, env=environment | {"OMP_NUM_THREADS": "1"}, cwd=folder,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"Brian2 failed:\n{done.stderr[-3000:]}")
    other = json.loads(done.stdout.splitlines()[-1])
    # Brian2 names the step before: its spikes lie one step earlier
    early = result.spike_ids[result.spike_times < _COMPARED_MS + wyrick2021.DT / 2]
    per = [s / options.seconds for s in other["cpu_s"]]
    return {
        "brian2_version": other["version"],
        "brian2_cpu_s_per_s": median(per),
        "brian2_rounds": per,
        "brian2_spikes_per_s": other["spikes"] / options.seconds,
        "same_spikes_first_50_ms": early.tolist() == other["early"],
        "times_faster": median(per) / own,
    }


if __name__ == "__main__":
    main()
