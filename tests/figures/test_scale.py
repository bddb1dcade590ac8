"""Does `dendmod protocol scale` run a cell with a synapse of its own, and refuse a passive one?"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "docs" / "examples" / "own_cell"
PASSIVE = """
schema = "dendmod/cell/1"
name = "passive"
morphology = "cell.swc"
mechanisms = ["mod"]

[conditions]
celsius = 34.0
v_init_mV = -70.0

[axon]
treatment = "none"

[[parameters]]
name = "Ra"
value = 120

[[parameters]]
name = "cm"
value = 1.0

[[parameters]]
name = "g_pas"
value = 5e-5

[[parameters]]
name = "e_pas"
value = -70

[receptors.context]
mechanism = "NmdaNano"
"""


@pytest.mark.slow
def test_a_passive_cell_has_plateaus_by_its_own_receptor_and_no_spikes(tmp_path):
    shutil.copy(EXAMPLE / "cell.swc", tmp_path)
    shutil.copytree(REPOSITORY / "tests" / "mechanisms" / "synapses", tmp_path / "mod")
    (tmp_path / "cell.toml").write_text(PASSIVE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "dendmod", "protocol", "scale", "--cell", str(tmp_path), "--out",
         str(tmp_path / "my.toml"), "--out-dir", str(tmp_path / "found"), "--quick", "--trials",
         "1"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr[-2000:]
    said = done.stderr[done.stderr.index("error:") :]
    assert "no spike: the membrane is passive, without any channel" in said
    assert "no plateau" not in said  # its NMDA receptors, whose weight is in nS, make them
    assert not (tmp_path / "my.toml").exists()
