"""A driver in a process of its own, to be killed: STORE LOG WORKERS|SCHEDULER TASKS SECONDS"""

import sys
from pathlib import Path

from dendmod.sweep import Task, run_tasks

if __name__ == "__main__":
    store, log, where, n, seconds = sys.argv[1:]
    tasks = [
        Task(f"t/{x}", "sweep_toys:log_and_square", {"x": x, "log": log, "seconds": float(seconds)})
        for x in range(int(n))
    ]
    on = {"workers": int(where)} if where.isdigit() else {"scheduler": where}
    run_tasks(tasks, Path(store), progress=False, **on)
