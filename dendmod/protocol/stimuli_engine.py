"""Which engine runs a file of stimuli, and its runs on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dendmod.cells.provenance import DEPENDS_OF_MANY_STIMULI
from dendmod.engines.held import Agreement, Chosen, Engine, choose
from dendmod.protocol.levels import level_of
from dendmod.sweep import Sweep, Task
from dendmod.sweep.outcome import Arrays

_TASKS = "dendmod.protocol.stimuli_tasks"
_FEW = 4  # runs; two of them are held
_AT_ONCE = 32  # runs of a task, a multiple of a vector's lanes


def choose_engine(asked: Engine, tasks: Sequence[Task], sweep: Sweep) -> Chosen:
    """Return the engine: the kernel for many runs that differ in numbers, if it agrees.

    Parameters
    ----------
    asked
        "auto", "neuron" or "kernel".
    tasks
        The runs, each a task in NEURON.
    sweep
        Where the check is kept.
    """
    if asked == "auto" and len(tasks) <= _FEW:
        n = f"{len(tasks)} runs are" if len(tasks) > 1 else "one run is"
        return Chosen("neuron", f"NEURON ran it: {n} too few to hold the kernel for.")

    def held() -> Agreement:
        task = Task(
            "kernel held against NEURON", f"{_TASKS}:hold_stimuli", _together(tasks), 8.0,
            DEPENDS_OF_MANY_STIMULI,
        )  # fmt: skip
        return Agreement.of(sweep.run([task])[task.key])

    return choose(asked, held)


def run_on(
    chosen: Chosen, tasks: Sequence[Task], sweep: Sweep
) -> tuple[dict[str, Arrays], list[str]]:
    """Return the arrays of each run by the key of its task, and what ran them."""
    if chosen.engine == "neuron":
        return sweep.run(tasks), ["neuron"]
    blocks = {
        f"together/{first}": tasks[first : first + _AT_ONCE]
        for first in range(0, len(tasks), _AT_ONCE)
    }
    done = sweep.run([
        Task(key, f"{_TASKS}:run_together", _together(block), sum(t.cost for t in block),
             DEPENDS_OF_MANY_STIMULI)
        for key, block in blocks.items()
    ])  # fmt: skip
    found = {
        task.key: level_of(done[key], k)
        for key, block in blocks.items()
        for k, task in enumerate(block)
    }
    return found, sorted({str(done[key]["engine"]) for key in blocks})


def _together(tasks: Sequence[Task]) -> dict[str, Any]:
    return {
        "protocols": [task.payload["protocol"] for task in tasks],
        "trials": [task.payload["trial"] for task in tasks],
    }
