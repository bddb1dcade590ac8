"""What the five figures share: options, curves, summaries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dendmod.figure import FigureOptions, write_summary
from dendmod.papers.shine2021.claims import Claim
from dendmod.papers.shine2021.measured import Arrays, Curves
from dendmod.papers.shine2021.tasks import tasks_of
from dendmod.params.neuromodulators import BIOPHYSICS, MORPHOLOGY, SEED, STEPS
from dendmod.protocol.provenance import versions

AMPS, NOISY_AMPS = STEPS.amps, STEPS.noisy_amps


def seed_of(options: FigureOptions) -> int:
    """Return the seed of all random numbers."""
    return SEED if options.seed is None else options.seed


def curves_folder(options: FigureOptions) -> Path:
    """Return the folder in which measured curves are kept, of --curves or of this figure."""
    return Path(options.curves) if options.curves else options.out / "store"


def curves_of(options: FigureOptions) -> Curves:
    """Return the measured curves, from the file that comes with dendmod where --quick is given."""
    return Curves(
        curves_folder(options),
        options.morphology or MORPHOLOGY,
        sweep=options.sweep(),
        cached=options.quick,
    )


def measured(curves: Curves, kind: str, seed: int) -> dict[str, Arrays]:
    """Return the results of one kind of measurement, by what follows the kind in its key."""
    done = curves.get(tasks_of(kind, curves.morphology, seed), seed)
    return {key.partition("/")[2] if kind != "dose" else key: r for key, r in done.items()}


def finish(
    options: FigureOptions,
    name: str,
    claims: Mapping[str, Claim],
    curves: Curves | None,
    **more: Any,
) -> dict[str, Any]:
    """Write and return the summary of a figure."""
    summary = {
        "schema": f"dendmod/neuromodulation/{name}/1",
        "seed": seed_of(options),
        "quick": options.quick,
        "claims": {key: claim.as_json() for key, claim in claims.items()},
        **more,
        "versions": versions(),
    }
    if curves is not None:
        summary["cell"] = {"morphology": curves.name, "biophysics": BIOPHYSICS}
        summary["curves"] = {
            "from_the_file_of_measured_curves": len(curves.used),
            "measured_or_from_the_store": len(curves.measured),
        }
    write_summary(options.out, summary)
    for key, claim in claims.items():
        print(f"{key}: {claim.verdict}")
    return summary
