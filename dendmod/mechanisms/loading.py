"""Load the compiled mechanisms into a NEURON process, once."""

from __future__ import annotations

import atexit
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dendmod.errors import MechanismError
from dendmod.mechanisms.cache import content_hash, library
from dendmod.mechanisms.catalogue import MechanismSet, mechanism_set
from dendmod.mechanisms.mechanism import Mechanism

_REMEDY = (
    "Remove the folder ./x86_64 (or ./arm64) of the working directory so that dendmod uses its own "
    "library, or rebuild it there: nrnivmodl mechanisms"
)
_MACHINES = {0x3E: "x86_64", 0xB7: "aarch64", 0x03: "i386", 0x28: "arm"}


@dataclass(frozen=True)
class LoadedMechanisms:
    """What this process has loaded.

    Parameters
    ----------
    hash
        Hash of the library (cache), or of the .mod files (working directory).
    origin
        Where the library came from.
    coreneuron
        Whether CoreNEURON can run these mechanisms.
    why_not
        Why it cannot: what its compiler says of a file; "" where NEURON loaded them by itself.
    """

    hash: str
    origin: Literal["cache", "working directory"]
    coreneuron: bool
    why_not: str = ""


def identity(mechanisms: MechanismSet | None = None) -> str:
    """Return the hash of a set of mechanisms as NEURON runs it in a process started here.

    The hash of the .mod files, where the library was compiled from them: that in the cache always
    is, and one that NEURON loads by itself is held against them.

    Raises
    ------
    MechanismError
        If NEURON would load mechanisms of these names by itself that were compiled from other
        files.
    """
    by_itself = loaded_by_itself()
    if by_itself is not None:
        there = _defined(by_itself)
        own = [m for m in _compiled(mechanisms) if m.suffix in there]
        check_current(by_itself, [m.file for m in own if m.file is not None])
    return content_hash((mechanisms or mechanism_set()).files)


def _compiled(mechanisms: MechanismSet | None) -> list[Mechanism]:
    found = (mechanisms or mechanism_set()).mechanisms
    return [m for m in found.values() if m.file is not None]


def loaded_by_itself() -> Path | None:
    """Return the library that NEURON loads when it is imported here, or None.

    It looks into the working directory and the folders of NRN_NMODL_PATH.
    """
    for place in ("", *os.environ.get("NRN_NMODL_PATH", "").split(":")):
        for folder in dict.fromkeys((platform.machine(), *_MACHINES.values())):
            for name in ("libnrnmech.so", "libnrnmech.dylib", ".libs/libnrnmech.so"):
                path = Path(place, folder, name)
                if path.is_file():
                    return path
    return None


def _defined(library: Path) -> set[str]:
    """Return the names of the mechanisms whose text a library holds."""
    found = re.findall(rb"(?:SUFFIX|POINT_PROCESS|ARTIFICIAL_CELL)\s+(\w+)", library.read_bytes())
    return {name.decode() for name in found}


def check_current(path: Path, files: Sequence[Path]) -> None:
    """Check that a library was compiled from these .mod files as they are now.

    NEURON's translator puts the text of each file into the library.

    Raises
    ------
    MechanismError
        Naming the files whose text it does not hold.
    """
    held = path.read_bytes()
    other = [p.name for p in files if p.read_bytes() not in held]
    if other:
        raise MechanismError(
            f"NEURON loads {path} by itself, which was not compiled from "
            f"{', '.join(other)} as {'it is' if len(other) == 1 else 'they are'} now. {_REMEDY}"
        )


def load(h: Any, mechanisms: MechanismSet | None = None) -> LoadedMechanisms:
    """Load a set of mechanisms into NEURON, or recognise that NEURON has loaded it by itself.

    NEURON loads ``./x86_64`` of the working directory when it is imported (that is how
    ``nrnivmodl mechanisms`` by hand works); a second load of the same names is an error there. So
    what that library holds is taken if it is from the same files, and the rest is added to it.

    Parameters
    ----------
    h
        NEURON's interpreter.
    mechanisms
        The set; dendmod's own if None.

    Raises
    ------
    MechanismError
        If the library in the working directory has mechanisms of the set from other .mod files, or
        a library cannot be built.
    """
    own = _compiled(mechanisms)
    files = {m.suffix: m.file for m in own if m.file is not None}
    present = [suffix for suffix in files if hasattr(h, suffix)]
    by_itself = loaded_by_itself() if present else None
    if by_itself is not None:
        check_current(by_itself, [files[suffix] for suffix in present])
    wanted = [file for suffix, file in files.items() if suffix not in present]
    if wanted:
        built = library(wanted)
        check_library(built.path)
        if built.coreneuron is not None and not present:
            os.environ["CORENEURONLIB"] = _in_ascii(built.coreneuron)
        h.nrn_load_dll(_in_ascii(built.path))
        missing = [suffix for suffix in files if not hasattr(h, suffix)]
        if missing:
            raise MechanismError(
                f"NEURON loaded {built.path} without {', '.join(missing)}; remove that folder and "
                "run `dendmod mechanisms build`"
            )
        if not present:
            able = built.coreneuron is not None
            return LoadedMechanisms(built.hash, "cache", able, built.coreneuron_reason)
    return LoadedMechanisms(content_hash(list(files.values())), "working directory", False)


def _in_ascii(library: Path) -> str:
    """Return a path of a library that NEURON can open, which takes none beyond ASCII.

    Raises
    ------
    MechanismError
        If the folder of temporary files is beyond ASCII too.
    """
    if str(library).isascii():
        return str(library)
    folder = tempfile.mkdtemp(prefix="dendmod-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    link = Path(folder) / library.name
    if not str(link).isascii():
        raise MechanismError(
            f"NEURON cannot load {library}: it takes paths in ASCII alone. Set DENDMOD_CACHE to a "
            "folder whose name is in ASCII"
        )
    link.symlink_to(library)
    return str(link)


def check_library(path: Path) -> None:
    """Check that a file is a shared library for this machine, before NEURON opens it.

    Raises
    ------
    MechanismError
        If it is missing, empty, truncated or made for another architecture.
    """
    if not path.is_file():
        raise MechanismError(f"there is no library {path}; run `dendmod mechanisms build`")
    head = path.read_bytes()[:20]
    here = platform.machine()
    if platform.system() == "Darwin":
        return
    if len(head) < 20 or head[:4] != b"\x7fELF":
        raise MechanismError(
            f"{path} is not a shared library ({path.stat().st_size} bytes; this machine is "
            f"{here}). Remove it and run `dendmod mechanisms build`"
        )
    machine = _MACHINES.get(int.from_bytes(head[18:20], "little"), "an unknown architecture")
    if machine != here:
        raise MechanismError(
            f"{path} was built for {machine}, this machine is {here}. Remove it and run "
            "`dendmod mechanisms build`"
        )
