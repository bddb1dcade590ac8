"""The file of a learning experiment: protocols/figS3.toml, protocols/fig5.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt, ValidationError

from dendmod.errors import SpecError
from dendmod.learning.matrices import Kind
from dendmod.protocol.read import find_protocol, load_toml
from dendmod.spec.base import Spec
from dendmod.switching.settings import BOOLEAN_LITERAL, IMAGES_LITERAL, Schedule, Settings


class Study(Spec):
    """Settings compared with each other, on seeds that no reported network has.

    Parameters
    ----------
    variants
        Name -> what is changed in the literal settings; an empty table is literal.
    """

    seeds: tuple[int, ...] = Field(min_length=1)
    tasks: tuple[str, ...] = Field(min_length=1)
    schedule: Schedule
    variants: dict[str, dict[str, Any]] = Field(min_length=1)


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
    controls
        Networks that learn shuffled labels: the first so many seeds.
    settings
        As run.
    study
        The literal settings and changes of them, one by one and together.
    """

    schema_: Literal["dendmod/switching/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    title: str
    source: str
    hidden: tuple[PositiveInt, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=1)
    tasks: tuple[str, ...] = ()
    matrices: tuple[Kind, ...] = ()
    schedule: Schedule
    settings: Settings
    controls: PositiveInt = 1
    study: Study | None = None
    quick: dict[str, Any] = {}

    @property
    def literal(self) -> Settings:
        """The paper's settings for what the protocol is about."""
        return IMAGES_LITERAL if self.matrices else BOOLEAN_LITERAL

    def changed(self) -> dict[str, dict[str, Any]]:
        """Return each setting that is not literal: what it is, and the paper's."""
        ours, paper = self.settings.model_dump(), self.literal.model_dump()
        return {k: {"ours": ours[k], "paper": paper[k]} for k in ours if ours[k] != paper[k]}

    def variant_settings(self) -> tuple[Settings, ...]:
        """Return the settings of each variant of the study."""
        if self.study is None:
            return ()
        base = self.literal.model_dump()
        return tuple(Settings.model_validate({**base, **v}) for v in self.study.variants.values())


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
        table |= {"study": None, **table.get("quick", {})}
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
