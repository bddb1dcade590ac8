"""Run tasks in spawned processes, one task a process, and keep what they return."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, TimeoutError, wait
from contextlib import contextmanager
from pathlib import Path

from pebble import ProcessExpired, ProcessPool
from tqdm import tqdm

from dendmod.errors import SpecError, SweepError
from dendmod.sweep.ledger import Arrays, Ledger
from dendmod.sweep.task import Task, execute

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_tasks(
    tasks: Sequence[Task],
    store: Path,
    *,
    workers: int | None = None,
    timeout: float | None = None,
    retries: int = 1,
    progress: bool = True,
    fingerprint: str = "",
    scheduler: str | None = None,
) -> dict[str, Arrays]:
    """Run tasks, or take their results from the store, and return them by key in task order.

    Parameters
    ----------
    tasks
        What to run; keys differ.
    store
        Folder of the ledger and results. Results found there are not run again.
    workers
        Number of processes; None takes every core.
    timeout
        Seconds after which a task is ended and counts as failed.
    retries
        How often a task is tried again whose process died or hung. One that raises is not tried
        again: it would raise again.
    progress
        Show a bar with the time left on standard error.
    fingerprint
        What results depend on besides the payload, such as versions.
    scheduler
        Address of a Dask scheduler that runs the tasks in place of local processes.

    Raises
    ------
    SweepError
        After all other tasks are done, naming those that failed; tracebacks are in the ledger.
    KeyboardInterrupt
        After the workers were stopped; all that was finished is kept.
    """
    keys = [task.key for task in tasks]
    if len(set(keys)) != len(keys):
        raise SpecError(
            "task keys must differ: " + ", ".join(sorted({k for k in keys if keys.count(k) > 1}))
        )
    if workers is not None and workers < 1:
        raise SpecError(f"workers = {workers}; give 1 or more")
    digests = {task.key: task.digest(fingerprint) for task in tasks}
    results: dict[str, Arrays] = {}
    with Ledger(store) as ledger:
        for task in tasks:
            found = ledger.get(digests[task.key])
            if found is not None:
                results[task.key] = found
        todo = sorted((t for t in tasks if t.key not in results), key=lambda t: -t.cost)
        if todo:
            failed = {}
            with _progress_bar(tasks, results, progress) as bar:
                submit = (
                    _dask(scheduler)
                    if scheduler
                    else _processes(min(workers or default_workers(), len(todo)), timeout)
                )
                with submit as start:
                    for task, outcome, seconds in _drive(todo, start, retries):
                        digest = digests[task.key]
                        if isinstance(outcome, dict):
                            ledger.put(digest, task.key, outcome, seconds)
                            results[task.key] = outcome
                        else:
                            text = f"{type(outcome).__name__}: {outcome}"
                            ledger.fail(digest, task.key, text, _traceback(outcome))
                            failed[task.key] = text
                        bar.update(task.cost)
            if failed:
                lines = "\n  ".join(f"{k}: {e}" for k, e in failed.items())
                raise SweepError(
                    f"{len(failed)} of {len(tasks)} runs failed:\n  {lines}\nTracebacks are in "
                    f"{ledger.store / 'ledger.sqlite'} (table failure); finished runs are kept."
                )
    return {key: results[key] for key in keys}


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


@contextmanager
def _progress_bar(tasks: Sequence[Task], done: dict[str, Arrays], show: bool) -> Iterator[tqdm]:
    restored = sum(t.cost for t in tasks if t.key in done)
    bar = tqdm(
        total=sum(t.cost for t in tasks),
        initial=restored,
        disable=not show,
        desc=f"{len(tasks)} runs" + (f" ({len(done)} kept from before)" if done else ""),
        bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed} < {remaining}",
        mininterval=0.2 if sys.stderr.isatty() else 10,
    )
    try:
        yield bar
    finally:
        bar.close()


@contextmanager
def _processes(workers: int, timeout: float | None) -> Iterator:  # type: ignore[type-arg]
    """Yield a function that starts a task in a spawned process of its own."""
    before = {name: os.environ.get(name) for name in (*_ONE_THREAD, "PYTHONPATH")}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    # spawned children import what this process can import
    os.environ["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    pool = _pool_deaf_to_ctrl_c(workers)
    parent = os.getpid()
    try:
        yield lambda task: pool.schedule(
            execute, args=(task.function, task.payload, parent), timeout=timeout
        )
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


@contextmanager
def _dask(address: str) -> Iterator:  # type: ignore[type-arg]
    """Yield a function that starts a task on a Dask cluster."""
    try:
        from distributed import Client
    except ImportError:
        raise SweepError(
            "a scheduler was given, but Dask is not installed: pip install 'dendmod[cluster]'"
        ) from None
    client = Client(address, timeout=30)
    try:
        yield lambda task: client.submit(execute, task.function, task.payload, pure=False)
    finally:
        client.close()


def _drive(todo, start, retries: int):  # type: ignore[no-untyped-def]
    """Yield (task, result or exception, seconds) as tasks end; try those again that died."""
    running: dict[Future, tuple[Task, int, float]] = {  # type: ignore[type-arg]
        start(task): (task, 0, time.monotonic()) for task in todo
    }
    while running:
        for future in _wait(running):
            task, tried, began = running.pop(future)
            try:
                outcome = future.result()
            except (ProcessExpired, TimeoutError) as error:
                if tried < retries:
                    running[start(task)] = (task, tried + 1, time.monotonic())
                    continue
                outcome = SweepError(_how_it_died(error))
            except Exception as error:
                outcome = error
            yield task, outcome, time.monotonic() - began


def _wait(running):  # type: ignore[no-untyped-def]
    if isinstance(next(iter(running)), Future):
        return wait(running, return_when=FIRST_COMPLETED).done
    from distributed import wait as wait_dask

    return wait_dask(list(running), return_when="FIRST_COMPLETED").done


def _how_it_died(error: BaseException) -> str:
    if isinstance(error, ProcessExpired):
        return f"its process ended with code {error.exitcode} (killed, or out of memory?), twice"
    return "it took longer than the timeout, twice; raise the timeout or look for a hang"
