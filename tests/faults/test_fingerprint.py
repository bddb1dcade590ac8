"""Is a stored result made anew when the code that made it has changed, and only then?"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import dendmod
from dendmod.errors import SweepError
from dendmod.sweep import Task, fingerprint, run_tasks

PACKAGE = Path(dendmod.__file__).parent
FUNCTIONS = {
    "protocol": "dendmod.protocol.tasks:count_spikes",
    "probe": "dendmod.reduction.probe:probe",
    "images": "dendmod.papers.wybo2022.fig3.tasks:supervised",
    "matrices": "dendmod.papers.wybo2022.fig4.tasks:searched",
    "stacks": "dendmod.papers.wybo2022.fig6.tasks:train_layerwise",
    "dendrites": "dendmod.switching.tasks:learn_class",
    "cells": "dendmod.papers.shine2021.tasks:fi_curve",
    "oscillators": "dendmod.papers.shine2021.fig5.tasks:synchrony",
    "clusters": "dendmod.papers.wyrick2021.tasks.activity:ongoing",
}
SIMULATED = {"protocol", "probe", "dendrites", "cells"}
# which of these read each file, found by reading the code and not by running what is tested
CHANGES = {
    "dendmod/rng.py": set(FUNCTIONS),
    "dendmod/errors.py": set(FUNCTIONS),
    "dendmod/engines/neuron/run.py": SIMULATED,
    "dendmod/cells/sites.py": {"protocol", "dendrites"},
    "dendmod/cells/effects.py": {"protocol", "cells"},
    "dendmod/protocol/trial.py": {"protocol"},
    "dendmod/engines/lif/lif.c": {"clusters"},
    "dendmod/engines/kernel/kernel.c": {"dendrites"},
    "dendmod/engines/kernel/batch/run.h": SIMULATED,
    "dendmod/learning/gains.c": {"matrices"},
    "dendmod/learning/tmcl.py": {"stacks"},
    "dendmod/population/oscillators.py": {"oscillators"},
    "dendmod/clustered/gain.py": {"clusters"},
    "dendmod/neuromodulation/presets.py": set(),  # effects come in the payload
    "dendmod/papers/wybo2022/fig1/plot.py": set(),
    "dendmod/cli/run.py": set(),
    "mechanisms/Ih.mod": SIMULATED,
}

# changes one file after the other and puts it back; prints which digests each change moves
CHANGE = """
import json, sys
from pathlib import Path
from dendmod.sweep import Task, fingerprint

functions, names = json.load(sys.stdin)
tasks = {name: Task(name, function, {}) for name, function in functions.items()}

def digests():
    fingerprint.code_hash.cache_clear()  # imports stay what they are
    fingerprint._of_module.cache_clear()
    return {name: task.digest() for name, task in tasks.items()}

before = digests()
assert digests() == before and len(set(before.values())) == len(tasks)
moved = {}
for name in names:
    path = Path(name)
    text = path.read_text()
    comment = {".py": "# changed", ".mod": ": changed"}.get(path.suffix, "// changed")
    path.write_text(text + comment)
    moved[name] = [key for key, digest in digests().items() if digest != before[key]]
    path.write_text(text)
print(json.dumps(moved))
"""


def test_one_changed_line_changes_the_digests_of_the_tasks_that_read_it_and_of_no_other(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "dendmod", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE.parent / "mechanisms", tmp_path / "mechanisms")
    done = subprocess.run(
        [sys.executable, "-c", CHANGE],
        cwd=tmp_path, capture_output=True, text=True, check=True,
        input=json.dumps([FUNCTIONS, list(CHANGES)]),
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    moved = json.loads(done.stdout)
    for name, readers in CHANGES.items():
        assert set(moved[name]) == readers, name


def test_the_fingerprint_of_figure_1_names_what_computes():
    facts = fingerprint.fingerprint("dendmod.protocol.tasks:count_spikes")
    assert {"code", "python", "neuron", "numpy", "mechanisms", "dendmod"} <= set(facts)
    assert "not installed" not in facts.values()
    networks = fingerprint.fingerprint("dendmod.papers.wybo2022.fig3.tasks:supervised")
    assert {"torch", "numpy"} <= set(networks)
    assert "mechanisms" not in networks


def test_a_module_of_a_user_counts_with_what_it_imports(tmp_path, monkeypatch):
    (tmp_path / "my_model").mkdir()
    (tmp_path / "my_model" / "__init__.py").write_text("")
    (tmp_path / "my_model" / "rates.py").write_text("SLOPE = 2\n")
    (tmp_path / "my_model" / "run.py").write_text(
        "from .rates import SLOPE\n\ndef run(x):\n    return {'y': SLOPE * x}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    before = fingerprint.fingerprint("my_model.run:run")
    (tmp_path / "my_model" / "rates.py").write_text("SLOPE = 3\n")
    fingerprint.forget()
    assert fingerprint.fingerprint("my_model.run:run")["code"] != before["code"]


def test_code_that_is_changed_while_it_runs_gives_no_stored_result(tmp_path, monkeypatch):
    module = tmp_path / "slow_model.py"
    module.write_text(
        "import time\nfrom pathlib import Path\n\ndef run(mark):\n    Path(mark).touch()\n"
        "    time.sleep(1)\n    return {'y': 1}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    mark = tmp_path / "running"

    def edit():
        while not mark.exists():
            time.sleep(0.01)
        module.write_text(module.read_text() + "# changed\n")

    editing = threading.Thread(target=edit)
    editing.start()
    task = Task("t", "slow_model:run", {"mark": str(mark)})
    with pytest.raises(SweepError, match="its code was changed while it ran"):
        run_tasks([task], tmp_path / "s", workers=1, progress=False)
    editing.join()
    fingerprint.forget()
    assert run_tasks([task], tmp_path / "s", workers=1, progress=False)["t"]["y"] == 1


def lazy_packages() -> list[str]:
    """Packages of dendmod whose names are fetched when first used."""
    return [
        ".".join(path.parent.relative_to(PACKAGE.parent).parts)
        for path in sorted(PACKAGE.rglob("__init__.py"))
        if "def __getattr__" in path.read_text()
    ]


def test_no_module_imports_a_name_that_is_fetched_when_first_used():
    """Such an import names no file, so that its code would be missing from the hash."""
    lazy = lazy_packages()
    assert "dendmod.learning" in lazy
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.ImportFrom) and node.module in lazy):
                continue
            folder = PACKAGE.parent / node.module.replace(".", "/")
            static = {n.id for n in ast.walk(ast.parse((folder / "__init__.py").read_text()))
                      if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
            static |= {n.name for n in ast.walk(ast.parse((folder / "__init__.py").read_text()))
                       if isinstance(n, ast.FunctionDef)}  # fmt: skip
            for alias in node.names:
                there = (folder / alias.name).is_dir() or (folder / f"{alias.name}.py").is_file()
                assert there or alias.name in static, f"{path}: import {alias.name} from its module"


@pytest.mark.parametrize("name", ["dendmod.nothing.here", "no_such_package.run"])
def test_a_module_that_is_not_there_is_named(name):
    with pytest.raises(SweepError, match=name):
        fingerprint.code_hash(name)
