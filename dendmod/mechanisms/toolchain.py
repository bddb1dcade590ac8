"""What compiling needs: perl, make, g++ and NEURON's nrnivmodl."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dendmod.errors import MechanismError

_REMEDY = {
    "perl": "apt-get install perl (Debian), dnf install perl (Fedora)",
    "make": "apt-get install make, or xcode-select --install on macOS",
    "g++": "apt-get install g++, or xcode-select --install on macOS",
}


def check_tools() -> None:
    """Raise a MechanismError that names the first missing tool and its remedy."""
    if platform.system() == "Windows":
        raise MechanismError("NEURON's mechanisms cannot be compiled on Windows here; use WSL")
    for tool, remedy in _REMEDY.items():
        if shutil.which(tool) is None:
            raise MechanismError(
                f"{tool} was not found; compiling mechanisms needs it. Install it: {remedy}"
            )


def nrnivmodl() -> Path:
    """Return NEURON's mechanism compiler.

    Raises
    ------
    MechanismError
        If NEURON is not installed.
    """
    beside = Path(sys.executable).with_name("nrnivmodl")
    found = str(beside) if beside.exists() else shutil.which("nrnivmodl")
    if found is None:
        raise MechanismError("nrnivmodl was not found; install NEURON: pip install neuron")
    return Path(found)


def neuron_data() -> Path | None:
    """Return the folder with NEURON's programs and unit table in a wheel, or None."""
    spec = importlib.util.find_spec("neuron")
    if spec is None or not spec.submodule_search_locations:
        return None
    data = Path(next(iter(spec.submodule_search_locations))) / ".data"
    return data if data.is_dir() else None


def neuron_version() -> str:
    """Return NEURON's version without importing it."""
    try:
        return version("neuron")
    except PackageNotFoundError:
        raise MechanismError("NEURON is not installed: pip install neuron") from None


@cache
def compiler_version() -> str:
    """Return the first line of ``g++ --version``, or "none" without a compiler."""
    if shutil.which("g++") is None:
        return "none"
    done = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0] if done.stdout else "unknown"
