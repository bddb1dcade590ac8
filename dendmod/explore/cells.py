"""The cell that is chosen: changed in memory for a run, and as the fields of a cell file."""

from __future__ import annotations

from collections.abc import Iterator

from dendmod.cells.effects import Effect, apply, on_membrane
from dendmod.cells.file import LoadedCell, load_cell
from dendmod.errors import SpecError, did_you_mean
from dendmod.explore.state import DensityFactor, Exploration
from dendmod.mechanisms import mechanism_set
from dendmod.spec import Cell, SectionTables
from dendmod.spec.cell_file import BUILT_IN_LISTS, CellFile, ParameterFields

_FOUND: dict[tuple[int, int, str], tuple[LoadedCell, list[bool]]] = {}
_KEPT = 50_000  # sections on lists; to look them all up takes longer than a trial
_LISTS_OF = {
    "soma": ("somatic",), "basal": ("basal",), "apical": ("apical",),
    "axon": ("axonal", "myelinated"),
}  # fmt: skip


def changed_cell(state: Exploration) -> Cell:
    """Return the cell with densities, temperature and the modulator's effects on its membrane.

    The saved cell file is read as the same cell, so a run of it is the same run.

    Raises
    ------
    SpecError
        If the cell has no such mechanism, list or parameter.
    """
    loaded = load_cell(state.cell)
    tables = loaded.tables
    for factor in state.densities:
        tables = _multiplied(loaded, tables, factor)
    if state.celsius is not None:
        tables = tables.model_copy(update={"celsius": state.celsius})
    cell = loaded.cell.model_copy(update={"biophysics": tables})
    membrane = on_membrane(state.effects, cell.mechanisms)
    return apply(cell, membrane) if membrane else cell


def cell_fields(state: Exploration) -> CellFile:
    """Return the fields of the cell's file with the same changes as rows at its end."""
    loaded = load_cell(state.cell)
    fields = loaded.fields
    rows = list(fields.parameters)
    for factor in state.densities:
        rows += [
            ParameterFields(name=name, list=factor.list, factor=factor.factor)
            for name in _maximal(loaded, factor)
        ]
    for effect in on_membrane(state.effects, loaded.cell.mechanisms):
        rows += _rows_of(loaded, effect)
    conditions = fields.conditions
    if state.celsius is not None:
        conditions = conditions.model_copy(update={"celsius": state.celsius})
    return fields.model_copy(update={"parameters": tuple(rows), "conditions": conditions})


def scalable(loaded: LoadedCell, where: str) -> tuple[str, ...]:
    """Return the mechanisms on a list whose maximal conductance the cell's file gives."""
    found = set()
    for i, section in enumerate(loaded.tables.sections):
        if any(_on(loaded, i, where)):
            found |= {m for m in section.mechanisms if _given(loaded, m)}
    return tuple(sorted(found))


def lists_of(loaded: LoadedCell) -> tuple[str, ...]:
    """Return the lists of a cell that hold a section: built-in ones and its own."""
    names = (*BUILT_IN_LISTS, *loaded.fields.lists)
    n = len(loaded.tables.sections)
    return tuple(name for name in names if any(any(_on(loaded, i, name)) for i in range(n)))


def _on(loaded: LoadedCell, i: int, where: str) -> list[bool]:
    """Return which segments of a section are on a list."""
    key = id(loaded), i, where
    if key not in _FOUND or _FOUND[key][0] is not loaded:
        if len(_FOUND) > _KEPT:
            _FOUND.clear()
        _FOUND[key] = loaded, _looked_up(loaded, i, where)
    return _FOUND[key][1]


def _looked_up(loaded: LoadedCell, i: int, where: str) -> list[bool]:
    at_end = loaded.fields.discretisation.value_at == "centre, last at end"
    places = loaded.shape.places(i, loaded.tables.sections[i].nseg, at_end)
    return [loaded.shape.on_list(where, loaded.shape.sections[i].name, p) for p in places]


def _given(loaded: LoadedCell, mechanism: str) -> tuple[str, ...]:
    """Return the maximal conductances of a mechanism that the cell's file gives, by full name."""
    maximal = mechanism_set(loaded.cell.mechanisms).get(mechanism).maximal
    names = {row.name for row in loaded.fields.parameters}
    if loaded.fields.sections is not None:  # a file of sections gives every one
        names |= {name for section in loaded.tables.sections for name in section.values}
    return tuple(n for n in (f"{m}_{mechanism}" for m in maximal) if n in names)


def _maximal(loaded: LoadedCell, factor: DensityFactor) -> tuple[str, ...]:
    known = loaded.tables.mechanisms
    if factor.mechanism not in known:
        raise SpecError(
            f"densities: {loaded.fields.name} has no mechanism {factor.mechanism!r}."
            + did_you_mean(factor.mechanism, known)
        )
    found = _given(loaded, factor.mechanism)
    if not found:
        raise SpecError(
            f"densities: {loaded.path} gives no maximal conductance of {factor.mechanism}; give it "
            "in a row of parameters"
        )
    return found


def _multiplied(loaded: LoadedCell, tables: SectionTables, factor: DensityFactor) -> SectionTables:
    names = _maximal(loaded, factor)
    loaded.shape.check_where("densities", factor.list)
    sections = []
    for i, section in enumerate(tables.sections):
        here = [name for name in names if name in section.values]
        on = _on(loaded, i, factor.list) if here else []
        if any(on):
            values = dict(section.values)
            for name in here:
                row = values[name] * (section.nseg if len(values[name]) == 1 else 1)
                pairs = zip(row, on, strict=True)
                row = tuple(x * factor.factor if is_on else x for x, is_on in pairs)
                values[name] = row[:1] if len(set(row)) == 1 else row
            section = section.model_copy(update={"values": values})
        sections.append(section)
    return tables.model_copy(update={"sections": tuple(sections)})


def _rows_of(loaded: LoadedCell, effect: Effect) -> Iterator[ParameterFields]:
    name = f"{effect.parameter}_{effect.mechanism}"
    change = {"factor": effect.scale} if effect.scale != 1 else {"shift": effect.shift}
    lists = [where for region in effect.regions for where in _LISTS_OF[region]]
    for where in lists or ["all"]:
        yield ParameterFields(name=name, list=where, **change)
