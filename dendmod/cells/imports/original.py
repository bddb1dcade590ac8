"""The original of an import: code that builds a cell in NEURON, run in a process of its own."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dendmod import errors
from dendmod.cells.imports.rooted import rooted_at
from dendmod.errors import DendmodError, EngineError, SpecError
from dendmod.spec.base import Spec
from dendmod.spec.cell import RegionName
from dendmod.spec.frozen import FrozenCell
from dendmod.sweep.child import run_in_child
from dendmod.sweep.outcome import Died, Failed, Finished
from dendmod.sweep.task import Task

if TYPE_CHECKING:
    from dendmod.engines.neuron.live import LiveCell

_SAID = "said.txt"  # what the original printed, in the working folder of its process
_DEFAULT_CELSIUS = 6.3  # NEURON's
_DEFAULT_V = -65.0
_NO_MECHANISM = "is not a MECHANISM"  # NEURON's words
_LINES = 12  # of what the original printed that an error repeats


class Original(Spec):
    """Code that builds a cell.

    Parameters
    ----------
    function
        ``"package.module:name"``, called in a process that has loaded the mechanisms. It returns a
        cell, its soma, its sections, or an object of hoc or Python that has them.
    arguments
        Its keyword arguments, of JSON values.
    mechanisms
        Folders of .mod files, besides dendmod's.
    folder
        Working folder of the code, for files that it names.
    soma
        Name of the soma, where the function does not say.
    celsius, v_init
        Temperature (degC) and start (mV), where the code leaves them at NEURON's defaults.
    regions
        Region by section, stem of a name or list, where none of these says it.
    """

    function: str
    arguments: dict[str, Any] = {}
    mechanisms: tuple[str, ...] = ()
    folder: str = ""
    soma: str | None = None
    celsius: float | None = None
    v_init: float | None = None
    regions: dict[str, RegionName] = {}


def in_process(function: str, **payload: Any) -> dict[str, np.ndarray]:
    """Run a function of this package in a new process, in an empty folder, and return its arrays.

    Raises
    ------
    DendmodError
        What it raised, with the last lines that it printed; an EngineError if its process died.
    """
    with tempfile.TemporaryDirectory(prefix="dendmod-import-") as folder:
        before = os.environ.pop("NRN_NMODL_PATH", None)  # from which NEURON loads by itself
        try:
            outcome = run_in_child(Task("import", function, payload), folder=folder)
        finally:
            if before is not None:
                os.environ["NRN_NMODL_PATH"] = before
        printed = _said(Path(folder))
    if isinstance(outcome, Finished):
        return outcome.arrays
    if isinstance(outcome, Died):
        raise EngineError(
            f"the original ends its process or crashes it: {outcome.reason}.{printed}"
        )
    assert isinstance(outcome, Failed)
    kind, _, message = outcome.error.partition(": ")
    own = getattr(errors, kind, None)
    if isinstance(own, type) and issubclass(own, DendmodError):
        raise own(message)
    raise SpecError(f"the original failed: {outcome.error}.{printed}")


def _said(folder: Path) -> str:
    """Return the last lines that the original printed, as the end of a message."""
    file = folder / _SAID
    lines = file.read_text(errors="replace").strip().splitlines() if file.is_file() else []
    return "".join(["\nIt printed:", *(f"\n  {line}" for line in lines[-_LINES:])]) if lines else ""


@contextmanager
def _printing_elsewhere() -> Iterator[None]:
    """Send what this process and NEURON print to a file, so that only errors show it."""
    sys.stdout.flush()
    sys.stderr.flush()
    held = os.dup(1), os.dup(2)
    file = os.open(_SAID, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o666)
    os.dup2(file, 1)
    os.dup2(file, 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for back, number in zip(held, (1, 2), strict=True):
            os.dup2(back, number)
            os.close(back)
        os.close(file)


def instantiate(original: Original) -> LiveCell:
    """Build the original in this process, which holds no other cell, and return it live.

    Raises
    ------
    MechanismError
        If its mechanisms cannot be loaded.
    SpecError
        If it has no sections or no soma.
    """
    from dendmod.engines.neuron.live import live_cell
    from dendmod.engines.neuron.session import h, load_mechanisms
    from dendmod.mechanisms import mechanism_set
    from dendmod.sweep.fingerprint import resolve_function

    here = os.getcwd()
    with _printing_elsewhere():
        load_mechanisms(mechanism_set(original.mechanisms))
        h.load_file("stdrun.hoc")
        if original.celsius is not None:
            h.celsius = original.celsius
        if original.folder:
            os.chdir(original.folder)
        try:
            made = resolve_function(original.function)(**original.arguments)
        except SpecError as error:
            said = _said(Path(here))
            if _NO_MECHANISM in f"{error}{said}":
                said = f" Give the folder that has its .mod file: --mod DIR.{said}"
            raise SpecError(f"{error}.{said}") from error
        finally:
            os.chdir(here)
        return live_cell(made, what="the original", soma=original.soma)


def read(original: dict[str, Any], name: str) -> dict[str, Any]:
    """Task: instantiate an original and read it out, as JSON."""
    from dendmod.engines.neuron.readout import read_out, start
    from dendmod.engines.neuron.session import h
    from dendmod.mechanisms import mechanism_set

    spec = Original.model_validate(original)
    cell = instantiate(spec)
    if spec.celsius is None and h.celsius == _DEFAULT_CELSIUS:
        raise SpecError(
            f"the original leaves the temperature at NEURON's {_DEFAULT_CELSIUS} degC, which the "
            "scripts that run such cells set; give --celsius (6.3 if that is meant)"
        )
    v_init = start() if spec.v_init is None else spec.v_init
    found = read_out(
        cell.soma,
        mechanism_set(spec.mechanisms),
        name=name,
        lists=cell.lists,
        regions=spec.regions,
        celsius=float(h.celsius) if spec.celsius is None else spec.celsius,
        v_init=v_init,
    )
    notes = list(found.notes)
    if spec.v_init is None and v_init == _DEFAULT_V:
        notes.append(
            f"runs start at NEURON's {_DEFAULT_V:g} mV, which the original leaves; --v-init gives "
            "another."
        )
    return {
        "cell": found.cell.model_dump_json(by_alias=True),
        "notes": json.dumps(notes),
        "suffixes": json.dumps(found.suffixes),
        "soma": next(name for name, sec in cell.names.items() if sec == cell.soma),
    }


def read_original(original: Original, name: str) -> tuple[FrozenCell, list[str], list[str]]:
    """Return an original's cell, notes on it, and the names of its mechanisms.

    Raises
    ------
    DendmodError
        As `instantiate` and `dendmod.engines.neuron.readout.read_out` say.
    """
    found = in_process(f"{__name__}:read", original=original.model_dump(mode="json"), name=name)
    cell, soma = FrozenCell.model_validate_json(str(found["cell"])), str(found["soma"])
    notes = json.loads(str(found["notes"]))
    root = cell.sections[0].name
    somas = [s.name for s in cell.sections if s.membrane.region == "soma"]
    if root != soma or somas != [soma]:
        cell = rooted_at(cell, soma)
        notes.append(
            f"its root was {root}; {soma} is now. NEURON sums in another order then, which may "
            "change the last digits."
        )
    return cell, notes, json.loads(str(found["suffixes"]))
