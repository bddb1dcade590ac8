"""Published cells by name: where their files lie, what they must be, how they are imported."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from dendmod.cells.imports import allen, bluepyopt, frozen, snudda
from dendmod.cells.imports.converted import Converted, bring
from dendmod.cells.imports.held import Held
from dendmod.cells.imports.original import Original
from dendmod.errors import DownloadError, SpecError, did_you_mean
from dendmod.morphology.fetch import Download, get_file
from dendmod.paths import cache_dir
from dendmod.spec.base import Spec
from dendmod.spec.tables import load_toml

_TABLE = Path(__file__).with_name("public.toml")
_OURS = Path(__file__).parent
_HOST = "https://raw.githubusercontent.com"
_CONVERTERS: dict[str, Callable[..., Converted]] = {
    "allen": allen.convert, "bluepyopt": bluepyopt.convert, "snudda": snudda.convert,
}  # fmt: skip
_PATHS = ("fit", "swc", "mod", "parameters", "values", "morphology", "mechanisms", "folder")


class PublicCell(Spec):
    """A published cell.

    Parameters
    ----------
    title, source
        What it is, and the paper or database that it is from.
    repository, commit
        ``owner/name`` on GitHub, and the commit of its files.
    licence
        Under which terms its authors give it.
    importer
        A format, or "code" for what is instantiated and read out.
    arguments
        Of the importer; paths are those of the repository, or of dendmod's where they begin with
        "ours/".
    notes
        What is dendmod's choice and not the authors'.
    files
        A line a file: SHA-256 and path.
    """

    title: str
    source: str
    repository: str
    commit: str
    licence: str
    importer: Literal["allen", "bluepyopt", "snudda", "code"]
    arguments: dict[str, Any]
    notes: tuple[str, ...] = ()
    files: str

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 by path."""
        lines = [line.split(maxsplit=1) for line in self.files.strip().splitlines()]
        return {path: sha256 for sha256, path in lines}

    @property
    def lines(self) -> list[str]:
        """What it is, where it comes from and under which terms, in words."""
        return [
            self.title,
            f"  from     {self.source}",
            f"  files    {len(self.hashes)} of github.com/{self.repository}, commit "
            f"{self.commit[:12]}",
            f"  licence  {self.licence}",
            *(f"  note     {note}" for note in self.notes),
        ]


@cache
def public_cells() -> dict[str, PublicCell]:
    """Return the published cells that dendmod knows, by name."""
    return {name: PublicCell.model_validate(of) for name, of in load_toml(_TABLE).items()}


def public_cell(name: str) -> PublicCell:
    """Return a published cell.

    Raises
    ------
    SpecError
        If none has this name.
    """
    known = public_cells()
    if name not in known:
        raise SpecError(f"there is no published cell {name!r}." + did_you_mean(name, known))
    return known[name]


def fetch(name: str, copy: Path | None = None) -> Path:
    """Put the files of a published cell into the cache and return their folder.

    Parameters
    ----------
    name
        Of the cell.
    copy
        A copy of its repository on this machine; None fetches what the cache lacks.

    Raises
    ------
    DownloadError
        If a file cannot be fetched, is not in the copy, or is not the published one.
    """
    cell = public_cell(name)
    if copy is not None and not copy.is_dir():
        raise DownloadError(f"--from {copy}: there is no such folder; give a copy of "
                            f"github.com/{cell.repository}")  # fmt: skip
    root = cache_dir() / "cells" / f"{name}-{cell.commit[:12]}"
    for path, sha256 in cell.hashes.items():
        wanted = Download(
            url=f"{_HOST}/{cell.repository}/{cell.commit}/{quote(path)}",
            sha256=sha256,
            suffix=Path(path).suffix,
            source=f"{path} of {cell.repository} at commit {cell.commit[:12]}",
        )
        get_file(
            wanted,
            root / path,
            by_hand=f"run `dendmod cell get {name} --from FOLDER` with a copy of the repository",
            from_file=None if copy is None else copy / path,
        )
    return root


def import_public(name: str, out: Path, copy: Path | None = None) -> tuple[Held, tuple[str, ...]]:
    """Fetch a published cell and import it; return how near it is to its original, and notes.

    Raises
    ------
    DendmodError
        If its files cannot be fetched or the import fails; nothing is written then.
    """
    cell = public_cell(name)
    root = fetch(name, copy)
    made_by = {
        "format": "public", "name": name, "repository": cell.repository, "commit": cell.commit,
        "source": cell.source, "licence": cell.licence,
    }  # fmt: skip
    if cell.importer == "code":
        imported = frozen.bring(
            out, name, _original(cell, root), made_by, files=[root / p for p in cell.hashes],
            more_mechanisms=cell.arguments.get("more_mechanisms", ()),
        )  # fmt: skip
        return imported.held, imported.notes
    arguments = {
        key: _placed(value, root) if key in _PATHS else value
        for key, value in cell.arguments.items()
    }
    first = next(iter(arguments))
    converted = _CONVERTERS[cell.importer](arguments.pop(first), **arguments, name=name)
    return bring(out, converted, made_by), converted.notes


def _original(cell: PublicCell, root: Path) -> Original:
    """Return the code that builds a cell: the authors' hoc, or dendmod's lines around it."""
    given = cell.arguments
    return Original(
        function=given["function"],
        arguments=given["arguments"],
        mechanisms=(str(root / given["mod"]),),
        folder=str(root / given.get("in", ".")),
        celsius=given["celsius"],
        v_init=given["v_init"],
        regions=given.get("regions", {}),
    )


def _placed(path: str, root: Path) -> Path:
    if path.startswith("ours/"):
        return _OURS / path.removeprefix("ours/")
    return root / path
