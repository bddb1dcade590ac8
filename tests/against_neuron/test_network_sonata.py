"""Does a network that was written as SONATA run in plain NEURON as dendmod runs it?"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.engines.simulation import simulate
from dendmod.mechanisms import library, mechanism_set
from dendmod.network.drawn import draw_network

pytest.importorskip("h5py")
from dendmod.exchange.networks import write_sonata

WORKER = Path(__file__).with_name("sonata_worker.py")


@pytest.mark.parametrize(("seed", "layers"), [(1, False), (5, False), (4, True)])
def test_the_files_alone_give_the_spikes(tmp_path, seed, layers):
    spec, run = draw_network(
        seed, layers=layers, learn=False, between_samples="carry", record_v=True
    )
    write_sonata(spec, run, tmp_path / "net")
    compiled = library(mechanism_set().files).path
    done = subprocess.run(
        [sys.executable, str(WORKER), str(tmp_path / "net"), str(compiled)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    result = simulate(spec, run, engine="neuron")
    start = run.settle_steps * run.dt
    assert said["spikes"].keys() == {layer.name for layer in spec.layers}
    n = 0
    for name, pairs in said["spikes"].items():
        of = result.spikes(name)
        times = start + of.sample * run.duration + of.times
        expected = sorted(zip(of.neuron.tolist(), times.tolist(), strict=True))
        found = sorted((i, t) for i, t in pairs)
        assert [i for i, _ in found] == [i for i, _ in expected], name
        gap = np.abs(np.array([t for _, t in found]) - [t for _, t in expected])
        assert gap.max(initial=0) < 1e-6
        n += len(found)
    assert n > 5
