"""Measured curves: taken from the file that comes with dendmod, or measured through a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dendmod.engines.held import Chosen
from dendmod.errors import DownloadError, MorphologyError
from dendmod.papers.shine2021.measured_file import (
    Arrays,
    MeasuredFile,
    mechanism_hashes,
    read_curves,
    write_curves,
)
from dendmod.papers.shine2021.measurements import KINDS, Measurement, measurements_of
from dendmod.papers.shine2021.settings import Settings
from dendmod.study.summary import rounded
from dendmod.sweep import Sweep

_SYNAPSES = ("AmpaNmdaSyn", "DoubleExpSyn", "DoubleExpCurrent")


def shipped_file(morphology: str) -> Path:
    """Return the file of measured curves of a morphology; it need not be there."""
    return Path(__file__).parent / "data" / f"{Path(morphology).stem}.json"


class Curves:
    """Results of measurements, by what they ask.

    Parameters
    ----------
    settings
        Where `shipped` is set, what the file of measured curves holds is taken from it. What it
        cannot hold (another seed, a morphology without such a file) is measured, and said;
        otherwise everything is measured, or found in the store: that of `curves`, if it is set.
    sweep
        Where runs are kept and how they are made.

    Raises
    ------
    StaleCurvesError
        If the file was made with other settings, mechanisms or another cell of that name.
    """

    def __init__(self, settings: Settings, sweep: Sweep) -> None:
        self.settings = settings
        self.sweep = sweep.at(Path(settings.curves)) if settings.curves else sweep
        self.file: MeasuredFile | None = None
        self.used: list[str] = []
        self.measured: list[str] = []
        self.chosen: dict[str, Chosen] = {}
        if settings.shipped:
            path = shipped_file(settings.morphology)
            if path.exists():
                self.file = read_curves(path)
            else:
                print(f"{path} does not exist; the curves of {self.name} are measured")

    def of(self, kind: str) -> dict[str, Arrays]:
        """Return the results of one of `KINDS`, by what follows the kind in their keys.

        Those of "dose" keep their whole keys.
        """
        done = self.get(measurements_of(kind, self.settings))
        return {key.partition("/")[2] if kind != "dose" else key: r for key, r in done.items()}

    def get(self, measurements: Sequence[Measurement]) -> dict[str, Arrays]:
        """Return results by key, in the order of the measurements."""
        seed = self.settings.seed
        held: Mapping[str, Arrays] = {}
        if self.file is not None:
            self.file.check({m.key: m.question for m in measurements}, seed, self._known_sha256())
            held = self.file.results
        known = {m.key: held.get(m.question) for m in measurements}
        missing = [m for m in measurements if known[m.key] is None]
        self.used += [key for key, found in known.items() if found is not None]
        self.measured += [m.key for m in missing]
        fresh: dict[str, Arrays] = {}
        if missing:
            if self.file is not None:
                print(f"{len(missing)} curves with seed {seed} are not in the file; measuring them")
            fresh = self.sweep.run([m.task(self.sweep, self._choose(m)) for m in missing])
        return {m.key: fresh[m.key] if m.key in fresh else known[m.key] or {} for m in measurements}

    def _choose(self, measurement: Measurement) -> Chosen:
        """Return the engine of a kind of measurement; what is held is its control."""
        kind = measurement.kind
        if kind not in self.chosen:
            control = measurements_of(kind, self.settings)[0]
            self.chosen[kind] = control.choose(self.sweep, self.settings.engine)
        return self.chosen[kind]

    @property
    def engines(self) -> dict[str, Any]:
        """Which engine measured what was asked for, by kind, and how it was held."""
        of_file = dict(self.file.engines) if self.file is not None and self.used else {}
        return of_file | {kind: chosen.summary for kind, chosen in self.chosen.items()}

    @property
    def name(self) -> str:
        """Name of the morphology, without its folder."""
        return Path(self.settings.morphology).stem

    @property
    def versions(self) -> dict[str, str]:
        """Versions of what measured the curves that were asked for."""
        of_file = dict(self.file.versions) if self.file is not None and self.used else {}
        return of_file | (self.sweep.versions if self.measured else {})

    def summary(self) -> dict[str, Any]:
        """Return what a summary says of the cell and of where its curves are from."""
        return {
            "seed": self.settings.seed,
            "cell": {"morphology": self.name, "biophysics": self.settings.biophysics},
            "curves": {
                "from_the_file_of_measured_curves": len(self.used),
                "measured_or_from_the_store": len(self.measured),
                "measured_with": self.versions,
            },
            "engines": self.engines,
        }

    def _sha256(self) -> str:
        from dendmod.morphology import resolve

        return resolve(self.settings.morphology).without_axon().sha256

    def _known_sha256(self) -> str | None:
        """None where a morphology that has to be fetched is not here: the file does without."""
        try:
            return self._sha256()
        except (MorphologyError, DownloadError):
            return None

    def write(self, results: Mapping[str, Arrays], path: Path) -> None:
        """Write the results of all measurements as a file that `read_curves` reads."""
        s = self.settings
        asked = {m.key: m.question for kind in KINDS for m in measurements_of(kind, s)}
        write_curves(path, asked, results, {
            "command": "python -m dendmod.neuromodulation measure "
            f"--morphology {s.morphology} --seed {s.seed}",
            "seed": s.seed,
            "morphology": {"name": self.name, "sha256": self._sha256()},
            "mechanisms": mechanism_hashes(mechanisms_of(s)),
            "versions": self.versions,
            "engines": rounded(self.engines, 3),
        })  # fmt: skip


def mechanisms_of(settings: Settings) -> list[str]:
    """Return the mechanisms that the measurements simulate, of those that dendmod compiles."""
    from dendmod.params import hay2011

    suffixes = set(_SYNAPSES)
    for biophysics in settings.biophysics_sets:
        for region in hay2011.biophysics(biophysics).regions.values():
            suffixes |= {m.suffix for m in region.mechanisms}
    return sorted(s for s in suffixes if mechanism_hashes([s])[s])
