"""The pinned network in JAX on one CPU core: the whole of it, error loop included.

One `lax.scan` over the steps of ``equations.py``, compiled before the clock starts; timed are
spikes put into arrays over steps and the run itself. `--batch` samples run at a time, which a
training of one network could not do: there, a sample starts from the weights of the one before.
"""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import Any

from benchmarks.rivals.common import arguments, difference, one_core, read, samples, serve


def main() -> None:
    """Compile, check against the kernel, run for each round."""
    options = arguments(
        precision={"choices": ["float32", "float64"], "default": "float32"},
        batch={"type": int, "default": 8},
    )
    one_core()
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()
    import jax
    import jax.numpy as jnp
    import numpy as np

    from benchmarks.rivals.equations import constants, dense, start, step

    jax.config.update("jax_enable_x64", options.precision == "float64")
    dtype: Any = np.dtype(options.precision).type
    work = read(options.workload)
    n = work["opened"].size
    parts = [samples(work, i, i + options.batch) for i in range(0, n, options.batch)]
    fixed = vars(constants(parts[0], dtype))

    @jax.jit
    def run(inputs: Any, opened: Any, closed: Any, expected: Any) -> Any:
        own = {"opened": opened, "closed": closed, "expected": expected}
        p = SimpleNamespace(**{**fixed, **own})

        def one(s: Any, x: Any) -> Any:
            s, v, crossed = step(s, x, p, jnp)
            return s, (v, crossed)

        last, (v, crossed) = jax.lax.scan(one, start(p, jnp), inputs)
        return v, crossed, last["dendrite"]["change"]

    def results() -> list[Any]:
        return [
            jax.block_until_ready(
                run(dense(w, dtype), w["opened"], w["closed"], w["expected"].astype(dtype))
            )
            for w in parts
        ]

    def seconds() -> float:
        began = time.process_time()
        results()
        return time.process_time() - began

    found = [[np.asarray(x) for x in part] for part in results()]
    v = np.concatenate([part[0] for part in found], axis=1)[:: round(1 / float(work["dt"]))]
    crossed = np.concatenate([part[1] for part in found], axis=1)
    change = np.concatenate([part[2] for part in found], axis=1).transpose(1, 2, 0)[:, :-1]
    weights = work["context_weights"] + change.astype(float)
    about = {"tool": f"JAX {jax.__version__}", "precision": options.precision, "samples": n}
    about |= difference(work, crossed.sum(axis=0), v.transpose(1, 2, 0), weights)
    seconds()  # the first call after results were read allocates anew and takes half as long again
    serve(options, about, seconds)


if __name__ == "__main__":
    main()
