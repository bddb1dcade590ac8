"""Wybo et al. 2022: receptor kinetics (Eqs 4-6); the numbers of Table 1 lie in protocols/fig1.toml.

Times in ms, potentials in mV.
"""

from __future__ import annotations

from dendmod.sources import Source

RECEPTORS = Source("Wybo 2022", "Methods, Eqs 4-6")
CONDUCTANCE_METHOD = Source("Wybo 2022", "Methods, Eq 7")

AMPA = {"tau_rise": 0.2, "tau_decay": 3.0, "e": 0.0}
GABA = {"tau_rise": 0.2, "tau_decay": 10.0, "e": -80.0}
NMDA_TAU = {"tau_rise_nmda": 0.2, "tau_decay_nmda": 43.0}
NMDA_RATIO = 2.0
FEEDFORWARD = {"tau_rise": 0.2, "tau_decay": 3.0}
CLAMP_POTENTIALS = (-80.0, 0.0)


def ampa_nmda(nmda_ratio: float = NMDA_RATIO) -> dict[str, float]:
    """Return the parameters of an `AmpaNmdaSyn` with this NMDA ratio (0 leaves AMPA alone)."""
    ampa = {
        "tau_rise_ampa": AMPA["tau_rise"],
        "tau_decay_ampa": AMPA["tau_decay"],
        "e": AMPA["e"],
    }
    return {**ampa, **NMDA_TAU, "nmda_ratio": nmda_ratio}


# Table 3, first part: the rule of Eqs 22-23 (ms, uS/ms, mV)
PLASTICITY_SOURCE = Source("Wybo 2022", "Table 3, Eqs 22-23")
TAU_DEND, TAU_PRE, TAU_POST, TAU_EPS = 25.0, 25.0, 10.0, 15.0
ETA = (1e-8, 1e-7, 5e-9)
THETA = (-50.0, -10.0)
C_PRE, C_POST = 1.0 / 60.0, 1.0
REWARD_WINDOW = 50.0

# Table 3, second part: the network (ms, uS, Hz)
NETWORK_SOURCE = Source("Wybo 2022", "Table 3")
SAMPLE_INTERVAL = 150.0
FEEDFORWARD_SD = 6.0
CONTEXT_INPUTS, CONTEXT_SD = 60.0, 20.0
CONTEXT_WEIGHT_RANGE = (1e-5, 2e-4)
SOMA_AMPA_RATE, SOMA_GABA_RATE = 100.0, 200.0
DENDRITE_AMPA_RATE, DENDRITE_GABA_RATE = 60.0, 120.0
BACKGROUND_WEIGHT = 1e-3

# Eq 6: the fraction 1 / (1 + MG_FACTOR exp(-MG_SLOPE v)) of NMDA receptors is open
MG_FACTOR, MG_SLOPE = 0.3, 0.1

# Table 3 and Methods, "Spiking network": what the network is fed and scaled with (mV, uS)
MAX_FEEDFORWARD_SPIKES = 10  # Table 3: 0-10 a pixel
BOOLEAN_SPIKES = 20  # Fig S3C: a one is a burst of 20 spikes
TEST_SAMPLES = 500  # a task
HIDDEN_V_RANGE_IMAGES, OUTPUT_V_RANGE_IMAGES = 120.0, 450.0
HIDDEN_V_RANGE_BOOLEAN, OUTPUT_V_RANGE_BOOLEAN = 60.0, 600.0
