"""Does Figure 2 run, and are its curves what the cell does?"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.iocurve import fit_io, thresholds


def fig2(out: Path, *options: str) -> dict:
    command = [sys.executable, "-m", "dendmod.fig2", "--out", str(out), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / "summary.json").read_text())


@pytest.mark.slow
def test_quick_figure(tmp_path):
    summary = fig2(tmp_path, "--quick")
    assert (tmp_path / "fig2.png").stat().st_size > 50_000
    assert (tmp_path / "fig2.pdf").stat().st_size > 10_000
    assert summary["schema"] == "dendmod/fig2/1"
    for arm in ("nmda", "shunt"):
        said = summary[arm]
        found = np.array(said["thresholds"], dtype=float)  # null becomes NaN
        curves = said["curves"]
        again = thresholds(curves["n_feedforward"], np.array(curves["mean_spikes"], dtype=float))
        np.testing.assert_allclose(found, again)
        for model, fit in said["fits"].items():
            assert fit["residual"] == pytest.approx(fit_io(found, model).residual)
        low, high = np.moveaxis(np.array(said["interval"], dtype=float), -1, 0)
        known = np.isfinite(low) & np.isfinite(found)
        assert (low[known] <= found[known] + 12).all()
        assert (high[known] >= found[known] - 12).all()
        assert said["simulations"] > 0
    # more shunt needs more inputs, more NMDA spikes need fewer
    first = {arm: np.array(summary[arm]["thresholds"], dtype=float)[:, 0] for arm in summary
             if arm in ("nmda", "shunt")}  # fmt: skip
    assert (np.diff(first["shunt"]) > 20).all()
    assert (np.diff(first["nmda"]) < 0).all()
    assert fig2(tmp_path, "--quick") == summary


@pytest.mark.slow
def test_the_search_agrees_with_a_full_grid(tmp_path):
    """On the cell itself, not a toy: thresholds within the search's resolution."""
    from dendmod.protocol import load_protocol
    from dendmod.protocol.experiment import Experiment
    from dendmod.sweep import Sweep

    one = {"run.trials": 4, "arms.nmda.levels": [11], "arms.nmda.quick_levels": [],
           "arms.shunt.levels": [0], "arms.shunt.quick_levels": []}  # fmt: skip
    experiment = Experiment(load_protocol("fig1", one), Sweep(tmp_path, progress=False))
    table = experiment.io_curves(["nmda"])["nmda"]
    full = experiment.spikes(n_feedforward=list(range(0, 100, 4)))["nmda"]
    found = thresholds(table.n_feedforward, table.mean())
    np.testing.assert_allclose(
        found, thresholds(full.n_feedforward, full.counts.mean(axis=2)), atol=4
    )
    assert table.simulations < 0.7 * full.counts.size
