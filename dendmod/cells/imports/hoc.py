"""Cells of a hoc template or a hoc script."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError, did_you_mean

_TEMPLATE = re.compile(r"^[ \t]*begintemplate[ \t]+(\w+)", re.MULTILINE)


def templates(file: str | Path) -> list[str]:
    """Return the names of the templates that a hoc file defines.

    Raises
    ------
    SpecError
        If there is no such file.
    """
    path = Path(file)
    if not os.path.isfile(path):
        raise SpecError(f"there is no hoc file {path}; give the file that has the template")
    text = re.sub(r"/\*.*?\*/", "", path.read_text(errors="replace"), flags=re.DOTALL)
    return _TEMPLATE.findall(text)


def which_template(file: str | Path, name: str | None) -> str | None:
    """Return the template to make a cell of; None for a script that makes its sections itself.

    Raises
    ------
    SpecError
        If the file has several and none is named, or none of this name.
    """
    there = templates(file)
    if name is None and len(there) > 1:
        raise SpecError(f"{file} has the templates {', '.join(there)}; name one: --template")
    if name is not None and name not in there:
        raise SpecError(
            f"{file} has no template {name!r}."
            + (did_you_mean(name, there) if there else " It has none; leave out --template")
        )
    return name or (there[0] if there else None)


def instantiate(file: str, template: str | None = None, args: Sequence[Any] = ()) -> Any:
    """Load a hoc file and return its cell, live, in a process that has loaded its mechanisms.

    Raises
    ------
    SpecError
        If hoc refuses the file or the template.
    """
    from dendmod.engines.neuron.session import h

    try:
        loaded = h.load_file(file)
        if loaded and template is not None:
            return getattr(h, template)(*args)
    except RuntimeError as error:
        told = str(error).rpartition("hoc_execerror: ")[2]
        if told.startswith("hoc_Load_file"):  # the reason is printed alone
            raise SpecError(f"{file}: hoc cannot load it") from None
        given = f" of {template}({', '.join(map(repr, args))})" if template else ""
        raise SpecError(f"{file}: hoc stops{given}: {told}") from None
    if not loaded:
        raise SpecError(f"{file}: hoc cannot load it")
    return list(h.allsec())
