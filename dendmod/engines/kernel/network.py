"""The fast engine of networks: one C file, compiled when it is first used."""

from __future__ import annotations

import ctypes
import threading
from typing import Any

import numpy as np

from dendmod.engines import compiled
from dendmod.engines.kernel.job import PreparedJob
from dendmod.engines.kernel.library import library
from dendmod.engines.kernel.vectors import Precision
from dendmod.errors import EngineError, SpecError
from dendmod.network import NetworkResult, NetworkRun, NetworkSpec, check_run
from dendmod.network.result import by_layer, fires_at_rest

_MOST_THREADS = 256
_LISTEN = 0.1  # s between looks whether Ctrl-C was pressed
_DIVERGED, _OUT_OF_TABLE, _NO_MEMORY, _STOPPED, _FIRES_AT_REST, _NO_THREAD = range(1, 7)


class KernelSimulator:
    """A network prepared for the kernel; `run` goes through all samples.

    Parameters
    ----------
    spec, run
        The network and what it is run on.
    precision
        Of the numbers of the kernel; None takes that of the run.
    threads
        Over which the hidden cells are spread. Results do not depend on it.
    block
        Neurons in a block: 4, 8 or 16; None takes what fills the CPU's registers. Results do not
        depend on it.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        run: NetworkRun,
        *,
        precision: Precision | None = None,
        threads: int = 1,
        block: int | None = None,
    ) -> None:
        check_run(spec, run)
        if not 1 <= threads <= _MOST_THREADS:
            raise SpecError(f"{threads} threads are asked for; give 1 to {_MOST_THREADS}")
        self.precision: Precision = run.precision if precision is None else precision
        self._library = library(self.precision, block)
        sizes = (ctypes.c_int64 * 4)()
        self._library.network_sizes(sizes)
        self.spec, self.how, self.threads, self.width = spec, run, threads, int(sizes[3])
        self._stopped = np.zeros(1, np.int32)

    def stop(self) -> None:
        """Make a run in another thread end with an error before its next sample."""
        self._stopped[0] = 1

    def run(self) -> NetworkResult:
        """Go through all samples.

        Raises
        ------
        EngineError
            If potentials left the range of the tables or did not stay finite, memory or threads
            ran out, or the run was stopped.
        """
        prepared = PreparedJob(
            self.spec, self.how, self.precision, self.width, self.threads, self._stopped
        )
        try:
            code = self._call(prepared)
            if code:
                raise EngineError(_message(code, prepared))
            return self._result(prepared)
        finally:
            self._library.network_free(prepared.job)

    def _call(self, prepared: PreparedJob) -> int:
        """Run the kernel in a thread of its own, so that Ctrl-C can stop it."""
        if threading.current_thread() is not threading.main_thread():
            return int(self._library.network_run(prepared.job))
        codes: list[int] = []
        worker = threading.Thread(
            target=lambda: codes.append(int(self._library.network_run(prepared.job))), daemon=True
        )
        worker.start()
        try:
            while worker.is_alive():
                worker.join(_LISTEN)
        except BaseException:
            self.stop()
            worker.join()
            raise
        if not codes:
            raise EngineError("the kernel's thread ended without a result")
        return codes[0]

    def _result(self, prepared: PreparedJob) -> NetworkResult:
        spec, run, spikes = self.spec, self.how, prepared.job.spikes
        columns = [
            np.ctypeslib.as_array(getattr(spikes, name), (spikes.n,)).astype(np.int64)
            if spikes.n
            else np.zeros(0, np.int64)
            for name in ("sample", "neuron", "step")
        ]
        sample, neuron, step = columns
        weights = None
        if spec.context is not None and prepared.weights is not None:
            places = list(spec.context.compartments)
            weights = np.ascontiguousarray(np.swapaxes(prepared.weights[:, places], 1, 2))
        return NetworkResult(
            **by_layer(spec, sample, neuron, step, run.dt),
            error=prepared.error.astype(np.int64),
            weights=weights,
            v=prepared.v,
            provenance=self._provenance(),
            spec=spec,
            run=run,
        )

    def _provenance(self) -> dict[str, Any]:
        return {
            "engine": "kernel",
            "precision": self.precision,
            "block": self.width,
            **compiled.made_by(self._library),
        }


def _message(code: int, prepared: PreparedJob) -> str:
    job = prepared.job
    where = f"sample {job.done}, cell {job.bad_neuron}"
    return {
        _DIVERGED: f"{where}: a potential is not finite or beyond 1000 mV: the run diverged. Use a "
        "smaller dt, or look for a weight that is far too large.",
        _OUT_OF_TABLE: f"{where}: a potential left the range of the channels' tables "
        f"({job.table_v0:g}..{job.table_v0 + (job.table_rows - 1) * job.table_step:g} mV). Look "
        "for a weight or a current that is far too large.",
        _NO_MEMORY: f"sample {job.done}: memory ran out; use fewer cells or a larger dt",
        _STOPPED: f"stopped after {job.done} of {job.n_samples} samples",
        _FIRES_AT_REST: fires_at_rest(job.bad_neuron),
        _NO_THREAD: f"the system gives no {job.n_threads} threads; use fewer",
    }.get(code, f"the kernel failed with code {code}")
