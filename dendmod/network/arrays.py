"""Arrays as fields of a specification: checked, kept read-only, compared by value."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, ConfigDict, PlainSerializer

from dendmod.arrays import reals, whole_numbers
from dendmod.spec.base import Spec


def _reals(value: Any) -> npt.NDArray[np.float64]:
    array = reals(value, "an array")
    array.flags.writeable = False
    return array


def _integers(value: Any) -> npt.NDArray[np.int64]:
    array = whole_numbers(value, "an array")
    array.flags.writeable = False
    return array


_TO_LIST = PlainSerializer(lambda array: array.tolist(), return_type=list)
Reals = Annotated[npt.NDArray[np.float64], BeforeValidator(_reals), _TO_LIST]
Integers = Annotated[npt.NDArray[np.int64], BeforeValidator(_integers), _TO_LIST]


class ArraySpec(Spec):
    """A frozen specification some of whose fields are arrays."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        theirs = other.__dict__
        return all(_same(value, theirs[name]) for name, value in self.__dict__.items())

    __hash__ = None  # type: ignore[assignment]  # arrays: not hashable


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and np.array_equal(a, b)
    return bool(a == b)
