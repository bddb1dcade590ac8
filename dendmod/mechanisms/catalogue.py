"""What the .mod files offer, read from the files themselves."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from dendmod.errors import MechanismError, SpecError, did_you_mean
from dendmod.paths import data_dir

_NAME = r"[A-Za-z_]\w*"
_DEFAULT = re.compile(rf"^\s*({_NAME})\s*=\s*([-+.\deE]+)\s*(?:\(([^)]*)\))?")


@dataclass(frozen=True)
class Parameter:
    """A parameter that a specification may set: name, default and unit."""

    name: str
    default: float
    unit: str


@dataclass(frozen=True)
class Mechanism:
    """One mechanism.

    Parameters
    ----------
    suffix
        Its name in NEURON.
    kind
        "density" for distributed mechanisms, "point" for point processes.
    parameters
        What can be set.
    variables
        Other RANGE variables, which can be read.
    ions
        Ions that it uses.
    title, source
        Head of the .mod file.
    file
        The .mod file; None for what is built into NEURON.
    """

    suffix: str
    kind: Literal["density", "point"]
    parameters: tuple[Parameter, ...]
    variables: tuple[str, ...]
    ions: tuple[str, ...]
    title: str
    source: str
    file: Path | None

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(p.name for p in self.parameters)


_BUILT_IN = (
    Mechanism(
        "pas", "density", (Parameter("g", 1e-3, "S/cm2"), Parameter("e", -70.0, "mV")), ("i",), (),
        "Passive leak", "NEURON", None,
    ),
)  # fmt: skip


def _block(text: str, keyword: str) -> str:
    match = re.search(rf"\b{keyword}\s*\{{(.*?)\}}", text, flags=re.DOTALL)
    return match.group(1) if match else ""


def parse(path: Path) -> Mechanism:
    """Read the record of a mechanism from its .mod file.

    Raises
    ------
    MechanismError
        If the file names no mechanism.
    """
    raw = path.read_text(encoding="utf-8")
    heads = [line[1:].strip() for line in raw.splitlines() if line.startswith(":")]
    text = re.sub(r":.*", "", raw)
    neuron = _block(text, "NEURON")
    named = re.search(rf"\b(SUFFIX|POINT_PROCESS|ARTIFICIAL_CELL)\s+({_NAME})", neuron)
    if not named:
        raise MechanismError(
            f"{path}: no SUFFIX or POINT_PROCESS in a NEURON block; is this a .mod file?"
        )
    ranges = [
        name for line in re.findall(r"\bRANGE\s+([^\n]*(?:,\s*\n[^\n]*)*)", neuron)
        for name in re.findall(_NAME, line)
    ]  # fmt: skip
    parameters = tuple(
        Parameter(found.group(1), float(found.group(2)), found.group(3) or "")
        for found in map(_DEFAULT.match, _block(text, "PARAMETER").splitlines())
        if found and found.group(1) in ranges
    )
    names = {p.name for p in parameters}
    source = next((h.removeprefix("Source:").strip() for h in heads if h.startswith("Source")), "")
    return Mechanism(
        suffix=named.group(2),
        kind="density" if named.group(1) == "SUFFIX" else "point",
        parameters=parameters,
        variables=tuple(r for r in ranges if r not in names),
        ions=tuple(re.findall(rf"\bUSEION\s+({_NAME})", neuron)),
        title=heads[0] if heads else "",
        source=source,
        file=path,
    )


@cache
def catalogue() -> dict[str, Mechanism]:
    """Return every mechanism by its name, dendmod's own and those built into NEURON."""
    own = [parse(path) for path in sorted(data_dir("mechanisms").glob("*.mod"))]
    return {m.suffix: m for m in (*_BUILT_IN, *own)}


def get(suffix: str) -> Mechanism:
    """Return one mechanism.

    Raises
    ------
    MechanismError
        If there is none of this name; the nearest is named.
    """
    known = catalogue()
    if suffix not in known:
        raise MechanismError(f"there is no mechanism {suffix!r}." + did_you_mean(suffix, known))
    return known[suffix]


def check_point_process(suffix: str, params: Mapping[str, object]) -> None:
    """Check that a synapse can be such a mechanism, with these parameters.

    Raises
    ------
    MechanismError
        If it is a channel of the membrane, or not known, or has no such parameter.
    SpecError
        As `check_parameters`.
    """
    if get(suffix).kind != "point":
        points = [name for name, mechanism in catalogue().items() if mechanism.kind == "point"]
        raise MechanismError(
            f"{suffix} is a mechanism of the membrane; a synapse is one of {', '.join(points)}"
        )
    check_parameters(suffix, params)


def check_parameters(suffix: str, params: Mapping[str, object]) -> None:
    """Check that a mechanism has these parameters and that plain numbers are possible.

    Raises
    ------
    MechanismError
        If the mechanism or a parameter is not known.
    SpecError
        If a number is not finite, a conductance or a ratio is negative, a time constant is not
        positive, or a rise is not shorter than its decay.
    """
    mechanism = get(suffix)
    for name, value in params.items():
        if name not in mechanism.parameter_names:
            raise MechanismError(
                f"{suffix} has no parameter {name!r}."
                + did_you_mean(name, mechanism.parameter_names)
            )
        if isinstance(value, int | float):
            _check_number(suffix, name, float(value))
    values = {p.name: p.default for p in mechanism.parameters}
    values |= {k: float(v) for k, v in params.items() if isinstance(v, int | float)}
    for name in values:
        decay = name.replace("tau_rise", "tau_decay")
        if name.startswith("tau_rise") and not values[name] < values[decay]:
            raise SpecError(
                f"{suffix}: {name} = {values[name]} ms must be shorter than {decay} = "
                f"{values[decay]} ms"
            )


def _check_number(suffix: str, name: str, value: float) -> None:
    if not math.isfinite(value):
        raise SpecError(f"{suffix}: {name} = {value}; give a finite number")
    positive = name.startswith("tau") or name in ("decay", "depth")
    not_negative = name.endswith("bar") or name in ("g", "nmda_ratio", "gamma", "minCai")
    if (positive and value <= 0) or (not_negative and value < 0):
        bound = "> 0" if positive else ">= 0"
        raise SpecError(f"{suffix}: {name} = {value} is not allowed; give a number {bound}")
