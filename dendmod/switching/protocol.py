"""The file of a learning experiment: protocols/figS3.toml, protocols/fig5.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt, ValidationError

from dendmod.errors import SpecError
from dendmod.protocol.read import find_protocol, load_toml
from dendmod.spec.base import Spec
from dendmod.switching.settings import Schedule, Settings


class LearningProtocol(Spec):
    """A learning experiment.

    Parameters
    ----------
    hidden
        Numbers of hidden cells.
    seeds
        Each makes a network of its own; none of them was used to choose a setting.
    tasks
        Names of Boolean functions, or classes of images; empty takes all.
    settings
        As run; `literal` holds the paper's for comparison.
    """

    schema_: Literal["dendmod/switching/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    title: str
    source: str
    hidden: tuple[PositiveInt, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=1)
    tasks: tuple[str, ...] = ()
    matrices: tuple[str, ...] = ()
    schedule: Schedule
    settings: Settings
    quick: dict[str, Any] = {}


def load_learning(
    name: str | Path, *, quick: bool = False, changes: dict[str, Any] | None = None
) -> LearningProtocol:
    """Read and check the file of a learning experiment.

    Parameters
    ----------
    quick
        Put the fields of its table ``[quick]`` in place.
    changes
        Top-level fields that are changed.

    Raises
    ------
    SpecError
        Naming each field that is not allowed.
    """
    path = find_protocol(name)
    table = load_toml(path)
    if quick:
        table |= table.get("quick", {})
    table |= changes or {}
    try:
        return LearningProtocol.model_validate(table)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(p) for p in item['loc'])}: {item['msg']}; given: {item['input']!r}"[
                :300
            ]
            for item in error.errors()
        ]
        raise SpecError(f"{path}: " + "\n  ".join(lines)) from None
