"""A real Dask cluster of processes on this machine, for tests: a scheduler and its workers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


class Cluster:
    """A scheduler and `n` workers, each a process of its own without a nanny."""

    def __init__(self, folder: Path, n: int = 2, allowed_failures: int = 1) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE), *(p for p in sys.path if p)]),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures),
            "DASK_DISTRIBUTED__DASHBOARD__LINK": "",
        }
        self.scheduler = self._start(
            "scheduler", "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--scheduler-file", str(self.file),
        )  # fmt: skip
        wait_for(lambda: self.file.exists() and self.file.read_text().endswith("}"), 60)
        self.workers: list[subprocess.Popen] = []
        for _ in range(n):
            self.add_worker()

    @property
    def address(self) -> str:
        return str(self.file)

    def add_worker(self) -> None:
        k = len(self.workers)
        self.workers.append(
            self._start(
                f"worker{k}", "dask_worker", "--scheduler-file", str(self.file), "--no-nanny",
                "--nthreads", "1", "--no-dashboard", "--name", f"w{k}",
                "--local-directory", str(self.folder / f"w{k}"),
            )
        )  # fmt: skip

    def _start(self, name: str, module: str, *options: str) -> subprocess.Popen:
        log = (self.folder / f"{name}.log").open("w")
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *options],
            env=self.env, stdout=log, stderr=log,
        )  # fmt: skip

    def children(self, worker: int) -> list[int]:
        """Processes that a worker has started and that still live."""
        return children(self.workers[worker].pid)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task")
    return [
        int(child) for thread in path.glob("*/children") for child in thread.read_text().split()
    ]


def wait_for(condition, seconds: float = 30.0):
    """Wait until `condition()` is true, and return what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return found
