"""Speed of the network engines: ``python -m benchmarks.network [--json FILE] [--rounds N]``

Each round runs one sample of the pinned network (benchmarks/workload.py) on every engine in turn,
so that all see the same load of the machine; medians of CPU time are compared. For the kernel a
round runs many samples and divides; its spikes are generated inside. For NEURON and CoreNEURON the
spikes are drawn before, and handing them to the queue counts. ``--threads`` adds the kernel's
wall-clock time over threads, ``--reduced FILE`` a row for a fitted reduction,
``--rival NAME=PYTHON`` (brian2, jax, arbor, numpy) the pinned network in another simulator, which
lives in the environment of that interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rival import SCRIPTS, Rival, start_rivals
from benchmarks.workload import network, samples
from dendmod.cells.reduced import read_reduced
from dendmod.engines.kernel.network import KernelSimulator
from dendmod.engines.neuron.network import NetworkSimulator
from dendmod.network import NetworkSpec
from dendmod.network.events import events

KERNEL_SAMPLES = 40  # a round: tens of milliseconds each would be lost in a clock's noise


class Neuron:
    """A network kept open in NEURON; `seconds` runs its next sample."""

    def __init__(self, spec: NetworkSpec, dt: float, n_samples: int, *, core: bool) -> None:
        self.spec, self.how = spec, samples(n_samples, dt)
        self.simulator = NetworkSimulator(spec, self.how, coreneuron=core)
        self.spikes: list[int] = []
        self.errors: list[int] = []

    def seconds(self, index: int) -> float:
        given = events(self.spec, self.how, index)
        began = time.process_time()
        self.simulator.start(index)
        self.simulator.send(given)
        error = self.simulator.present(index, given)
        spikes = self.simulator.spikes(index)
        self.simulator.finish(index)
        taken = time.process_time() - began
        self.spikes.append(sum(neuron < self.spec.n_hidden for _, neuron, _ in spikes))
        self.errors.append(error)
        return taken


def kernel_seconds(spec: NetworkSpec, dt: float, precision: Any) -> tuple[float, list[int]]:
    """Return CPU time a sample, what a run costs besides left out, and spikes of each."""
    taken = []
    for n in (1, 1 + KERNEL_SAMPLES):
        simulator = KernelSimulator(spec, samples(n, dt), precision=precision)
        began = time.process_time()
        result = simulator.run()
        taken.append(time.process_time() - began)
    counts = result.hidden.counts(n, spec.n_hidden).sum(axis=1).tolist()
    return (taken[1] - taken[0]) / KERNEL_SAMPLES, counts


def measure(
    spec: NetworkSpec, dt: float, rounds: int, rivals: Sequence[Rival] = ()
) -> dict[str, Any]:
    """Return medians (ms of CPU a sample) of all engines at one step, and their ratios."""
    for precision in ("float32", "float64"):
        kernel_seconds(spec, dt, precision)  # compiles, and fills tables
    taken: dict[str, list[float]] = {
        name: [] for name in ("neuron", "coreneuron", "kernel_f32", "kernel_f64")
    }
    spikes: dict[str, list[int]] = {}
    # NEURON has one global state: a network at a time, built anew for each sample
    for index in range(rounds):
        for name, core in (("neuron", False), ("coreneuron", True)):
            engine = Neuron(spec, dt, rounds, core=core)
            with engine.simulator:
                taken[name].append(engine.seconds(index))
            spikes.setdefault(name, []).extend(engine.spikes)
        for name, precision in (("kernel_f32", "float32"), ("kernel_f64", "float64")):
            seconds, counts = kernel_seconds(spec, dt, precision)
            taken[name].append(seconds)
            spikes[name] = counts[:rounds]
        for rival in rivals:
            taken.setdefault(rival.name, []).append(rival.seconds())
        print(f"  dt {dt}, round {index + 1} of {rounds}", flush=True)
    row: dict[str, Any] = {f"{name}_ms": 1e3 * median(values) for name, values in taken.items()}
    row["f32_over_neuron"] = row["neuron_ms"] / row["kernel_f32_ms"]
    row["f64_over_neuron"] = row["neuron_ms"] / row["kernel_f64_ms"]
    row["f32_over_coreneuron"] = row["coreneuron_ms"] / row["kernel_f32_ms"]
    for rival in rivals:
        row[f"f32_over_{rival.name}"] = row[f"{rival.name}_ms"] / row["kernel_f32_ms"]
        row[f"neuron_over_{rival.name}"] = row["neuron_ms"] / row[f"{rival.name}_ms"]
    row["rivals"] = {rival.name: rival.about for rival in rivals}
    row["rounds_ms"] = {name: [1e3 * v for v in values] for name, values in taken.items()}
    row["hidden_spikes"] = spikes
    return row


def scaling(spec: NetworkSpec, dt: float) -> dict[str, float]:
    """Return wall-clock time a sample (ms) of the float32 kernel by number of threads."""
    out = {}
    for threads in (1, 2, 4, 8, 16):
        if threads > (os.cpu_count() or 1):
            break
        taken = []
        for n in (1, 1 + KERNEL_SAMPLES):
            simulator = KernelSimulator(spec, samples(n, dt), precision="float32", threads=threads)
            began = time.perf_counter()
            simulator.run()
            taken.append(time.perf_counter() - began)
        out[str(threads)] = 1e3 * (taken[1] - taken[0]) / KERNEL_SAMPLES
    return out


def _cpu() -> str:
    for line in (
        Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    ):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main() -> None:
    """Measure, print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--dt", type=float, nargs="+", default=[0.1, 0.025])
    parser.add_argument("--threads", action="store_true", help="also scaling over threads")
    parser.add_argument("--reduced", type=Path, help="also a fitted reduction (dendmod reduce)")
    parser.add_argument(
        "--rival",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help=f"also one of {', '.join(SCRIPTS)}, run by that interpreter",
    )
    options = parser.parse_args()
    pythons = dict(given.partition("=")[::2] for given in options.rival)
    if not set(pythons) <= set(SCRIPTS) or not all(pythons.values()):
        parser.error(f"--rival takes NAME=PYTHON with a NAME of {', '.join(SCRIPTS)}")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    found: dict[str, Any] = {"cpu": _cpu(), "load": os.getloadavg()[0], "rounds": options.rounds}
    specs = {"": network()}
    if options.reduced is not None:
        specs["reduced_"] = network(read_reduced(options.reduced))
    for prefix, spec in specs.items():
        for dt in options.dt:
            # others run the pinned network alone
            chosen = pythons if spec is specs[""] else {}
            with start_rivals(chosen, spec, dt, options.rounds) as rivals:
                found[f"{prefix}dt_{dt:g}"] = measure(spec, dt, options.rounds, rivals)
    if options.threads:
        found["threads_ms"] = scaling(specs[""], options.dt[0])
    names = ("neuron_ms", "coreneuron_ms", "kernel_f32_ms", "kernel_f64_ms", "f32_over_neuron")
    names += ("f64_over_neuron", "f32_over_coreneuron")
    for key, row in found.items():
        if key.split("_")[0] in ("dt", "reduced"):
            print(key, *(f"{name} {row[name]:.2f}" for name in names), sep="  ")
            for name, about in row["rivals"].items():
                ratios = (f"f32_over_{name}", f"neuron_over_{name}")
                shown = [f"{ratio} {row[ratio]:.2f}" for ratio in ratios]
                print(f"  {name}_ms {row[f'{name}_ms']:.2f}", *shown, about, sep="  ")
    if "threads_ms" in found:
        print("threads", found["threads_ms"])
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
