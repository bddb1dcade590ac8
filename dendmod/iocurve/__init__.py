"""IO curves: thresholds, fits of gain, bias and x-shift, and the search that finds them."""

from dendmod.iocurve.fit import MODELS, X_SHIFT_RANGE, FitModel, IOFit, feature_matrix, fit_io
from dendmod.iocurve.model import IOCurve, IOModel
from dendmod.iocurve.order import OrderOfResiduals, order_of_residuals
from dendmod.iocurve.search import ThresholdSearch
from dendmod.iocurve.thresholds import CROSSINGS, bootstrap_thresholds, interval, thresholds

__all__ = [
    "CROSSINGS",
    "MODELS",
    "X_SHIFT_RANGE",
    "FitModel",
    "IOCurve",
    "IOFit",
    "IOModel",
    "OrderOfResiduals",
    "ThresholdSearch",
    "bootstrap_thresholds",
    "feature_matrix",
    "fit_io",
    "interval",
    "order_of_residuals",
    "thresholds",
]
