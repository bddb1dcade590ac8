"""What a set-up names is there: said before mechanisms are compiled or anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dendmod.errors import EngineError, SpecError, did_you_mean
from dendmod.mechanisms.catalogue import MechanismSet, mechanism_set
from dendmod.mechanisms.compartments import check_mechanisms
from dendmod.mechanisms.mechanism import Mechanism
from dendmod.morphology import Morphology, resolve
from dendmod.spec import Cell, Location, ReducedCell, SectionTables, Setup
from dendmod.spec.result import Array
from dendmod.spec.stimulus import SpikeTrain, check_places, check_trains

_LARGEST_V = 1e3  # mV; a passive membrane under a strong current may go to some hundreds

# current, reversal potential, concentrations inside and outside
_OF_ION = (("i", ""), ("e", ""), ("", "i"), ("", "o"))


def shape_of(cell: Cell) -> Morphology:
    """Return the morphology of a cell as it is built: an axon stub replaces the axon.

    Raises
    ------
    MorphologyError
        If there is no such morphology, or its file cannot be a neuron.
    """
    shape = resolve(cell.morphology)
    return shape if cell.axon_stub is None else shape.without_axon()


def section_names(cell: Cell | ReducedCell) -> tuple[str, ...]:
    """Return NEURON's names of the sections of a cell, or the names of compartments."""
    if isinstance(cell, ReducedCell):
        return tuple(c.name or f"compartment{i}" for i, c in enumerate(cell.compartments))
    drawn = () if cell.axon_stub is None else cell.axon_stub.cylinders
    return (*shape_of(cell).neuron_names, *(f"axon[{i}]" for i in range(len(drawn))))


def numbered(place: Location, cell: Cell | ReducedCell) -> Location:
    """Return a place with the number of its section, if it has a name.

    Raises
    ------
    SpecError
        If the cell has no such section.
    """
    if not place.is_named:
        return place
    of = cell.name if isinstance(cell, ReducedCell) else cell.morphology
    return place.among(section_names(cell), of)


def with_numbers(setup: Setup) -> Setup:
    """Return a set-up in which each place has the number of its section."""
    if not any(place.is_named for place in setup.places.values()):
        return setup
    cell, hold = setup.cell, setup.voltage_clamp

    def at(item: Any) -> Any:
        if item.location is None:  # of a synapse
            return item
        return item.model_copy(update={"location": numbered(item.location, cell)})

    return setup.model_copy(
        update={
            "synapses": tuple(map(at, setup.synapses)),
            "current_clamps": tuple(map(at, setup.current_clamps)),
            "currents": tuple(map(at, setup.currents)),
            "voltage_clamp": None if hold is None else at(hold),
            "record": {
                name: numbered(kept, cell) if isinstance(kept, Location) else at(kept)
                for name, kept in setup.record.items()
            },
        }
    )


def check_setup(setup: Setup) -> None:
    """Check that morphology, sections, mechanisms and their parameters are there.

    Raises
    ------
    MorphologyError
        As `shape_of` says.
    MechanismError
        If a mechanism or a parameter, GLOBAL or not, is not known.
    SpecError
        If a section is not there, a parameter cannot have its value, or no mechanism has a
        variable that is recorded.
    """
    cell = setup.cell
    known = mechanism_set(cell.mechanisms)
    known.check_globals(cell.globals)
    if isinstance(cell, ReducedCell):
        check_mechanisms(cell)
    else:
        check_places(setup.places, len(section_names(cell)), "section", cell.morphology)
        _check_membrane(cell, known)
    for synapse in setup.synapses:
        known.check_point_process(synapse.mechanism, synapse.params)
    for name, kept in setup.recordings.items():
        points = {s.name: s.mechanism for s in setup.synapses}
        if kept.synapse is not None:
            allowed = _variables(known.get(points[kept.synapse]))
        else:
            allowed = _of_membrane(known, kept.variable)
        if kept.variable not in allowed:
            raise SpecError(
                f"recording {name!r}: there is no variable {kept.variable!r}."
                + did_you_mean(kept.variable, allowed)
            )


def check_weights(setup: Setup, trains: Sequence[SpikeTrain]) -> None:
    """Refuse spike trains for synapses that are not there, and negative conductances.

    A point process whose current depends on the potential carries a conductance, which has no
    sign; one that does not carries a current.

    Raises
    ------
    SpecError
        Naming the synapse.
    """
    check_trains(setup, tuple(trains))
    known = mechanism_set(setup.cell.mechanisms)
    of = {s.name: s.mechanism for s in setup.synapses}
    for train in trains:
        mechanism = known.get(of[train.synapse])
        if train.weight < 0 and "v" in mechanism.reads:
            raise SpecError(
                f"the weight of {train.synapse!r} is {train.weight} uS, but {mechanism.suffix} is "
                "a conductance, and none is below 0. Inhibition has a reversal potential of its "
                "own: give a synapse such as DoubleExpSyn with e = -80"
            )


def check_traces(v: Mapping[str, Array], others: Mapping[str, Array]) -> None:
    """Check that recordings stayed finite, and voltages (mV) within what a cell can reach.

    Raises
    ------
    EngineError
        Naming the recording.
    """
    for name, trace in {**v, **others}.items():
        if not np.isfinite(trace).all():
            raise EngineError(
                f"the recording {name!r} has {np.count_nonzero(~np.isfinite(trace))} values "
                "that are not finite: the run diverged. Use a smaller dt, or look for a "
                "conductance that is far too large."
            )
    for name, trace in v.items():
        if np.abs(trace).max() > _LARGEST_V:
            raise EngineError(
                f"the recording {name!r} reaches {np.abs(trace).max():.3g} mV, which no cell "
                "does. Use a smaller dt, or look for a current (nA) or a weight (uS) that is "
                "far too large, such as one in pA or nS."
            )


def _check_membrane(cell: Cell, known: MechanismSet) -> None:
    if not isinstance(cell.biophysics, SectionTables):
        for region in cell.biophysics.regions.values():
            for mechanism in region.mechanisms:
                known.check_parameters(mechanism.suffix, mechanism.params)
        return
    for suffix in cell.biophysics.mechanisms:  # values were checked when the tables were made
        if known.get(suffix).kind != "density":
            raise SpecError(f"{cell.biophysics.name}: {suffix} is no mechanism of a membrane")


def _variables(mechanism: Mechanism) -> set[str]:
    """Names of all that can be read of a mechanism."""
    return {*mechanism.parameter_names, *mechanism.variables, *mechanism.states}


def _of_membrane(known: MechanismSet, wanted: str) -> set[str]:
    """Names that a variable of the membrane may have, in NEURON's form.

    Of a name that ends in that of a mechanism, all variables of this mechanism; else those of ions.
    """
    for suffix, mechanism in known.mechanisms.items():
        if mechanism.kind == "density" and wanted.endswith(f"_{suffix}"):
            return {f"{name}_{suffix}" for name in _variables(mechanism)}
    ions = {ion.name for m in known.mechanisms.values() for ion in m.ions}
    return {"v", "i_cap"} | {f"{a}{ion}{b}" for ion in ions for a, b in _OF_ION}
