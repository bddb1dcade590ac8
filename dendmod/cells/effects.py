"""What a modulator does to a neuron: one parameter, scaled or shifted, in named regions.

An effect never touches a cell: applied to a specification, full or reduced, it gives a new one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, NonNegativeFloat, model_validator

from dendmod.cells.rest import with_leak_that_holds
from dendmod.errors import SpecError, did_you_mean
from dendmod.mechanisms.catalogue import mechanism_set
from dendmod.spec import (
    Biophysics,
    Cell,
    MechanismSpec,
    RegionSpec,
    SectionTables,
    Setup,
    Spec,
    SpikeTrain,
    Synapse,
    scale_and_shift,
)
from dendmod.spec.cell import RegionName
from dendmod.spec.reduced import Compartment, ReducedCell

WEIGHT = "weight"
"""Name of the parameter that stands for the weight of all spikes which a synapse receives."""
_LEAK = {"g": "g_leak", "e": "e_leak"}  # the leak "pas" of a cell, in a compartment


class Effect(Spec):
    """One parameter of one mechanism, scaled or shifted.

    Parameters
    ----------
    mechanism
        Suffix of a distributed mechanism, or name of a point process.
    parameter
        Its parameter; "weight" of a point process is the weight of the spikes that it receives.
    regions
        Where; empty for everywhere. For distributed mechanisms only.
    scale
        Factor, 0 or more.
    shift
        Added after scaling, in the parameter's unit.
    hold_rest
        Correct the leak's reversal potential segment by segment, so that the cell rests where it
        rested before. Without it the effect moves the resting potential as it may.
    """

    mechanism: str
    parameter: str
    regions: tuple[RegionName, ...] = ()
    scale: NonNegativeFloat = 1.0
    shift: float = Field(default=0.0)
    hold_rest: bool = False

    @model_validator(mode="after")
    def _scale_or_shift(self) -> Effect:
        if self.scale != 1.0 and self.shift != 0.0:
            raise ValueError("give a scale or a shift, not both; two effects can follow each other")
        return self

    def at(self, occupancy: float) -> Effect:
        """Return the effect where a part of the receptors is occupied, from 0 to 1.

        Scale and shift grow linearly: each receptor reaches its share of the channels.
        """
        if not 0 <= occupancy <= 1:
            raise SpecError(f"occupancy = {occupancy}: give a part from 0 to 1")
        return self.model_copy(
            update={"scale": 1 + occupancy * (self.scale - 1), "shift": occupancy * self.shift}
        )

    def is_synaptic(self, mechanisms: Sequence[str] = ()) -> bool:
        """Return whether it acts on synapses and not on the membrane.

        Parameters
        ----------
        mechanisms
            Folders of the cell's own .mod files, as `Cell.mechanisms`.
        """
        return mechanism_set(tuple(mechanisms)).get(self.mechanism).kind == "point"


def on_membrane(effects: Sequence[Effect], mechanisms: Sequence[str] = ()) -> list[Effect]:
    """Return the effects on the membrane of a cell, without those on synapses.

    `mechanisms` are the folders of the cell's own .mod files.
    """
    wrong = [e for e in effects if not isinstance(e, Effect)]
    if wrong:
        raise SpecError(
            f"{type(wrong[0]).__name__} is no effect; give `mechanism(name)` or, of a modulator, "
            "`modulator(name).effects(nM)`"
        )
    return [e for e in effects if not e.is_synaptic(mechanisms)]


def apply(cell: Cell, effects: Sequence[Effect], *, settle: float = 6000.0) -> Cell:
    """Return a new specification of a cell under effects.

    Effects that hold the rest come first, together; then the others, in their order. Effects on
    synapses change no cell: see `apply_to_setup` and `apply_to_trains`.

    Parameters
    ----------
    cell
        The cell without modulation; it stays as it is.
    effects
        What is done to it.
    settle
        For how long (ms) cells settle to find their resting potential, for `hold_rest` only.

    Raises
    ------
    SpecError
        If the cell has no such mechanism or parameter in one of the regions, or if all effects are
        on synapses, which are no part of a cell.
    """
    membrane = on_membrane(effects, cell.mechanisms)
    if effects and not membrane:
        names = ", ".join(dict.fromkeys(e.mechanism for e in effects))
        raise SpecError(
            f"effects on {names} change synapses and no cell; give them to apply_to_setup and "
            "apply_to_trains"
        )
    held = [e for e in membrane if e.hold_rest]
    changed = _changed(cell, held)
    if changed != cell:
        changed = with_leak_that_holds(cell, changed, settle=settle)
    return _changed(changed, [e for e in membrane if not e.hold_rest])


def _changed(cell: Cell, effects: Sequence[Effect]) -> Cell:
    biophysics = cell.biophysics
    for effect in effects:
        if isinstance(biophysics, SectionTables):
            biophysics = _in_sections(biophysics, effect)
        else:
            biophysics = _in_regions(biophysics, effect)
    if biophysics is cell.biophysics:
        return cell
    return cell.model_copy(update={"biophysics": biophysics})


def _in_sections(tables: SectionTables, effect: Effect) -> SectionTables:
    name = f"{effect.parameter}_{effect.mechanism}"
    if effect.mechanism not in tables.mechanisms:
        raise SpecError(
            f"{tables.name} has no mechanism {effect.mechanism!r}."
            + did_you_mean(effect.mechanism, tables.mechanisms)
        )
    sections, found = [], False
    for section in tables.sections:
        if name in section.values and section.region in (effect.regions or (section.region,)):
            found = True
            row = tuple(effect.scale * x + effect.shift for x in section.values[name])
            section = section.model_copy(update={"values": section.values | {name: row}})
        sections.append(section)
    if not found:
        where = " or ".join(effect.regions) or "section"
        raise SpecError(f"no {where} of {tables.name} says anything of {name!r}")
    return tables.model_copy(update={"sections": tuple(sections)})


def _in_regions(biophysics: Biophysics, effect: Effect) -> Biophysics:
    regions: dict[RegionName, RegionSpec] = dict(biophysics.regions)
    found = False
    for name in effect.regions or tuple(regions):
        if name not in regions:
            raise SpecError(
                f"{biophysics.name} has no region {name!r}." + did_you_mean(name, regions)
            )
        region = regions[name]
        there = [m.suffix for m in region.mechanisms]
        if effect.mechanism not in there:
            if effect.regions:
                raise SpecError(
                    f"{name} of {biophysics.name} has no {effect.mechanism!r}."
                    + did_you_mean(effect.mechanism, there)
                )
            continue
        found = True
        mechanisms = tuple(
            _moved(m, effect) if m.suffix == effect.mechanism else m for m in region.mechanisms
        )
        regions[name] = region.model_copy(update={"mechanisms": mechanisms})
    if not found:
        known = {m.suffix for r in regions.values() for m in r.mechanisms}
        raise SpecError(
            f"{biophysics.name} has no mechanism {effect.mechanism!r}."
            + did_you_mean(effect.mechanism, known)
        )
    return biophysics.model_copy(update={"regions": regions})


def _moved(mechanism: MechanismSpec, effect: Effect) -> MechanismSpec:
    if effect.parameter not in mechanism.params:
        raise SpecError(
            f"{mechanism.suffix} says nothing of {effect.parameter!r}."
            + did_you_mean(effect.parameter, mechanism.params)
        )
    value = mechanism.params[effect.parameter]
    try:
        moved = scale_and_shift(value, effect.scale, effect.shift)
    except ValueError as error:
        raise SpecError(f"{effect.parameter} of {mechanism.suffix}: {error}") from None
    return MechanismSpec(
        suffix=mechanism.suffix, params={**mechanism.params, effect.parameter: moved}
    )


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
        if not effect.is_synaptic(cell.mechanisms):
            cell = _in_compartments(cell, effect)
    return cell


def _in_compartments(cell: ReducedCell, effect: Effect) -> ReducedCell:
    if effect.hold_rest or set(effect.regions) - {"soma"}:
        raise SpecError(
            f"a reduced cell cannot take {effect.mechanism} with regions {effect.regions} and "
            f"hold_rest={effect.hold_rest}; apply it to the full cell and reduce that"
        )
    reached = cell.compartments[:1] if effect.regions else cell.compartments
    changed = [_in_compartment(c, effect) for c in reached]
    if all(new is old for new, old in zip(changed, reached, strict=True)):
        known = {s for c in reached for s in (*c.channels, *c.pools)} | {"pas"}
        raise SpecError(
            f"{cell.name} has no {effect.mechanism} with {effect.parameter!r}."
            + did_you_mean(effect.mechanism, known)
        )
    rest = cell.compartments[len(changed) :]
    return cell.model_copy(update={"compartments": (*changed, *rest)})


def _in_compartment(compartment: Compartment, effect: Effect) -> Compartment:
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


def apply_to_setup(setup: Setup, effects: Sequence[Effect]) -> Setup:
    """Return a new set-up whose synapses are under effects; its cell is left as it is."""
    synapses = setup.synapses
    for effect in effects:
        if effect.is_synaptic(setup.cell.mechanisms) and effect.parameter != WEIGHT:
            synapses = tuple(_synapse(s, effect) for s in synapses)
    return setup.model_copy(update={"synapses": synapses})


def check_reaches_synapses(setup: Setup, effects: Sequence[Effect]) -> None:
    """Refuse an effect on a kind of synapse that a set-up has none of: it would change nothing.

    Raises
    ------
    SpecError
        Naming the synapses that there are.
    """
    there = {s.mechanism for s in setup.synapses}
    for effect in effects:
        if effect.is_synaptic(setup.cell.mechanisms) and effect.mechanism not in there:
            raise SpecError(
                f"the effect on {effect.parameter} of {effect.mechanism} would change nothing: "
                f"the synapses here are {', '.join(sorted(there)) or 'none'}. Name one of them as "
                "its mechanism"
            )


def _synapse(synapse: Synapse, effect: Effect) -> Synapse:
    if synapse.mechanism != effect.mechanism:
        return synapse
    if effect.parameter not in synapse.params:
        raise SpecError(
            f"synapse {synapse.name!r} says nothing of {effect.parameter!r}."
            + did_you_mean(effect.parameter, {*synapse.params, WEIGHT})
        )
    value = effect.scale * synapse.params[effect.parameter] + effect.shift
    return synapse.model_copy(update={"params": {**synapse.params, effect.parameter: value}})


def apply_to_trains(
    setup: Setup, trains: Sequence[SpikeTrain], effects: Sequence[Effect]
) -> tuple[SpikeTrain, ...]:
    """Return spike trains whose weights are under effects."""
    if not effects:
        return tuple(trains)
    mechanism = {s.name: s.mechanism for s in setup.synapses}
    scale = dict.fromkeys(set(mechanism.values()), 1.0)
    for effect in effects:
        if effect.is_synaptic(setup.cell.mechanisms) and effect.parameter == WEIGHT:
            if effect.shift:
                raise SpecError("weights of synapses can be scaled, not shifted")
            scale[effect.mechanism] = scale.get(effect.mechanism, 1.0) * effect.scale
    return tuple(
        SpikeTrain(t.synapse, t.times, t.weight * scale[mechanism[t.synapse]]) for t in trains
    )
