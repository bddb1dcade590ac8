"""From single neurons to populations, masses and networks of masses."""

from dendmod.population.activation import Activation
from dendmod.population.change import Change, compare, normalised
from dendmod.population.column import column, column_at
from dendmod.population.kernels import Kernel, alpha, double_exponential, exponential, mixture
from dendmod.population.mass import (
    FixedPoint,
    Mass,
    bistability_threshold,
    fold_points,
    hopf_points,
)
from dendmod.population.network import MassNetwork, Modulated, receptor_map
from dendmod.population.oscillators import (
    OscillatorNetwork,
    hopf_drives,
    logistic_transfer,
    modular_connectivity,
    population_transfer,
)
from dendmod.population.sigmoid import Sigmoid, SigmoidFit, fit_sigmoid
from dendmod.population.single import Measured, Saturating, Step
from dendmod.population.synchrony import (
    modularity,
    order_parameter,
    phase_locking,
    phases,
    within_between,
)
from dendmod.population.thresholds import Logistic, Normal, SkewNormal

__all__ = [
    "Activation",
    "Change",
    "FixedPoint",
    "Kernel",
    "Logistic",
    "Mass",
    "MassNetwork",
    "Measured",
    "Modulated",
    "Normal",
    "OscillatorNetwork",
    "Saturating",
    "Sigmoid",
    "SigmoidFit",
    "SkewNormal",
    "Step",
    "alpha",
    "bistability_threshold",
    "column",
    "column_at",
    "compare",
    "double_exponential",
    "exponential",
    "fit_sigmoid",
    "fold_points",
    "hopf_drives",
    "hopf_points",
    "logistic_transfer",
    "mixture",
    "modular_connectivity",
    "modularity",
    "normalised",
    "order_parameter",
    "phase_locking",
    "phases",
    "population_transfer",
    "receptor_map",
    "within_between",
]
