"""Packages that dendmod uses where they are installed."""

from __future__ import annotations

import importlib
from typing import Any

from dendmod.errors import SpecError


def package(name: str, extra: str, instead: str = "") -> Any:
    """Return a module of an optional package.

    Parameters
    ----------
    name
        The module.
    extra
        The extra of dendmod that installs it.
    instead
        What can be done without it, as the end of a sentence.

    Raises
    ------
    SpecError
        If it is not installed, with the command that installs it.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        also = f", or {instead}" if instead else ""
        raise SpecError(
            f"{name.partition('.')[0]} is not installed; give: pip install 'dendmod[{extra}]'{also}"
        ) from None
