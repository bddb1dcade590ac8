"""Cells of Snudda and BasalGangliaData: a folder with parameters, mechanisms and morphologies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dendmod.cells.imports.bluepyopt import list_membrane, made
from dendmod.cells.imports.converted import Converted
from dendmod.cells.imports.sources import known_keys, needed_text
from dendmod.errors import SpecError, did_you_mean
from dendmod.texts import read_json


def convert(
    folder: Path,
    *,
    mod: Path | None = None,
    parameter_key: str | None = None,
    morphology_key: str | None = None,
    name: str | None = None,
) -> Converted:
    """Return the cell of a folder as Snudda builds it.

    Parameters
    ----------
    folder
        It holds parameters.json, mechanisms.json, meta.json and the folder morphology.
    mod
        Folder of .mod files; None takes the nearest folder ``mechanisms`` in or above `folder`.
    parameter_key, morphology_key
        Which set of parameters, and which morphology of those that meta.json pairs with it; each
        may be None where there is one.
    name
        Of the cell; that of the folder, if None.

    Raises
    ------
    SpecError, MorphologyError, MechanismError
        Naming file, key and remedy.
    """
    folder = Path(folder).resolve()
    path, beside = folder / "parameters.json", folder / "mechanisms.json"
    sets = read_json(path)
    if isinstance(sets, list):
        if parameter_key is not None:
            raise SpecError(
                f"{path} holds one list of parameters; leave out --parameter-key {parameter_key}"
            )
        given, where = sets, ""
    else:
        parameter_key = _choose(sets, parameter_key, str(path), "--parameter-key")
        given, where = sets[parameter_key], f": {parameter_key}"
    morphology, morphology_key = _morphology(folder, parameter_key, morphology_key)
    membrane = list_membrane(given, read_json(beside), {}, path, beside, where)
    keys = "".join(f", {key}" for key in (parameter_key, morphology_key) if key)
    arguments: dict[str, Any] = {
        "parameters": str(path), "parameter_key": parameter_key, "mechanisms": str(beside),
        "values": {},
    }  # fmt: skip
    found = made(
        membrane, morphology=morphology, mod=mod or _mechanisms(folder), axon="replace",
        name=name or folder.name, source=f"Snudda: {folder.name}{keys}", files=(path, beside),
        arguments=arguments,
    )  # fmt: skip
    left = tuple(
        f"{p.name} is left out: Snudda applies it where a network asks for it"
        for p in sorted(folder.glob("*.json"))
        if p.name not in ("parameters.json", "mechanisms.json", "meta.json")
    )
    return replace(found, notes=(*found.notes, *left))


def _choose(table: Any, key: str | None, where: str, option: str) -> str:
    """Return the key that was asked for, or the only one."""
    if not isinstance(table, dict) or not table:
        raise SpecError(f"{where}: a table by key is needed")
    if key is None and len(table) == 1:
        return str(next(iter(table)))
    if key is None:
        raise SpecError(f"{where} holds several; choose one with {option}: {', '.join(table)}")
    if key not in table:
        raise SpecError(f"{where}: there is no {key!r}." + did_you_mean(key, table))
    return key


def _morphology(
    folder: Path, parameter_key: str | None, morphology_key: str | None
) -> tuple[Path, str | None]:
    """Return the morphology that meta.json pairs with a set of parameters, or the only one."""
    meta = folder / "meta.json"
    if parameter_key is None or not meta.is_file():
        there = sorted((folder / "morphology").glob("*.swc"))
        if morphology_key is not None or len(there) != 1:
            raise SpecError(
                f"{folder / 'morphology'} holds {len(there)} morphologies, and meta.json does not "
                "say which one goes with the parameters; leave one of them there"
            )
        return there[0], None
    pairs = read_json(meta)
    if not isinstance(pairs, dict) or parameter_key not in pairs:
        known = pairs if isinstance(pairs, dict) else ()
        raise SpecError(
            f"{meta}: no morphology is paired with {parameter_key!r}; choose another "
            "--parameter-key." + did_you_mean(parameter_key, known)
        )
    of, where = pairs[parameter_key], f"{meta}: {parameter_key}"
    key = _choose(of, morphology_key, where, "--morphology-key")
    path = (
        folder
        / "morphology"
        / needed_text(
            known_keys(of[key], of[key], f"{where}: {key}"), "morphology", f"{where}: {key}"
        )
    )
    if not path.is_file():
        raise SpecError(f"{where}: {key}: there is no file {path}")
    return path, key


def _mechanisms(folder: Path) -> Path:
    for above in (folder, *folder.parents):
        if any((above / "mechanisms").glob("*.mod")):
            return above / "mechanisms"
    raise SpecError(
        f"there is no folder mechanisms with .mod files in {folder} or above; name it with --mod"
    )
