"""The same effects on a reduced cell, compartment by compartment."""

from __future__ import annotations

from collections.abc import Sequence

from dendmod.errors import SpecError, did_you_mean
from dendmod.neuromodulation.effects import Effect
from dendmod.spec.reduced import Compartment, ReducedCell

_LEAK = {"g": "g_leak", "e": "e_leak"}


def apply_to_reduced(cell: ReducedCell, effects: Sequence[Effect]) -> ReducedCell:
    """Return a new specification of a reduced cell under effects.

    Effects act on channels, calcium pools and the leak ("pas": ``g`` and ``e``) of every
    compartment, or of the soma alone. Those on synapses change no cell.

    Raises
    ------
    SpecError
        If the cell has no such mechanism or parameter, or the effect names dendritic regions or
        holds the rest: a reduced cell does not know its regions. Apply such an effect to the full
        cell and reduce that.
    """
    for effect in effects:
        if not effect.is_synaptic:
            cell = _one(cell, effect)
    return cell


def _one(cell: ReducedCell, effect: Effect) -> ReducedCell:
    if effect.hold_rest or set(effect.regions) - {"soma"}:
        raise SpecError(
            f"a reduced cell cannot take {effect.mechanism} with regions {effect.regions} and "
            f"hold_rest={effect.hold_rest}; apply it to the full cell and reduce that"
        )
    reached = cell.compartments[:1] if effect.regions else cell.compartments
    changed = [_moved(c, effect) for c in reached]
    if all(new is old for new, old in zip(changed, reached, strict=True)):
        known = {s for c in reached for s in (*c.channels, *c.pools)} | {"pas"}
        raise SpecError(
            f"{cell.name} has no {effect.mechanism} with {effect.parameter!r}."
            + did_you_mean(effect.mechanism, known)
        )
    rest = cell.compartments[len(changed) :]
    return cell.model_copy(update={"compartments": (*changed, *rest)})


def _moved(compartment: Compartment, effect: Effect) -> Compartment:
    def new(value: float) -> float:
        return effect.scale * value + effect.shift

    if effect.mechanism == "pas" and effect.parameter in _LEAK:
        name = _LEAK[effect.parameter]
        return compartment.model_copy(update={name: new(getattr(compartment, name))})
    for field in ("channels", "pools"):
        held = getattr(compartment, field)
        params = held.get(effect.mechanism, {})
        if effect.parameter in params:
            changed = {**params, effect.parameter: new(params[effect.parameter])}
            return compartment.model_copy(update={field: {**held, effect.mechanism: changed}})
    return compartment
