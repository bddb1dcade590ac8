"""Other simulators as rows of ``benchmarks.network``: processes that take turns with our own."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.workload import samples
from benchmarks.workload_file import write
from dendmod.errors import EngineError
from dendmod.network import NetworkSpec

ROOT = Path(__file__).resolve().parents[1]
N_SAMPLES = 8
LEAST_EQUAL = 0.99  # of the spike counts; a row below compares different networks

# tools, their rows and what runs them
SCRIPTS: dict[str, dict[str, tuple[str, ...]]] = {
    "brian2": {"brian2": ("brian2_network",)},
    "jax": {
        "jax_f32": ("jax_network",),
        "jax_f32_batch_1": ("jax_network", "--batch", "1"),
        "jax_f64": ("jax_network", "--precision", "float64"),
    },
    "arbor": {"arbor": ("arbor_network",)},
    "numpy": {"numpy": ("numpy_network",)},
}


class Rival:
    """A script of ``benchmarks/rivals`` in the interpreter of its environment.

    Attributes
    ----------
    about
        What it says of itself, and how far its results are from the kernel's.
    """

    def __init__(
        self, name: str, python: str, script: tuple[str, ...], work: Path, rounds: int
    ) -> None:
        self.name = name
        module, *options = script
        command = [python, "-m", f"benchmarks.rivals.{module}", str(work)]
        command += ["--wait", "--rounds", str(rounds), *options]
        try:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        except OSError as error:
            raise EngineError(
                f"{name}: {python} cannot be run ({error}); give the interpreter of an environment "
                "that has it (docs/network.md says how to make one)"
            ) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asks, self._answers = self._process.stdin, self._process.stdout

    def __enter__(self) -> Rival:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._asks.close()
        self._process.terminate()
        self._process.wait()
        self._answers.close()

    def hear(self) -> dict[str, Any]:
        """Wait until it is built and has run once; return what it says of itself."""
        self.about = self._answer()
        return self.about

    def check(self) -> None:
        """Wait until it is built and has run once; its spikes must be the kernel's.

        Raises
        ------
        EngineError
            If they are not, or if it ends.
        """
        if self.hear()["counts_equal"] < LEAST_EQUAL:
            raise EngineError(
                f"{self.name} does not run the same network: {self.about['counts_equal']:.1%} of "
                f"its spike counts are the kernel's, {LEAST_EQUAL:.0%} are asked for"
            )

    def seconds(self) -> float:
        """Return CPU time a sample of the next run."""
        self._asks.write("\n")
        self._asks.flush()
        return float(self._answer()["ms"]) / 1e3

    def _answer(self) -> dict[str, Any]:
        while line := self._answers.readline():
            if line.startswith("{"):
                return dict(json.loads(line))
        raise EngineError(f"{self.name} ended early; what it printed stands above")


@contextmanager
def start_rivals(
    pythons: Mapping[str, str], spec: NetworkSpec, dt: float, rounds: int
) -> Iterator[list[Rival]]:
    """Write the workload, start and check all scripts of the tools in `pythons`."""
    with ExitStack() as stack:
        rivals: list[Rival] = []
        if pythons:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            work = Path(folder) / "workload.npz"
            write(work, spec, samples(N_SAMPLES, dt))
        for tool, python in pythons.items():
            for name, script in SCRIPTS[tool].items():
                rival = stack.enter_context(Rival(name, python, script, work, rounds))
                rival.check()
                print(f"  {name}: {rival.about}", flush=True)
                rivals.append(rival)
        yield rivals
