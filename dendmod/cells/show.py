"""What a cell file was read as, in words: for ``dendmod cell show``."""

from __future__ import annotations

from dendmod.cells.file import LoadedCell
from dendmod.cells.receptors import receptors_of
from dendmod.mechanisms.catalogue import mechanism_set
from dendmod.spec.cell_file import BUILT_IN_LISTS

_MANY = 6  # sections that a line names


def describe(loaded: LoadedCell) -> str:
    """Return the sections by list, the parameters with their range, the mechanisms with file."""
    fields, tables = loaded.fields, loaded.tables
    n = sum(s.nseg for s in tables.sections)
    conditions = fields.conditions
    lines = [
        f"{fields.name}: {loaded.path}",
        *([fields.title] if fields.title else []),
        f"morphology  {loaded.cell.morphology}",
        f"            {len(tables.sections)} sections, {n} segments",
        f"conditions  {conditions.celsius:g} degC, from {conditions.v_init_mV:g} mV, spikes above "
        f"{conditions.spike_threshold_mV:g} mV",
        *(f"            {name} = {value:g}" for name, value in conditions.globals.items()),
        "",
        *_lists(loaded),
        "",
        *_parameters(loaded),
        "",
        *_mechanisms(loaded),
    ]
    return "\n".join(lines)


def _lists(loaded: LoadedCell) -> list[str]:
    shape, lines = loaded.shape, [f"{'list':14s}{'sections':>9s}{'segments':>9s}"]
    places = [
        shape.places(i, section.nseg, False) for i, section in enumerate(loaded.tables.sections)
    ]
    for name in (*BUILT_IN_LISTS, *shape.lists):
        on = {
            section.name: sum(shape.on_list(name, section.name, place) for place in places[i])
            for i, section in enumerate(shape.sections)
        }
        on = {section: k for section, k in on.items() if k}
        if not on:
            continue
        named = list(on)
        short = ", ".join(named if len(named) <= _MANY else [*named[:2], "..", named[-1]])
        lines.append(f"{name:14s}{len(on):9d}{sum(on.values()):9d}   {short}")
    return lines


def _parameters(loaded: LoadedCell) -> list[str]:
    known = mechanism_set(loaded.cell.mechanisms)
    sections, lines = loaded.tables.sections, []
    names = sorted({name for s in sections for name in s.values})
    units = {"cm": "uF/cm2", "Ra": "ohm cm"}
    for mechanism in (known.get(s) for s in loaded.tables.mechanisms):
        units |= {f"{p.name}_{mechanism.suffix}": p.unit for p in mechanism.parameters}
        units |= {f"e{ion.name}": "mV" for ion in mechanism.ions}
    rows: dict[str, list[tuple[float, ...]]] = {"Ra": [(s.Ra,) for s in sections]}
    rows |= {name: [s.values[name] for s in sections if name in s.values] for name in names}
    for name, values in rows.items():
        every = [x for row in values for x in row]
        low, high = min(every), max(every)
        span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        where = "everywhere" if len(values) == len(sections) else _counted(len(values))
        lines.append(f"{name:28s}{span:28s}{units.get(name, ''):10s}{where}")
    return [f"{'parameter':28s}{'values':28s}{'unit':10s}where", *lines]


def _mechanisms(loaded: LoadedCell) -> list[str]:
    known = mechanism_set(loaded.cell.mechanisms)
    lines = [f"{'mechanism':18s}{'is a':12s}file"]
    named = [receptors_of(loaded.cell)[name].mechanism for name in loaded.cell.receptors]
    for suffix in dict.fromkeys([*loaded.tables.mechanisms, *named]):
        mechanism = known.get(suffix)
        lines.append(
            f"{suffix:18s}{mechanism.kind_in_words:12s}{mechanism.file or 'built into NEURON'}"
        )
    return lines


def _counted(n: int) -> str:
    return "1 section" if n == 1 else f"{n} sections"
