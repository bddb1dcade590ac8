"""EModelRunner's table of mechanisms, distributions and parameters by list of sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dendmod.cells.imports.membrane import (
    Membrane,
    Row,
    check_all_taken,
    frozen_or_optimised,
)
from dendmod.cells.imports.sources import known_keys, needed, needed_text, texts
from dendmod.errors import SpecError, did_you_mean

LISTS = {
    "alldend": ("apical", "basal"),
    "somadend": ("apical", "basal", "somatic"),
    "somaxon": ("axonal", "somatic"),
    "allact": ("apical", "basal", "somatic", "axonal"),
}
_DISTRIBUTION = "distribution_"
_KEYS = ("name", "val", "dist", "test")


def membrane(given: dict[str, Any], optimised: Mapping[str, float], path: Path) -> Membrane:
    """Return the membrane of EModelRunner's JSON with its optimised values.

    Parameters
    ----------
    given
        What the file holds.
    optimised
        Values of the parameters that have bounds, by "parameter.list", and of the constants of
        distributions.
    path
        The file, for messages.
    """
    known_keys(given, ("mechanisms", "distributions", "parameters"), str(path))
    parameters = needed(given, "parameters", str(path))
    left = dict(optimised)
    whole: dict[str, float] = {}
    constants: dict[str, dict[str, float]] = {}
    entries: list[tuple[str, dict[str, Any], float, str]] = []
    for where, rows in known_keys(parameters, parameters, f"{path}: parameters").items():
        if where.startswith("_"):
            continue
        if not isinstance(rows, list):
            raise SpecError(f"{path}: parameters.{where}: a list of parameters is needed")
        for i, entry in enumerate(rows):
            origin = f"{path}: parameters.{where}, entry {i + 1}"
            table = known_keys(entry, _KEYS, origin)
            name = needed_text(table, "name", origin)
            origin = f"{origin} ({name:.60})"
            label = name if where == "global" else f"{name}.{where}"
            val = needed(table, "val", origin)
            frozen, bounds = (None, val) if isinstance(val, list) else (val, None)
            value = frozen_or_optimised(frozen, bounds, label, left, origin)
            if where == "global":
                whole[name] = value
            elif where.startswith(_DISTRIBUTION):
                constants.setdefault(where.removeprefix(_DISTRIBUTION), {})[name] = value
            else:
                entries.append((where, table, value, origin))
    check_all_taken(left, [f"{table['name']}.{where}" for where, table, _, _ in entries], path)
    labels = [(where, table["name"]) for where, table, _, _ in entries]
    twice = [label for label in labels if labels.count(label) > 1]
    if twice:
        raise SpecError(f"{path}: parameters.{twice[0][0]}: {twice[0][1]} is given twice; leave "
                        "one out")  # fmt: skip
    written = _distributions(given.get("distributions", {}), constants, path)
    for name in ("celsius", "v_init"):
        needed(whole, name, f"{path}: parameters.global")
    return Membrane(
        rows=tuple(
            Row(table["name"], where, value, origin, _dist(table, written, origin))
            for where, table, value, origin in entries
        ),
        inserted=_inserted(needed(given, "mechanisms", str(path)), path),
        celsius=whole.pop("celsius"),
        v_init=whole.pop("v_init"),
        globals=whole,
        lists=LISTS,
        origin=str(path),
    )


def _distributions(
    given: dict[str, Any], constants: dict[str, dict[str, float]], path: Path
) -> dict[str, str]:
    """Return the expression of each distribution, with its constants put in."""
    found = {}
    for name, definition in known_keys(given, given, f"{path}: distributions").items():
        if name.startswith("_"):
            continue
        origin = f"{path}: distributions.{name}"
        table = known_keys(definition, ("fun", "parameters"), origin)
        text = needed_text(table, "fun", origin)
        for constant in texts(table.get("parameters", []), f"{origin}.parameters"):
            level = constants.get(name, {}).get(constant)
            if level is None:
                raise SpecError(
                    f"{origin}: the constant {constant!r} has no value; give it in "
                    f"parameters.{_DISTRIBUTION}{name}"
                )
            text = text.replace("{" + constant + "}", str(level))
        found[name] = text
    for name in constants:
        if name not in found:
            raise SpecError(
                f"{path}: parameters.{_DISTRIBUTION}{name}: there is no distribution {name!r}."
                + did_you_mean(name, found)
            )
    return found


def _dist(table: dict[str, Any], written: dict[str, str], origin: str) -> str:
    name = str(table.get("dist", "uniform"))
    if name == "uniform":
        return "uniform"
    if name not in written:
        raise SpecError(
            f"{origin}: there is no distribution {name!r}." + did_you_mean(name, written)
        )
    return written[name]


def _inserted(given: Any, path: Path) -> dict[str, tuple[str, ...]]:
    found = {}
    for where, table in known_keys(given, given, f"{path}: mechanisms").items():
        if where.startswith("_"):
            continue
        suffixes = needed(
            known_keys(table, ("mech",), f"{path}: mechanisms.{where}"), "mech",
            f"{path}: mechanisms.{where}",
        )  # fmt: skip
        found[where] = texts(suffixes, f"{path}: mechanisms.{where}")
    return found
