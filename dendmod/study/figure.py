"""What a figure of a paper is made of, and how it is made: the one frame of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dendmod.spec.base import Spec
from dendmod.study.claims import Judged, summarise
from dendmod.study.registry import Entry, find
from dendmod.study.summary import write_summary
from dendmod.sweep import Sweep
from dendmod.sweep.fingerprint import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

S = TypeVar("S")
R = TypeVar("R")
M = TypeVar("M", bound=Spec)


@dataclass(frozen=True)
class Figure(Generic[S, R]):
    """The parts of a figure; a module ``figure.py`` in its folder has one, named ``FIGURE``.

    Each part takes plain arguments: settings (`S`) and what was measured (`R`).

    Parameters
    ----------
    settings
        From the table of settings.toml, with ``--quick`` and all options put in place, and whether
        the run is a quick one.
    measure
        Runs tasks through a sweep and gathers what they return.
    summarise
        What summary.json says; JSON is made of it (`dendmod.study.summary.clean`).
    draw
        Pictures by file name, drawn from results and summary.
    texts, judge
        What the paper claims, by name, and the verdicts; claims that were not judged are "not
        resolved".
    export
        Writes further files into the folder of the figure.
    tell
        Lines that the command prints, from what summary.json says.
    """

    settings: Callable[[dict[str, Any], bool], S]
    measure: Callable[[S, Sweep], R]
    summarise: Callable[[S, R], Mapping[str, Any]]
    draw: Callable[[S, R, Mapping[str, Any]], Mapping[str, Picture | None]]
    texts: Mapping[str, str] = field(default_factory=dict)
    judge: Callable[[S, R], Mapping[str, Judged]] | None = None
    export: Callable[[S, R, Path], None] | None = None
    tell: Callable[[Mapping[str, Any]], list[str]] | None = None


def make_figure(
    name: str,
    out: str | Path,
    *,
    quick: bool = False,
    changes: Mapping[str, Any] | None = None,
    store: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    timeout: float | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Run, judge and draw a figure of a paper; write its files and return its summary.

    Parameters
    ----------
    name
        Such as ``"wybo2022/fig1"``; ``dendmod figure --list`` prints all.
    out
        Folder for pictures, summary.json and, in ``store``, the runs.
    quick
        Make less of everything, as the figure's settings say under ``[quick]``.
    changes
        Fields of the settings by dotted name, such as ``{"run.seed": 2}``.
    store
        Folder of finished runs in place of that in `out`.
    workers, scheduler, timeout, progress
        As `dendmod.sweep.run_tasks` takes them.

    Raises
    ------
    SpecError
        If there is no such figure or a field is not allowed.
    SweepError
        If a run failed; finished runs are kept.
    """
    entry, out = find(name), Path(out)
    figure: Figure[Any, Any] = entry.load()
    settings = figure.settings(entry.settings(quick=quick, changes=changes), quick)
    sweep = Sweep(
        Path(store) if store else out / "store",
        workers=workers, scheduler=scheduler, timeout=timeout, progress=progress,
    )  # fmt: skip
    results = figure.measure(settings, sweep)
    summary = _head(entry, quick) | dict(figure.summarise(settings, results))
    if figure.texts:
        judged = figure.judge(settings, results) if figure.judge else {}
        summary["claims"] = summarise(figure.texts, judged)
    summary["versions"] = versions(entry.module) | sweep.versions
    out.mkdir(parents=True, exist_ok=True)
    if figure.export is not None:
        figure.export(settings, results, out)
    said = write_summary(out, summary)
    from dendmod.plotting import save, style

    with style():
        for file, picture in figure.draw(settings, results, said).items():
            if picture is not None:
                save(picture, out, file, note="quick run" if quick else "")
    return said


def settings_of(model: type[M]) -> Callable[[dict[str, Any], bool], M]:
    """Return what reads a figure's settings into a specification, for `Figure.settings`."""

    def read(table: dict[str, Any], quick: bool) -> M:
        return model.model_validate(table)

    return read


def _head(entry: Entry, quick: bool) -> dict[str, Any]:
    return {"schema": entry.schema, "figure": entry.name, "title": entry.title, "quick": quick}
