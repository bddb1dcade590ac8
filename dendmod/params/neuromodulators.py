"""Receptors, what they do to channels, and how the L5 cell is measured under them.

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
CONCENTRATIONS = (10.0, 50.0, 250.0, 1000.0, 5000.0)  # nM; ours


@dataclass(frozen=True)
class Noise:
    """Current noise at the soma: excitatory and inhibitory events in balance; ours."""

    rate: float = 500.0  # Hz, of either sign
    weight: float = 0.1  # nA
    tau_rise: float = 0.2
    tau_decay: float = 3.0


@dataclass(frozen=True)
class CurrentSteps:
    """f-I curves; ours."""

    amps: tuple[float, ...] = (
        0.0, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 3.0,
    )  # fmt: skip
    noisy_amps: tuple[float, ...] = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 2.0, 3.0)
    discard: float = 300.0
    duration: float = 1500.0
    settle: float = 1000.0
    dt: float = 0.1
    noise: Noise = Noise()
    noise_seeds: tuple[int, ...] = (11, 12, 13)
    dose_amps: tuple[float, ...] = (0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 2.0)
    # near the operating input:
    dose_noisy_amps: tuple[float, ...] = (0.0, 0.15, 0.3, 0.45, 0.6)
    dose_seeds: tuple[int, ...] = (11, 12)


@dataclass(frozen=True)
class Potentials:
    """PSP kernels: somatic holding currents, places and the synapse; ours."""

    amps: tuple[float, ...] = (-0.3, -0.15, 0.0, 0.15)
    trunk_distance: float = 620.0  # um, as for BAC firing
    ampa_weight: float = 2e-4  # uS: small, so that kernels are linear
    gaba_weight: float = 2e-4
    settle: float = 1000.0
    before: float = 10.0
    duration: float = 300.0
    dt: float = 0.1
    keep_every: float = 1.0  # ms


@dataclass(frozen=True)
class Apical:
    """BAC firing: dendritic amplitudes tried, and how finely the threshold is bracketed; ours."""

    amps: tuple[float, ...] = (0.1, 0.3, 0.5, 0.8, 1.1, 1.5)
    resolution: float = 0.01
    most: float = 2.0
    hot_zone: tuple[float, float] = (685.0, 885.0)  # um; Hay 2011


@dataclass(frozen=True)
class Curves:
    """IO curves of part 2 under a mechanism at parts of its full strength; ours."""

    doses: tuple[float, ...] = (0.0, 0.5, 1.0)
    protocol: str = "fig1"
    arm: str = "nmda"
    trials: int = 10
    resolution: int = 8


STEPS, POTENTIALS, BAC_SEARCH, IO = CurrentSteps(), Potentials(), Apical(), Curves()

SEED = 7
"""Of IO curves and networks. Rules of verdicts were written before anything with it was run."""
BIOPHYSICS = 3
"""The set constrained by step and BAC firing together; one cell for the whole chain."""
OTHER_BIOPHYSICS = 1
"""Constrained by BAC firing alone: BAC firing is measured with both."""
MORPHOLOGY = "hay2011"
THRESHOLD_SD = 0.1  # nA; ours: how far the thresholds of a population spread
THRESHOLD_SD_INPUTS = 10.0  # inputs; ours: the same for IO curves
OPERATING_POINT = 0.1  # of qmax: rates "well below their maxima" (Shine 2021); ours
PER_UNIT = (0.003, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
"""Inputs (nA) for each unit of an oscillator's V, for the L5 function as its transfer; ours."""
SAME = 0.1  # a change of less than this part counts as none; ours
SURE = 0.9  # part of the bootstraps that have to agree; ours
