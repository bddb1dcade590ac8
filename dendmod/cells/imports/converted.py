"""What a converter hands on, and the folder that is made of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dendmod.cells.imports.folder import copy_mods, finish, import_into
from dendmod.cells.imports.held import Held
from dendmod.cells.imports.original import Original
from dendmod.cells.imports.toml import toml_of
from dendmod.spec.cell_file import CellFile


@dataclass(frozen=True)
class Converted:
    """A cell in the words of a cell file.

    Parameters
    ----------
    fields
        The cell file.
    morphology
        Its morphology, to be copied under the name that the fields give it.
    mechanisms
        The .mod files that it needs.
    notes
        What the format leaves to NEURON or to its readers, in sentences.
    files
        What it was made from, for the record.
    build, arguments
        Function, as ``module:name``, that builds the cell by the format's own rules in plain
        NEURON, and its arguments.
    """

    fields: CellFile
    morphology: Path
    mechanisms: tuple[Path, ...]
    notes: tuple[str, ...]
    files: tuple[Path, ...]
    build: str
    arguments: dict[str, Any]

    def write(self, folder: Path) -> None:
        """Write the cell file, its morphology and its .mod files into an empty folder."""
        assert self.fields.morphology is not None
        shutil.copyfile(self.morphology, folder / self.fields.morphology)
        if self.mechanisms:
            copy_mods(self.mechanisms, folder)
        (folder / "cell.toml").write_text(toml_of(self.fields, self.notes), encoding="utf-8")


def bring(out: Path, converted: Converted, made_by: Mapping[str, Any]) -> Held:
    """Write a converted cell as a folder, and hold the folder against the format's own rules.

    Parameters
    ----------
    out
        The folder.
    converted
        The cell.
    made_by
        Format and arguments of the command.

    Raises
    ------
    DendmodError
        If the cell cannot be read again or the original not be built; nothing is written then.
    """
    with import_into(out, made_by) as folder:
        converted.write(folder)
        original = Original(
            function=converted.build,
            arguments=converted.arguments,
            mechanisms=(str(folder / "mod"),) if converted.mechanisms else (),
        )
        return finish(
            folder, made_by, original, files=[*converted.files, *converted.mechanisms],
            notes=converted.notes,
        )  # fmt: skip
