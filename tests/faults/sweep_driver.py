"""A driver in a process of its own, to be killed: python sweep_driver.py STORE LOG WORKERS"""

import sys
from pathlib import Path

from dendmod.sweep import Task, run_tasks

if __name__ == "__main__":
    store, log, workers = sys.argv[1:]
    tasks = [
        Task(f"t/{x}", "sweep_toys:log_and_square", {"x": x, "log": log, "seconds": 0.05})
        for x in range(8)
    ]
    run_tasks(tasks, Path(store), workers=int(workers), progress=False)
