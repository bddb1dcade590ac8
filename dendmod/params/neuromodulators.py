"""Receptors, what they do to channels, and in which direction.

Shine et al. 2021 say which mechanism moves which way, and give no size. **Every size here is
ours**, and none was changed after a result was seen; directions have a source. Concentrations in
nM, times in ms, potentials in mV, currents in nA.
"""

from __future__ import annotations

from dataclasses import dataclass

from dendmod.params.shine2021 import APICAL, MECHANISMS
from dendmod.sources import Source


@dataclass(frozen=True)
class ReceptorNumbers:
    """Half-activating concentration (nM), Hill coefficient, G-protein times (ms) and source."""

    family: str
    half: float
    source: Source
    hill: float = 1.0
    tau_on: float = 500.0  # ours: metabotropic effects build up over a second or so
    tau_off: float = 3000.0  # ours


_KI = (
    "the order is in its abstract, and in that of Atzori 2016 (beta lowest); the number is the Ki "
    "of noradrenaline on a supplier's sheet (BenchChem B000456: alpha2 56, alpha1 330, beta1 740 "
    "nM), which names no study for it; primary binding data were not read"
)
_OURS = "ours: an order of magnitude"

RECEPTORS = {
    "alpha2A": ReceptorNumbers("Gi", 56.0, Source("Ramos & Arnsten 2007", "review", _KI)),
    "alpha1": ReceptorNumbers("Gq", 330.0, Source("Ramos & Arnsten 2007", "review", _KI)),
    "M1": ReceptorNumbers("Gq", 1000.0, Source("Shine 2021", "Fig 3", _OURS)),
    "nicotinic": ReceptorNumbers(
        "ionotropic", 30000.0, Source("Shine 2021", "Fig 3", _OURS), 1.5, 1.0, 10.0
    ),
    "5-HT1A": ReceptorNumbers("Gi", 10.0, Source("Shine 2021", "Fig 3", _OURS)),
    "5-HT2A": ReceptorNumbers("Gq", 300.0, Source("Shine 2021", "Fig 3", _OURS)),
    "D1": ReceptorNumbers("Gs", 1000.0, Source("Shine 2021", "Fig 3", _OURS)),
    "D2": ReceptorNumbers("Gi", 50.0, Source("Shine 2021", "Fig 3", _OURS)),
}


@dataclass(frozen=True)
class Sizes:
    """How far each mechanism goes at full strength."""

    ampa: float = 1.5  # factor of the weight
    gaba: float = 1.5
    nmda_ratio: float = 2.0  # factor of the NMDA:AMPA ratio, area held
    nmda_off: float = 0.0
    depolarisation: float = 3.0  # mV added to the leak's reversal potential
    rectifier_up: float = 1.5  # factor of SKv3_1
    rectifier_down: float = 0.67
    t_type: float = 0.0  # factor of Ca_LVAst
    sk: float = 0.5  # factor of SK_E2
    sk_up: float = 1.5
    hcn: float = 0.0  # factor of apical Ih
    calcium: float = 1.5  # factor of Ca_HVA
    m_current: float = 0.5  # factor of Im
    hyperpolarisation: float = -3.0  # mV
    nicotinic: float = 1.2  # factor of the weight of excitation


SIZES = Sizes()

DIRECTIONS = {
    "ampa_up": MECHANISMS,
    "gaba_up": MECHANISMS,
    "nmda_up": MECHANISMS,
    "nmda_off": MECHANISMS,
    "depolarised": MECHANISMS,
    "rectifier_up": MECHANISMS,
    "rectifier_down": MECHANISMS,
    "t_type_off": MECHANISMS,
    "sk_down": MECHANISMS,
    "hcn_closed": APICAL,
    "hcn_closed_held": APICAL,
    "calcium_up_apical": Source("Williams & Fletcher 2019", "Abstract"),
    "calcium_up": Source("Williams & Fletcher 2019", "Abstract", "everywhere, for comparison"),
}

CLOSURE = (
    Source("Wang 2007", "Abstract", "alpha2A closes HCN channels"),
    Source("Carr 2007", note="the same"),
    Source("Labarrera 2018", note="the same"),
)
