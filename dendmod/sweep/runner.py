"""Run tasks, one task a process, and keep what they return."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tqdm import tqdm

from dendmod.errors import SpecError, SweepError
from dendmod.sweep.fingerprint import as_it_was
from dendmod.sweep.ledger import Ledger
from dendmod.sweep.local import default_workers, local_processes
from dendmod.sweep.outcome import Arrays, Backend, Died, Failed, Finished
from dendmod.sweep.task import Task


def run_tasks(
    tasks: Sequence[Task],
    store: Path,
    *,
    workers: int | None = None,
    timeout: float | None = None,
    retries: int = 1,
    progress: bool = True,
    scheduler: str | None = None,
) -> dict[str, Arrays]:
    """Run tasks, or take their results from the store, and return them by key in task order.

    Tasks with different keys that ask for the same thing are run once. A stored result is taken if
    the payload, the code that makes it and what that used are the same (`fingerprint`).

    Parameters
    ----------
    tasks
        What to run; keys differ.
    store
        Folder of the ledger and results. Results found there are not run again.
    workers
        Number of local processes; None takes every core.
    timeout
        Seconds after which a task is ended and counts as failed.
    retries
        How often a task is tried again whose process died or hung. One that raises is not tried
        again: it would raise again.
    progress
        Show a bar with the time left on standard error.
    scheduler
        Address (or scheduler file) of a Dask cluster that runs the tasks in place of local
        processes. A worker whose code, versions or files differ refuses them.

    Raises
    ------
    SweepError
        After all other tasks are done, naming those that failed; it has `.results` and `.failed`
        by key, and tracebacks are in the ledger. At once if the store cannot be written or the
        scheduler does not answer.
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
    if timeout is not None and not timeout > 0:
        raise SpecError(f"timeout = {timeout}; give more than 0 s")
    marks = {task.key: task.fingerprint() for task in tasks}
    digests = {task.key: task.digest(marks[task.key]) for task in tasks}
    done: dict[str, Arrays] = {}  # by digest
    failed: dict[str, str] = {}
    with Ledger(store) as ledger:
        for digest in set(digests.values()):
            found = ledger.get(digest)
            if found is not None:
                done[digest] = found
        missing: dict[str, Task] = {}
        for task in tasks:
            if digests[task.key] not in done:
                missing.setdefault(digests[task.key], task)
        todo = sorted(missing.values(), key=lambda t: -t.cost)
        if todo:
            backend = _backend(len(todo), workers, timeout, scheduler, marks)
            with (
                _progress_bar(len(tasks), len(tasks) - len(todo), todo, progress) as bar,
                backend as running,
            ):
                for task, outcome in _drive(todo, running, retries):
                    digest = digests[task.key]
                    if isinstance(outcome, Finished) and not as_it_was(task.function):
                        outcome = Failed(
                            "its code was changed while it ran; give the same command again", ""
                        )
                    if isinstance(outcome, Finished):
                        ledger.put(task, marks[task.key], outcome.arrays, outcome.seconds)
                        done[digest] = outcome.arrays
                    else:
                        ledger.fail(task, marks[task.key], outcome.error, outcome.traceback)
                        failed[digest] = outcome.error
                    bar.update(task.cost)
    results = {key: done[d] for key, d in digests.items() if d in done}
    if failed:
        raise SweepError.of_runs(
            {key: failed[d] for key, d in digests.items() if d in failed}, results, Path(store)
        )
    return results


def _backend(
    n: int,
    workers: int | None,
    timeout: float | None,
    scheduler: str | None,
    marks: Mapping[str, str],
) -> AbstractContextManager[Backend]:
    if scheduler is None:
        return local_processes(min(workers or default_workers(), n), timeout)
    from dendmod.sweep.cluster import cluster

    return cluster(scheduler, timeout, marks)


@contextmanager
def _progress_bar(n: int, kept: int, todo: Sequence[Task], show: bool) -> Iterator[tqdm]:
    bar = tqdm(
        total=sum(t.cost for t in todo),
        disable=not show,
        desc=f"{n} run{'s' if n > 1 else ''}" + (f" ({kept} kept from before)" if kept else ""),
        bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed} < {remaining}",
        mininterval=0.2 if sys.stderr.isatty() else 10,
    )
    try:
        yield bar
    finally:
        bar.close()


def _drive(
    todo: Sequence[Task], backend: Backend, retries: int
) -> Iterator[tuple[Task, Finished | Failed]]:
    """Yield how each task ends; try those again that died."""
    tries = dict.fromkeys((task.key for task in todo), 0)
    backend.start(todo)
    while tries:
        task, outcome = backend.ended()
        tries[task.key] += 1
        if isinstance(outcome, Died):
            if tries[task.key] <= retries:
                backend.start([task])
                continue
            outcome = Failed(f"{outcome.reason}; tries: {tries[task.key]}", "")
        del tries[task.key]
        yield task, outcome
