"""Does a protocol file give the same bytes on any number of workers and on a cluster?"""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from dendmod.protocol.run_file import run_file
from dendmod.spec.grid import parse_grid
from dendmod.sweep import Sweep
from tests.faults.cluster import Cluster
from tests.faults.test_sweep import hashes

SMALL = parse_grid(
    ["run.settle_ms=50", "arms.shunt.levels=[0, 60]", "arms.shunt.quick_levels=[]",
     "arms.nmda.levels=[0, 20]", "arms.nmda.quick_levels=[]", "run.dt_ms=0.2"]
)  # fmt: skip


ONE = {"run.trials": 1}


def files(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in ("fig1.parquet", "summary.json")}


@pytest.mark.slow
def test_neuron_gives_the_same_bytes_with_1_2_and_4_workers_and_on_a_cluster(tmp_path):
    pytest.importorskip("distributed", reason="needs pip install 'dendmod[cluster]'")
    folder = tmp_path / "cluster"
    folder.mkdir()
    for workers in (1, 2, 4):
        out = tmp_path / str(workers)
        run_file("fig1", out, sweep=Sweep(out / "store", workers=workers), changes=ONE, grid=SMALL)
    cluster = Cluster(folder, n=2)
    try:
        on = Sweep(tmp_path / "dask" / "store", scheduler=cluster.address)
        run_file("fig1", tmp_path / "dask", sweep=on, changes=ONE, grid=SMALL)
    finally:
        cluster.close()
    expected = hashes(tmp_path / "1" / "store")
    assert len(expected) == 5
    for other in ("2", "4", "dask"):
        assert hashes(tmp_path / other / "store") == expected
        assert files(tmp_path / other) == files(tmp_path / "1")
    spikes = pd.read_parquet(tmp_path / "dask" / "fig1.parquet")
    assert set(spikes["spikes"]) != {0}


# dendmod.fig1 has the options of dendmod.fig2
@pytest.mark.parametrize("command", ["dendmod run fig1", "dendmod io fit fig1", "dendmod.fig2"])
def test_each_command_takes_a_scheduler_and_says_when_there_is_none(command, tmp_path):
    pytest.importorskip("distributed", reason="needs pip install 'dendmod[cluster]'")
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "--quick", "--out", str(tmp_path),
         "--scheduler", "no-such-address", "--timeout", "60"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "\nerror: no Dask scheduler answers at 'no-such-address'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_with_other_versions_or_another_shape_is_named():
    import json

    from dendmod.cells.provenance import DEPENDS
    from dendmod.errors import SweepError
    from dendmod.sweep import Task
    from dendmod.sweep.fingerprint import check_same

    payload = {"protocol": {"cell": {"morphology": "l5pc"}}}
    task = Task("t", "dendmod.protocol.tasks:choose", payload, depends=DEPENDS)
    here = task.fingerprint()
    check_same(here, task.function, payload, DEPENDS)
    there = json.dumps({**json.loads(here), "neuron": "8.2.0", "morphology": "0" * 64})
    with pytest.raises(SweepError, match=r"morphology \w+ instead of 0+, neuron .* instead of 8"):
        check_same(there, task.function, payload, DEPENDS)
