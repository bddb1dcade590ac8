"""What a set-up names is there: said before mechanisms are compiled or anything is built."""

from __future__ import annotations

from typing import Any

from dendmod.errors import SpecError
from dendmod.mechanisms.catalogue import MechanismSet, mechanism_set
from dendmod.mechanisms.compartments import check_mechanisms
from dendmod.morphology import Morphology, resolve
from dendmod.spec import Cell, Location, ReducedCell, SectionTables, Setup
from dendmod.spec.stimulus import check_places


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
        return item.model_copy(update={"location": numbered(item.location, cell)})

    return setup.model_copy(
        update={
            "synapses": tuple(map(at, setup.synapses)),
            "current_clamps": tuple(map(at, setup.current_clamps)),
            "voltage_clamp": None if hold is None else at(hold),
            "record": {name: numbered(place, cell) for name, place in setup.record.items()},
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
        If a section is not there, or a parameter cannot have its value.
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


def _check_membrane(cell: Cell, known: MechanismSet) -> None:
    if not isinstance(cell.biophysics, SectionTables):
        for region in cell.biophysics.regions.values():
            for mechanism in region.mechanisms:
                known.check_parameters(mechanism.suffix, mechanism.params)
        return
    for suffix in cell.biophysics.mechanisms:  # values were checked when the tables were made
        if known.get(suffix).kind != "density":
            raise SpecError(f"{cell.biophysics.name}: {suffix} is no mechanism of a membrane")
