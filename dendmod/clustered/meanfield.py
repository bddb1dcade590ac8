"""Mean-field theory: fixed points and their stability (Eqs 1.1 to 1.7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from dendmod.clustered.transfer_lif import spread_rate
from dendmod.errors import EngineError


@dataclass(frozen=True)
class MeanField:
    """Populations of leaky integrate-and-fire neurons, seen through their rates.

    Parameters
    ----------
    names
        The populations.
    mean_weights, square_weights
        Sums over presynaptic neurons of weights (mV) and of squared weights (mV^2)
        [post, pre]: the moments of the input are
        ``mu = tau_m (mean_weights r + external)``, ``sigma^2 = tau_m square_weights r``.
    external
        Baseline drive [populations] (mV/s).
    threshold
        [populations] (mV).
    inputs, weights
        How many neurons of each population give a neuron input, and the mean weight of the two
        types without clusters (mV) [post, pre]; their product is `mean_weights` without clusters.
    spread
        SD of the drive across neurons, a fraction of `baseline` [populations] (Eq 1.5).
    baseline
        Drive that perturbations refer to [populations] (mV/s).
    v_reset, tau_m, tau_s, t_refractory
        mV and ms.
    """

    names: tuple[str, ...]
    mean_weights: np.ndarray
    square_weights: np.ndarray
    inputs: np.ndarray
    weights: np.ndarray
    external: np.ndarray
    threshold: np.ndarray
    spread: np.ndarray
    baseline: np.ndarray
    v_reset: float
    tau_m: float
    tau_s: float
    t_refractory: float

    @cached_property
    def _tau(self) -> float:
        return self.tau_m * 1e-3

    def moments(self, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mu (mV) and sigma^2 (mV^2) of every population, Eqs 1.1 and 1.2."""
        mu = self._tau * (self.mean_weights @ rates + self.external)
        return mu, self._tau * (self.square_weights @ rates)

    def transfer(self, mu: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """Return the rates (spikes/s) that these moments give, Eqs 1.4 and 1.5."""
        return spread_rate(
            mu,
            np.sqrt(np.maximum(variance, 0.0)),
            self._tau * self.spread * self.baseline,
            threshold=self.threshold,
            v_reset=self.v_reset,
            tau_m=self.tau_m,
            tau_s=self.tau_s,
            t_refractory=self.t_refractory,
        )

    def response(self, rates: np.ndarray) -> np.ndarray:
        """Return Phi(r) [populations] (spikes/s)."""
        return self.transfer(*self.moments(np.asarray(rates, float)))

    def fixed_point(
        self,
        guess: np.ndarray,
        held: np.ndarray | None = None,
        tolerance: float = 1e-9,
        relax: bool = True,
    ) -> np.ndarray:
        """Return rates that give themselves (Eq 1.3), the one that the dynamics leads to.

        Parameters
        ----------
        guess
            Where to start [populations] (spikes/s).
        held
            Populations whose rates stay at the guess [populations, bool] (Eq 1.8).
        tolerance
            How far rates may be from what they give (spikes/s).
        relax
            Follow the dynamics first; without it the guess must be near the fixed point.

        Raises
        ------
        EngineError
            If none is reached.
        """
        rates = np.array(guess, float)
        free = np.ones(rates.size, bool) if held is None else ~np.asarray(held, bool)
        if not free.any():
            return rates
        step = 0.1
        for _ in range(4000 if relax else 0):  # relaxation keeps to the basin; Newton ends it
            change = (self.response(rates) - rates)[free]
            rates[free] += step * change
            if np.abs(change).max() < 1e-3:
                break

        def residual(x: np.ndarray) -> np.ndarray:
            trial = rates.copy()
            trial[free] = x
            return (self.response(trial) - trial)[free]

        from scipy import optimize

        found = optimize.root(residual, rates[free], tol=1e-13)
        if np.abs(residual(found.x)).max() > max(tolerance, 1e-9 * np.abs(found.x).max()):
            raise EngineError(
                "no mean-field fixed point was reached from rates "
                f"{np.array2string(np.asarray(guess), precision=2)} spikes/s; start nearer to one"
            )
        rates[free] = found.x
        return rates

    def stability_matrix(self, rates: np.ndarray) -> np.ndarray:
        """Return the matrix of Eq 1.7 [populations, populations] (1/s).

        What is printed is the whole derivative less its part through sigma^2: the part through mu.
        """
        mu, variance = self.moments(rates)
        h = 1e-4 * max(1.0, float(np.abs(mu).max()))
        slope = (self.transfer(mu + h, variance) - self.transfer(mu - h, variance)) / (2 * h)
        jacobian = slope[:, None] * self._tau * self.mean_weights
        return (jacobian - np.eye(rates.size)) / (self.tau_s * 1e-3)

    def stable(self, rates: np.ndarray, held: np.ndarray | None = None) -> bool:
        """Say whether a fixed point is stable (eigenvalues of Eq 1.7 with negative real parts)."""
        free = np.ones(rates.size, bool) if held is None else ~np.asarray(held, bool)
        matrix = self.stability_matrix(rates)[np.ix_(free, free)]
        return bool(np.linalg.eigvals(matrix).real.max(initial=-np.inf) < 0)

    def with_(self, **changes: Any) -> MeanField:
        """Return a copy with fields changed."""
        return replace(self, **changes)
