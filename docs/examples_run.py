"""How the examples of docs/gallery are run: which, in which order, each in a process of its own.

NEURON cannot unload mechanisms, so that a second set of them in one process is refused.
sphinx-gallery hands its examples to joblib; the backend here gives every example a new process.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from joblib import register_parallel_backend
from joblib._parallel_backends import MultiprocessingBackend

# No name may be that of a package: the folder of a script that runs is searched first.
ORDER = {
    "neuron": ("nmda_spike", "shunt_or_nmda", "conductance", "io_curve"),
    "own": ("own_cell", "own_channel", "reduced_cell"),
    "networks": (
        "xor", "modulator_dose", "metastable", "decoding_speed", "gain_network",
    ),
    "travel": ("nwb_recording", "dask_sweep", "nest_and_back"),
}  # fmt: skip
# Packages that an example needs beside dendmod; where one is missing, it is shown and not run.
NEEDS = {
    "gain_network": ("torch", "sklearn"), "nwb_recording": ("pynwb",),
    "dask_sweep": ("distributed",),
}  # fmt: skip


class AProcessEach(MultiprocessingBackend):
    """joblib's processes, of which each runs one example and ends."""

    def configure(self, n_jobs: int = 1, **settings: Any) -> int:
        """Make the processes."""
        settings["maxtasksperchild"] = 1
        made: int = super().configure(n_jobs, **settings)
        return made


def runnable() -> str:
    """Return a pattern of the paths of the examples whose packages are installed."""
    names = [name for group in ORDER.values() for name in group]
    able = [n for n in names if all(find_spec(p) is not None for p in NEEDS.get(n, ()))]
    return rf"/({'|'.join(map(re.escape, able))})\.py$"


def configuration(workers: int) -> dict[str, Any]:
    """Return sphinx-gallery's settings; so many examples run at once."""
    from sphinx_gallery.sorting import ExplicitOrder

    register_parallel_backend("loky", AProcessEach)  # the name that sphinx-gallery asks for
    return {
        "examples_dirs": "gallery",
        "gallery_dirs": "auto_gallery",
        "filename_pattern": runnable(),
        "subsection_order": ExplicitOrder([f"gallery/{group}" for group in ORDER]),
        "within_subsection_order": ExplicitOrder(
            [f"{name}.py" for group in ORDER.values() for name in group]
        ),
        "parallel": workers,
        "image_srcset": ["2x"],
        "write_computation_times": False,
        "show_memory": False,
    }
