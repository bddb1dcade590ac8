"""Check the units of .mod files with NEURON's modlunit."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from dendmod.errors import MechanismError
from dendmod.mechanisms import toolchain
from dendmod.mechanisms.included import source


def unit_errors(path: Path) -> str:
    """Return what modlunit finds wrong with a file, or an empty text.

    Raises
    ------
    MechanismError
        If this NEURON has no modlunit.
    """
    data = toolchain.neuron_data()
    program = data / "bin" / "modlunit" if data else None
    if data is None or program is None or not program.exists():
        raise MechanismError("modlunit was not found beside NEURON; use NEURON's wheel")
    environment = {
        **os.environ,
        "NRNHOME": str(data),
        "MODLUNIT": str(data / "share" / "nrn" / "lib" / "nrnunits.lib"),
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).write_bytes(source(path))
        done = subprocess.run(
            [str(program), path.name],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    said = [
        line.strip()
        for line in (done.stdout + done.stderr).splitlines()
        if line.strip() and not line.startswith(("model", "Checking"))
    ]
    return " ".join(said) if said or done.returncode == 0 else f"exit code {done.returncode}"
