"""What a set-up names is there: said before mechanisms are compiled or anything is built."""

from __future__ import annotations

from dendmod.errors import SpecError
from dendmod.mechanisms.catalogue import MechanismSet, mechanism_set
from dendmod.mechanisms.compartments import check_mechanisms
from dendmod.morphology import Morphology, resolve
from dendmod.spec import Cell, ReducedCell, SectionTables, Setup
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


def check_setup(setup: Setup) -> None:
    """Check that morphology, sections, mechanisms and their parameters are there.

    Raises
    ------
    MorphologyError
        As `shape_of` says.
    MechanismError
        If a mechanism or a parameter is not known.
    SpecError
        If a section is not there, or a parameter cannot have its value.
    """
    cell = setup.cell
    known = mechanism_set(cell.mechanisms)
    if isinstance(cell, ReducedCell):
        check_mechanisms(cell)
    else:
        check_places(setup.places, len(shape_of(cell).sections), "section", cell.morphology)
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
