"""Shine et al. 2021 and the models it builds on: population functions, kernels, oscillators.

What the review draws as cartoons has no numbers; those that stand for it here are marked `ours`.
Times in ms, potentials in mV, rates in Hz, currents in nA, concentrations in nM.
"""

from __future__ import annotations

from dataclasses import dataclass

from dendmod.sources import Source

POPULATION = Source("Shine 2021", "Modeling the impact of neuromodulation; Fig 4")
MECHANISMS = Source("Shine 2021", "Fig 2a-e")
APICAL = Source("Shine 2021", "Fig 3b; refs 55-61")
AROUSAL = Source("Shine 2021", "Fig 3")
PRECISION = Source("Shine 2021", "Box 3")
OSCILLATORS = Source("Shine 2018", "Methods, Eqs 1-4", "two-dimensional oscillators of TVB")
ERF_SIGMOID = Source("Marreiros 2008", "Eq 13", "a step and normal thresholds give an erf")
JANSEN_RIT = Source("Jansen & Rit 1995", "Table 1")
SPIKES_AND_FIELDS = Source("Jansen & Rit 1995", "Eq 6")

KERNEL_TAUS = {"ampa": 3.0, "nmda": 43.0}  # ms; Wybo 2022, Eqs 4-5
MEMBRANE_TAU = 10.0  # ms; ours


@dataclass(frozen=True)
class Oscillator:
    """Constants of one oscillator, with the recovery b and the coefficient q of V^2.

    ``dV = rate (W + q V^2 - V^3 + gamma I)``, ``dW = rate (-W - b V)``; rate in 1/s.
    `midpoint` is that of the sigmoid through which nodes see each other.
    """

    rate: float = 20.0
    quadratic: float = 3.0
    recovery: float = 10.0
    midpoint: float = 1.5


OSCILLATOR = Oscillator()


@dataclass(frozen=True)
class JansenRit:
    """A cortical column: PSP amplitudes (mV), rates (1/s), connectivity, and the sigmoid."""

    A: float = 3.25
    B: float = 22.0
    a: float = 100.0
    b: float = 50.0
    C: float = 135.0
    e0: float = 2.5
    v0: float = 6.0
    r: float = 0.56


COLUMN = JansenRit()
