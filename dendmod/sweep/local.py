"""Tasks in processes of this machine, one task a process."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from dendmod.sweep.child import run_in_child
from dendmod.sweep.outcome import Died, Outcome
from dendmod.sweep.task import Task


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def local_processes(workers: int, timeout: float | None) -> Iterator[LocalProcesses]:
    """Open room for so many processes; leaving it early stops them."""
    with ThreadPoolExecutor(workers, thread_name_prefix="task") as waiting:
        processes = LocalProcesses(waiting, timeout)
        try:
            yield processes
        finally:
            processes.stop()


class LocalProcesses:
    """Backend of local processes; see `Backend`. A thread waits for each."""

    def __init__(self, waiting: ThreadPoolExecutor, timeout: float | None) -> None:
        self._waiting, self._timeout = waiting, timeout
        self._ended: queue.SimpleQueue[tuple[Task, Outcome]] = queue.SimpleQueue()
        self._stopped = threading.Event()

    def start(self, tasks: Sequence[Task]) -> None:
        """Start tasks as processes get free."""
        for task in tasks:
            self._waiting.submit(self._run, task)

    def stop(self) -> None:
        """End what runs, and start no more."""
        self._stopped.set()
        self._waiting.shutdown(wait=False, cancel_futures=True)

    def _run(self, task: Task) -> None:
        try:
            outcome = run_in_child(
                task, timeout=self._timeout, wanted=lambda: not self._stopped.is_set()
            )
        except Exception as error:  # no process could be started; the driver must not wait for it
            outcome = Died(f"its process could not be started: {type(error).__name__}: {error}")
        self._ended.put((task, outcome))

    def ended(self) -> tuple[Task, Outcome]:
        """Wait for the next task to end."""
        return self._ended.get()
