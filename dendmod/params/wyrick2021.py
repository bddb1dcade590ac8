"""Wyrick & Mazzucato 2021: the clustered network, its perturbations, stimuli and analyses.

Couplings j in mV (a weight is j / sqrt(N)), rates in spikes/s, times in ms, unless the name says
otherwise. What is not the paper's is marked ours.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

from dendmod.sources import Source

TABLE1 = Source("Wyrick 2021", "Table 1", "the printed couplings are rounded; these are not")
TABLE2 = Source("Wyrick 2021", "Table 2")
TABLE3 = Source("Wyrick 2021", "Table 3")
ARCHITECTURE = Source("Wyrick 2021", "Methods, Architecture")
PERTURBATIONS = Source("Wyrick 2021", "Methods, External perturbations")
STIMULI = Source("Wyrick 2021", "Methods, Sensory stimuli")
SIMULATIONS = Source("Wyrick 2021", "Methods, Simulations")
DECODING = Source("Wyrick 2021", "Methods, Stimulus decoding")
GAIN = Source("Wyrick 2021", "Methods, Single-cell gain")
FIG3 = Source("Wyrick 2021", "Fig 3b", "gain is compared by its difference")
# The authors' code at github.com/mazzulab/cortical_processing_speed, commit 693410a. It is not in
# every number what the text says: what it has and the text has not is marked so below.
CODE_NETWORK = Source("Wyrick 2021", "code, create_params_EI.m", "lines 101 and 102")
CODE_GAIN = Source("Wyrick 2021", "code, gain.py", "lines 66, 104 and 110")
CODE_LATENCY = Source("Wyrick 2021", "code, decoding.py", "lines 272 to 274 and 579")
CODE_STATES = Source("Wyrick 2021", "code, util.py", "lines 299 to 358 and 396 to 420")

_ROOT = sqrt(1000.0)

NETWORK = {
    "n_neurons": 2000,
    "fraction_E": 0.8,
    "p_EE": 0.2,
    "p_EI": 0.5,
    "p_IE": 0.5,
    "p_II": 0.5,
    "fraction_background": 0.1,
    "mean_cluster_size": 80,
    "cluster_size_cv": 0.2,
    "j_EE": 0.02 * _ROOT,  # printed as 0.6
    "j_IE": 0.02 * _ROOT,  # printed as 0.6
    "j_EI": 0.06 * _ROOT,  # printed as 1.9
    "j_II": 0.12 * _ROOT,  # printed as 3.8
    "j_E0": 2.5981,  # printed as 2.6
    "j_I0": 2.3148,  # printed as 2.3
    "weight_cv": 0.2,
    "J_plus_EE": 14.0,
    "J_plus_II": 5.0,
    "g_EI": 10.0,
    "g_IE": 8.0,
    "r_ext": 5.0,
    "threshold_E": 1.42824,  # printed as 1.43
    "threshold_I": 0.74342,  # printed as 0.74
    "v_reset": 0.0,
    "tau_m": 20.0,
    "tau_s": 5.0,
    "t_refractory": 5.0,
}
DT = 0.1
HOMOGENEOUS_RATES = {"E": 2.0, "I": 5.0}

# Table 2; the rest is Table 1's.
TWO_CLUSTERS = {
    "j_EE": 0.8,
    "j_EI": 10.6,
    "j_IE": 2.5,
    "j_II": 9.7,
    "j_E0": 14.5,
    "j_I0": 12.9,
    "J_plus_EE": 11.2,
    "r_ext": 7.0,
    "threshold_E": 4.6,
    "threshold_I": 8.7,
    "tau_s": 4.0,
    "fraction_background": 0.65,
}

RANGES = {
    "dmean_E": (-0.1, 0.2),
    "dmean_I": (-0.2, 0.2),
    "dvar_E": (0.0, 0.2),
    "dvar_I": (0.0, 0.5),
    "dAMPA": (-0.1, 0.2),
    "dGABA": (-0.2, 0.2),
}

ONGOING_TRIAL_S = 5.0
N_STIMULI = 4
EVOKED_S = 1.0
PERTURBATION_LEAD_S = 0.5
STIMULUS_PEAK = 0.2
P_SELECTIVE = 0.5
FRACTION_STIMULATED = 0.5
PULSE_S = (0.05, 0.5)  # rise and decay of the stimulus onto E-I pairs
RESPONSE_PULSE_S = (0.1, 1.0)  # rise and decay of a perturbation (Results: 0.2, 1)

WINDOW_S = {"model": 0.2, "recording": 0.1}
WINDOW_STEP_S = {"model": 0.02, "recording": 0.002}
FOLDS = {"model": 10, "recording": 5}  # model: 2 of 20 trials a stimulus left out
SHUFFLES = 100
LATENCY_BAND = (0.4, 0.8)
RUNNING_CM_S = 3.0
STATE_GUARD_S = 10.0
# Code (CODE_STATES): shares of fast samples in a second, or in the first half second of a trial
RUNNING_SHARE = 0.7  # at least
REST_SHARE = 0.3  # at most
STATE_STRETCH_S = 10.0  # of one state, longer than this, are kept whole
SPEED_STEP_S = 0.025  # to which the speed is interpolated
MIN_RATE_RECORDING = 5.0
RESPONSE_BIN_S = 0.5

# Ours: the text leaves these open (docs/clustered.md reports what they change).
SETTLE_S = 0.5  # run before a trial and not analysed
CLUSTER_SMOOTHING_MS = 10.0
CLUSTER_THRESHOLD = 10.0  # spikes/s
WINDOWS_ABOVE_CHANCE = 5
SELECTIVITY_STEP_S = 0.1  # between windows of d'

# Code (CODE_GAIN): bins (s); mean rate that counts in both conditions, and the smallest maximum of
# a fit (spikes/s; None: the largest rate that was seen); bounds, of the maximum times that rate.
GAIN_BIN_S = 0.5
GAIN_MIN_RATE = 0.25
GAIN_LOWEST_MAXIMUM: float | None = 1.0
GAIN_BOUNDS = {"beta": (0.0, 5.0), "h0": (-2.0, 3.0), "maximum": (1.0, 1.5)}
# Ours, from the text alone, before the code was read: finer bins, a higher rate, no lower maximum
# than the largest rate.
GAIN_FINE_BIN_S = 0.1
GAIN_FINE_MIN_RATE = 2.0
# Code (CODE_NETWORK): half-width of a uniform jitter of the baseline drive, a fraction. Text: none.
BASELINE_JITTER = {"E": 0.05, "I": 0.025}
# Code (CODE_LATENCY): standard errors of the mean of the shuffles above it, 99 %
SHUFFLE_ERRORS = 2.576

# Table 3: what an increase does. +1 up, -1 down, 0 no change, None mixed.
SIGNS: dict[str, dict[str, int | None]] = {
    "dmean_E": {"latency": -1, "rate_E": 1, "rate_I": 1, "response_E": 1, "response_I": 1,
                "timescale": -1, "gain": -1},
    "dmean_I": {"latency": 1, "rate_E": -1, "rate_I": -1, "response_E": -1, "response_I": None,
                "timescale": 1, "gain": 1},
    "dvar_E": {"latency": -1, "rate_E": 1, "rate_I": 1, "response_E": None, "response_I": None,
               "timescale": -1, "gain": -1},
    "dvar_I": {"latency": 1, "rate_E": -1, "rate_I": 0, "response_E": -1, "response_I": -1,
               "timescale": 1, "gain": 1},
    "dAMPA": {"latency": -1, "rate_E": 1, "rate_I": 1, "response_E": 1, "response_I": 1,
              "timescale": -1, "gain": -1},
    "dGABA": {"latency": 1, "rate_E": -1, "rate_I": -1, "response_E": -1, "response_I": None,
              "timescale": 1, "gain": 1},
}  # fmt: skip

# What the figures of the paper say, to stand beside ours.
REPORTED: dict[str, Any] = {
    "timescale_ms": (106.0, 35.0),  # Fig 2b, mean and SD
    "reversal": 0.5,  # Fig 2c
    "active_clusters": 3,  # Fig 3a: those of one attractor in a representative trial
    "r2_gain_timescale": 0.96,  # Fig 3b
    "latency_s": (0.21, 0.02),  # Fig 4c, mean and SEM
    "accuracy_at_1s": 1.0,  # Fig 4c
    "r2_activation_latency": 0.93,  # Fig 5a
    "r2_gain_latency": 0.9,  # Fig 5c, about; the text has no number
    "r2_response_I": 0.92,  # Fig 6c
    "r2_response_E": 0.05,  # Fig 6c
    "r2_selectivity_I": 0.70,  # Fig 6d
    "r2_selectivity_E": 0.02,  # Fig 6d
    "running_acceleration_ms": (21.0, 9.0),  # Fig 7f, mean and SD
}

# Ours, stated before any figure was made: a condition is metastable if, averaged over networks, at
# least one cluster and at most half of the clusters are active.
METASTABLE_ACTIVE = (1.0, 0.5)
