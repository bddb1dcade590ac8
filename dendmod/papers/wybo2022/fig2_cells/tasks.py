"""Tasks of the figure: the kernel beside NEURON, and a reduction beside the full cell."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from dendmod.engines.trials import open_trials
from dendmod.protocol import Protocol, setup_for, trains_for
from dendmod.reduction import reduce
from dendmod.reduction.probe import probe, step_amplitudes, steps
from dendmod.spec import Cell, Location

# what `dendmod reduce --bifurcations --split 15` keeps, and a burst that `probe` needs and whose
# plateaus nobody reads here
_SPLIT_PF = 15.0
_NO_BURST = {"n": 1, "sd": 1.0, "weight": 1e-6}


def beside_neuron(
    protocol: dict[str, Any], sites: list[list[float]], seed: int, trials: int
) -> dict[str, np.ndarray]:
    """Run the same trials of a protocol on the kernel and on NEURON, once built and settled.

    Half of the trials are of either arm; its levels take turns.

    Returns
    -------
    dict
        ``counts`` [engines, trials] and ``seconds`` [engines], the CPU time of all trials: of the
        kernel first.
    """
    spec = Protocol.model_validate(protocol)
    setup = setup_for(spec, [Location(section=int(section), x=x) for section, x in sites])
    arms = list(spec.arms)
    given = []
    for trial in range(trials):
        name = arms[trial % len(arms)]
        arm = spec.arms[name]
        level = arm.levels[trial // len(arms) % len(arm.levels)]
        given.append(
            trains_for(
                spec, name, level=level, n_feedforward=arm.n_feedforward, trial=trial, seed=seed
            )
        )
    counts, seconds = [], []
    for engine in ("kernel", "neuron"):
        with open_trials(setup, spec.run_spec, engine, coreneuron=False) as opened:
            opened.run_many(given[:1])
            began = time.process_time()
            results = opened.run_many(given)
            seconds.append(time.process_time() - began)
        counts.append([result.spike_times().size for result in results])
    return {"counts": np.array(counts), "seconds": np.array(seconds)}


def reduction(
    cell: dict[str, Any], sites: list[list[float]], seed: int, threshold: float
) -> dict[str, np.ndarray]:
    """Reduce a cell and count its spikes beside the full cell's in steps of current at the soma.

    Returns
    -------
    dict
        ``amps`` (nA), ``full`` and ``reduced`` [steps]; ``compartments``.

    Raises
    ------
    DendmodError
        If the cell cannot be reduced.
    """
    full = Cell.model_validate(cell)
    places = [Location(section=int(section), x=x) for section, x in sites]
    small = reduce(
        full, places, bifurcations=True, largest_load=_SPLIT_PF, spike_threshold=threshold
    )
    amps = step_amplitudes(probe(cell, [], _NO_BURST, seed))
    return {
        "amps": np.array(amps),
        "full": steps(cell, amps, threshold)["steps"][:, 0],
        "reduced": steps(small.model_dump(mode="json", by_alias=True), amps, threshold)["steps"][
            :, 0
        ],
        "compartments": np.array(len(small.compartments)),
    }
