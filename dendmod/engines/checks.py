"""What a set-up names is there: said before mechanisms are compiled or anything is built."""

from __future__ import annotations

from dendmod.mechanisms.catalogue import mechanism_set
from dendmod.mechanisms.compartments import check_mechanisms
from dendmod.morphology import Morphology, resolve
from dendmod.spec import Cell, ReducedCell, Setup
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
        stub = 0 if cell.axon_stub is None else cell.axon_stub.n_sections
        n = len(shape_of(cell).sections) + stub
        check_places(setup.places, n, "section", cell.morphology)
        for region in cell.biophysics.regions.values():
            for mechanism in region.mechanisms:
                known.check_parameters(mechanism.suffix, mechanism.params)
    for synapse in setup.synapses:
        known.check_point_process(synapse.mechanism, synapse.params)
