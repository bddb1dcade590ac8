"""A process of its own that computes, so that the page goes on whatever happens to it.

NEURON's state lives there. It takes jobs step by step: the most urgent first, a newer one of the
same kind in place of an older one. If it ends unexpectedly, it is started anew.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Literal

from dendmod.errors import DendmodError
from dendmod.explore.state import Exploration

Kind = Literal["trial", "neuron", "conductance", "impedance", "io"]
URGENCY: tuple[Kind, ...] = ("trial", "neuron", "conductance", "io", "impedance")
_METHOD = {"trial": "trial", "neuron": "on_neuron", "conductance": "conductance",
           "impedance": "impedance", "io": "io_curve"}  # fmt: skip
_PATIENCE = 5.0  # seconds that a job has to give up by itself


@dataclass(frozen=True)
class Update:
    """What became of a job: "progress" with the part that is done, "done" with its result,
    "failed" with words for the user, or "stopped"."""

    what: Literal["progress", "done", "failed", "stopped"]
    value: Any = None


Listener = Callable[[Update], None]


@dataclass(frozen=True)
class _Asked:
    owner: str
    kind: Kind
    listen: Listener
    message: tuple[Any, ...]


class Worker:
    """One process that computes for any number of pages.

    Parameters
    ----------
    name
        For messages and lists of processes.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._asked: dict[int, _Asked] = {}
        self._closed = self._ended = False
        self._start()

    def submit(
        self, owner: str, kind: Kind, listen: Listener, state: Exploration, *args: Any
    ) -> None:
        """Ask for a computation; it takes the place of an owner's earlier one of its kind.

        Parameters
        ----------
        owner
            Whose it is, such as a page's.
        listen
            Called with each `Update`, in a thread of the worker.
        state, args
            What is computed: arguments of the method of `dendmod.explore.compute.Bench`.
        """
        with self._lock:
            self._drop(owner, kind)
            number = next(self._numbers)
            message = ("run", number, kind, state.model_dump_json(), args)
            self._asked[number] = _Asked(owner, kind, listen, message)
            self._send(message)

    def stop(self, owner: str, *kinds: Kind) -> None:
        """Have an owner's computations given up; one that does not is ended with the process."""
        with self._lock:
            dropped = [self._drop(owner, kind) for kind in kinds or URGENCY]
            waiting = [asked for found in dropped for asked in found]
            if waiting:
                process = self.process
                self._answered.clear()
                self._send(("ping",))
                timer = threading.Timer(_PATIENCE, self._end_if_silent, [process])
                timer.daemon = True
                timer.start()
        for asked in waiting:
            _tell(asked, Update("stopped"))

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._closed = True
            self.process.kill()
        self.process.join()

    # -- the process ----------------------------------------------------------------------------

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), name=self.name, daemon=True)
        self.process.start()
        theirs.close()
        self._answered = threading.Event()
        reader = threading.Thread(target=self._read, args=(self._pipe, self.process), daemon=True)
        reader.start()

    def _send(self, message: tuple[Any, ...]) -> None:
        with suppress(OSError):  # it has ended, which the reader says
            self._pipe.send(message)

    def _drop(self, owner: str, kind: Kind) -> list[_Asked]:
        found = [n for n, a in self._asked.items() if (a.owner, a.kind) == (owner, kind)]
        for number in found:
            self._send(("stop", number))
        return [self._asked.pop(number) for number in found]

    def _end_if_silent(self, process: Any) -> None:
        with self._lock:
            if not self._answered.is_set() and process is self.process:
                self._ended = True
                process.kill()

    def _read(self, pipe: Connection, process: Any) -> None:
        while True:
            try:
                number, update = pipe.recv()
            except (EOFError, OSError):
                break
            if number == 0:
                self._answered.set()
                continue
            with self._lock:
                asked = self._asked.get(number)
                if update.what != "progress":
                    self._asked.pop(number, None)
            if asked is not None:
                _tell(asked, update)
        process.join()
        with self._lock:
            if self._closed:
                return
            lost: list[_Asked] = []
            if not self._ended:
                lost, self._asked = list(self._asked.values()), {}
            self._ended = False
            self._start()
            for asked in self._asked.values():
                self._send(asked.message)
        words = (
            f"the process that computes ended unexpectedly (exit code {process.exitcode}) and was "
            "started anew; what was chosen is still here"
        )
        for asked in lost:
            _tell(asked, Update("failed", words))


def _tell(asked: _Asked, update: Update) -> None:
    try:
        asked.listen(update)
    except Exception:  # a listener that is gone is no reason to listen no more
        traceback.print_exc()


# -- in the other process --------------------------------------------------------------------


def _serve(pipe: Connection) -> None:
    """Take jobs from a pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which closes the pipe
    from dendmod.explore.compute import Bench

    bench = Bench()
    jobs: dict[int, tuple[int, Any]] = {}
    while True:
        try:
            while not jobs or pipe.poll():
                message = pipe.recv()
                if message[0] == "ping":
                    pipe.send((0, None))
                elif message[0] == "stop":
                    jobs.pop(message[1], None)
                else:
                    _, number, kind, state, args = message
                    jobs[number] = URGENCY.index(kind), _job(bench, kind, state, args)
            number = min(jobs, key=lambda n: (jobs[n][0], n))
            update = _step(jobs[number][1])
            if update.what != "progress":
                del jobs[number]
            pipe.send((number, update))
        except (EOFError, OSError):
            os._exit(0)  # the server is gone


def _job(bench: Any, kind: Kind, state: str, args: tuple[Any, ...]) -> Any:
    given = Exploration.model_validate_json(state)
    return getattr(bench, _METHOD[kind])(given, *args)


def _step(job: Any) -> Update:
    try:
        return Update("progress", next(job))
    except StopIteration as done:
        return Update("done", done.value)
    except DendmodError as error:
        return Update("failed", str(error))
    except OSError as error:
        return Update("failed", f"{error}. Give a place that can be read and written")
    except Exception:
        traceback.print_exc()
        return Update("failed", "this is a fault of dendmod: see where the command was started")
