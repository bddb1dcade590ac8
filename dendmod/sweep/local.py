"""Tasks in spawned processes of this machine, one task a process."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, TimeoutError
from contextlib import contextmanager
from functools import partial

from pebble import ProcessExpired, ProcessPool

from dendmod.sweep.outcome import Failed, Outcome, attempt, how_it_died, too_slow
from dendmod.sweep.task import Task

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def local_processes(workers: int, timeout: float | None) -> Iterator[LocalProcesses]:
    """Open a pool of local processes; leaving it early stops them."""
    # spawned children import what this process can import
    changed = {**ONE_THREAD, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    pool = _pool_deaf_to_ctrl_c(workers)
    try:
        yield LocalProcesses(pool, timeout)
        pool.close()
        pool.join()
    except BaseException:
        pool.stop()
        pool.join()
        raise
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class LocalProcesses:
    """Backend of local processes; see `Backend`."""

    def __init__(self, pool: ProcessPool, timeout: float | None) -> None:
        self._pool, self._timeout = pool, timeout
        self._ended: queue.SimpleQueue[tuple[Task, Future]] = queue.SimpleQueue()

    def start(self, tasks: Sequence[Task]) -> None:
        """Start tasks as processes get free."""
        for task in tasks:
            future = self._pool.schedule(
                attempt, args=(task.function, task.payload, os.getpid()), timeout=self._timeout
            )
            future.add_done_callback(partial(self._note, task))

    def _note(self, task: Task, future: Future) -> None:
        self._ended.put((task, future))

    def ended(self) -> tuple[Task, Outcome]:
        """Wait for the next task to end."""
        task, future = self._ended.get()
        try:
            return task, future.result()
        except ProcessExpired as error:
            return task, how_it_died(error.exitcode)
        except TimeoutError:
            return task, too_slow(self._timeout or 0.0)
        except Exception as error:  # the result could not be sent
            return task, Failed(f"{type(error).__name__}: {error}", "")


def _pool_deaf_to_ctrl_c(workers: int) -> ProcessPool:
    """Start a pool whose threads and processes leave Ctrl-C to the driver, which stops them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pool = ProcessPool(
            max_workers=workers, max_tasks=1, context=multiprocessing.get_context("spawn")
        )
        pool.active  # noqa: B018  # starts its threads, which inherit the mask
        return pool
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
