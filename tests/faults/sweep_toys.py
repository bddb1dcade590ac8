"""Small tasks for the tests of the sweep; importable by its workers."""

import hashlib
import os
import signal
import time
from pathlib import Path

import numpy as np


def square(x: int, seconds: float = 0.0) -> dict:
    time.sleep(seconds)
    rng = np.random.default_rng(x)
    return {"x": np.array(x * x), "noise": rng.normal(size=50)}


def die_once(x: int, mark: str) -> dict:
    """Kill the own process on the first call."""
    path = Path(mark)
    if not path.exists():
        path.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return square(x)


def always_die(x: int) -> dict:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def fail(x: int) -> dict:
    raise ValueError(f"no result for {x}")


def log_and_square(x: int, log: str, seconds: float) -> dict:
    """Note every start, so that a test can see what was run again."""
    with open(log, "a") as f:
        f.write(f"{x}\n")
    return square(x, seconds)


def where(x: int) -> dict:
    return {"pid": np.array(os.getpid()), "parent": np.array(os.getppid())}


def kill_the_worker(x: int) -> dict:
    """Kill the process that started this one: a worker of a cluster."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)
    return {}


def hash_of(mark: str, **_: object) -> dict[str, str]:
    """Return the hash of the file that a payload names, for tasks that depend on it."""
    return {"mark": hashlib.sha256(Path(mark).read_bytes()).hexdigest()[:12]}


def read(mark: str) -> dict:
    """Return what a file says."""
    return {"text": np.array(Path(mark).read_text())}


def ends(code: int) -> dict:
    """End the own process without an answer."""
    os._exit(code)


def named(names: list) -> dict:
    """Return arrays of these names."""
    return {name: np.arange(k) for k, name in enumerate(names)}


def keep(x: object) -> dict:
    """Take anything."""
    return {}
