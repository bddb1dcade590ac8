"""Run an exported folder in plain NEURON, and hold it against dendmod."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from dendmod.cells.exports import export as step
from dendmod.cells.exports.export import Export
from dendmod.errors import EngineError
from dendmod.mechanisms import library
from dendmod.spec.result import Array, upward_crossings

_COMMANDS = {
    "hoc": ("-c", "from neuron import h; h.load_file('run.hoc')"),
    "python": ("run.py",),
}


@dataclass(frozen=True)
class Held:
    """An exported cell beside dendmod's, at one place.

    Parameters
    ----------
    place
        NEURON's name of the place.
    largest
        Largest difference of the potentials (mV).
    spikes, spikes_dendmod
        Number of spikes of the exported cell, and of dendmod's.
    """

    place: str
    largest: float
    spikes: int
    spikes_dendmod: int

    def as_json(self) -> dict[str, Any]:
        """Return it with units in the names."""
        return {
            "place": self.place, "largest_difference_mV": self.largest,
            "spikes": self.spikes, "spikes_dendmod": self.spikes_dendmod,
        }  # fmt: skip


def run_plain(folder: Path, form: str, name: str, compiled: Path | None = None) -> Array:
    """Run an exported folder in a process without dendmod; return potentials [place, sample].

    Parameters
    ----------
    folder
        The export; it is run in a copy.
    form
        "hoc" or "python".
    name
        Of the cell's file, without ending.
    compiled
        A library of its mechanisms; that of the files in ``mod/``, compiled once, if None.

    Raises
    ------
    EngineError
        If it does not run; NEURON's last words are handed on.
    """
    with TemporaryDirectory() as work:
        copy = Path(work) / "copy"
        shutil.copytree(folder, copy)
        files = sorted((copy / "mod").glob("*.mod"))
        if files and compiled is None:
            compiled = library(files).path
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        environment["NEURON_MODULE_OPTIONS"] = "-nogui"
        if compiled is not None:
            environment["NRN_NMODL_PATH"] = str(compiled.parents[1])
        done = subprocess.run(
            [sys.executable, *_COMMANDS[form]], cwd=copy, env=environment, capture_output=True,
            text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        written = copy / f"{name}.txt"
        if done.returncode != 0 or not written.is_file():
            raise EngineError(f"the exported {form} model does not run: {_said(done.stderr)}")
        return np.loadtxt(written, ndmin=2).T


def hold(export: Export, ours: Array, theirs: Array) -> tuple[Held, ...]:
    """Return what an exported cell does beside dendmod's, place by place."""
    if ours.shape != theirs.shape:
        raise EngineError(
            f"the exported model has {theirs.shape[-1]} samples at {len(theirs)} places, dendmod "
            f"{ours.shape[-1]} at {len(ours)}"
        )
    return tuple(
        Held(export.place_name(place), float(np.abs(a - b).max()), _spikes(b), _spikes(a))
        for place, a, b in zip(export.places, ours, theirs, strict=True)
    )


def check_equal(held: Sequence[Held], form: str) -> None:
    """Raise an `EngineError` where an exported cell is not dendmod's to the last bit."""
    apart = [h for h in held if h.largest != 0]
    if apart:
        raise EngineError(
            f"the exported {form} model is {apart[0].largest:g} mV away from dendmod's at "
            f"{apart[0].place}; nothing was written. Please report this with your cell"
        )


def _said(text: str) -> str:
    """Return what NEURON complained of, or else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no message"]
    first = next((k for k, line in enumerate(lines) if line.startswith("NEURON: ")), None)
    return lines[-1] if first is None else " ".join(lines[first : first + 3])


def _spikes(v: Array) -> int:
    t = step.DT * np.arange(float(v.size))
    return int(upward_crossings(t, v, step.THRESHOLD).size)
