"""Run one task in a child process of this one: a driver, or a worker of a cluster.

NEURON keeps state from one task to the next and can take its process with it when it crashes. So
each task gets a process that runs nothing else; who wants it only waits for it. The process is not
made by `multiprocessing`: workers may be daemons, which must not have such children, and a driver
may be a script from standard input, which its children could not import.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import time
from collections.abc import Callable

from dendmod.sweep.outcome import Died, Outcome, attempt, how_it_died, too_slow
from dendmod.sweep.task import Task

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_POLL = 0.25  # s between looks at whether the task is still wanted


def run_in_child(
    task: Task,
    *,
    expected: str | None = None,
    timeout: float | None = None,
    folder: str | None = None,
    wanted: Callable[[], bool] = lambda: True,
) -> Outcome:
    """Run a task in a new process and return how it ended.

    Parameters
    ----------
    task
        What to run.
    expected
        Its fingerprint where it was handed out; see `attempt`.
    timeout
        Seconds after which the process is killed.
    folder
        Working folder of the child, if this machine has it; else that of this process.
    wanted
        Asked four times a second; the child is killed when it says no.
    """
    answer, theirs = os.pipe()
    environment = {**os.environ, **ONE_THREAD}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    try:
        child = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main()", str(theirs)],
            stdin=subprocess.PIPE,
            pass_fds=(theirs,),
            env=environment,
            cwd=folder if folder and os.path.isdir(folder) else None,
            start_new_session=True,  # Ctrl-C in the terminal is for who waits, which ends this one
        )
    except BaseException:
        os.close(answer)
        raise
    finally:
        os.close(theirs)
    try:
        assert child.stdin is not None
        try:
            with child.stdin:
                pickle.dump(
                    (task.function, task.payload, os.getpid(), task.depends, expected), child.stdin
                )
        except BrokenPipeError:
            return how_it_died(child.wait())
        raw, died = _read(answer, timeout, wanted)
        if died is not None:
            return died
        # a child that crashes on its way out has answered all the same
        try:
            return pickle.loads(raw)
        except (EOFError, pickle.UnpicklingError):
            return how_it_died(child.wait())
    finally:
        child.kill()
        child.wait()
        os.close(answer)


def _read(
    answer: int, timeout: float | None, wanted: Callable[[], bool]
) -> tuple[bytes, Died | None]:
    """Read what the child writes until it closes its end, the time is over or nobody wants it."""
    deadline = None if timeout is None else time.monotonic() + timeout
    raw = bytearray()
    while True:
        if select.select([answer], [], [], _POLL)[0]:
            piece = os.read(answer, 1 << 20)
            if not piece:
                return bytes(raw), None
            raw += piece
        elif not wanted():
            return b"", Died("nobody waits for it any more")
        if deadline is not None and time.monotonic() > deadline:
            return b"", too_slow(timeout or 0.0)


def main() -> None:
    """Take a task from standard input and write how it ended to the pipe named on the command."""
    outcome = attempt(*pickle.load(sys.stdin.buffer))
    with os.fdopen(int(sys.argv[1]), "wb") as answer:
        pickle.dump(outcome, answer, protocol=pickle.HIGHEST_PROTOCOL)
