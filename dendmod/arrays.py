"""Numbers and arrays as they come, at the border of the package: taken if they mean one thing.

numpy's scalars, read-only and memory-mapped arrays and any order of memory are taken. What is no
whole number where one is asked for, not finite, or a mask where numbers belong is refused by name.
Nothing that is given is changed.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError

Reals = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def whole(value: Any, name: str, *, least: int | None = None) -> int:
    """Return a whole number; 3, 3.0, np.int64(3) and an array of one of them are the same.

    Raises
    ------
    SpecError
        If it is none, or less than `least`.
    """
    if type(value) is int and (least is None or value >= least):
        return value
    try:
        number = int(value)
        same = number == value
    except (TypeError, ValueError, OverflowError):
        same = False
    if not np.all(same) or (least is not None and number < least):
        allowed = "a whole number" + ("" if least is None else f" of {least} or more")
        raise SpecError(f"{name} is {value!r}; give {allowed}")
    return number


def whole_numbers(values: Any, name: str) -> Integers:
    """Return a new array of whole numbers, of the shape given.

    Raises
    ------
    SpecError
        If there are fractions, true and false, or values beyond 64 bits.
    """
    given = np.asarray(values)
    if not given.size:
        return np.zeros(given.shape, np.int64)
    if given.dtype.kind not in "iuf":
        what = "true and false" if given.dtype.kind == "b" else f"of type {given.dtype}"
        raise SpecError(f"{name}: the values are {what}; give whole numbers")
    with np.errstate(invalid="ignore"):
        numbers = given.astype(np.int64)
    wrong = np.flatnonzero((numbers != given).ravel())
    if wrong.size:
        raise SpecError(f"{name}: {given.ravel()[wrong[0]]} is not allowed; give whole numbers")
    return numbers


def indices(values: Any, n: int, name: str) -> Integers:
    """Return the numbers of some of `n` things, given as such or by a mask.

    Raises
    ------
    SpecError
        If a mask has not one value a thing, or a number is not from 0 to n - 1.
    """
    given = np.asarray(values)
    if given.dtype.kind == "b":
        if given.shape != (n,):
            raise SpecError(f"{name}: a mask of shape {given.shape}; give one value each of {n}")
        return np.flatnonzero(given)
    numbers = whole_numbers(given, name).reshape(-1)
    outside = numbers[(numbers < 0) | (numbers >= n)]
    if outside.size:
        raise SpecError(f"{name}: {outside[0]} is not there; give numbers from 0 to {n - 1}")
    return numbers


def reals(
    values: Any, name: str, shape: tuple[int, ...] | None = None, *, gaps: bool = False
) -> Reals:
    """Return a new array of finite numbers; with `gaps`, NaN is allowed and means "not there".

    Raises
    ------
    SpecError
        If it is no array of numbers, has another shape, or values that are not finite.
    """
    try:
        if np.asarray(values).dtype.kind not in "biufO":  # text and complex numbers among them
            raise TypeError
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):  # the last of a whole number beyond 1e308
        raise SpecError(f"{name}: {str(values)[:60]!r} is no array of numbers") from None
    if shape is not None and array.shape != shape:
        raise SpecError(f"{name}: shape {array.shape}; give {shape}")
    lost = np.count_nonzero(np.isinf(array) if gaps else ~np.isfinite(array))
    if lost:
        raise SpecError(
            f"{name}: {lost} of {array.size} values are not finite; give numbers"
            if array.ndim
            else f"{name} is {float(array)}; give a finite number"
        )
    return array


def whole_steps(length: float, dt: float, name: str) -> int:
    """Return how many steps of `dt` (ms) a duration has: the one rule for time, on every engine.

    Raises
    ------
    SpecError
        If it is no whole number of steps, to a millionth of one.
    """
    if not (np.isfinite(length) and np.isfinite(dt) and dt > 0 and length >= 0):
        raise SpecError(f"{name} = {length} ms in steps of {dt} ms; give finite numbers, dt > 0")
    steps = round(length / dt)
    if abs(steps * dt - length) > 1e-6 * dt:
        below, above = (round(int(length / dt) + k) * dt for k in (0, 1))
        raise SpecError(
            f"{name} = {length} ms is no whole number of steps of {dt} ms; give {below:.10g} or "
            f"{above:.10g} ms"
        )
    return steps


def check_fields(record: Any, *, positive: tuple[str, ...] = ()) -> None:
    """Check that every number and array of numbers in a dataclass is finite.

    Parameters
    ----------
    record
        A dataclass; fields that are no numbers (functions, text, other records) are left alone.
    positive
        Fields that must be above zero.

    Raises
    ------
    SpecError
        Naming the class and the field.
    """
    for field in fields(record):
        value = getattr(record, field.name)
        name = f"{field.name} of {type(record).__name__}"
        if isinstance(value, np.ndarray) or _numeric(value):
            reals(value, name)
        if field.name in positive and not np.all(np.asarray(value) > 0):
            raise SpecError(f"{name} is {value}; give a number above 0")


def _numeric(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return bool(value) and all(map(_numeric, value))
    return isinstance(value, int | float | np.number)
