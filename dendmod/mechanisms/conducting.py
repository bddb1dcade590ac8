"""How a mechanism conducts: its maximal conductance, how its current is read, what is refused.

A channel is known by what it does, never by its name: a current that is proportional to a RANGE
parameter, in a unit that is a density of conductance or a permeability. A mechanism with several
such parameters, as hh, is several channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dendmod.errors import MechanismError
from dendmod.mechanisms.catalogue import MechanismSet
from dendmod.mechanisms.mechanism import Mechanism
from dendmod.mechanisms.nmodl import equations_of

DENSITY_IN_S_PER_CM2 = {
    "S/cm2": 1.0,
    "mho/cm2": 1.0,
    "siemens/cm2": 1.0,
    "mS/cm2": 1e-3,
    "mmho/cm2": 1e-3,
    "uS/cm2": 1e-6,
    "umho/cm2": 1e-6,
    "nS/cm2": 1e-9,
    "pS/um2": 1e-4,
    "nS/um2": 0.1,
    "S/m2": 1e-4,
}
"""What one of each unit of a maximal conductance is in S/cm2."""
_PERMEABILITY = "cm/s"
_BUILT_IN_LEAKS = {"hh": ("gl",)}  # NEURON's own, which has no file that says so
_NOT_CARRIED = {
    "POINTER": "it points to a variable of another place",
    "LONGITUDINAL_DIFFUSION": "what it keeps diffuses along the dendrite",
    "RANDOM": "it draws random numbers",
}


@dataclass(frozen=True)
class Conducting:
    """A channel as the reduction takes it.

    Parameters
    ----------
    key
        Its name: that of its mechanism, or MECHANISM.PARAMETER where that has several channels.
    suffix
        Its mechanism.
    maximal
        The parameter that its current is proportional to.
    factor
        What one of that parameter's unit is in S/cm2; 1 for a permeability (cm/s), whose channel
        has a conductance of its own at each potential.
    conductance, reversal
        Variables that hold conductance and reversal potential of an ohmic current, so that they are
        read; "" where current and slope conductance have to be measured.
    """

    key: str
    suffix: str
    maximal: str
    factor: float
    conductance: str = ""
    reversal: str = ""

    @property
    def is_measured(self) -> bool:
        """Whether its conductance is measured as the slope of its current, not read."""
        return not self.conductance


def where(mechanism: Mechanism) -> str:
    """Return the name of a mechanism and its file, for messages."""
    return f"{mechanism.suffix} ({mechanism.file or 'built into NEURON'})"


def is_channel(mechanism: Mechanism) -> bool:
    """Return whether it conducts, is no leak and keeps no concentration."""
    return mechanism.conducts and not mechanism.is_leak and not mechanism.pool_of


def gated_parameters(mechanism: Mechanism) -> tuple[str, ...]:
    """Return the parameters that block a channel where they are 0; a leak within it stays.

    Raises
    ------
    MechanismError
        If its current is proportional to no parameter.
    """
    if not mechanism.maximal:
        raise MechanismError(
            f"{where(mechanism)} conducts, but its current is proportional to no RANGE parameter: "
            "it cannot be blocked or scaled. Make its maximal conductance a RANGE parameter"
        )
    leaks = _BUILT_IN_LEAKS.get(mechanism.suffix, ()) if mechanism.file is None else ()
    return tuple(name for name in mechanism.maximal if name not in leaks)


def conducting(mechanism: Mechanism) -> tuple[Conducting, ...]:
    """Return the channels of a mechanism; none for one that does not conduct or is a plain leak.

    Raises
    ------
    MechanismError
        If the reduction cannot carry it, with file and reason (`why_not_reducible`).
    """
    reason = why_not_reducible(mechanism)
    if reason:
        raise MechanismError(f"{where(mechanism)} cannot be reduced: {reason}")
    if not is_channel(mechanism):
        return ()
    suffix, names = mechanism.suffix, _densities(mechanism)
    factors = [DENSITY_IN_S_PER_CM2.get(mechanism.unit_of(name), 1.0) for name in names]
    if _is_read(mechanism):
        read = mechanism.conductance, mechanism.reversal
        return (Conducting(suffix, suffix, names[0], factors[0], *read),)
    keys = [suffix] if len(names) == 1 else [f"{suffix}.{name}" for name in names]
    return tuple(
        Conducting(key, suffix, name, factor)
        for key, name, factor in zip(keys, names, factors, strict=True)
    )


def channel_of(known: MechanismSet, key: str) -> Conducting:
    """Return a channel by its key."""
    return next(c for c in conducting(known.get(key.partition(".")[0])) if c.key == key)


def leak_density(mechanism: Mechanism) -> tuple[str, float]:
    """Return the conductance parameter of a leak and what one of its unit is in S/cm2."""
    conducting(mechanism)
    unit = mechanism.unit_of(mechanism.conductance)
    return mechanism.conductance, DENSITY_IN_S_PER_CM2[unit]


def why_not_reducible(mechanism: Mechanism) -> str:
    """Return why the reduction cannot carry a mechanism of the membrane; "" where it can."""
    if "area" in mechanism.reads:
        return (
            "it reads `area`, which is that of a segment; a compartment stands for many. Write it "
            "with densities"
        )
    for block, reason in _NOT_CARRIED.items():
        if block in mechanism.blocks:
            return reason
    carried = {f"i{ion.name}" for ion in mechanism.ions} | {f"{i.name}i" for i in mechanism.ions}
    other = sorted({w for ion in mechanism.ions for w in ion.writes} - carried)
    if other:
        return f"it writes {', '.join(other)}; only currents and inner concentrations are carried"
    if not mechanism.conducts:
        return ""
    if mechanism.pool_of and mechanism.quiet_with:
        return ""  # a pool whose current is switched off: `check_quiet`
    if mechanism.pool_of:
        return (
            f"it keeps {', '.join(f'{ion}i' for ion in mechanism.pool_of)} and carries a current "
            "itself; split it into a pool and a channel"
        )
    return _why_current_is_not(mechanism)


def check_quiet(mechanism: Mechanism, values: Mapping[str, float]) -> None:
    """Check that a pool's own current is switched off at a place of a cell.

    Raises
    ------
    MechanismError
        If one of the parameters that switch it off has another value there.
    """
    for name, value in mechanism.quiet_with if mechanism.pool_of else ():
        if values[name] != value:
            raise MechanismError(
                f"{where(mechanism)} cannot be reduced: at {name} = {values[name]:g} it carries a "
                f"current besides keeping {mechanism.pool_of[0]}i; at {value:g} it does not"
            )


def _why_current_is_not(mechanism: Mechanism) -> str:
    if not mechanism.maximal:
        return "its current is proportional to no RANGE parameter; make its maximal conductance one"
    densities = _densities(mechanism)
    if not densities:
        given = ", ".join(f"{n} ({mechanism.unit_of(n) or 'no unit'})" for n in mechanism.maximal)
        return (
            f"the unit of its maximal conductance is not known: {given}. Give it one of "
            f"{', '.join(DENSITY_IN_S_PER_CM2)}, or {_PERMEABILITY}"
        )
    if mechanism.is_leak or _is_read(mechanism):
        if mechanism.is_leak and mechanism.unit_of(densities[0]) == _PERMEABILITY:
            return f"its conductance {densities[0]} is given as a permeability"
        return ""
    hidden = hidden_currents(mechanism)
    unread = equations_of(mechanism.file).refusals if hidden and mechanism.file else ()
    if unread:
        return (
            f"no variable shows its nonspecific current {', '.join(hidden)}, and line "
            f"{unread[0].line} is not read, which would say it ({unread[0].reason}); declare the "
            "current RANGE in the NEURON block"
        )
    return ""


def hidden_currents(mechanism: Mechanism) -> tuple[str, ...]:
    """Return the currents that no variable of NEURON's shows; they follow from the equations."""
    shown = {*mechanism.variables, *(f"i{ion.name}" for ion in mechanism.ions)}
    return tuple(name for name in mechanism.currents if name not in shown)


def _densities(mechanism: Mechanism) -> list[str]:
    known = {*DENSITY_IN_S_PER_CM2, _PERMEABILITY}
    return [name for name in mechanism.maximal if mechanism.unit_of(name) in known]


def _is_read(mechanism: Mechanism) -> bool:
    """Return whether conductance and reversal of an ohmic current stand in variables, in S/cm2.

    Where the parameter has another unit the current holds a conversion, which the variable of the
    conductance may or may not have; then it is measured.
    """
    known = {*mechanism.parameter_names, *(p.name for p in mechanism.globals)}
    known |= {f"e{ion.name}" for ion in mechanism.ions}
    return (
        len(mechanism.maximal) == 1
        and DENSITY_IN_S_PER_CM2.get(mechanism.unit_of(mechanism.maximal[0])) == 1.0
        and mechanism.conductance in mechanism.variables
        and mechanism.reversal in known
    )
