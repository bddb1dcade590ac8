"""Runs of the oscillator network, as a task of a sweep."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.params.shine2021 import OSCILLATOR_EXPERIMENT
from dendmod.population import (
    Activation,
    Measured,
    Normal,
    OscillatorNetwork,
    logistic_transfer,
    modular_connectivity,
    modularity,
    order_parameter,
    phase_locking,
    phases,
    population_transfer,
    within_between,
)
from dendmod.population.oscillators import Transfer


def synchrony(
    seed: int,
    gamma: float,
    sigmas: list[float],
    functions: list[dict[str, Any]],
    per_unit: list[float],
    centre: float,
    duration: float,
    discard: float,
) -> dict[str, np.ndarray]:
    """Simulate one network under logistic sigmoids and under population functions.

    Parameters
    ----------
    sigmas
        Slopes of the logistic.
    functions
        ``amps``, ``rate`` and ``sd`` of each population function.
    per_unit
        Inputs (nA) for each unit of V; each population function is run with each of them.
    centre
        Input (nA) at which V stands at the sigmoid's midpoint.

    Returns
    -------
    dict
        ``logistic`` [sigmas, 4] and ``population`` [functions, per_unit, 4]: order parameter,
        phase locking within and between modules, modularity of phase locking.
    """
    e = OSCILLATOR_EXPERIMENT
    weights, label = modular_connectivity(e.nodes, e.modules, e.within, e.between, seed)
    transfers: list[Transfer] = [logistic_transfer(s) for s in sigmas]
    for f in functions:
        q = Activation(Measured(tuple(f["amps"]), tuple(f["rate"])), Normal(0.0, f["sd"]), "nA")
        transfers += [population_transfer(q, f["qmax"], centre, x) for x in per_unit]
    runs = OscillatorNetwork(weights, e.noise).integrate(
        transfers, gamma, duration=duration, discard=discard, dt=e.dt, seed=seed
    )
    out = []
    for v in runs:
        phase = phases(v)
        locking = phase_locking(phase)
        within, between = within_between(locking, label)
        out.append([order_parameter(phase), within, between, modularity(locking, label)])
    measures = np.array(out)
    n = len(sigmas)
    return {
        "logistic": measures[:n],
        "population": measures[n:].reshape(len(functions), len(per_unit), 4),
    }
