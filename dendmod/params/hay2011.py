"""The L5b pyramidal cell of Hay et al. 2011: membrane densities and protocols.

Set 3 was constrained by the authors for BAC firing and step firing together, set 1 for BAC firing
alone (Hay et al. 2011, Tables 2 and 3; the numbers with full precision from ModelDB 139653).
Densities in S/cm2, reversal potentials in mV, times in ms, distances in um.
"""

from __future__ import annotations

from dataclasses import dataclass

from dendmod.errors import SpecError
from dendmod.sources import Source
from dendmod.spec.cell import (
    ApicalExponential,
    ApicalWindow,
    Biophysics,
    Distribution,
    MechanismSpec,
    RegionSpec,
)

DENSITIES = Source("Hay 2011", "Tables 2-3; ModelDB 139653")
PROTOCOLS = Source("Hay 2011", "Table 1 and Methods")

E_PAS = -90.0
POOL = "CaDynamics_E2"  # the calcium pool of the published cell
ENA, EK = 50.0, -85.0
RA = 100.0
CM_SOMA, CM_DENDRITE = 1.0, 2.0
CELSIUS = 34.0
V_INIT = -80.0

CALCIUM_ZONE = (685.0, 885.0)
CA_LVA_OUTSIDE, CA_HVA_OUTSIDE = 0.01, 0.1
IH_UNIFORM = 2e-4
IH_APICAL = ApicalExponential(base=IH_UNIFORM, offset=-0.8696, scale=2.0870, rate=3.6161)

# suffix -> name of its maximal conductance
GBAR = {
    "NaTa_t": "gNaTa_tbar",
    "NaTs2_t": "gNaTs2_tbar",
    "Nap_Et2": "gNap_Et2bar",
    "K_Tst": "gK_Tstbar",
    "K_Pst": "gK_Pstbar",
    "SKv3_1": "gSKv3_1bar",
    "SK_E2": "gSK_E2bar",
    "Im": "gImbar",
    "Ih": "gIhbar",
    "Ca_HVA": "gCa_HVAbar",
    "Ca_LVAst": "gCa_LVAstbar",
}


@dataclass(frozen=True)
class _Set:
    """One set of densities; each region maps a suffix to a density."""

    g_pas: dict[str, float]
    soma: dict[str, float]
    apical: dict[str, float]
    soma_calcium: tuple[float, float]  # gamma, decay (ms)
    apical_calcium: tuple[float, float]


_SETS = {
    1: _Set(
        g_pas={"soma": 3.44e-5, "apical": 4.47e-5, "basal": 5.35e-5, "axon": 4.5e-5},
        soma={
            "NaTa_t": 1.71, "Nap_Et2": 0.00496, "K_Tst": 0.0326, "K_Pst": 5.47e-4,
            "SKv3_1": 0.766, "SK_E2": 0.0556, "Ca_LVAst": 0.00432, "Ca_HVA": 5.67e-4,
        },
        apical={
            "NaTa_t": 0.0211, "SKv3_1": 2.98e-4, "SK_E2": 0.00186, "Im": 6.0e-5,
            "Ca_LVAst": 0.0198, "Ca_HVA": 4.37e-4,
        },
        soma_calcium=(5.49e-4, 486.0),
        apical_calcium=(5e-4, 88.9),
    ),
    3: _Set(
        g_pas={"soma": 3.38e-5, "apical": 5.89e-5, "basal": 4.67e-5, "axon": 3.25e-5},
        soma={
            "NaTa_t": 2.04, "Nap_Et2": 0.00172, "K_Tst": 0.0812, "K_Pst": 0.00223,
            "SKv3_1": 0.693, "SK_E2": 0.0441, "Ca_LVAst": 0.00343, "Ca_HVA": 9.92e-4,
        },
        apical={
            "NaTa_t": 0.0213, "SKv3_1": 2.61e-4, "SK_E2": 0.0012, "Im": 6.75e-5,
            "Ca_LVAst": 0.0187, "Ca_HVA": 5.55e-4,
        },
        soma_calcium=(5.01e-4, 460.0),
        apical_calcium=(5.09e-4, 122.0),
    ),
}  # fmt: skip

_OUTSIDE = {"Ca_LVAst": CA_LVA_OUTSIDE, "Ca_HVA": CA_HVA_OUTSIDE}


def _channel(suffix: str, density: float | Distribution) -> MechanismSpec:
    return MechanismSpec(suffix=suffix, params={GBAR[suffix]: density})


def _passive(chosen: _Set, region: str) -> MechanismSpec:
    return MechanismSpec(suffix="pas", params={"g": chosen.g_pas[region], "e": E_PAS})


def _pool(gamma_decay: tuple[float, float]) -> MechanismSpec:
    gamma, decay = gamma_decay
    return MechanismSpec(suffix="CaDynamics_E2", params={"gamma": gamma, "decay": decay})


def _apical_channel(suffix: str, density: float) -> MechanismSpec:
    if suffix not in _OUTSIDE:
        return _channel(suffix, density)
    start, stop = CALCIUM_ZONE
    window = ApicalWindow(value=density, start=start, stop=stop, outside=_OUTSIDE[suffix])
    return _channel(suffix, window)


def biophysics(number: int) -> Biophysics:
    """Return the membrane of parameter set 1 or 3.

    Raises
    ------
    SpecError
        If there is no such set.
    """
    if number not in _SETS:
        raise SpecError(f"there is no biophysics set {number!r}; give one of {sorted(_SETS)}")
    chosen = _SETS[number]
    ih = _channel("Ih", IH_UNIFORM)
    soma = (_passive(chosen, "soma"), ih, *(_channel(s, g) for s, g in chosen.soma.items()))
    apical = tuple(_apical_channel(s, g) for s, g in chosen.apical.items())
    return Biophysics(
        name=f"hay2011/{number}",
        regions={
            "soma": RegionSpec(cm=CM_SOMA, Ra=RA, mechanisms=(*soma, _pool(chosen.soma_calcium))),
            "axon": RegionSpec(cm=CM_SOMA, Ra=RA, mechanisms=(_passive(chosen, "axon"),)),
            "basal": RegionSpec(cm=CM_DENDRITE, Ra=RA, mechanisms=(_passive(chosen, "basal"), ih)),
            "apical": RegionSpec(
                cm=CM_DENDRITE,
                Ra=RA,
                mechanisms=(
                    _passive(chosen, "apical"),
                    _channel("Ih", IH_APICAL),
                    *apical,
                    _pool(chosen.apical_calcium),
                ),
            ),
        },
        ena=ENA,
        ek=EK,
        celsius=CELSIUS,
        v_init=V_INIT,
        last_segment_at_end=True,
    )


@dataclass(frozen=True)
class Steps:
    """Step currents: amplitude (nA) -> experimental rate and its SD (Hz)."""

    delay: float = 700.0
    dur: float = 2000.0
    threshold: float = -10.0  # of a spike (mV), Step_current_firing.hoc
    rates: tuple[tuple[float, float, float], ...] = (
        (0.619, 9.0, 0.88),
        (0.793, 14.5, 0.56),
        (1.507, 22.5, 2.2),
    )


@dataclass(frozen=True)
class Bac:
    """Back-propagating action potential activated calcium firing (BAC)."""

    soma_amp: float = 1.9
    soma_dur: float = 5.0
    soma_delay: float = 295.0
    epsp_distance: float = 620.0
    epsp_amp: float = 0.5
    epsp_tau_rise: float = 0.5
    epsp_tau_decay: float = 5.0
    epsp_lag: float = 5.0
    calcium_spike_amp: float = 1.5
    tstop: float = 600.0


# The published pool has no INITIAL block, so that the published protocols start at NEURON's calcium
# and not at rest (CaDynamics_E2.mod of ModelDB 139653).
CALCIUM_START = 5e-5  # mM
SETTLED = 3000.0  # ms; ours: calcium has come to rest
RIN_DELAY, RIN_DUR = 1000.0, 1000.0  # ms; ours: a step after the published cell's first second

STEPS = Steps()
BAC = Bac()
