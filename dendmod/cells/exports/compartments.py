"""Write a cell for programs with compartments, and hold it against dendmod where they are there."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from dendmod import __version__
from dendmod.atomic import replacing_folder
from dendmod.cells.exports.held import Held
from dendmod.cells.exports.neuroml_rates import CannotBeWritten
from dendmod.cells.exports.nodes import NodesExport, nodes_elsewhere
from dendmod.cells.file import load_cell
from dendmod.cells.reduced import read_reduced
from dendmod.errors import EngineError, ExchangeError, SpecError
from dendmod.spec import Cell, ReducedCell
from dendmod.spec.result import Array, upward_crossings

FORMS = ("jaxley", "arbor", "nest")
_REDUCED = "dendmod/reduced/1"


@dataclass(frozen=True)
class Written:
    """What was written; `held` is empty where the program is not installed here.

    Parameters
    ----------
    name
        The cell.
    amp
        Current of the step (nA).
    """

    folder: Path
    name: str
    amp: float
    held: tuple[Held, ...]
    notes: tuple[str, ...]


def installed(program: str) -> bool:
    """Whether a program can be imported here."""
    return importlib.util.find_spec(program) is not None


def is_reduced(name: str | Path) -> bool:
    """Whether a file is one of a reduced cell."""
    path = Path(name)
    if path.suffix != ".json" or not path.is_file():
        return False
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return isinstance(table, dict) and table.get("schema") == _REDUCED


def load(name: str | Path) -> tuple[Cell | ReducedCell, str]:
    """Return a cell, full or reduced, and what it is called."""
    if is_reduced(name):
        reduced = read_reduced(name)
        return reduced, reduced.name
    loaded = load_cell(name)
    return loaded.cell, loaded.fields.name


def write(cell: Cell | ReducedCell, name: str, to: str, out: Path, amp: float | None) -> Written:
    """Write a cell into a folder, which appears whole or not at all.

    Raises
    ------
    ExchangeError
        If the program cannot hold what the cell has.
    EngineError
        If the cell does not run, or the program is here and does not run what was written.
    """
    form: Any = importlib.import_module(f"dendmod.cells.exports.{to}")
    if to == "nest":
        export: NodesExport = form.prepare(cell, name, amp)
    else:
        export = nodes_elsewhere(cell, name, amp)
    table, notes = form.table(export), form.notes(export)
    step = table["step"]
    with replacing_folder(out) as folder:
        files = {**_rendered(form, export), "cell.json": json.dumps(table) + "\n"}
        for file, text in files.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
        held: tuple[Held, ...] = ()
        if not installed(form.NEEDS):
            notes.append(
                f"{form.NEEDS} is not installed here, so that nothing was held against it."
            )
        else:
            theirs = run(folder, to)
            held = hold(export.v, theirs, export.places, step)
            notes.append(_times(export.v[0], theirs[0], step))
        sha256 = hashlib.sha256(cell.model_dump_json().encode()).hexdigest()
        (folder / "README.md").write_text(_readme(export, to, form.COMMAND, notes, sha256))
        record = {
            "schema": "dendmod/cell-export/1", "cell": name, "name": name, "to": to,
            "dendmod": __version__, "sha256": sha256, "notes": notes, "step": step,
            "files": sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()),
            "held_against_dendmod": [h.as_json() for h in held],
        }  # fmt: skip
        (folder / "export.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return Written(out, name, step["amp_nA"], held, tuple(notes))


def _rendered(form: Any, export: NodesExport) -> dict[str, str]:
    try:
        files: dict[str, str] = form.render(export)
    except CannotBeWritten as error:
        raise ExchangeError(f"{export.name} cannot be written: {error}") from None
    return files


def run(folder: Path, to: str, python: str = sys.executable) -> Array:
    """Run an exported folder in a process without dendmod; return potentials [place, sample].

    Parameters
    ----------
    folder
        The export; it is run in a copy.
    python
        That has the program.

    Raises
    ------
    EngineError
        If it does not run; the program's last words are handed on.
    """
    form: Any = importlib.import_module(f"dendmod.cells.exports.{to}")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment["PATH"] = f"{Path(python).parent}{os.pathsep}{environment['PATH']}"
    with TemporaryDirectory() as work:
        copy = Path(work) / "copy"
        shutil.copytree(folder, copy)
        done = subprocess.run(
            ["sh", "-c", form.COMMAND], cwd=copy, env=environment, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        written = copy / "potentials.txt"
        if done.returncode != 0 or not written.is_file():
            last = ([x for x in (done.stderr + done.stdout).splitlines() if x.strip()] or [""])[-1]
            raise EngineError(f"the exported {to} model does not run: {last.strip()}")
        return np.loadtxt(written, ndmin=2).T


def hold(ours: Array, theirs: Array, places: tuple[str, ...], step: Any) -> tuple[Held, ...]:
    """Return what an exported cell does beside dendmod's, place by place."""
    if ours.shape != theirs.shape:
        raise EngineError(
            f"the exported model has {theirs.shape[-1]} samples at {len(theirs)} places, dendmod "
            f"{ours.shape[-1]} at {len(ours)}"
        )
    return tuple(
        Held(place, float(np.abs(a - b).max()), spikes(b, step).size, spikes(a, step).size)
        for place, a, b in zip(places, ours, theirs, strict=True)
    )


def spikes(v: Array, step: Any) -> Array:
    """Return the spike times (ms) of a potential."""
    t = step["dt_ms"] * np.arange(float(v.size))
    return upward_crossings(t, v, step["spike_threshold_mV"])


def _times(ours: Array, theirs: Array, step: Any) -> str:
    a, b = spikes(ours, step), spikes(theirs, step)
    if a.size != b.size:
        return f"The step makes {b.size} spikes in place of {a.size}: its steps are not dendmod's."
    if not a.size:
        return "The step makes no spike."
    return f"The step's spikes are at most {np.abs(a - b).max():.2g} ms away from dendmod's."


def _readme(export: NodesExport, to: str, command: str, notes: list[str], sha256: str) -> str:
    table = export.table
    step = table["step"]
    lines = [
        f"# {export.name}",
        "",
        f"{len(table['parent'])} compartments; {table['celsius']:g} degC, from "
        f"{table['v_init_mV']:g} mV. Written by dendmod {__version__} (`dendmod cell export --to "
        f"{to}`) from the cell as it stands in NEURON, number by number (`cell.json`).",
        "",
        "```",
        command,
        "```",
        "",
        f"runs {step['tstop_ms']:g} ms at dt {step['dt_ms']:g} ms with {step['amp_nA']:g} nA into "
        f"{export.places[0]}, prints the number of spikes and writes the potentials at "
        f"{' and '.join(export.places)} to `potentials.txt`. `export.json` says how far they are "
        "from dendmod's.",
        "",
        *(f"- {note}" for note in notes),
        "",
        f"The cell has SHA-256 `{sha256}`.",
    ]
    return "\n".join(lines) + "\n"


def check_form(name: str | Path, to: str) -> None:
    """Raise a SpecError for a reduced cell that a form does not take."""
    if is_reduced(name) and to not in FORMS:
        raise SpecError(
            f"{name} is a reduced cell, whose compartments are no sections; --to {to} takes a full "
            f"one. Take --to {', '.join(FORMS)}"
        )
