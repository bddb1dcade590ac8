"""Conversions between units, one name each: ``g_nS * NS_IN_US`` is the same conductance in uS.

A name reads "one A in B"; ``PER`` stands between numerator and denominator. A value in B is the
value in A times the number, or a value in A that in B divided by it. dendmod computes in NEURON's
units (mV, ms, nA, uS, um, MOhm), where capacitances of segments are nF; specifications of
compartments take nS and pF, densities are per cm2.
"""

from __future__ import annotations

NS_IN_US = 1e-3
US_IN_NS = 1e3
S_IN_US = 1e6
PF_IN_NF = 1e-3
NF_IN_PF = 1e3
UF_IN_NF = 1e3
PER_NS_IN_MOHM = 1e3
"""Resistance (MOhm) of a conductance: this over its nS."""

UM2_IN_CM2 = 1e-8

# densities, over an area in um2: conductances, capacitances, currents
S_PER_CM2_IN_US_PER_UM2 = 1e-2
S_PER_CM2_IN_NS_PER_UM2 = 10.0
US_PER_UM2_IN_S_PER_CM2 = 100.0
NS_PER_UM2_IN_S_PER_CM2 = 0.1
PF_PER_UM2_IN_UF_PER_CM2 = 100.0
MA_PER_CM2_IN_NA_PER_UM2 = 1e-2
MOHM_UM_IN_OHM_CM = 100.0

FARADAY, GAS = 96485.33212331001, 8.31446261815324  # C/mol, J/(mol K); as NEURON has them
