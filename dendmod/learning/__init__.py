"""Gain-modulated networks: many tasks from one set of weights (Wybo et al. 2022, Figs 3, 4, 6).

Needs PyTorch: ``pip install 'dendmod[ml]'``. Names are fetched when they are first used.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from dendmod.errors import DendmodError

_WHERE = {
    "BalancedSampler": "classification",
    "Dataset": "dataset",
    "MultitaskNetwork": "networks",
    "MultitaskSpec": "multitask_spec",
    "TaskSet": "classification",
    "TrainSpec": "multitask_spec",
    "balanced_accuracy": "classification",
    "boundary_points": "normals",
    "digits": "data",
    "evaluate": "training",
    "from_io": "activation",
    "load_data": "data",
    "normal_coefficients": "normals",
    "normal_vectors": "normals",
    "one_vs_all": "classification",
    "plane_tasks": "classification",
    "train": "training",
    "weight_matrix": "matrices",
}
_NEEDED = ("torch", "sklearn")
_DISTRIBUTION = {"sklearn": "scikit-learn", "umap": "umap-learn"}
_WITHOUT_TORCH = ("weight_matrix",)
__all__ = sorted(_WHERE)


def require(*packages: str) -> None:
    """Raise a `DendmodError` that says what to install, if one of these packages is missing."""
    missing = [name for name in packages or _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        names = " and ".join(_DISTRIBUTION.get(name, name) for name in missing)
        raise DendmodError(
            f"this needs {names}, not installed here: pip install 'dendmod[ml]', or in a checkout "
            "pip install -c constraints.txt -e '.[ml]'"
        )


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'dendmod.learning' has no attribute {name!r}")
    require(*(("sklearn",) if name in _WITHOUT_TORCH else _NEEDED))
    return getattr(importlib.import_module(f"dendmod.learning.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
