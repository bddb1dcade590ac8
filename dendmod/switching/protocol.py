"""The file of a learning experiment: protocols/figS3.toml, protocols/fig5.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt, model_validator

from dendmod.errors import of_file
from dendmod.learning.matrices import Kind
from dendmod.protocol.read import find_protocol
from dendmod.spec.base import Spec
from dendmod.spec.tables import load_toml
from dendmod.switching.ablation import Study
from dendmod.switching.settings import BOOLEAN_LITERAL, IMAGES_LITERAL, Schedule, Settings


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

    def variants(self) -> dict[str, Settings]:
        """Return the settings of each variant of the study, by name."""
        return {} if self.study is None else self.study.variants(self.literal, self.settings)

    @model_validator(mode="after")
    def _study_names_all_changes(self) -> LearningProtocol:
        if self.study is not None:
            self._check_study(self.study)
        return self

    def _check_study(self, study: Study) -> None:
        if study.cell not in study.changes:
            raise ValueError(f"study.cell: {study.cell!r} is none of the study's changes")
        apart = study.changed_fields() ^ set(self.changed())
        if apart:
            raise ValueError(
                f"study.changes must name what settings change, no more and no less; "
                f"look at {', '.join(sorted(apart))}"
            )
        if set(study.seeds) & set(self.seeds):
            raise ValueError("study.seeds must not be among the seeds that are reported")


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
    with of_file(path):
        return LearningProtocol.model_validate(table)
