"""The six perturbations of a network's state, constant or with a time course."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dendmod.clustered.construction import Network
from dendmod.clustered.readings import COUPLINGS, SCALED, find_reading, weight_change
from dendmod.errors import SpecError
from dendmod.params import wyrick2021
from dendmod.rng import stream

KINDS = tuple(wyrick2021.RANGES)
NONE = "none"


@dataclass(frozen=True)
class Perturbation:
    """One perturbation; a trial takes several at once.

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
    course
        Any time course in place of these: from times since the onset (s), negative ones before it,
        to factors of the size.
    fraction
        Part of the neurons that it reaches, drawn once a network; of dAMPA and dGABA, part of those
        whose outgoing weights change. What a smaller fraction reaches a larger one does.
    reading
        What dAMPA and dGABA change: a key of `dendmod.clustered.readings.READINGS`.
    """

    kind: str = NONE
    size: float = 0.0
    pulse: tuple[float, float] | None = None
    course: Callable[[np.ndarray], np.ndarray] | None = None
    fraction: float = 1.0
    reading: str = SCALED

    def __post_init__(self) -> None:
        if self.kind not in (*KINDS, NONE):
            raise SpecError(
                f"there is no perturbation {self.kind!r}; choose from {', '.join(KINDS)}"
            )
        if not np.isfinite(self.size):
            raise SpecError(f"size = {self.size} of {self.kind}; give a finite number")
        if self.kind.startswith("dvar") and self.size < 0:
            raise SpecError(f"size = {self.size} of {self.kind}; it is an SD, give 0 or more")
        if not 0 <= self.fraction <= 1:
            raise SpecError(f"fraction = {self.fraction} of {self.kind}; give a number from 0 to 1")
        if self.pulse is not None and self.course is not None:
            raise SpecError(f"{self.kind} has a pulse and a course; give one of them")
        how = find_reading(self.reading)
        if self.reading != SCALED and self.kind not in (*how.kinds, NONE):
            raise SpecError(
                f"reading {self.reading!r} of {self.kind}; it is one of {', '.join(how.kinds)}"
            )

    @property
    def label(self) -> str:
        """Name and size, such as ``dmean_E +0.1``."""
        return NONE if self.kind == NONE else f"{self.kind} {self.size:+g}"

    def targets(self, network: Network) -> np.ndarray:
        """Return the neurons that it reaches [neurons, bool]."""
        onto_E = self.kind.endswith("_E") or self.kind == "dAMPA"
        hit = network.excitatory == onto_E
        if self.fraction < 1:
            order = stream(network.seed, "targets", self.kind).permutation(np.flatnonzero(hit))
            hit = np.zeros_like(hit)
            hit[order[: round(self.fraction * order.size)]] = True
        return hit

    def pattern(self, network: Network) -> np.ndarray:
        """Return what it adds to the drive at full size [neurons] (mV/s).

        The Gaussian numbers of dvar are the network's: the same at every size and in every trial.
        """
        if self.kind.startswith("dmean"):
            return self.size * self.targets(network) * network.mu
        if self.kind.startswith("dvar"):
            z = stream(network.seed, "dvar").standard_normal(network.mu.size)
            return self.size * z * self.targets(network) * network.mu
        afferent = self.kind == "dAMPA" and find_reading(self.reading).baseline
        return self.size * afferent * network.mu

    def weight_change(self, network: Network) -> np.ndarray | None:
        """Return what it adds to each weight at full size [synapses] (mV), None where nothing."""
        if self.kind not in COUPLINGS:
            return None
        return weight_change(network, self.kind, self.size, self.reading, self.targets(network))

    def profile(self, t: np.ndarray, onset: float) -> np.ndarray:
        """Return its time course, factors of the size, at times t (s)."""
        if self.pulse is None and self.course is None:
            return (t >= onset).astype(float)
        if not np.isfinite(onset):
            raise SpecError(f"onset = {onset} s of a pulse; give the time at which it begins")
        if self.course is None:
            return double_exponential(t - onset, *(self.pulse or ()))
        values = np.asarray(self.course(t - onset), float)
        if values.shape != t.shape or not np.isfinite(values).all():
            raise SpecError(
                f"the course of {self.kind} gives values of shape {values.shape} at {t.size} "
                "times, or some that are not finite; give one finite number for each time"
            )
        return values


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
