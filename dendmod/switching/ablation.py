"""What each change of the paper's settings does, alone and with the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from dendmod.spec.base import Spec
from dendmod.switching.settings import Schedule, Settings

LITERAL, ALL = "literal", "all"


class Ablation(Spec):
    """Settings compared with each other, on seeds that no reported network has.

    Parameters
    ----------
    shared
        Name of the change that all variants but the literal one have: a cell that is faster.
    changes
        Name -> fields of the settings as run. Each is tried alone, and left out of all.
    readings
        Name -> what differs from the settings as run.
    """

    seeds: tuple[int, ...] = Field(min_length=1)
    tasks: tuple[str, ...] = Field(min_length=1)
    schedule: Schedule
    shared: str
    changes: dict[str, tuple[str, ...]] = Field(min_length=1)
    readings: dict[str, dict[str, Any]] = {}

    def changed_fields(self) -> set[str]:
        """Return all fields that some change names."""
        return {field for fields in self.changes.values() for field in fields}

    def variants(self, literal: Settings, run: Settings) -> dict[str, Settings]:
        """Return the settings of each variant, by name.

        Parameters
        ----------
        literal
            The paper's.
        run
            Those that are run.
        """
        paper, ours = literal.model_dump(), run.model_dump()

        def with_(base: dict[str, Any], values: dict[str, Any], *names: str) -> Settings:
            fields = [field for name in names for field in self.changes[name]]
            return Settings.model_validate(base | {field: values[field] for field in fields})

        others = [name for name in self.changes if name != self.shared]
        found = {LITERAL: literal, self.shared: with_(paper, ours, self.shared)}
        found |= {f"+ {name}": with_(paper, ours, self.shared, name) for name in others}
        found |= {f"all but {name}": with_(ours, paper, name) for name in others}
        found[ALL] = run
        for name, values in self.readings.items():
            found[f"all with {name}"] = Settings.model_validate(ours | values)
        return found

    def summary(
        self, variants: Mapping[str, Settings], accuracy: Mapping[str, npt.NDArray[np.float64]]
    ) -> dict[str, Any]:
        """Return what came out, for summary.json.

        Parameters
        ----------
        variants
            As `Ablation.variants` returns them.
        accuracy
            Balanced accuracy at the end of each of them, shape [seeds, tasks].
        """
        paper = variants[LITERAL].model_dump(mode="json")
        rows = {}
        for name, settings in variants.items():
            own = settings.model_dump(mode="json")
            rows[name] = {
                "changes": {k: v for k, v in own.items() if v != paper[k]},
                "accuracy": dict(zip(self.tasks, accuracy[name].T.tolist(), strict=True)),
                "mean": float(accuracy[name].mean()),
            }
        return {"seeds": list(self.seeds), "samples": self.schedule.samples, "rows": rows}
