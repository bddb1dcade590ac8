"""The figures that there are, read from the folders of papers without importing one.

A settings.toml may name a ``base``, such as ``"../scale.toml"``: its tables come first, those of
the figure are put over them. With ``shared_store`` under ``[figure]`` the figures of a paper keep
their runs in one folder, unless a command says where its results go.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError, did_you_mean
from dendmod.spec.tables import change, load_toml

_PAPERS = "papers"
_FILE = "settings.toml"
_FRAME = ("figure", "options", "quick")  # tables of the file that are no settings


@dataclass(frozen=True)
class Option:
    """An option of one figure's command: it sets a field of the settings.

    Parameters
    ----------
    name
        Without dashes.
    field
        Dotted name of the field.
    help
        What ``--help`` says.
    many
        Several values between commas.
    """

    name: str
    field: str
    help: str
    many: bool = False


# options that mean the same in every figure that has them
_HELP = {
    "seed": "seed of all random numbers",
    "trials": "trials a condition",
    "morphology": "name, or SWC or ASC file",
    "cell": "a cell of your own: folder, file or name",
    "dt": "time step (ms)",
    "engine": "neuron, kernel, or auto: the kernel where it gives what NEURON gives (auto)",
    "data": "images: a built-in name, or a file",
}


@dataclass(frozen=True)
class Entry:
    """A figure, as its settings.toml describes it.

    Tables that several figures share stand in the file that ``base`` names; those of the figure
    come over them.
    """

    name: str
    folder: Path

    @cached_property
    def _table(self) -> dict[str, Any]:
        return _with_base(self.folder / _FILE)

    @property
    def paper(self) -> str:
        """Folder of its paper."""
        return self.name.partition("/")[0]

    @property
    def title(self) -> str:
        """What it shows."""
        return str(self._table["figure"]["title"])

    @property
    def schema(self) -> str:
        """Name of the form of its summary.json."""
        return str(self._table["figure"]["schema"])

    @property
    def out(self) -> Path:
        """Folder of its results where none is given."""
        return Path("results", str(self._table["figure"].get("folder", self.name)))

    @property
    def store(self) -> Path | None:
        """Folder of runs beside its results where its paper's figures share them, else None."""
        return self.out.parent / "store" if self._table["figure"].get("shared_store") else None

    @property
    def files(self) -> str:
        """Name of its picture and other files; of a measurement without picture ""."""
        return str(self._table["figure"].get("files", self.name.rpartition("/")[2]))

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """Options of its command beside those of all figures."""
        found = []
        for name, given in self._table.get("options", {}).items():
            fields = {"field": given} if isinstance(given, str) else dict(given)
            fields.setdefault("help", _HELP.get(name, ""))
            found.append(Option(name, **fields))
        return tuple(found)

    def settings(
        self, *, quick: bool = False, changes: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the table of its settings, with what is changed in it.

        Put in place are those of ``[quick]``, then those of the reading that is named, then
        `changes`, so that what a user says counts whatever it was before.
        """
        origin = str(self.folder / _FILE)
        table = {k: v for k, v in self._table.items() if k not in _FRAME}
        table = _copied(table)
        if quick:
            change(table, self._table.get("quick", {}), origin)
        change(table, changes or {}, origin)
        if table.get("reading"):
            table = with_reading(table)
            change(table, changes or {}, origin)
        return table

    @property
    def module(self) -> str:
        """Name of the module that has its `dendmod.study.figure.Figure`."""
        return f"dendmod.{_PAPERS}.{self.name.replace('/', '.')}.figure"

    def load(self) -> Any:
        """Import and return its `dendmod.study.figure.Figure`."""
        return importlib.import_module(self.module).FIGURE


def figures(paper: str | None = None) -> dict[str, Entry]:
    """Return all figures by name, or those of one paper."""
    root = Path(__file__).resolve().parents[1] / _PAPERS
    entries = (
        Entry(f"{path.parent.parent.name}/{path.parent.name}", path.parent)
        for path in sorted(root.glob(f"*/*/{_FILE}"))
    )
    return {entry.name: entry for entry in entries if paper in (None, entry.paper)}


def find(name: str) -> Entry:
    """Return a figure.

    Raises
    ------
    SpecError
        If there is none of this name.
    """
    known = figures()
    if name not in known:
        raise SpecError(f"there is no figure {name!r}." + did_you_mean(name, known))
    return known[name]


def with_reading(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with that of its ``[readings]`` put over it which its ``reading`` names.

    Raises
    ------
    SpecError
        If there is no such reading.
    """
    found = _copied(dict(table))
    readings, name = table.get("readings", {}), table.get("reading", "")
    if name and name not in readings:
        raise SpecError(f"there is no reading {name!r}." + did_you_mean(name, readings))
    return _merged(found, readings[name]) if name else found


def _with_base(path: Path) -> dict[str, Any]:
    """Return the table of a file put over that of the file that it names as its ``base``."""
    table = load_toml(path)
    base = table.pop("base", None)
    return table if base is None else _merged(_with_base(path.parent / base), table)


def _merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        below[key] = _merged(below[key], value) if both else value
    return below


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return list(map(_copied, value)) if isinstance(value, list) else value
