"""Which model fits better, as a number that orders of sites and cells can be compared by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dendmod.errors import SpecError
from dendmod.iocurve import MODELS, FitModel
from dendmod.protocol.iocurves import IOAnalysis
from dendmod.protocol.tables import IOTable

# the model that the paper says describes an arm better, and the other
BETTER: dict[str, tuple[FitModel, FitModel]] = {"nmda": ("bias", "gain"), "shunt": ("gain", "bias")}


def at_levels(table: IOTable, levels: Sequence[float]) -> IOTable:
    """Return the table of some of its levels."""
    rows = [table.levels.index(level) for level in levels]
    return IOTable(tuple(levels), table.n_feedforward, table.counts[rows], table.resolution)


@dataclass(frozen=True)
class Fitted:
    """The IO curves of an arm in one case, and whether the three models could be fitted.

    Parameters
    ----------
    arm
        "nmda" or "shunt".
    analysis
        Curves and fits.
    """

    arm: str
    analysis: IOAnalysis

    @cached_property
    def why_not(self) -> str:
        """Why there is no fit; "" where there is one."""
        try:
            self.analysis.fits, self.analysis.order  # noqa: B018 - made here, kept by both
        except SpecError as error:
            return str(error)
        return ""

    @property
    def preference(self) -> float:
        """How much better the paper's model is: log of the other's residual over its own.

        Positive where NMDA spikes are described better by bias than by gain, or shunt better by
        gain than by bias; NaN without a fit.
        """
        if self.why_not:
            return float("nan")
        better, other = BETTER[self.arm]
        fits = self.analysis.fits
        return float(np.log(fits[other].residual / fits[better].residual))

    @property
    def with_shift(self) -> float:
        """How much better gain with x-shift is than the better of gain and bias.

        Log of the ratio of the residuals, each over what its fit leaves free: two crossings a
        level less the parameters. Gain with x-shift has one parameter more, and could never lose
        otherwise. NaN without a fit, or with fewer than three levels.
        """
        if self.why_not:
            return float("nan")
        fits = self.analysis.fits
        whole = len(fits["gain"].levels) - len(fits["gain"].left_out)
        if whole < 3:
            return float("nan")
        best = min(fits["gain"].residual, fits["bias"].residual) / (whole - 1)
        return float(np.log(best / (fits["gain_xshift"].residual / (whole - 2))))

    @property
    def share(self) -> float:
        """Part of the bootstraps in which the paper's model fits better; NaN without a fit."""
        if self.why_not:
            return float("nan")
        better, other = BETTER[self.arm]
        residuals = self.analysis.order.residuals
        return float(np.mean(residuals[better] < residuals[other]))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Residuals with 90 % intervals, preferences, thresholds with intervals."""
        a = self.analysis
        said: dict[str, Any] = {
            "levels": a.table.levels,
            "thresholds": a.thresholds,
            "threshold_interval": a.interval,
            "trials": a.table.counts.shape[2],
            "simulations": a.table.simulations,
        }
        if self.why_not:
            return said | {"not_fitted": self.why_not}
        residuals: dict[str, Any] = {model: a.fits[model].residual for model in MODELS}
        return said | {
            **residuals,
            "residual_interval": {
                model: np.quantile(a.order.residuals[model], [0.05, 0.95]) for model in MODELS
            },
            "x_shift": a.fits["gain_xshift"].x_shift,
            "left_out": a.fits["gain"].left_out,
            "order_fraction": self.share,
            "preference": self.preference,
            "with_shift": self.with_shift,
        }
