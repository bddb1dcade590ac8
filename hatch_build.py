"""What `pip install .` and `make wheel` do beside copying files: compile the C of the engines.

A wheel that carries compiled C is one of a platform. Without a compiler the wheel is one of pure
Python, and the C is compiled when it is first used. $DENDMOD_BUILD says otherwise: ``no`` compiles
nothing, ``require`` makes it an error if anything cannot be compiled.
"""

from __future__ import annotations

import os
import platform
import shlex
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_CHOICES = ("", "no", "require")


class CompiledEngines(BuildHookInterface):
    """Compiles the C of the engines for every level of CPUs, into dendmod/_built of the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the libraries to what goes into the wheel, and name the wheel after the platform."""
        choice = os.environ.get("DENDMOD_BUILD", "")
        if choice not in _CHOICES:
            raise ValueError(f"DENDMOD_BUILD={choice!r}: set no, require, or nothing")
        if version == "editable" or choice == "no" or os.name == "nt":
            return
        self._made = tempfile.TemporaryDirectory()
        try:
            found = _compile_all(Path(self.root), Path(self._made.name))
        except Exception as error:
            if choice == "require":
                raise
            self.app.display_warning(f"a wheel without compiled engines: {error}")
            return
        build_data["force_include"] |= {str(f): f"dendmod/_built/{f.name}" for f in found}
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled; it is in the wheel."""
        made = getattr(self, "_made", None)
        if made is not None:
            made.cleanup()


def _platform() -> str:
    """Return the platform's name in a wheel: that of the build, as cibuildwheel sets it too."""
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def _machine() -> str:
    """Return the kind of CPU that is compiled for."""
    name = sysconfig.get_platform().rpartition("-")[2]
    return platform.machine() if name == "universal2" else name


def _compile_all(root: Path, folder: Path) -> list[Path]:
    """Compile every library into a folder, and return the files."""
    sys.path.insert(0, str(root))
    try:
        from dendmod.engines import compiled, prebuilt
    finally:
        sys.path.remove(str(root))
    more = shlex.split(os.environ.get("ARCHFLAGS", ""))  # -arch of a build for another Mac
    said = folder / compiled.COMPILER
    said.write_text(compiled.compiler_version().splitlines()[0] + "\n", encoding="utf-8")
    files = [said]
    for level in prebuilt.levels(_machine()):
        if level.needs and sys.platform != "linux":
            continue  # only Linux says what its CPU can do
        for source, flags in prebuilt.libraries(level):
            place = folder / prebuilt.file_name(source, flags, level)
            compiled.build(source, (*flags, *more), place)
            place.chmod(0o755)
            files.append(place)
    return files
