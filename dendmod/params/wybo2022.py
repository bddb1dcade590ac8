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
