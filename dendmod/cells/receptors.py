"""Which point process a cell has for "excitatory", "context" and so on, and what its weight is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dendmod.errors import DendmodError, SpecError, did_you_mean
from dendmod.mechanisms.catalogue import MechanismSet, mechanism_set
from dendmod.mechanisms.mechanism import Mechanism
from dendmod.params import wybo2022
from dendmod.spec import Cell, Location, Receptor, ReducedCell, Synapse
from dendmod.spec.receptor import RECEPTOR_NAMES
from dendmod.units import NS_IN_US

_CURRENT = "nA"
_CONDUCTANCES = ("uS", "nS")
_ALSO_CALLED = {"umho": "uS", "microsiemens": "uS", "nmho": "nS", "nanosiemens": "nS",
                "nanoamp": "nA"}  # fmt: skip
_NS_IN = {"uS": NS_IN_US, "nS": 1.0}


@dataclass(frozen=True)
class SynapseKind:
    """A receptor as an engine takes it.

    Parameters
    ----------
    name
        What protocols call it.
    mechanism, params
        The point process and its parameters.
    unit
        Of the weight that it takes: "uS" or "nS" of a conductance, "nA" of a current.
    """

    name: str
    mechanism: str
    params: dict[str, float]
    unit: str

    @property
    def is_conductance(self) -> bool:
        """Whether its weight is a conductance."""
        return self.unit in _CONDUCTANCES

    def synapse(self, name: str, location: Location) -> Synapse:
        """Return a synapse of this kind."""
        return Synapse(name=name, mechanism=self.mechanism, location=location, params=self.params)

    def weight(self, value: float, unit: str) -> float:
        """Return a weight, given in nS or nA, in the unit that the mechanism takes.

        Raises
        ------
        SpecError
            If one is a conductance and the other a current.
        """
        if (unit == _CURRENT) is self.is_conductance:
            is_, wants = ("a conductance", "nS") if self.is_conductance else ("a current", "nA")
            raise SpecError(
                f"receptors.{self.name}: {self.mechanism} takes {is_} ({self.unit}), but the "
                f"protocol gives its weight in {unit}; give it in {wants} (weight_{wants}), or "
                "another mechanism"
            )
        return value if unit == _CURRENT else value * _NS_IN[self.unit]


def default_receptors(nmda_ratio: float = wybo2022.NMDA_RATIO) -> dict[str, Receptor]:
    """Return the receptors of Wybo et al. 2022, Eqs 4-6; `nmda_ratio` is that of "excitatory"."""
    gaba = Receptor(mechanism="DoubleExpSyn", params=wybo2022.GABA)
    return {
        "excitatory": Receptor(mechanism="AmpaNmdaSyn", params=wybo2022.ampa_nmda(nmda_ratio)),
        "context": Receptor(mechanism="AmpaNmdaSyn", params=wybo2022.ampa_nmda()),
        "inhibitory": gaba,
        "shunt": gaba,
        "feedforward": Receptor(mechanism="DoubleExpCurrent", params=wybo2022.FEEDFORWARD),
    }


def receptors_of(
    cell: Cell | ReducedCell,
    own: Mapping[str, Receptor] | None = None,
    *,
    nmda_ratio: float = wybo2022.NMDA_RATIO,
) -> dict[str, SynapseKind]:
    """Return every receptor of a cell, each over what is meant where the cell says nothing.

    Parameters
    ----------
    cell
        The cell.
    own
        Receptors of a protocol, which come over those of the cell.
    nmda_ratio
        Of "excitatory", where that is dendmod's.

    Raises
    ------
    SpecError
        If a name is not known, a mechanism is no synapse, has no such parameter, or does not say
        in which unit it takes weights.
    """
    found = default_receptors(nmda_ratio)
    for layer in (cell.receptors, own or {}):
        found = _over(found, layer)
    known = mechanism_set(cell.mechanisms)
    return {name: _kind(name, receptor, known) for name, receptor in found.items()}


def check_receptors(receptors: Mapping[str, Receptor], known: MechanismSet) -> None:
    """Check the receptors that a cell names; raises as `receptors_of`."""
    found = _over(default_receptors(), receptors)
    for name in receptors:
        _kind(name, found[name], known)


def _over(below: Mapping[str, Receptor], layer: Mapping[str, Receptor]) -> dict[str, Receptor]:
    for name in layer:
        if name not in RECEPTOR_NAMES:
            raise SpecError(
                f"receptors.{name}: no protocol asks for {name!r}."
                + did_you_mean(name, RECEPTOR_NAMES)
            )
    return dict(below) | {name: given.over(below[name]) for name, given in layer.items()}


def _kind(name: str, receptor: Receptor, known: MechanismSet) -> SynapseKind:
    suffix = receptor.mechanism or ""
    try:
        known.check_point_process(suffix, receptor.params)
        unit = _unit(known.get(suffix), receptor)
    except DendmodError as error:
        raise SpecError(f"receptors.{name}: {error}") from None
    if name != "feedforward" and unit == _CURRENT:
        raise SpecError(
            f"receptors.{name}: {suffix} takes a current (nA); {name} inputs are conductances, "
            "whose mechanism takes uS or nS"
        )
    return SynapseKind(name, suffix, receptor.params, unit)


def _unit(mechanism: Mechanism, receptor: Receptor) -> str:
    if "NET_RECEIVE" not in mechanism.blocks:
        raise SpecError(f"{mechanism.suffix} has no NET_RECEIVE: it takes no spikes")
    declared = _ALSO_CALLED.get(mechanism.weight_unit, mechanism.weight_unit)
    if declared not in (*_CONDUCTANCES, _CURRENT):
        if receptor.weight is None:
            raise SpecError(
                f"the weight of {mechanism.suffix} has no unit of conductance or current in its "
                f"NET_RECEIVE ({declared or 'none given'}). Say what it takes: weight = 'uS' or "
                "'nS' (a conductance), or 'nA' (a current)"
            )
        return receptor.weight
    if receptor.weight not in (None, declared):
        raise SpecError(
            f"weight is {receptor.weight!r}, but NET_RECEIVE of {mechanism.suffix} takes "
            f"{declared!r}; leave weight out"
        )
    return declared
