"""What a set-up names is there: said before mechanisms are compiled or anything is built."""

from __future__ import annotations

from dendmod.errors import SpecError, did_you_mean
from dendmod.mechanisms.catalogue import Mechanism, MechanismSet, mechanism_set
from dendmod.mechanisms.compartments import check_mechanisms
from dendmod.morphology import Morphology, resolve
from dendmod.spec import Cell, ReducedCell, Setup
from dendmod.spec.stimulus import check_places

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


def check_setup(setup: Setup) -> None:
    """Check that morphology, sections, mechanisms and their parameters are there.

    Raises
    ------
    MorphologyError
        As `shape_of` says.
    MechanismError
        If a mechanism or a parameter is not known.
    SpecError
        If a section is not there, a parameter cannot have its value, or no mechanism has a
        variable that is recorded.
    """
    cell = setup.cell
    known = mechanism_set(cell.mechanisms)
    if isinstance(cell, ReducedCell):
        check_mechanisms(cell)
    else:
        check_places(setup.places, len(shape_of(cell).sections), "section", cell.morphology)
        for region in cell.biophysics.regions.values():
            for mechanism in region.mechanisms:
                known.check_parameters(mechanism.suffix, mechanism.params)
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
