"""
How do I run a sweep on a cluster?
==================================

Needs the extra ``cluster`` (``pip install 'dendmod[cluster]'``: Dask).

A sweep is a list of tasks. The same list runs on the cores of this machine and on a Dask
cluster; the results are the same to the last bit, and what was finished is not run again. The
cluster here has two workers on this machine. With SLURM the cluster is made by
``dask_jobqueue``, and nothing else changes.
"""

# %%
# A task is a function of plain values in a module that workers can import. This one measures how
# the input resistance and the propagation of a slow signal depend on the leak.

import sys
from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np
from distributed import LocalCluster

from dendmod.plotting import style
from dendmod.sweep import Sweep, Task, run_tasks

folder = Path(mkdtemp())
(folder / "leak_study.py").write_text('''
from dendmod import CurrentClamp, Location, Run, Setup, simulate
from dendmod.spec import Compartment, ReducedCell


def respond(leak, axial):
    """Step a cable of ten compartments (leak in nS each, axial in nS between two)."""
    common = {"ca": 20.0, "g_leak": leak, "e_leak": -70.0, "area": 2e3}
    cable = [Compartment(name="c0", parent=-1, **common)]
    cable += [
        Compartment(name=f"c{k}", parent=k - 1, g_couple=axial, **common) for k in range(1, 10)
    ]
    cell = ReducedCell(compartments=tuple(cable), ena=50, ek=-85, celsius=34, v_init=-70)
    clamp = CurrentClamp(location=Location("c0(0.5)"), delay=10, dur=190, amp=-0.02)
    record = {f"c{k}": Location(f"c{k}(0.5)") for k in range(10)}
    result = simulate(Setup(cell=cell, current_clamps=(clamp,), record=record), Run(tstop=200))
    return {"change": [float(result.v[f"c{k}"][-1] + 70) for k in range(10)]}
''')
leaks, axials = (0.5, 1.0, 2.0, 4.0), (10.0, 40.0)  # nS
tasks = [
    Task(f"{leak}/{axial}", "leak_study:respond", {"leak": leak, "axial": axial})
    for axial in axials
    for leak in leaks
]

# %%
# The workers of the cluster get the tasks; each task runs in a fresh process. The store is a
# folder with one file a result and a ledger. Asking for the same tasks a second time runs nothing.
# Workers find the module by ``sys.path`` here; on a cluster it lies in an installed package or on
# PYTHONPATH. Workers that are processes, which is Dask's default, import the script that starts
# them, so that it does so under ``if __name__ == "__main__":``.

sys.path.insert(0, str(folder))
with LocalCluster(
    n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
) as cluster:
    results = run_tasks(
        tasks, folder / "store", progress=False, scheduler=cluster.scheduler_address
    )
again = run_tasks(tasks, folder / "store", progress=False, workers=1)
assert all(np.array_equal(results[k]["change"], again[k]["change"]) for k in results)

# %%
# The store as a table, and what was found.

table = Sweep(folder / "store").to_pandas()
print(table[["key", "status", "seconds", "asked.leak", "asked.axial"]].to_string(index=False))
with style():
    figure, axes = plt.subplots(1, 2, figsize=(5.2, 2.2), constrained_layout=True, sharey=True)
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(leaks)))
    for ax, axial in zip(axes, axials, strict=True):
        for leak, colour in zip(leaks, colours, strict=True):
            change = results[f"{leak}/{axial}"]["change"] / results[f"{leak}/{axial}"]["change"][0]
            ax.semilogy(change, "o-", ms=2.5, color=colour, label=f"{leak:g} nS")
        ax.set(title=f"{axial:g} nS between two", xlabel="Compartment")
    axes[0].set(ylabel="Change, compartment 0 = 1")
    axes[0].legend(title="Leak")
