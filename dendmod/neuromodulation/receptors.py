"""Receptors: which part of them a concentration occupies, at once or through a G protein."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import PositiveFloat

from dendmod.errors import SpecError
from dendmod.spec import Spec

Array = npt.NDArray[np.float64]
_MOST = 1e300  # beyond it, inf / inf
Family = Literal["Gq", "Gi", "Gs", "ionotropic"]


class Receptor(Spec):
    """A class of receptors.

    Parameters
    ----------
    name
        Such as "alpha2A".
    family
        G-protein family, or "ionotropic".
    half
        Concentration that occupies half of them (nM).
    hill
        Hill coefficient.
    tau_on, tau_off
        Times (ms) in which the effect follows a rising and a falling occupancy.
    """

    name: str
    family: Family
    half: PositiveFloat
    hill: PositiveFloat = 1.0
    tau_on: PositiveFloat = 500.0
    tau_off: PositiveFloat = 3000.0

    def occupancy(self, concentration: npt.ArrayLike) -> Array:
        """Return ``c^h / (half^h + c^h)`` for concentrations (nM), of their shape.

        Raises
        ------
        SpecError
            If a concentration is negative or not finite.
        """
        c = np.asarray(concentration, dtype=float)
        if not np.isfinite(c).all() or (c < 0).any():
            raise SpecError(f"{self.name}: concentrations must be finite and 0 nM or more")
        with np.errstate(over="ignore"):
            ratio = np.minimum((c / self.half) ** self.hill, _MOST)
        return ratio / (1.0 + ratio)

    def activation(
        self, t: npt.ArrayLike, concentration: npt.ArrayLike, start: float | None = None
    ) -> Array:
        """Return the occupancy as the G protein passes it on: filtered in time.

        ``da/dt = (occupancy - a) / tau``, with `tau_on` while it rises and `tau_off` while it
        falls, solved exactly for concentrations that stay the same between two times.

        Parameters
        ----------
        t
            Times (ms), rising, shape [n].
        concentration
            From each time on (nM), shape [n].
        start
            Activation at the first time, from 0 to 1; the occupancy there if not given.
        """
        if start is not None and not 0 <= start <= 1:
            raise SpecError(f"start = {start}: give an activation from 0 to 1")
        times = np.asarray(t, dtype=float)
        target = self.occupancy(concentration)
        if times.ndim != 1 or times.shape != target.shape or not (np.diff(times) > 0).all():
            raise SpecError("give one row of rising times (ms) and one concentration each (nM)")
        out = np.empty(times.size)
        out[0] = target[0] if start is None else start
        for k, step in enumerate(np.diff(times)):
            tau = self.tau_on if target[k] > out[k] else self.tau_off
            out[k + 1] = target[k] + (out[k] - target[k]) * np.exp(-step / tau)
        return out
