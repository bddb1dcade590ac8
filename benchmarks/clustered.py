"""The clustered network, here and in Brian2: ``python -m benchmarks.clustered --brian2 PYTHON``

Same weights, same start, one thread, in turn: each round runs ours, the limit and Brian2. CPU
seconds a simulated second are compared, medians over rounds; building and compiling do not count.
PYTHON is that of an environment with Brian2 2.9 (numpy below 2.3, setuptools below 80); without it
only our own figures are measured.

The limit is what one pass over the neurons costs where nobody spikes, and the time in which the
bytes of all synapses that carry a spike can be read in order, summed and nothing else.
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
from dendmod.engines.lif.kernel import Synapses
from dendmod.engines.lif.simulation import run, synapses
from dendmod.params import wyrick2021
from dendmod.rng import stream

_COMPARED_MS = 50.0
_SYNAPSE_BYTES = 10  # a jump and the neuron that it goes to


def _simulate(
    network: Network, table: Synapses, mu: np.ndarray, v0: np.ndarray, seconds: float
) -> Any:
    spec, zero = network.spec, np.zeros(v0.size)
    began = time.process_time()
    result = run(
        table, network.thresholds, mu, v0=v0, current0=zero, refractory0=zero,
        steps=round(seconds * 1e3 / wyrick2021.DT), dt=wyrick2021.DT, tau_m=spec.tau_m,
        tau_s=spec.tau_s, t_refractory=spec.t_refractory, v_reset=spec.v_reset,
    )  # fmt: skip
    return (time.process_time() - began) / seconds, result


def _limit(network: Network, table: Synapses, events: float) -> float:
    """Return CPU seconds a simulated second that no such kernel can get below."""
    silent = Synapses(np.zeros_like(table.start), table.post[:0], table.jump[:0])
    zero = np.zeros(network.mu.size)
    passes, result = _simulate(network, silent, zero, zero, 1.0)
    assert result.spike_ids.size == 0
    reads = 20
    began = time.process_time()
    for _ in range(reads):
        table.jump.sum()
    each = (time.process_time() - began) / reads
    return passes + events * _SYNAPSE_BYTES * each / table.jump.nbytes


class _Brian2:
    """The same network in a process of its own, which runs once whenever asked."""

    def __init__(self, python: Path, path: Path) -> None:
        script = Path(__file__).with_name("brian2_clustered.py")
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self._errors = (path.parent / "errors").open("w+")
        self._process = subprocess.Popen(
            [python, script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=self._errors, env=environment | {"OMP_NUM_THREADS": "1"}, cwd=path.parent,
        )  # fmt: skip
        while self._answer() != "ready":
            pass

    def _answer(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self._errors.seek(0)
            raise SystemExit(f"Brian2 failed:\n{self._errors.read()[-3000:]}")
        return line.strip()

    def run(self) -> float:
        assert self._process.stdin
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        return float(self._answer())

    def end(self) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.close()
        return dict(json.loads(self._answer()))


def main() -> None:
    """Measure, print and write JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clustered")
    parser.add_argument("--brian2", type=Path, help="python of an environment with Brian2")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5.0, help="simulated time")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    network = build_network(ClusteredNetwork(), 1)
    table = synapses(network.weights, network.spec.tau_s)
    v0 = stream(1, "v0").random(network.mu.size) * network.thresholds
    fan_out = np.diff(table.start)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        _save(path, network, table, v0, options.seconds)
        brian2 = _Brian2(options.brian2, path) if options.brian2 else None
        rounds: dict[str, list[float]] = {"dendmod": [], "limit": [], "brian2": []}
        for _ in range(options.rounds):
            cpu, result = _simulate(network, table, network.mu, v0, options.seconds)
            events = float(fan_out[result.spike_ids].sum()) / options.seconds
            rounds["dendmod"].append(cpu)
            rounds["limit"].append(_limit(network, table, events))
            if brian2:
                rounds["brian2"].append(brian2.run() / options.seconds)
        other = brian2.end() if brian2 else None
    middle = {name: median(some) for name, some in rounds.items() if some}
    report: dict[str, Any] = {
        "cpu_s_per_s": middle,
        "rounds": rounds,
        "load": os.getloadavg()[0],
        "spikes_per_s": result.spike_ids.size / options.seconds,
        "synaptic_events_per_s": events,
        "over_limit": middle["dendmod"] / middle["limit"],
    }
    if other:
        # Brian2 names the step before: its spikes lie one step earlier
        early = result.spike_ids[result.spike_times < _COMPARED_MS + wyrick2021.DT / 2]
        report |= {
            "brian2_version": other["version"],
            "brian2_spikes_per_s": other["spikes"] / options.seconds,
            "same_spikes_first_50_ms": early.tolist() == other["early"],
            "times_faster": middle["brian2"] / middle["dendmod"],
        }
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


def _save(path: Path, network: Network, table: Synapses, v0: np.ndarray, seconds: float) -> None:
    spec = network.spec
    np.savez(
        path, pre=np.repeat(np.arange(v0.size), np.diff(table.start)), post=table.post.astype(int),
        jump=table.jump, thresholds=network.thresholds, mu=network.mu, v0=v0,
        dt=wyrick2021.DT, tau_m=spec.tau_m, tau_s=spec.tau_s, t_refractory=spec.t_refractory,
        seconds=seconds, compared_ms=_COMPARED_MS,
    )  # fmt: skip


if __name__ == "__main__":
    main()
