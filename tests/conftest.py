"""What all tests share."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
# many test processes share the cores; with threads of their own they wait for each other
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

# a run that a script put into the background ignores Ctrl-C, and so would all that the tests start
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# by hand, new examples each time; on a clean checkout, the same ones
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

REPOSITORY = Path(__file__).resolve().parent.parent
_IN_CHILD = "DENDMOD_TEST_IN_CHILD"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is marked `own_process` in one, as it loads mechanisms for all of it."""
    if os.environ.get(_IN_CHILD) or not pyfuncitem.get_closest_marker("own_process"):
        return None
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, pyfuncitem.nodeid], cwd=pyfuncitem.config.rootpath, text=True,
        capture_output=True, env=os.environ | {_IN_CHILD: "1"},
    )  # fmt: skip
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)
    return True


def shared_path(name: str) -> Path:
    """Return a file that lies beside the repository, or skip the test."""
    root = Path(os.environ.get("DENDMOD_SHARED", REPOSITORY.parent / "shared"))
    if not (root / name).exists():
        pytest.skip(f"{name} is not here (set DENDMOD_SHARED to the folder that has it)")
    return root / name


@pytest.fixture
def original() -> Path:
    """The reconstruction of Hay et al. 2011."""
    return shared_path("morphologies/hay2011_cell1.asc")
