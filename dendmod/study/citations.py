"""The papers behind a result, and the places in them: ``dendmod cite RESULT``.

A result rests on the modules of `dendmod.params` that its code imports, and each of these says
where its numbers come from. What a result names itself, such as the protocol that it was made
with, counts as well.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError, did_you_mean
from dendmod.paths import data_dir
from dendmod.sources import PAPERS, Source, read_source, sources_in
from dendmod.spec.tables import load_toml
from dendmod.study.registry import Entry, figures
from dendmod.sweep.fingerprint import closure
from dendmod.texts import read_json_table

_PARAMS = "dendmod.params"
_TASK = re.compile(r"[\"'](dendmod(?:\.\w+)+):\w+[\"']")  # a function that a sweep runs, by name
# beginning of a file's schema -> the module that makes such files
_MAKERS = {
    "dendmod/io/": "dendmod.protocol.iocurves",
    "dendmod/io-readings/": "dendmod.protocol.fit_file",
    "dendmod/run/": "dendmod.protocol.run_file",
    "dendmod/scale/": "dendmod.protocol.scale",
    "dendmod/stimuli_run/": "dendmod.protocol.stimuli_file",
    "dendmod/reduced/": "dendmod.reduction.fit",
    "dendmod/reduction_check/": "dendmod.reduction.check",
    "dendmod/cell/": "dendmod.cells.check",
}


def cite(result: str | Path) -> dict[str, tuple[Source, ...]]:
    """Return the sources behind a result, by paper in the order of `dendmod.sources.PAPERS`.

    Parameters
    ----------
    result
        Name of a figure, such as ``"wybo2022/fig1"``; a ``summary.json`` or the folder that holds
        it; a file of a reduced cell or of IO curves.

    Raises
    ------
    SpecError
        If there is no such figure or file, or the file does not say what it is.
    """
    entry = figures().get(str(result))
    if entry is not None:
        found = list(_of_figure(entry))
    else:
        document = _read(Path(result))
        found = [*_of_file(document, str(result)), *_named(document)]
    known = dict.fromkeys(sorted(found, key=lambda s: (s.locator, s.note)))
    by_paper = {key: tuple(s for s in known if s.key == key) for key in PAPERS}
    return {key: sources for key, sources in by_paper.items() if sources}


def _of_figure(entry: Entry) -> Iterator[Source]:
    yield from _of_module(f"dendmod.papers.{entry.name.replace('/', '.')}.figure")
    protocol = entry.settings().get("protocol")
    if isinstance(protocol, str):
        yield from _named(load_toml(data_dir("protocols") / f"{protocol}.toml"))


def _of_file(document: Mapping[str, Any], origin: str) -> Iterator[Source]:
    schema = str(document.get("schema", ""))
    entries = figures()
    by_schema = {e.schema: e for e in entries.values()}
    figure = entries.get(str(document.get("figure")), by_schema.get(schema))
    if figure is not None:
        yield from _of_figure(figure)
        return
    makers = [module for start, module in _MAKERS.items() if schema.startswith(start)]
    if not makers:
        raise SpecError(
            f"{origin}: its schema is {schema!r}; figures, runs, reduced cells and IO curves can "
            "be cited"
        )
    yield from _of_module(makers[0])
    facts = document.get("provenance", {})
    cell = str(facts.get("biophysics", "")).partition("/")[0]  # such as hay2011/1
    if cell.isidentifier():
        yield from _of_module(f"{_PARAMS}.{cell}")


def _of_module(module: str) -> Iterator[Source]:
    """Yield the sources of all modules of numbers that a module stands on."""
    for name in _all_code(module):
        if name.startswith(f"{_PARAMS}."):
            for value in vars(importlib.import_module(name)).values():
                yield from sources_in(value)


def _all_code(module: str) -> dict[str, Path]:
    """Return a module with all that it imports, and the same of each task that these name."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        own = closure(name)
        new = [path for inner, path in own.items() if inner not in found]
        found |= own
        for path in new:
            waiting += _TASK.findall(path.read_text(encoding="utf-8"))
    return found


def _named(value: Any) -> Iterator[Source]:
    """Yield the sources that a document names: texts of fields called ``source``."""
    if isinstance(value, Mapping):
        source = read_source(str(value.get("source", "")))
        if source is not None:
            yield source
        for inner in value.values():
            yield from _named(inner)


def _read(path: Path) -> dict[str, Any]:
    path = path / "summary.json" if os.path.isdir(path) else path
    if not os.path.isfile(path):
        raise SpecError(
            f"there is no figure or file {str(path)!r}." + did_you_mean(str(path), figures())
        )
    return read_json_table(path)
