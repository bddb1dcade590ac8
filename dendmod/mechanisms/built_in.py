"""The mechanisms that are built into NEURON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from dendmod.mechanisms.mechanism import Mechanism, Parameter
from dendmod.mechanisms.nmodl import Ion


def _built_in(
    suffix: str, kind: Literal["density", "point"], parameters: Sequence[tuple[str, float, str]],
    title: str, **more: Any,
) -> Mechanism:  # fmt: skip
    fields: dict[str, Any] = {
        "globals": (), "variables": (), "ions": (), "currents": ("i",), "maximal": (),
        "conductance": "", "reversal": "", "states": (), "reads": ("v",), "blocks": (),
        "weight_unit": "",
    }  # fmt: skip
    made = tuple(Parameter(*p) for p in parameters)
    return Mechanism(
        suffix=suffix, kind=kind, parameters=made, title=title, source="NEURON", file=None,
        **{**fields, **more},
    )  # fmt: skip


BUILT_IN = (
    _built_in(
        "pas", "density", (("g", 1e-3, "S/cm2"), ("e", -70.0, "mV")), "Passive leak",
        variables=("i",), maximal=("g",), conductance="g", reversal="e",
    ),
    _built_in(
        "hh", "density",
        (("gnabar", 0.12, "S/cm2"), ("gkbar", 0.036, "S/cm2"), ("gl", 0.0003, "S/cm2"),
         ("el", -54.3, "mV")),
        "Sodium, potassium and leak of the squid axon (Hodgkin & Huxley 1952)",
        variables=("gna", "gk", "il", "minf", "hinf", "ninf", "mtau", "htau", "ntau"),
        ions=(Ion("na", ("ena",), ("ina",)), Ion("k", ("ek",), ("ik",))),
        currents=("ina", "ik", "il"), maximal=("gnabar", "gkbar", "gl"),
        states=("m", "h", "n"), reads=("v", "celsius"), blocks=("DERIVATIVE",),
    ),
    _built_in(
        "ExpSyn", "point", (("tau", 0.1, "ms"), ("e", 0.0, "mV")), "Synapse that decays at once",
        variables=("i", "g"), conductance="g", reversal="e", states=("g",),
        blocks=("DERIVATIVE", "NET_RECEIVE"), weight_unit="uS",
    ),
    _built_in(
        "Exp2Syn", "point", (("tau1", 0.1, "ms"), ("tau2", 10.0, "ms"), ("e", 0.0, "mV")),
        "Synapse that rises and decays", variables=("i", "g"), conductance="g", reversal="e",
        states=("A", "B"), blocks=("DERIVATIVE", "NET_RECEIVE"), weight_unit="uS",
    ),
)  # fmt: skip

# NEURON refuses a second mechanism of these names
_NEURONS = {m.suffix for m in BUILT_IN} | {
    "AlphaSynapse", "APCount", "IClamp", "IntFire1", "IntFire2", "IntFire4", "NetStim",
    "PatternStim", "SEClamp", "VClamp", "capacitance", "extracellular", "fastpas", "morphology",
}  # fmt: skip


def of_neuron(mechanism: Mechanism) -> str:
    """Return why a user's mechanism cannot have the name that it has; "" if it can."""
    if mechanism.suffix not in _NEURONS:
        return ""
    return f"{mechanism.suffix} is built into NEURON and cannot be replaced; give it another name"
