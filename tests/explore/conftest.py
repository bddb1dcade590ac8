"""A browser and a server of the page; both are skipped, with a reason, where they cannot be had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browsers import chromium

_PATIENCE = 120.0  # seconds


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium: Playwright's own, or that of the system."""
    pytest.importorskip("bokeh", reason="the page needs Bokeh: pip install 'dendmod[explore]'")
    with chromium() as found:
        yield found


class Served:
    """A running `dendmod explore`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dendmod", "explore", "--no-browser", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
            env=os.environ | {"PYTHONUNBUFFERED": "1"}, start_new_session=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        watch = threading.Timer(_PATIENCE, self.process.kill)
        watch.start()
        self.address = self.process.stdout.readline().strip()
        watch.cancel()
        assert self.address.startswith("http://127.0.0.1:"), self.process.stderr

    def stop(self) -> tuple[int, str]:
        """End it as Ctrl-C does; return its exit code and what it said of errors."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=_PATIENCE)
        return self.process.returncode, errors


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Any]:
    """Start servers that are ended after the test."""
    running: list[Served] = []

    def start(*options: str) -> Served:
        running.append(Served(tmp_path, *options))
        return running[-1]

    yield start
    for server in running:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()
