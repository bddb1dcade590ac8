"""How a task ends: with a result, with an error of its own, or with the death of its process."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dendmod.sweep.fingerprint import check_same
from dendmod.sweep.task import Task, execute

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Finished:
    """What the task returned, and how many seconds its function took."""

    arrays: Arrays
    seconds: float


@dataclass(frozen=True)
class Failed:
    """The task raised an error; it would raise it again."""

    error: str
    traceback: str


@dataclass(frozen=True)
class Died:
    """The process of the task was killed or took too long; another try may succeed."""

    reason: str


Outcome = Finished | Failed | Died


class Backend(Protocol):
    """Where tasks run: local processes or a cluster."""

    def start(self, tasks: Sequence[Task]) -> None:
        """Let tasks run, in this order as far as there is room."""

    def ended(self) -> tuple[Task, Outcome]:
        """Wait for the next task to end."""


def attempt(
    function: str,
    payload: dict[str, Any],
    parent: int | None = None,
    depends: str | None = None,
    expected: str | None = None,
) -> Finished | Failed:
    """Run a task's function in this process (called in the worker); errors become values.

    Parameters
    ----------
    function, payload, depends
        Those of the task.
    parent
        Process whose death ends this one.
    expected
        The task's fingerprint where it was handed out; given on another machine, which refuses a
        task that it would compute differently.
    """
    try:
        if parent is not None:
            die_with(parent)
        if expected is not None:
            check_same(expected, function, payload, depends)
        began = time.monotonic()
        arrays = execute(function, payload)
        return Finished(arrays, time.monotonic() - began)
    except (Exception, SystemExit) as error:
        text = "".join(traceback.format_exception(error))
        return Failed(f"{type(error).__name__}: {error}", text)


def how_it_died(code: int | None) -> Died:
    """Return what is said of a process that ended without a result."""
    why = "without an answer" if code == 0 else "killed, or out of memory?"
    return Died(f"its process ended with code {code} ({why})")


def too_slow(timeout: float) -> Died:
    """Return what is said of a process that was ended after `timeout` seconds."""
    return Died(
        f"it took longer than the timeout of {timeout:g} s; raise the timeout or look for a hang"
    )


def die_with(parent: int) -> None:
    """Make the kernel end this process when its parent dies, where the kernel can (Linux)."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)
