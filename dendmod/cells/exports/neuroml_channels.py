"""Channels and calcium pools as NeuroML, from the equations of their .mod files.

A current is written as an ``ionChannelHH``: gates whose steady states and time constants are LEMS
component types with the expressions of the file. A pool that is linear is a
``fixedFactorConcentrationModel``. What has another form is refused, by name and with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

from dendmod.cells.exports.neuroml_rates import CannotBeWritten, Lines, add, component_type
from dendmod.errors import MechanismError
from dendmod.mechanisms import Mechanism
from dendmod.mechanisms.equations import (
    Current,
    Derivative,
    Equations,
    Expression,
    Operation,
    Step,
    Table,
)
from dendmod.mechanisms.evaluate import initial, value_of
from dendmod.mechanisms.nmodl import equations_of
from dendmod.mechanisms.toolchain import neuron_data

_FILES_OF_NEURON = {"hh": "hh.mod", "pas": "passive.mod"}
_RHO = 100.0  # mol/(m A s) of one mM/ms per mA/cm2
_NEAR = 1e-9
_NEAR_TABLE = 1e-3  # of a start that NEURON takes from lines between the rows of a TABLE
NERNST = "nernst"


@dataclass(frozen=True)
class Density:
    """A current of a mechanism in a segment.

    Parameters
    ----------
    channel
        Id of its ion channel.
    density
        Maximal conductance (S/cm2).
    reversal
        Reversal potential (mV), or `NERNST`.
    ion
        "na", "k", "ca" or "non_specific".
    """

    channel: str
    density: float
    reversal: float | str
    ion: str


@dataclass(frozen=True)
class Pool:
    """A pool in a segment: id of its model, and its concentrations at start (mM)."""

    model: str
    inside: float
    outside: float


@cache
def equations(mechanism: Mechanism) -> Equations:
    """Return the equations of a mechanism; those of NEURON's own from the files it carries."""
    path = mechanism.file
    if path is None:
        data = neuron_data()
        name = _FILES_OF_NEURON.get(mechanism.suffix, "")
        path = None if data is None or not name else data / "share" / "modfile" / name
        if path is None or not path.is_file():
            raise CannotBeWritten("it is built into NEURON, whose file for it is not here")
    found = equations_of(Path(path))
    if found.refusals:
        first = found.refusals[0]
        raise CannotBeWritten(f"line {first.line}: {first.reason}")
    return found


class Channels:
    """Makes ion channels and pools, one for each set of numbers that their rates depend on.

    Parameters
    ----------
    given
        Temperature (degC), and GLOBAL parameters by NEURON's names.
    """

    def __init__(self, celsius: float, v_init: float, given: Mapping[str, float]) -> None:
        self.celsius, self.v_init, self.given = celsius, v_init, given
        self.types: list[ET.Element] = []
        self.channels: list[ET.Element] = []
        self.pools: list[ET.Element] = []
        self._made: dict[tuple[object, ...], str] = {}
        self._counts: Counter[str] = Counter()

    def in_order(self) -> list[ET.Element]:
        """Return all that was made, in the order of the schema."""
        return [*sorted(self.channels, key=lambda c: c.tag), *self.pools, *self.types]

    def _known(self, mechanism: Mechanism, own: Mapping[str, float]) -> dict[str, float]:
        """Return the numbers of a mechanism: constants, GLOBALs, and those of the segment."""
        found = dict(equations(mechanism).values)
        for p in mechanism.globals:
            name = f"{p.name}_{mechanism.suffix}"
            if name in self.given:
                found[p.name] = self.given[name]
        return found | {"celsius": self.celsius} | dict(own)

    def densities(
        self, mechanism: Mechanism, own: Mapping[str, float], reversals: Mapping[str, float]
    ) -> list[Density]:
        """Return the currents of a mechanism in a segment.

        Parameters
        ----------
        own
            Its RANGE parameters there.
        reversals
            Reversal potentials of ions (mV) that are constants there, by "ena" ...

        Raises
        ------
        CannotBeWritten
            If NeuroML cannot say what it does.
        """
        said = equations(mechanism)
        found = []
        for current in said.currents:
            if current.conductance is None or current.reversal is None:
                raise CannotBeWritten(f"{current.name} is not ohmic")
            found.append(self._density(mechanism, said, current, own, reversals))
        return found

    def _density(
        self, mechanism: Mechanism, said: Equations, current: Current, own: Mapping[str, float],
        reversals: Mapping[str, float],
    ) -> Density:  # fmt: skip
        maximal = tuple(p for p in dict.fromkeys(current.proportional) if p in mechanism.maximal)
        density = 1.0
        for name in maximal:
            density *= own[name]
        rest = {k: v for k, v in own.items() if k not in mechanism.maximal}
        shape = tuple(sorted(rest.items()))
        key = (mechanism.suffix, current.name, shape)
        lines = Lines(self._known(mechanism, rest | dict.fromkeys(maximal, 1.0)))
        lines.run(said.breakpoint)
        powers = {s: n for s, n in Counter(current.proportional).items() if s in said.states}
        factor = self._factor(lines, said, current, powers)
        ion = next((i.name for i in mechanism.ions if f"i{i.name}" == current.name), "")
        if key not in self._made:
            several = len(said.currents) > 1
            base = f"{mechanism.suffix}_{current.name}" if several else mechanism.suffix
            self._counts[base] += 1
            n = self._counts[base]
            self._made[key] = base if n == 1 else f"{base}_{n}"
            self._channel(self._made[key], mechanism, said, ion, powers, rest, factor)
        if isinstance(factor, float):
            density *= factor
        reversal = self._reversal(mechanism, lines, current, ion, reversals)
        return Density(self._made[key], density, reversal, ion or "non_specific")

    def _factor(
        self, lines: Lines, said: Equations, current: Current, powers: Mapping[str, int]
    ) -> Expression:
        """Return what the conductance has besides maximal conductance and gates."""
        assert current.conductance is not None
        whole = lines.put_in(current.conductance)
        if powers:
            # all gates open gives the factor; two other states say whether it is a product
            found = [
                self._number(lines, whole, said, states)
                for states in (1.0, 0.3, 0.8)
            ]  # fmt: skip
            n = sum(powers.values())
            if any(
                abs(x - found[0] * s**n) > _NEAR * abs(found[0])
                for x, s in zip(found[1:], (0.3, 0.8), strict=True)
            ):
                raise CannotBeWritten("its conductance is no product of powers of gates")
            return found[0]
        return whole

    def _number(self, lines: Lines, whole: Expression, said: Equations, state: float) -> float:
        around: dict[str, float] = dict.fromkeys(said.states, state)
        try:
            for name, value in lines.needed(whole).items():
                around[name] = float(value_of(value, around))
            return float(value_of(whole, around))
        except MechanismError:
            raise CannotBeWritten(
                "its conductance depends on more than gates and parameters"
            ) from None

    def _reversal(
        self, mechanism: Mechanism, lines: Lines, current: Current, ion: str,
        reversals: Mapping[str, float],
    ) -> float | str:  # fmt: skip
        assert current.reversal is not None
        found = lines.put_in(current.reversal)
        if isinstance(found, float):
            return found
        if found == f"e{ion}":
            if found in reversals:
                return reversals[found]
            if ion == "ca":
                return NERNST
        raise CannotBeWritten(f"its reversal potential {found} is no constant")

    def _channel(
        self, name: str, mechanism: Mechanism, said: Equations, ion: str,
        powers: Mapping[str, int], own: Mapping[str, float], factor: Expression,
    ) -> None:  # fmt: skip
        if not powers and isinstance(factor, float):
            made = ET.Element("ionChannel", id=name, conductance="10pS", type="ionChannelPassive")
        else:
            made = ET.Element("ionChannelHH", id=name, conductance="10pS")
            if ion:
                made.set("species", ion)
        note = ET.SubElement(made, "notes")
        where = mechanism.file.name if mechanism.file is not None else "built into NEURON"
        numbers = {**own, "celsius": self.celsius}
        with_ = ", ".join(f"{k} = {v:g}" for k, v in numbers.items())
        note.text = f"{mechanism.suffix} ({where}) with {with_}"
        for state, power in powers.items():
            self._gate(made, name, mechanism, said, own, state, power)
        if not isinstance(factor, float):
            lines = Lines(self._known(mechanism, dict(own) | dict.fromkeys(mechanism.maximal, 1.0)))
            lines.run(said.breakpoint)
            gate = add(made, "gateHHInstantaneous", id="open", instances="1")
            self._type(gate, "steadyState", f"{name}_open_inf", "Variable", "x", factor, lines)
        self.channels.append(made)

    def _gate(
        self, channel: ET.Element, name: str, mechanism: Mechanism, said: Equations,
        own: Mapping[str, float], state: str, power: int,
    ) -> None:  # fmt: skip
        step, derivative = _derivative(said, state)
        lines = Lines(self._known(mechanism, own))
        lines.run(s for s in step.statements[: step.statements.index(derivative)])
        inf, tau = (lines.put_in(e) for e in _relaxation(derivative))
        self._check_start(mechanism, said, own, state, lines, inf)
        gate = add(channel, "gateHHtauInf", id=state, instances=str(power))
        if isinstance(tau, float):
            add(gate, "timeCourse", type="fixedTimeCourse", tau=f"{tau!r}ms")
        else:
            self._type(gate, "timeCourse", f"{name}_{state}_tau", "Time", "t", tau, lines)
        self._type(gate, "steadyState", f"{name}_{state}_inf", "Variable", "x", inf, lines)

    def _type(
        self, gate: ET.Element, tag: str, name: str, kind: str, exposure: str,
        expression: Expression, lines: Lines,
    ) -> None:  # fmt: skip
        conc = "Conc" if "cai" in lines.reads(expression) else ""
        extends = f"baseVoltage{conc}Dep{kind}"
        self.types.append(component_type(name, extends, exposure, expression, lines))
        add(gate, tag, type=name)

    def _check_start(
        self, mechanism: Mechanism, said: Equations, own: Mapping[str, float], state: str,
        lines: Lines, inf: Expression,
    ) -> None:  # fmt: skip
        """Raise where a gate does not start at its steady state, as NeuroML's gates do."""
        around: dict[str, float] = {"v": self.v_init, "cai": 1e-4}
        begin = initial(said, **self._known(mechanism, own), **around)[state]
        for name, value in lines.needed(inf).items():
            around[name] = float(value_of(value, around))
        near = _NEAR_TABLE if any(isinstance(s, Table) for s in said.initial) else _NEAR
        if abs(float(begin) - float(value_of(inf, around))) > near:
            raise CannotBeWritten(f"INITIAL does not start {state} at its steady state")

    def pool(self, mechanism: Mechanism, own: Mapping[str, float], outside: float) -> Pool:
        """Return a pool in a segment, whose outer concentration is given (mM)."""
        said = equations(mechanism)
        if mechanism.pool_of != ("ca",):
            raise CannotBeWritten(
                f"it keeps {', '.join(mechanism.pool_of)}; NeuroML has pools of calcium alone"
            )
        known = self._known(mechanism, own)
        step, derivative = _derivative(said, "cai")
        lines = Lines(known)
        lines.run(step.statements[: step.statements.index(derivative)])
        rate = lines.put_in(derivative.value)
        unknown = lines.reads(rate) - {"cai", "ica"}
        if unknown:
            raise CannotBeWritten(f"it depends on {', '.join(sorted(unknown))}")

        def at(cai: float, ica: float) -> float:
            around = {"cai": cai, "ica": ica}
            for name, value in lines.needed(rate).items():
                around[name] = float(value_of(value, around))
            return float(value_of(rate, around))

        zero = at(0.0, 0.0)
        slope, influx = at(1.0, 0.0) - zero, at(0.0, -1.0) - zero
        for cai, ica in ((0.7, -0.3), (0.2, 0.4)):
            if abs(at(cai, ica) - zero - slope * cai + influx * ica) > _NEAR * abs(influx):
                raise CannotBeWritten("it is not linear in cai and ica")
        if slope >= 0:
            raise CannotBeWritten("it does not decay")
        begin = float(initial(said, v=self.v_init, ica=0.0, **known)["cai"])
        numbers = (zero / -slope, -1 / slope, influx * _RHO)
        key = (mechanism.suffix, *numbers)
        if key not in self._made:
            self._counts[mechanism.suffix] += 1
            n = self._counts[mechanism.suffix]
            self._made[key] = mechanism.suffix if n == 1 else f"{mechanism.suffix}_{n}"
            made = ET.Element("fixedFactorConcentrationModel", id=self._made[key], ion="ca")
            made.set("restingConc", f"{numbers[0]!r}mM")
            made.set("decayConstant", f"{numbers[1]!r}ms")
            made.set("rho", f"{numbers[2]!r}mol_per_m_per_A_per_s")
            self.pools.append(made)
        return Pool(self._made[key], begin, outside)


def _derivative(said: Equations, state: str) -> tuple[Step, Derivative]:
    for step in said.steps:
        for d in step.derivatives:
            if d.state == state:
                if len(step.conserve) or [n for n, _ in d.linear] != [state]:
                    raise CannotBeWritten(f"{step.name} solves its states together")
                return step, d
    raise CannotBeWritten(f"{state} follows no differential equation")


def _relaxation(d: Derivative) -> tuple[Expression, Expression]:
    """Return steady state and time constant of ``x' = (inf - x)/tau``, however it is written."""
    value = d.value
    if isinstance(value, Operation) and value.op == "/":
        top, tau = value.args
        if isinstance(top, Operation) and top.op == "-" and top.args[1] == d.state:
            return top.args[0], tau
    rate = Operation("neg", (d.linear[0][1],))
    return Operation("/", (d.rest, rate)), Operation("/", (1.0, rate))
