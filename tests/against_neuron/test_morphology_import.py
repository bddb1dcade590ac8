"""Is a file read as NEURON's own import reads it: same sections, points and diameters?"""

import json
import subprocess
import sys

import numpy as np
import pytest

from dendmod.morphology import read
from dendmod.morphology.generate import generate
from dendmod.morphology.write import write_swc

# in a process of its own: NEURON's sections are global
IMPORT = """
import json, sys
from neuron import h
h.load_file("stdlib.hoc"), h.load_file("import3d.hoc")
path = sys.argv[1]
reader = h.Import3d_SWC_read() if path.endswith(".swc") else h.Import3d_Neurolucida3()
reader.quiet = 1
reader.input(path)
h.Import3d_GUI(reader, False).instantiate(None)
found = []
for s in h.allsec():
    rows = [[s.x3d(i), s.y3d(i), s.z3d(i), s.diam3d(i)] for i in range(s.n3d())]
    found.append({"kind": s.name().split("[")[0], "rows": rows, "area": sum(p.area() for p in s)})
print("FOUND" + json.dumps(found))
"""
KINDS = {"soma": "soma", "dend": "basal", "apic": "apical", "axon": "axon"}

OUTLINE = """("CellBody"
  (CellBody)
  (-4.1 -6.2 0.1 1.0)
  (-5.9 1.3 0.4 1.0)
  (-2.2 8.4 1.9 1.0)
  (3.1 9.7 2.3 1.0)
  (5.4 2.2 1.1 1.0)
  (4.2 -5.1 -0.8 1.0)
  (0.3 -8.8 -0.6 1.0)
)
( (Dendrite)
  (-5.0 -5.0 0 1.2)
  (-15.0 -9.0 1 1.0)
  (
    (-20.0 -9.0 1 0.6)
    (-40.0 -9.0 1 0.5)
  |
    (-15.0 -20.0 1 0.7)
    (-15.0 -40.0 1 0.5)
  )
)
( (Apical)
  (0 10 0 3.0)
  (0 100 0 2.0)
)
"""
ONE_POINT_ROOTS = """1 1 0 0 0 5 -1
2 3 5 0 0 1 1
3 3 15 5 0 0.5 2
4 3 15 -5 0 0.5 2
5 3 -9 0 0 0.7 1
"""


def imported(path) -> dict[str, list]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(path)], capture_output=True, text=True, check=True
    )
    line = next(x for x in done.stdout.splitlines() if x.startswith("FOUND"))
    found: dict[str, list] = {}
    for section in json.loads(line.removeprefix("FOUND")):
        entry = (np.array(section["rows"]), section["area"])
        found.setdefault(KINDS[section["kind"]], []).append(entry)
    return found


def order(rows: np.ndarray) -> tuple:
    """Sections are told apart by their last point: the two readers number them differently."""
    return tuple(np.round(rows[-1], 3))


def assert_same(path) -> None:
    theirs = imported(path)
    ours: dict[str, list] = {}
    for s in read(path).sections:
        ours.setdefault(s.kind, []).append((np.column_stack([s.points, s.diameters]), s.area))
    assert {k: len(v) for k, v in ours.items()} == {k: len(v) for k, v in theirs.items()}
    for kind in ours:
        pairs = zip(
            sorted(ours[kind], key=lambda e: order(e[0])),
            sorted(theirs[kind], key=lambda e: order(e[0])),
            strict=True,
        )
        for (rows, area), (their_rows, their_area) in pairs:
            # 1e-4 um: both keep single precision in places
            np.testing.assert_allclose(rows, their_rows, atol=1e-4, rtol=0)
            assert area == pytest.approx(their_area, rel=1e-5)


def test_the_original(original):
    assert_same(original)


def test_an_outline_that_is_tilted_in_depth(tmp_path):
    (tmp_path / "cell.asc").write_text(OUTLINE)
    assert_same(tmp_path / "cell.asc")


def test_a_generated_cell(tmp_path):
    write_swc(generate(3), tmp_path / "cell.swc")
    assert_same(tmp_path / "cell.swc")


def test_branches_of_one_point_start_in_the_soma(tmp_path):
    (tmp_path / "cell.swc").write_text(ONE_POINT_ROOTS)
    assert_same(tmp_path / "cell.swc")
