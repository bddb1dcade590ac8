"""The six perturbations of a network's state, constant or with a time course."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dendmod.clustered.construction import Network
from dendmod.errors import SpecError
from dendmod.params import wyrick2021
from dendmod.rng import stream

KINDS = tuple(wyrick2021.RANGES)
NONE = "none"


@dataclass(frozen=True)
class Perturbation:
    """One perturbation.

    Parameters
    ----------
    kind
        ``dmean_E``, ``dmean_I`` (a constant part of the baseline drive), ``dvar_E``, ``dvar_I``
        (Gaussian over neurons), ``dAMPA``, ``dGABA`` (recurrent weights of E or I neurons), or
        ``none``.
    size
        Fraction z of the baseline drive or of the weights; for dvar the SD, a fraction too.
    pulse
        Rise and decay (s) of a double exponential with peak 1; None: constant from its onset.
    """

    kind: str = NONE
    size: float = 0.0
    pulse: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.kind not in (*KINDS, NONE):
            raise SpecError(
                f"there is no perturbation {self.kind!r}; choose from {', '.join(KINDS)}"
            )
        if not np.isfinite(self.size):
            raise SpecError(f"size = {self.size} of {self.kind}; give a finite number")
        if self.kind.startswith("dvar") and self.size < 0:
            raise SpecError(f"size = {self.size} of {self.kind}; it is an SD, give 0 or more")

    @property
    def label(self) -> str:
        """Name and size, such as ``dmean_E +0.1``."""
        return NONE if self.kind == NONE else f"{self.kind} {self.size:+g}"

    def pattern(self, network: Network) -> np.ndarray:
        """Return what it adds to the drive at full size [neurons] (mV/s).

        The Gaussian numbers of dvar are the network's: the same at every size and in every trial.
        """
        hit = network.excitatory if self.kind.endswith("_E") else ~network.excitatory
        if self.kind.startswith("dmean"):
            return self.size * hit * network.mu
        if self.kind.startswith("dvar"):
            z = stream(network.seed, "dvar").standard_normal(network.mu.size)
            return self.size * z * hit * network.mu
        return np.zeros(network.mu.size)

    def presynaptic(self, network: Network) -> np.ndarray | None:
        """Return the change of each neuron's outgoing weights, a fraction, or None."""
        if self.kind not in ("dAMPA", "dGABA"):
            return None
        hit = network.excitatory if self.kind == "dAMPA" else ~network.excitatory
        return self.size * hit

    def profile(self, t: np.ndarray, onset: float) -> np.ndarray:
        """Return its time course, at most 1, at times t (s)."""
        if self.pulse is None:
            return (t >= onset).astype(float)
        if not np.isfinite(onset):
            raise SpecError(f"onset = {onset} s of a pulse; give the time at which it begins")
        return double_exponential(t - onset, *self.pulse)


def double_exponential(t: np.ndarray, rise: float, decay: float) -> np.ndarray:
    """Return exp(-t/decay) - exp(-t/rise) scaled to a peak of 1, and 0 before t = 0.

    Parameters
    ----------
    t
        Times since the onset, in the unit of the time constants.
    rise, decay
        Time constants, rise below decay.
    """
    if not 0 < rise < decay:
        raise SpecError(f"rise = {rise} and decay = {decay}: give 0 < rise < decay")
    t = np.asarray(t, float)
    peak = np.log(decay / rise) * rise * decay / (decay - rise)
    late = np.maximum(t, 0.0)
    shape = np.exp(-late / decay) - np.exp(-late / rise)
    return shape / (np.exp(-peak / decay) - np.exp(-peak / rise))
