"""The network that speed is measured on: fixed numbers, so that ratios compare between versions."""

from __future__ import annotations

import numpy as np

from dendmod.network import (
    Background,
    ContextSynapses,
    FeedforwardSynapses,
    GeneratedStimulus,
    NetworkRun,
    NetworkSpec,
    OutputCell,
    Plasticity,
    Samples,
)
from dendmod.network.drawn import hay_soma
from dendmod.params import hay2011
from dendmod.rng import stream
from dendmod.spec import Compartment, ReducedCell

SEED = 2022
N_HIDDEN, N_DENDRITES, N_PIXELS, N_CONTEXTS = 100, 20, 784, 1
SOMA = {"ca": 300.0, "g_leak": 10.0, "e_leak": -75.0, "area": 1000.0}  # pF, nS, mV, um2
DENDRITE_CA, DENDRITE_COUPLE, DENDRITE_LEAK = (20.0, 50.0), (2.0, 10.0), (1.0, 3.0)
PIXEL_WEIGHT, NEURON_FACTOR = (6e-3, 5e-3), (0.6, 1.8)  # nA: mean and SD
CONTEXT_WEIGHT = (2e-5, 1.5e-4)  # uS
OUTPUT_WEIGHT = 0.150  # nA a hidden spike
ACTIVE_PIXELS, MOST_SPIKES = 0.25, 10


def soma() -> Compartment:
    """Return the soma that all cells share."""
    return Compartment(name="soma", parent=-1, **SOMA, **hay_soma(3))


def star(rng: np.random.Generator) -> ReducedCell:
    """Return a soma with passive dendrites around it."""
    dendrites = tuple(
        Compartment(
            parent=0,
            ca=rng.uniform(*DENDRITE_CA),
            g_couple=rng.uniform(*DENDRITE_COUPLE),
            g_leak=rng.uniform(*DENDRITE_LEAK),
            e_leak=SOMA["e_leak"],
            area=SOMA["area"],
        )
        for _ in range(N_DENDRITES)
    )
    return as_hay(soma(), *dendrites)


def as_hay(*compartments: Compartment) -> ReducedCell:
    """Return a cell at the potentials and the temperature of Hay et al. 2011."""
    return ReducedCell(
        compartments=compartments,
        ena=hay2011.ENA,
        ek=hay2011.EK,
        celsius=hay2011.CELSIUS,
        v_init=SOMA["e_leak"],
    )


def network(cell: ReducedCell | None = None) -> NetworkSpec:
    """Return the pinned network, or the same around another cell with as many dendrites.

    Parameters
    ----------
    cell
        All hidden cells; None draws stars.
    """
    rng = stream(SEED, "pinned network")
    hidden = tuple(star(rng) for _ in range(N_HIDDEN))
    factor = rng.uniform(*NEURON_FACTOR, N_HIDDEN)
    pixels = rng.normal(*PIXEL_WEIGHT, (N_PIXELS, N_HIDDEN)) * factor
    shape = (N_CONTEXTS, N_HIDDEN, N_DENDRITES)
    background = Background()
    return NetworkSpec(
        hidden=hidden if cell is None else (cell,),
        feedforward=FeedforwardSynapses(weights=pixels),
        context=ContextSynapses(
            compartments=tuple(range(1, N_DENDRITES + 1)),
            weights=rng.uniform(*CONTEXT_WEIGHT, shape),
        ),
        background=background,
        output=OutputCell(
            cell=as_hay(soma()),
            weights=np.full(N_HIDDEN, OUTPUT_WEIGHT),
            background=background,
        ),
        plasticity=Plasticity(),
    )


def samples(n: int, dt: float, first: int = 0) -> NetworkRun:
    """Return a run of `n` samples, numbered from `first` on."""
    counts = np.zeros((n, N_PIXELS), np.int64)
    for row in range(n):
        rng = stream(SEED, "pinned pixels", first + row)
        active = rng.random(N_PIXELS) < ACTIVE_PIXELS
        counts[row, active] = rng.integers(1, MOST_SPIKES + 1, active.sum())
    return NetworkRun(
        samples=Samples(
            context=np.zeros(n, np.int64),
            expected=np.arange(n) % 2,
            number=first + np.arange(n),
        ),
        stimulus=GeneratedStimulus(feedforward_counts=counts),
        dt=dt,
        between_samples="rest",
        seed=SEED,
    )
