"""Write a cell for programs without dendmod, one module a form.

hoc, Python and NeuroML are made from sections, Jaxley, Arbor and NEST from compartments.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dendmod import __version__
from dendmod.atomic import replacing_folder
from dendmod.cells.exports import compartments, readme
from dendmod.cells.exports import export as step
from dendmod.cells.exports.child import Built, build_elsewhere
from dendmod.cells.exports.export import Export
from dendmod.cells.exports.held import Held, check_equal, hold, run_plain
from dendmod.cells.file import LoadedCell, load_cell
from dendmod.errors import SpecError, did_you_mean
from dendmod.mechanisms import mechanism_set
from dendmod.spec.cell_file import BUILT_IN_LISTS

FORMS = ("hoc", "python", "neuroml", *compartments.FORMS)
SCHEMA = "dendmod/cell-export/1"
_RECORD = "export.json"
_BUILT_BY_USERS = ("x86_64", "arm64", "aarch64", "__pycache__")  # beside the files that we write


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    folder
        Where.
    export
        What was exported.
    held
        The exported cell beside dendmod's, place by place; empty where it could not be run.
    notes
        Sentences on what is otherwise than in the cell file.
    """

    folder: Path
    export: Export
    held: tuple[Held, ...]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the cell is called."""
        return self.export.cell.name

    @property
    def amp(self) -> float:
        """Current of the step (nA)."""
        return self.export.amp


def export_cell(
    name: str | Path, to: str, out: Path, amp: float | None = None
) -> Exported | compartments.Written:
    """Write a cell into a folder that runs without dendmod, and hold it against dendmod.

    Parameters
    ----------
    name
        A folder, a file, or a name that dendmod carries; a file of a reduced cell for programs with
        compartments.
    to
        One of `FORMS`.
    out
        The folder; it appears whole or not at all.
    amp
        Current of the step with which they are held against each other (nA); looked for if None.

    Raises
    ------
    SpecError
        If the cell cannot be read, the form is unknown or the folder holds something else.
    EngineError
        If the exported cell does not run, or is not dendmod's to the last bit.
    ExchangeError
        If the form cannot say what the cell has.
    """
    if to not in FORMS:
        raise SpecError(f"a cell cannot be exported to {to!r}." + did_you_mean(to, FORMS))
    compartments.check_form(name, to)
    if to in compartments.FORMS:
        cell, called = compartments.load(name)
        check_out(out, called)
        return compartments.write(cell, called, to, out, amp)
    loaded = load_cell(name)
    check_out(out, loaded.fields.name)
    lists, partly = _lists(loaded)
    built = build_elsewhere(loaded.cell, loaded.fields.name, lists, amp)
    export = _export(loaded, built)
    form = importlib.import_module(f"dendmod.cells.exports.{to}")
    notes = [
        *(f"The list {key} holds parts of sections and was not written." for key in partly),
        *form.notes(export),
    ]
    with replacing_folder(out) as folder:
        for file, text in form.render(export).items():
            (folder / file).write_text(text, encoding="utf-8")
        mod = readme.copy_mod_files(export.mechanisms, folder / "mod") if form.NEEDS_MOD else {}
        held: tuple[Held, ...] = ()
        if form.NEEDS_MOD:
            held = hold(export, built.v, run_plain(folder, to, export.name))
            check_equal(held, to)
        sha256 = hashlib.sha256(export.cell.model_dump_json().encode()).hexdigest()
        (folder / "README.md").write_text(
            readme.text(export, to, folder, mod, notes, sha256), encoding="utf-8"
        )
        _write_record(folder, export, to, sha256, held, notes)
    return Exported(out, export, held, tuple(notes))


def check_out(out: Path, name: str) -> None:
    """Check that a folder is free, or holds an export of the same cell and nothing else.

    Raises
    ------
    SpecError
        Saying what it holds.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise SpecError(f"--out {out} is a file; give a folder")
    there = {
        str(p.relative_to(out))
        for p in out.rglob("*")
        if p.is_file() and p.relative_to(out).parts[0] not in _BUILT_BY_USERS
    }
    if not there:
        return
    try:
        record = json.loads((out / _RECORD).read_text(encoding="utf-8"))
        owner, files = str(record["cell"]), {*record["files"], _RECORD}
        known = record["schema"] == SCHEMA
    except (OSError, ValueError, KeyError, TypeError):
        known, owner, files = False, "", set()
    if not known:
        raise SpecError(f"--out {out} holds files that are no export; give a new folder")
    if owner != name:
        raise SpecError(f"--out {out} holds an export of {owner}; give {name} another folder")
    added = sorted(there - files - {f"{record['name']}.txt"})
    if added:
        raise SpecError(
            f"--out {out} holds {added[0]}, which the export has not written and would remove; "
            "move it away, or give a new folder"
        )


def _export(loaded: LoadedCell, built: Built) -> Export:
    known = mechanism_set(loaded.cell.mechanisms)
    receptors = (r.mechanism for r in loaded.fields.receptors.values() if r.mechanism)
    suffixes = dict.fromkeys((*loaded.tables.mechanisms, *receptors))
    values = {**loaded.cell.globals, **built.cell.globals}
    cell = built.cell.model_copy(update={"globals": values})
    return Export(cell, tuple(known.get(s) for s in suffixes), built.amp)


def _lists(loaded: LoadedCell) -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """Return the lists of whole sections, by their numbers, and those that hold parts."""
    found: dict[str, tuple[int, ...]] = {}
    partly = []
    for name in (*BUILT_IN_LISTS, *loaded.shape.lists):
        rows = list(_on(loaded, name))
        if any(some and not whole for whole, some in rows):
            partly.append(name)
        elif any(whole for whole, _ in rows):
            found[name] = tuple(i for i, (whole, _) in enumerate(rows) if whole)
    return found, partly


def _on(loaded: LoadedCell, name: str) -> Iterator[tuple[bool, bool]]:
    """Yield of each section whether all of it is on a list, and whether any of it is."""
    shape = loaded.shape
    for i, section in enumerate(loaded.tables.sections):
        own = shape.sections[i].name
        on = [shape.on_list(name, own, p) for p in shape.places(i, section.nseg, False)]
        yield all(on), any(on)


def _write_record(
    folder: Path, export: Export, to: str, sha256: str, held: tuple[Held, ...], notes: list[str]
) -> None:
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "cell": export.cell.name,
        "name": export.name,
        "to": to,
        "dendmod": __version__,
        "sha256": sha256,
        "files": files,
        "notes": notes,
        "step": {
            "amp_nA": export.amp, "delay_ms": step.DELAY, "duration_ms": step.DURATION,
            "tstop_ms": step.TSTOP, "dt_ms": step.DT, "spike_threshold_mV": step.THRESHOLD,
        },
        "held_against_dendmod": [h.as_json() for h in held],
    }  # fmt: skip
    (folder / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
