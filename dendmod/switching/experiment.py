"""The settings of an experiment on learning, and of a training."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import NonNegativeInt, PositiveInt, model_validator

from dendmod.errors import SpecError, did_you_mean
from dendmod.spec.base import Spec
from dendmod.spec.tables import load_toml
from dendmod.study.registry import figures, with_reading
from dendmod.switching.ablation import Ablation
from dendmod.switching.cells import PASSIVE, REDUCED, STAR
from dendmod.switching.settings import Schedule, Settings

_PAPER = "wybo2022"


class LearningExperiment(Spec):
    """Networks that learn tasks, with controls, and an ablation of their settings.

    Parameters
    ----------
    seed, networks
        The first seed and the number of networks, each with a seed of its own; none of them was
        used to choose a setting.
    tasks
        Names of Boolean functions, or classes of images; empty takes all.
    controls
        Networks that learn shuffled labels: the first so many seeds.
    settings
        As run.
    reading
        Name of the reading that they are of; "" for the figure's own settings.
    ablation
        The literal settings and changes of them, one by one and together.
    """

    literal: ClassVar[Settings]  # the paper's settings for these tasks

    seed: NonNegativeInt
    networks: PositiveInt
    tasks: tuple[str, ...] = ()
    controls: NonNegativeInt = 1
    schedule: Schedule
    settings: Settings
    reading: str = ""
    ablation: Ablation | None = None

    @classmethod
    def of(cls, table: Mapping[str, Any], shipped: Mapping[str, Any]) -> Self:
        """Return the experiment of a figure's table of settings.

        The ablation says what the settings of the figure as it is shipped are worth. Whatever else
        is changed in them, by an option, by a reading or by a quick run, switches it off.

        Raises
        ------
        SpecError
            Naming each field that is not allowed.
        """
        table, shipped = ({k: v for k, v in t.items() if k != "readings"} for t in (table, shipped))
        none = {"ablation": None}
        changed = cls.model_validate({**table, **none})
        as_shipped = changed == cls.model_validate({**shipped, **none})
        return cls.model_validate(table) if as_shipped else changed

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seed of each network."""
        return tuple(range(self.seed, self.seed + self.networks))

    @property
    def control_seeds(self) -> tuple[int, ...]:
        """Seeds of the networks that learn shuffled labels as well."""
        return self.seeds[: self.controls]

    @property
    def of_papers_cell(self) -> bool:
        """Whether the networks are of the paper's L5 cell, of which alone claims are judged."""
        return self.settings.cell.removesuffix(PASSIVE) in (REDUCED, STAR)

    def changed(self) -> dict[str, dict[str, Any]]:
        """Return each setting that is not literal: what it is, and the paper's."""
        ours, paper = self.settings.model_dump(), self.literal.model_dump()
        return {k: {"ours": ours[k], "paper": paper[k]} for k in ours if ours[k] != paper[k]}

    def variants(self) -> dict[str, Settings]:
        """Return the settings of each variant of the ablation, by name."""
        return {} if self.ablation is None else self.ablation.variants(self.literal, self.settings)

    @model_validator(mode="after")
    def _ablation_names_all_changes(self) -> Self:
        if self.ablation is not None:
            self._check_ablation(self.ablation)
        return self

    def _check_ablation(self, ablation: Ablation) -> None:
        if ablation.shared not in ablation.changes:
            raise ValueError(f"ablation.shared: {ablation.shared!r} is none of ablation.changes")
        apart = ablation.changed_fields() ^ set(self.changed())
        if apart:
            raise ValueError(
                f"ablation.changes must name what settings change, no more and no less; "
                f"look at {', '.join(sorted(apart))}"
            )
        if set(ablation.seeds) & set(self.seeds):
            raise ValueError("ablation.seeds must not be among the seeds that are reported")


class TrainingSettings(Spec):
    """What a training takes from a figure's settings, or from a file with these two tables."""

    schedule: Schedule
    settings: Settings


def load_training(name: str | Path, reading: str = "") -> TrainingSettings:
    """Read the tables ``[schedule]`` and ``[settings]`` of a file; other tables are not looked at.

    Parameters
    ----------
    name
        A TOML file, or a figure: "fig5", "wybo2022/figS3".
    reading
        One of its tables ``[readings]``, put over it.

    Raises
    ------
    SpecError
        If there is no such file, figure or reading, or naming each field that is not allowed.
    """
    entries = {
        found.name: found for found in figures(_PAPER).values() if "schedule" in found.settings()
    }
    entry = entries.get(str(name)) or entries.get(f"{_PAPER}/{name}")
    if os.path.isfile(name):
        table = load_toml(Path(name))
    elif entry is not None:
        table = entry.settings()
    else:
        raise SpecError(
            f"there is neither a file nor a figure of learning {str(name)!r}."
            + did_you_mean(str(name), entries)
        )
    table = with_reading({**table, "reading": reading})
    kept = {field: table[field] for field in TrainingSettings.model_fields if field in table}
    try:
        return TrainingSettings.model_validate(kept)
    except SpecError as error:
        raise SpecError(f"{name}: {error}") from None
