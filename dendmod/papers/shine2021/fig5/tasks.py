"""Runs of the oscillator network, as a task of a sweep."""

from __future__ import annotations

from typing import Any

import numpy as np

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
    network: dict[str, Any],
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
    network
        ``nodes``, ``modules``, ``within`` and ``between`` (probabilities of a connection),
        ``noise``, ``dt`` (ms), ``duration`` and ``discard`` (s).

    Returns
    -------
    dict
        ``logistic`` [sigmas, 4] and ``population`` [functions, per_unit, 4]: order parameter,
        phase locking within and between modules, modularity of phase locking.
    """
    n = network
    weights, label = modular_connectivity(n["nodes"], n["modules"], n["within"], n["between"], seed)
    transfers: list[Transfer] = [logistic_transfer(s) for s in sigmas]
    for f in functions:
        q = Activation(Measured(tuple(f["amps"]), tuple(f["rate"])), Normal(0.0, f["sd"]), "nA")
        transfers += [population_transfer(q, f["qmax"], centre, x) for x in per_unit]
    runs = OscillatorNetwork(weights, n["noise"]).integrate(
        transfers, gamma, duration=n["duration"], discard=n["discard"], dt=n["dt"], seed=seed
    )
    out = []
    for v in runs:
        phase = phases(v)
        locking = phase_locking(phase)
        within, between = within_between(locking, label)
        out.append([order_parameter(phase), within, between, modularity(locking, label)])
    measures = np.array(out)
    first = len(sigmas)
    return {
        "logistic": measures[:first],
        "population": measures[first:].reshape(len(functions), len(per_unit), 4),
    }
