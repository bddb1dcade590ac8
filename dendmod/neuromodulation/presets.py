"""Mechanisms and modulators by name, with sources; their sizes are in `params.neuromodulators`."""

from __future__ import annotations

from dendmod.cells.effects import WEIGHT, Effect
from dendmod.errors import SpecError, did_you_mean
from dendmod.neuromodulation.modulators import Action, Modulator
from dendmod.neuromodulation.receptors import Receptor
from dendmod.params.hay2011 import GBAR
from dendmod.params.neuromodulators import DIRECTIONS, RECEPTORS, SIZES, Sizes
from dendmod.params.wybo2022 import AMPA, NMDA_RATIO, NMDA_TAU
from dendmod.sources import Source
from dendmod.spec.cell import RegionName

_EXCITATION, _INHIBITION = "AmpaNmdaSyn", "DoubleExpSyn"


def channel(
    suffix: str, scale: float, regions: tuple[RegionName, ...] = (), *, hold_rest: bool = False
) -> Effect:
    """Return an effect on the maximal conductance of a channel of the L5 cell."""
    if suffix not in GBAR:
        raise SpecError(f"the L5 cell has no channel {suffix!r}." + did_you_mean(suffix, GBAR))
    return Effect(
        mechanism=suffix, parameter=GBAR[suffix], regions=regions, scale=scale, hold_rest=hold_rest
    )


def _area(rise: float, decay: float) -> float:
    """Area (ms) of a double exponential whose peak is one."""
    peak = (rise / decay) ** (rise / (decay - rise)) - (rise / decay) ** (decay / (decay - rise))
    return (decay - rise) / peak


def receptor_ratio(factor: float, ratio: float = NMDA_RATIO) -> tuple[Effect, Effect]:
    """Return effects that scale the NMDA:AMPA ratio and hold the area of the whole conductance.

    The ratio of *peaks* of 2 means that NMDA carries 25 times the area of AMPA: to scale it alone
    would scale the synapse. The weight is scaled back, so that the conductance without magnesium
    block keeps its area.

    Parameters
    ----------
    factor
        Factor of the ratio.
    ratio
        Ratio that the synapses have.
    """
    ampa = _area(AMPA["tau_rise"], AMPA["tau_decay"])
    nmda = _area(NMDA_TAU["tau_rise_nmda"], NMDA_TAU["tau_decay_nmda"])
    weight = (ampa + ratio * nmda) / (ampa + factor * ratio * nmda)
    return (
        Effect(mechanism=_EXCITATION, parameter="nmda_ratio", scale=factor),
        Effect(mechanism=_EXCITATION, parameter=WEIGHT, scale=weight),
    )


def _weight(mechanism: str, scale: float) -> Effect:
    return Effect(mechanism=mechanism, parameter=WEIGHT, scale=scale)


def _leak(shift: float) -> Effect:
    return Effect(mechanism="pas", parameter="e", shift=shift)


def mechanisms(sizes: Sizes = SIZES) -> dict[str, tuple[Effect, ...]]:
    """Return the named mechanisms at full strength.

    The five of Shine et al. 2021 (Fig 2a-e), with both directions of the rectifier and the T-type
    channel; closure of HCN channels in the apical dendrite, raw and with the rest held; muscarinic
    facilitation of calcium channels, apical and, for comparison, everywhere.
    """
    return {
        "ampa_up": (_weight(_EXCITATION, sizes.ampa),),
        "gaba_up": (_weight(_INHIBITION, sizes.gaba),),
        "nmda_up": receptor_ratio(sizes.nmda_ratio),
        "nmda_off": receptor_ratio(sizes.nmda_off),
        "depolarised": (_leak(sizes.depolarisation),),
        "rectifier_up": (channel("SKv3_1", sizes.rectifier_up),),
        "rectifier_down": (channel("SKv3_1", sizes.rectifier_down),),
        "t_type_off": (channel("Ca_LVAst", sizes.t_type),),
        "sk_down": (channel("SK_E2", sizes.sk),),
        "hcn_closed": (channel("Ih", sizes.hcn, ("apical",)),),
        "hcn_closed_held": (channel("Ih", sizes.hcn, ("apical",), hold_rest=True),),
        "calcium_up_apical": (channel("Ca_HVA", sizes.calcium, ("apical",)),),
        "calcium_up": (channel("Ca_HVA", sizes.calcium),),
    }


_RATIOS = {"nmda_up": SIZES.nmda_ratio, "nmda_off": SIZES.nmda_off}


def mechanism(name: str, dose: float = 1.0) -> tuple[Effect, ...]:
    """Return one of `mechanisms` by its name; "control" is no effect at all.

    Parameters
    ----------
    name
        Of the mechanism.
    dose
        Part of its full strength. Parameters move linearly with it, but of the receptor ratio only
        the ratio does: its weight is the one that holds the area at that ratio, which lies far from
        half way at half the dose.
    """
    known = mechanisms()
    if name == "control":
        return ()
    if name not in known:
        raise SpecError(
            f"there is no mechanism {name!r}." + did_you_mean(name, {*known, "control"})
        )
    if not 0 <= dose <= 1:
        raise SpecError(f"dose = {dose}: give a part of the full strength, from 0 to 1")
    if name in _RATIOS:
        return receptor_ratio(1 + dose * (_RATIOS[name] - 1))
    return tuple(e.at(dose) for e in known[name])


def source(name: str) -> Source:
    """Return where it is said in which direction a mechanism goes."""
    mechanism(name)
    return DIRECTIONS[name]


def receptor(name: str) -> Receptor:
    """Return a class of receptors by its name."""
    if name not in RECEPTORS:
        raise SpecError(f"there is no receptor {name!r}." + did_you_mean(name, RECEPTORS))
    n = RECEPTORS[name]
    return Receptor(
        name=name, family=n.family, half=n.half, hill=n.hill, tau_on=n.tau_on, tau_off=n.tau_off
    )


def modulators(sizes: Sizes = SIZES) -> dict[str, Modulator]:
    """Return the modulators that are known.

    Noradrenaline comes in three readings of what is open: HCN closure with the rest held (as when
    other conductances make up for it) or raw, and alpha1 with or without the SK channels that
    released calcium opens.
    """

    def make(name: str, **actions: tuple[Effect, ...]) -> Modulator:
        return Modulator(
            name=name,
            actions=tuple(
                Action(receptor=receptor(r.replace("__", "-")), effects=e)
                for r, e in actions.items()
            ),
        )

    def closure(held: bool) -> tuple[Effect, ...]:
        return (channel("Ih", sizes.hcn, ("apical",), hold_rest=held),)

    up = (_leak(sizes.depolarisation),)
    sk_up = (channel("SK_E2", sizes.sk_up),)
    found = (
        make("noradrenaline", alpha2A=closure(True), alpha1=up),
        make("noradrenaline_raw", alpha2A=closure(False), alpha1=up),
        make("noradrenaline_sk", alpha2A=closure(True), alpha1=up + sk_up),
        make(
            "acetylcholine",
            M1=(
                channel("Ca_HVA", sizes.calcium, ("apical",)),
                channel("Im", sizes.m_current, ("apical",)),
                channel("SK_E2", sizes.sk),
            ),
            nicotinic=(_weight(_EXCITATION, sizes.nicotinic),),
        ),
        make(
            "serotonin",
            **{"5__HT1A": (_leak(sizes.hyperpolarisation),), "5__HT2A": up},
        ),
        make(
            "dopamine",
            D2=(_weight(_EXCITATION, 1 / sizes.nicotinic),),
            D1=(Effect(mechanism=_EXCITATION, parameter="nmda_ratio", scale=sizes.nmda_ratio),),
        ),
    )
    return {m.name: m for m in found}


def modulator(name: str) -> Modulator:
    """Return one of `modulators` by its name."""
    known = modulators()
    if name not in known:
        raise SpecError(f"there is no modulator {name!r}." + did_you_mean(name, known))
    return known[name]
