"""Runs the engines that a wheel carries on small cases, and writes every number to a file."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np

import dendmod
from dendmod.engines import compiled
from dendmod.engines.kernel.network import KernelSimulator
from dendmod.engines.lif.simulation import simulate_lif
from dendmod.network.drawn import draw_network
from dendmod.rng import stream


def networks(found: dict[str, np.ndarray]) -> dict[str, str]:
    """Run networks in both precisions; return which library ran the last of them."""
    for seed in (1, 3, 5):
        for precision in ("float32", "float64"):
            spec, run = draw_network(seed, n_hidden=37)
            result = KernelSimulator(spec, run, precision=precision).run()
            name = f"{precision} {seed}"
            for spikes in ("hidden", "output"):
                of = getattr(result, spikes)
                found[f"{name} {spikes} spikes"] = np.stack([of.sample, of.neuron, of.times])
            if result.weights is not None:
                found[f"{name} weights"] = result.weights
            found[f"{name} v"] = result.v
    return {name: str(result.provenance[name]) for name in ("kernel", "compiler")}


def integrate_and_fire(found: dict[str, np.ndarray]) -> None:
    n = 300
    draw = stream(0, "levels")
    weights = draw.normal(0.02, 0.6, (n, n)) * (draw.random((n, n)) < 0.2)
    done = simulate_lif(weights, 20.0, 1100.0, t_stop=500, record_v=[0, 7])
    for name in ("spike_times", "spike_ids", "v", "current", "v_end"):
        found[f"lif {name}"] = getattr(done, name)


def gains(found: dict[str, np.ndarray]) -> None:
    import torch

    from dendmod.learning import gain_pass

    def numbers(name: str, *shape: int) -> torch.Tensor:
        return torch.from_numpy(stream(11, name).normal(size=shape).astype(np.float32))

    k = 37
    drawn = torch.from_numpy(stream(11, "drawn").integers(0, 50, (4, 20)))
    target = torch.tensor([1.0, -1.0]).repeat_interleave(10)
    made = gain_pass.gradients(
        numbers("drive", 50, k), drawn, numbers("g", 3, 4, k), numbers("go", 3, 4),
        numbers("x", 3), numbers("b", 3), target,
    )  # fmt: skip
    for i, values in enumerate(made):
        found[f"gains {i}"] = values.numpy()
    assert "gains" in Path(gain_pass._library()._name).name


if __name__ == "__main__":
    out = Path(sys.argv[1])
    arrays: dict[str, np.ndarray] = {}
    library = networks(arrays)
    integrate_and_fire(arrays)
    if importlib.util.find_spec("torch"):
        gains(arrays)
    np.savez(out, **arrays)
    kept = sorted(compiled._LOADED)  # what was compiled here, by key
    print(json.dumps({**library, "compiled": kept, "package": dendmod.__file__}))
