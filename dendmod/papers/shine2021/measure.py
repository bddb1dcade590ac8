"""Measure everything that the figures need, and write it as a file of measured curves."""

from __future__ import annotations

from typing import Any

from dendmod.figure import FigureOptions
from dendmod.papers.shine2021.common import curves_folder
from dendmod.papers.shine2021.measured import Curves, cached_file
from dendmod.papers.shine2021.tasks import KINDS, tasks_of
from dendmod.params.neuromodulators import MORPHOLOGY, SEED


def main(options: FigureOptions) -> dict[str, Any]:
    """Measure; return what was measured."""
    morphology = options.morphology or MORPHOLOGY
    seed = SEED if options.seed is None else options.seed
    tasks = [t for kind in KINDS for t in tasks_of(kind, morphology, seed)]
    curves = Curves(curves_folder(options), morphology, sweep=options.sweep())
    command = f"python -m dendmod.neuromodulation measure --morphology {morphology} --seed {seed}"
    path = options.out / f"{curves.name}.json"
    curves.write(tasks, path, command, seed)
    print(f"{path} written, {len(tasks)} results; --quick reads {cached_file(morphology)}")
    return {"file": str(path), "results": len(tasks)}
