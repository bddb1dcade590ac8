"""A sweep: where runs are kept, and where and how they are made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dendmod.sweep.fingerprint import fingerprint
from dendmod.sweep.outcome import Arrays
from dendmod.sweep.runner import run_tasks
from dendmod.sweep.task import Task

if TYPE_CHECKING:
    import pandas as pd
    import xarray


class Sweep:
    """Runs tasks on one store, always in the same way.

    Parameters
    ----------
    store
        Folder of the ledger and the results; what is found there is not run again.
    workers, scheduler, timeout, progress
        As `run_tasks` takes them.
    """

    def __init__(
        self,
        store: Path,
        *,
        workers: int | None = None,
        scheduler: str | None = None,
        timeout: float | None = None,
        progress: bool = True,
    ) -> None:
        self.store = Path(store)
        self.workers, self.scheduler = workers, scheduler
        self.timeout, self.progress = timeout, progress
        self._versions: dict[str, str] = {}

    def run(self, tasks: Sequence[Task]) -> dict[str, Arrays]:
        """Run tasks, or take their results from the store; return them by key in task order.

        Raises
        ------
        SweepError
            As `run_tasks` says.
        """
        for task in tasks:
            self._versions |= fingerprint(task.function)
        return run_tasks(
            tasks,
            self.store,
            workers=self.workers,
            scheduler=self.scheduler,
            timeout=self.timeout,
            progress=self.progress,
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return every run of the store as a table; see `dendmod.sweep.runs_table`."""
        from dendmod.sweep.table import runs_table

        return runs_table(self.store)

    def to_xarray(self, names: Sequence[str] | None = None) -> xarray.Dataset:
        """Return the results of the store as a data set; see `dendmod.sweep.runs_dataset`."""
        from dendmod.sweep.dataset import runs_dataset

        return runs_dataset(self.store, names)

    def at(self, store: Path) -> Sweep:
        """Return a sweep that runs in the same way on another store; `versions` are shared."""
        other = Sweep(
            store,
            workers=self.workers,
            scheduler=self.scheduler,
            timeout=self.timeout,
            progress=self.progress,
        )
        other._versions = self._versions
        return other

    @property
    def versions(self) -> dict[str, str]:
        """Versions of Python and packages, and the hash of the mechanisms, of all that it ran."""
        return dict(sorted((k, v) for k, v in self._versions.items() if k != "code"))
