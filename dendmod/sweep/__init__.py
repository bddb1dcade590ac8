"""Many runs that nothing loses: processes, a ledger, resume, progress."""

from dendmod.sweep.dataset import runs_dataset
from dendmod.sweep.ledger import Ledger
from dendmod.sweep.local import default_workers
from dendmod.sweep.runner import run_tasks
from dendmod.sweep.sweep import Sweep
from dendmod.sweep.table import runs_table, write_runs
from dendmod.sweep.task import Task

__all__ = [
    "Ledger",
    "Sweep",
    "Task",
    "default_workers",
    "run_tasks",
    "runs_dataset",
    "runs_table",
    "write_runs",
]
