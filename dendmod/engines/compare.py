"""The same random network on both engines, and the same network with finer steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.engines.simulation import NetworkEngine, Precision, simulate
from dendmod.network.drawn import draw_network
from dendmod.network.result import NetworkResult, Spikes
from dendmod.network.run import NetworkRun
from dendmod.network.spec import NetworkSpec

# Sums of float64 weights over thousands of steps keep about ten digits of the weight: a smaller
# change has no digits to compare.
_RESOLVED = 1e-10


def compare(
    seed: int, *, dt: float = 0.1, engine: NetworkEngine = "kernel", **drawn: Any
) -> dict[str, dict[str, Any]]:
    """Run a random network on NEURON and on another engine in the precisions that it has.

    Parameters
    ----------
    seed, dt, drawn
        As `draw_network` takes them.
    engine
        "kernel", or "coreneuron", which runs whatever NEURON runs and has float64 alone.

    Returns
    -------
    dict
        For "float64" and, on the kernel, "float32": ``spike_counts_equal``,
        ``spike_counts_equal_fraction``, ``max_spike_time_difference_ms`` (None where counts
        differ), ``soma_rms_mV`` and ``weight_change_relative``.
    """
    spec, run = draw_network(seed, dt=dt, **drawn)
    precisions: tuple[Precision, ...] = ("float64", "float32")
    others = {  # what cannot run is refused before NEURON, which takes longest, has run
        precision: simulate(spec, run, engine=engine, precision=precision)
        for precision in precisions[: 2 if engine == "kernel" else 1]
    }
    reference = simulate(spec, run, engine="neuron")
    return {name: difference(spec, run, reference, other) for name, other in others.items()}


def difference(
    spec: NetworkSpec, run: NetworkRun, reference: NetworkResult, other: NetworkResult
) -> dict[str, Any]:
    """Return by how much a result differs from a reference, as `compare` does.

    Potentials and weights are compared where both results have them.
    """
    equal = _counts(spec, run, reference) == _counts(spec, run, other)
    same = bool(equal.all())
    return {
        "spike_counts_equal": same,
        "spike_counts_equal_fraction": float(equal.mean()),
        "max_spike_time_difference_ms": _latest(spec, reference, other) if same else None,
        "soma_rms_mV": _rms(reference.v, other.v),
        "weight_change_relative": weight_difference(spec, reference, other),
    }


def _counts(spec: NetworkSpec, run: NetworkRun, result: NetworkResult) -> npt.NDArray[np.int64]:
    n = len(run.samples)
    columns = [result.spikes(x.name).counts(n, len(x.cells)) for x in spec.layers]
    return np.concatenate(columns, axis=1)


def _latest(spec: NetworkSpec, a: NetworkResult, b: NetworkResult) -> float:
    """Return the largest difference between spikes of the same rank of the same cell (ms)."""
    pairs = [(a.spikes(x.name), b.spikes(x.name)) for x in spec.layers]
    return float(max(np.abs(_by_cell(x) - _by_cell(y)).max(initial=0.0) for x, y in pairs))


def _by_cell(spikes: Spikes) -> npt.NDArray[np.float64]:
    return spikes.times[np.lexsort((spikes.times, spikes.neuron, spikes.sample))]


def _rms(a: npt.NDArray[np.float64] | None, b: npt.NDArray[np.float64] | None) -> float | None:
    if a is None or b is None:
        return None
    return float(np.sqrt(np.mean((a - b) ** 2)))


def weight_difference(
    spec: NetworkSpec, reference: NetworkResult, other: NetworkResult
) -> float | None:
    """Return the norm of the difference of two weight changes over that of the first.

    Changes below 1e-10 of the weights count as that much.
    """
    if spec.context is None or reference.weights is None or other.weights is None:
        return None
    start = spec.context.weights
    changed = reference.weights - start
    scale = max(float(np.linalg.norm(changed)), _RESOLVED * float(np.linalg.norm(start)))
    return float(np.linalg.norm(other.weights - reference.weights) / scale) if scale else 0.0


def refine(
    seed: int,
    *,
    steps: tuple[float, ...] = (0.1, 0.05, 0.025, 0.0125),
    engine: NetworkEngine = "kernel",
    **drawn: Any,
) -> dict[str, dict[str, float]]:
    """Run a random network with ever smaller steps on an engine, in float64.

    Every step is held against half of the smallest one.

    Returns
    -------
    dict
        By step (ms): ``changed_counts``, the fraction of cells and samples with another number of
        spikes; ``delay_ms``, the mean by which spikes come later where the number is the same.
    """
    results: dict[float, tuple[NetworkSpec, NetworkRun, NetworkResult]] = {}
    finest = min(steps) / 2
    for dt in (*steps, finest):
        spec, run = draw_network(seed, dt=dt, record_v=False, **drawn)
        results[dt] = spec, run, simulate(spec, run, engine=engine, precision="float64")
    reference = results[finest]
    return {f"{dt:g}": _convergence(reference, results[dt]) for dt in steps}


def _convergence(
    reference: tuple[NetworkSpec, NetworkRun, NetworkResult],
    other: tuple[NetworkSpec, NetworkRun, NetworkResult],
) -> dict[str, float]:
    spec, run, fine = reference
    coarse = other[2]
    n, cells = len(run.samples), spec.n_hidden
    a, b = fine.hidden.counts(n, cells), coarse.hidden.counts(n, cells)
    kept = (a == b).ravel()
    times = [_by_cell(r.hidden)[np.repeat(kept, c.ravel())] for r, c in ((fine, a), (coarse, b))]
    delay = float(np.mean(times[1] - times[0])) if times[0].size else 0.0
    return {"changed_counts": float(np.mean(a != b)), "delay_ms": delay}
