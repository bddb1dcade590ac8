"""Which model fits IO curves best, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.iocurve.fit import MODELS, FitModel, fit_io

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OrderOfResiduals:
    """Residuals of all models over bootstrap samples.

    Parameters
    ----------
    residuals
        Model -> residual of each sample, shape [samples].
    x_shift
        x-shift of each sample, shape [samples].
    skipped
        Samples in which fewer than two levels had all thresholds.
    fitted_levels
        Levels that each sample was fitted to, shape [samples].
    """

    residuals: dict[FitModel, Array]
    x_shift: Array
    skipped: int
    fitted_levels: npt.NDArray[np.int64]

    def fraction(self, *order: FitModel) -> float:
        """Return the fraction of samples whose residuals rise strictly in the given order."""
        rows = np.array([self.residuals[model] for model in order])
        return float((np.diff(rows, axis=0) > 0).all(axis=0).mean())


def order_of_residuals(samples: Array) -> OrderOfResiduals:
    """Fit every model to each bootstrap sample of the thresholds.

    Parameters
    ----------
    samples
        Thresholds, shape [samples, levels, crossings]; NaN where a crossing was not found.

    Raises
    ------
    SpecError
        If no sample can be fitted.
    """
    usable = [s for s in samples if np.isfinite(s).all(axis=1).sum() >= 2]
    if not usable:
        raise SpecError("no bootstrap sample has two levels with all thresholds")
    fits = {model: [fit_io(s, model) for s in usable] for model in MODELS}
    return OrderOfResiduals(
        residuals={m: np.array([f.residual for f in fits[m]]) for m in MODELS},
        x_shift=np.array([f.x_shift for f in fits["gain_xshift"]]),
        skipped=len(samples) - len(usable),
        fitted_levels=np.array([np.isfinite(s).all(axis=1).sum() for s in usable]),
    )
