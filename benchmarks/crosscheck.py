"""One cell and one protocol on every engine: ``python -m benchmarks.crosscheck --json FILE``

The full L5 cell, set 3, settles for a second; then steps of current enter its soma, one of which
makes it fire. Rest, input resistance and spike times of NEURON with fixed steps and with CVODE, of
CoreNEURON, of the kernel and, where ``--arbor`` and ``--jaxley`` name an interpreter, of Arbor and
Jaxley are compared at three time steps, so that the cause of each difference can be seen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.approximant import arbors_decay
from benchmarks.causes import ARBORS_DECAY, Measured, cause, first, late, orders
from benchmarks.cell_workload import DELAY, DURATION, Workload, steps
from benchmarks.rival_cell import ABSENT, SCRIPTS, running
from dendmod.atomic import replacing
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.engines.kernel.batch import BatchSimulator
from dendmod.engines.neuron import Simulator
from dendmod.spec import Cell
from dendmod.spec.result import Array, upward_crossings

DTS = (0.1, 0.05, 0.025)  # ms, each half of the last
FIRING, PROBE = 1.0, -0.1  # nA
NUDGE = 1e-12  # of the current
KERNELS: dict[str, dict[str, Any]] = {
    "kernel_f64": {"precision": "float64"},
    "kernel_f64_fast": {"precision": "float64", "tables": "fast"},
    "kernel_f32": {"precision": "float32"},
    "kernel_f32_fine": {"precision": "float32", "tables": "fine"},
}
Found = dict[str, dict[float, Measured]]


def measured(t: Array, firing: Array, probe: Array, threshold: float) -> Measured:
    """Return rest, input resistance and spikes of the soma's potentials (mV)."""
    begin, end = np.interp([DELAY, DELAY + DURATION], t, probe)
    rin = float((end - begin) / PROBE)
    return Measured(float(begin), rin, upward_crossings(t, firing, threshold))


def _of_neuron(
    work: Workload, *, core: bool = False, nudges: Sequence[float] = (0.0,)
) -> list[Measured]:
    """Run the workload in NEURON, once for each relative change of the currents."""
    found = []
    with Simulator(work.setup, work.run, coreneuron=core) as simulator:
        for nudge in nudges:
            firing, probe = (
                simulator.run(amps=tuple(a * (1 + nudge) for a in trial.amps or ()))
                for trial in work.trials
            )
            # CVODE chooses times of its own in each run
            v = np.interp([DELAY, DELAY + DURATION], probe.t, probe.v["soma"])
            found.append(Measured(float(v[0]), float((v[1] - v[0]) / PROBE), firing.spike_times()))
    return found


def _of_kernel(work: Workload, kernel: BatchSimulator) -> Measured:
    firing, probe = kernel.run_many(work.trials)
    v = (firing.v["soma"], probe.v["soma"])
    return measured(probe.t, *v, work.run.spike_threshold)


def engines(cell: Cell, dts: Sequence[float]) -> Iterator[tuple[str, float, Measured]]:
    """Yield what our engines find, with their names and steps (ms)."""
    works = {dt: steps(cell, dt, (FIRING, PROBE)) for dt in dts}
    for dt, work in works.items():
        plain, nudged = _of_neuron(work, nudges=(0.0, NUDGE))
        yield "neuron", dt, plain
        yield "nudged", dt, nudged
        yield "coreneuron", dt, _of_neuron(work, core=True)[0]
        for name, how in KERNELS.items():
            yield name, dt, _of_kernel(work, BatchSimulator(work.setup, work.run, **how))
        with arbors_decay():
            kernel = BatchSimulator(work.setup, work.run, precision="float64")
        yield ARBORS_DECAY, dt, _of_kernel(work, kernel)
    adaptive = works[dts[0]]
    run = adaptive.run.model_copy(update={"method": "adaptive"})
    cvode = _of_neuron(Workload(adaptive.setup, run, adaptive.trials))[0]
    for dt in dts:
        yield "cvode", dt, cvode


def of_rival(tool: str, python: str, cell: Cell, dts: Sequence[float]) -> dict[float, Measured]:
    """Return what another simulator finds at each step."""
    work = steps(cell, dts[0], (FIRING, PROBE))
    with running(tool, "f64", python, work, dts, 0) as (_, traces):
        return {
            dt: measured(dt * np.arange(v.shape[1]), v[0], v[1], work.run.spike_threshold)
            for dt, v in traces.items()
        }


def table(found: Found, dts: Sequence[float]) -> dict[str, Any]:
    """Return rows and differences by engine, with the cause of each."""
    reference = found["neuron"]
    late_ms = {name: [late(own[dt], reference[dt]) for dt in dts] for name, own in found.items()}
    if "arbor" in found and ARBORS_DECAY in found:
        arbor, same = found["arbor"], found[ARBORS_DECAY]
        late_ms["arbor, first"] = [first(arbor[dt], reference[dt]) for dt in dts]
        late_ms["arbor, first, same decay"] = [first(arbor[dt], same[dt]) for dt in dts]
    return {
        name: {
            "by_dt": {f"{dt:g}": own[dt].row() for dt in dts},
            "rest_off_mV": [own[dt].rest - reference[dt].rest for dt in dts],
            "rin_off_MOhm": [own[dt].rin - reference[dt].rin for dt in dts],
            "spikes_off_ms": late_ms[name],
            "order": orders(late_ms[name]),
            "cause": "The reference." if name == "neuron" else cause(name, late_ms, dts),
        }
        for name, own in found.items()
    }


def lines(rows: dict[str, Any], dts: Sequence[float]) -> Iterator[str]:
    """Yield the table as a page has it, at the smallest step, then causes."""
    last = f"{dts[-1]:g}"
    yield f"| engine, dt {last} ms | rest, mV | input resistance, MOhm | spike times, ms |"
    yield "|---|---|---|---|"
    for name, row in rows.items():
        own = row["by_dt"][last]
        spikes = ", ".join(f"{x:.4f}" for x in own["spikes_ms"])
        yield f"| {name} | {own['rest_mV']:.6f} | {own['rin_MOhm']:.5f} | {spikes} |"
    yield ""
    for name, row in rows.items():
        yield f"- `{name}`: {row['cause']}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run every engine, print the table and write JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    parser.add_argument("--dt", type=float, nargs="+", default=list(DTS), help="each half the last")
    for tool in SCRIPTS:
        parser.add_argument(f"--{tool}", metavar="PYTHON", help=f"an environment with {tool}")
    options = parser.parse_args(argv)
    cell, dts = L5PyramidalCell("l5pc", 3), options.dt
    found: Found = {}
    for name, dt, own in engines(cell, dts):
        found.setdefault(name, {})[dt] = own
    skipped = {}
    for tool in SCRIPTS:
        python = getattr(options, tool)
        if python is None:
            skipped[tool] = ABSENT.format(tool=tool)
            print(f"{tool}: {skipped[tool]}")
        else:
            found[tool] = of_rival(tool, python, cell, dts)
    rows = table(found, dts)
    print("\n".join(lines(rows, dts)))
    if options.json:
        protocol = {"cell": "l5pc, set 3", "amps_nA": [FIRING, PROBE], "dts_ms": list(dts)}
        content = {"protocol": protocol, "engines": rows, "skipped": skipped}
        with replacing(options.json) as file:
            file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
