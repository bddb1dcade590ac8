"""Gain-modulated networks: many tasks from one set of weights (Wybo et al. 2022, Figs 3, 4, 6).

Needs PyTorch: ``pip install 'dendmod[ml]'``. Names are fetched when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

from dendmod.errors import DendmodError

_WHERE = {
    "BalancedSampler": "tasks",
    "Dataset": "data",
    "MultitaskNetwork": "networks",
    "NetworkSpec": "networks",
    "TaskSet": "tasks",
    "TrainSpec": "training",
    "balanced_accuracy": "tasks",
    "digits": "data",
    "evaluate": "training",
    "load_data": "data",
    "one_vs_all": "tasks",
    "plane_tasks": "tasks",
    "train": "training",
    "weight_matrix": "matrices",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'dendmod.learning' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"dendmod.learning.{_WHERE[name]}"), name)
    except ModuleNotFoundError as error:
        raise DendmodError(
            f"dendmod.learning needs {error.name}, which is not installed: pip install 'dendmod[ml]'"
        ) from None


def __dir__() -> list[str]:
    return list(__all__)
