"""Tasks on a Dask cluster; each runs in a child process of the worker that got it."""

from __future__ import annotations

import asyncio
import itertools
import os
import queue
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError, SweepError
from dendmod.sweep.child import run_in_child
from dendmod.sweep.outcome import Died, Failed, Outcome
from dendmod.sweep.task import Task
from dendmod.texts import read_json_table

_CONNECT = 5  # s: a scheduler that is there answers within milliseconds
_LOOK = 2.0  # s between looks at whether the scheduler is still there


@contextmanager
def cluster(address: str, timeout: float | None, expected: Mapping[str, str]) -> Iterator[Cluster]:
    """Connect to a Dask scheduler; leaving early cancels what runs there.

    Parameters
    ----------
    address
        Such as ``tcp://host:8786``, or the path of a scheduler file.
    timeout
        Seconds that a task may take.
    expected
        Fingerprint of each task by key: a worker that would compute something else refuses it.

    Raises
    ------
    SweepError
        If Dask is not installed or the scheduler does not answer.
    """
    try:
        from distributed import Client
    except ImportError:
        raise SweepError(
            "a scheduler was given, but Dask is not installed: pip install 'dendmod[cluster]'"
        ) from None
    try:
        at = _resolve(address)
        with ThreadPoolExecutor(1) as thread:  # a notebook has a loop of its own in this one
            thread.submit(asyncio.run, _knock(at)).result()
        client = Client(at, timeout=_CONNECT, set_as_default=False, name="dendmod")
    except Exception as error:  # what answers may be anything
        raise SweepError(
            f"no Dask scheduler answers at {address!r} ({error or type(error).__name__}). "
            "Give the address that `dask scheduler` prints, such as tcp://host:8786, or the path "
            "of its scheduler file"
        ) from None
    running = Cluster(client, address, timeout, expected)
    try:
        if not client.ncores():
            print(
                f"the scheduler at {address} has no workers yet; waiting for one", file=sys.stderr
            )
        yield running
    except BaseException:
        running.cancel()
        raise
    finally:
        with suppress(Exception):
            client.close(timeout=5)


def _resolve(address: str) -> str:
    """Return the address that a scheduler file holds, or what was given."""
    path = Path(address)
    if not path.is_file():
        return address
    found = read_json_table(path).get("address")
    if not isinstance(found, str):
        raise SpecError(f"{path} is no scheduler file of Dask: it has no address")
    return found


async def _knock(address: str) -> None:
    """Connect and hang up: a `Client` that cannot connect would keep the program from ending."""
    from distributed import Security
    from distributed.comm import connect

    arguments = Security().get_connection_args("client")
    (await connect(address, timeout=_CONNECT, **arguments)).abort()


class Cluster:
    """Backend of a Dask cluster; see `Backend`."""

    def __init__(
        self, client: Any, address: str, timeout: float | None, expected: Mapping[str, str]
    ) -> None:
        self._client, self._address, self._expected = client, address, expected
        # file names in payloads mean what they mean here, where the disk is shared
        self._run = partial(_on_worker, timeout=timeout, folder=os.getcwd())
        self._name, self._started = uuid.uuid4().hex, itertools.count()
        self._running: dict[str, tuple[Task, Any]] = {}
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()

    def start(self, tasks: Sequence[Task]) -> None:
        """Hand tasks to the scheduler."""
        # A key of its own each time: a task that is tried again is a new one to Dask, which
        # runs equals in the order of their keys.
        keys = [f"dendmod-{self._name}-{next(self._started):08d}" for _ in tasks]
        # one opaque argument, in which Dask looks for no futures and no keys
        jobs = [_Job(task, self._expected[task.key]) for task in tasks]
        futures = self._client.map(self._run, jobs, key=keys, pure=False)
        for task, future in zip(tasks, futures, strict=True):
            self._running[future.key] = (task, future)
            future.add_done_callback(lambda done: self._ended.put(done.key))

    def ended(self) -> tuple[Task, Outcome]:
        """Wait for the next task to end.

        Raises
        ------
        SweepError
            If the scheduler has gone.
        """
        from distributed import KilledWorker
        from distributed.client import CancelledError

        task, future = self._running.pop(self._next())
        try:
            return task, future.result()
        except KilledWorker:
            return task, Died("the workers that it ran on died (killed, or out of memory?)")
        except (CancelledError, TimeoutError) as error:
            raise self._gone() from error
        except Exception as error:  # dendmod is not installed there, for instance
            return task, Failed(f"{type(error).__name__}: {error} (on a worker of the cluster)", "")

    def cancel(self) -> None:
        """Give up what still runs; workers then end the processes of their tasks."""
        futures = [future for _, future in self._running.values()]
        with suppress(Exception):
            self._client.cancel(futures, force=True, asynchronous=False)

    def _next(self) -> str:
        while True:
            try:
                return self._ended.get(timeout=_LOOK)
            except queue.Empty:
                if self._client.status not in ("running", "connecting"):
                    raise self._gone() from None

    def _gone(self) -> SweepError:
        return SweepError(
            f"the Dask scheduler at {self._address} went away. Finished runs are kept: start it "
            "and give the same command again"
        )


class _Job:
    """A task and its fingerprint, as one value."""

    def __init__(self, task: Task, expected: str) -> None:
        self.task, self.expected = task, expected


def _on_worker(job: _Job, *, timeout: float | None, folder: str | None) -> Outcome:
    return run_in_child(
        job.task,
        expected=job.expected,
        timeout=timeout,
        folder=folder,
        wanted=_asks_whether_wanted(),
    )


def _asks_whether_wanted() -> Callable[[], bool]:
    """Return a function that says whether someone still waits for the task of this thread."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state != "cancelled"

    return wanted
