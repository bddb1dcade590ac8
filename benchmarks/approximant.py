"""Arbor's way of decay in the kernel, to see whether it is what makes Arbor's spikes differ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from dendmod.engines.kernel.batch import stepping
from dendmod.engines.kernel.batch.staging import ONE, number

EXACT = "cai"  # its time constants are given to Arbor such that it decays exactly


@contextmanager
def arbors_decay() -> Iterator[None]:
    """Have gates decay by (2 - x)/(2 + x) in place of exp(-x) in kernels that are built meanwhile.

    With y = a dt, that is an explicit step of ``x' = a x + b`` after a and b are divided by
    1 - y/2.
    """
    plain = stepping._alone

    def alone(
        method: str, state: str, a: Any, b: Any, x: Any, numbers: Any, dt: float
    ) -> stepping.Update:
        if method != "cnexp" or state == EXACT:
            return plain(method, state, a, b, x, numbers, dt)
        do = numbers.apply
        by = do("-", ONE, do("*", number(dt / 2), a))
        return plain("euler", state, do("/", a, by), do("/", b, by), x, numbers, dt)

    with patch.object(stepping, "_alone", alone):
        yield
