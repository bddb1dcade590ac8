"""A cell as a Python module that needs NEURON alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dendmod.cells.exports import export as step
from dendmod.cells.exports.export import Export
from dendmod.cells.exports.layout import Group, groups, short, spans
from dendmod.spec.frozen import FrozenCell

NEEDS_MOD = True
_WIDTH = 98

_CODE = '''

def named(text):
    """Return the names that a text stands for: "soma dend[0-2]" is soma, dend[0] ... dend[2]."""
    names = []
    for word in text.split():
        base, _, inside = word.rstrip("]").partition("[")
        first, dash, last = inside.partition("-")
        if dash:
            names += [f"{base}[{i}]" for i in range(int(first), int(last) + 1)]
        else:
            names.append(word)
    return names


def set_conditions():
    """Set temperature, initial potential and GLOBAL parameters: one number for the process."""
    h.load_file("stdrun.hoc")
    h.celsius, h.v_init = CELSIUS, V_INIT
    for name, value in GLOBALS.items():
        setattr(h, name, value)


class Cell:
    """One cell: `section` has its sections by name, `lists` lists of them."""

    def __init__(self, name=NAME):
        self.name = name
        self.section = {row[0]: h.Section(name=row[0], cell=self) for row in SECTIONS}
        self._shape()
        for group in MEMBRANE:
            self._insert(**group)
        self.lists = {
            key: [self.section[name] for name in named(text)] for key, text in LISTS.items()
        }

    def __repr__(self):
        return self.name

    def _shape(self):
        for name, parent, parent_x, end, _ in SECTIONS:
            sec = self.section[name]
            for point in POINTS.get(name, ()):
                sec.pt3dadd(*point)
            if name in CYLINDERS:
                sec.L, sec.diam = CYLINDERS[name][0], CYLINDERS[name][1][0]
            if parent is not None:
                sec.connect(self.section[parent](parent_x), end)
        for name, *_, nseg in SECTIONS:
            self.section[name].nseg = nseg
        for name, (_, diameters) in CYLINDERS.items():
            if len(diameters) > 1:
                self._set(name, "diam", diameters)

    def _insert(self, sections, mechanisms, values, by_section, by_segment):
        for name in named(sections):
            for mechanism in mechanisms:
                self.section[name].insert(mechanism)
            for key, value in values.items():
                setattr(self.section[name], key, value)
        for key, rows in by_section.items():
            for value, text in rows:
                for name in named(text):
                    setattr(self.section[name], key, value)
        for key, rows in by_segment.items():
            for name, row in rows.items():
                self._set(name, key, row)

    def _set(self, name, key, row):
        """Set one number a segment."""
        for segment, value in zip(self.section[name], row):
            setattr(segment, key, value)
'''

_RUN = '''"""A step of current into {root}: prints the spikes, writes the potentials to {name}.txt.

    nrnivmodl mod
    python run.py
"""

from neuron import h

from {name} import Cell, set_conditions

AMP, DELAY, DURATION = {amp!r}, {delay!r}, {duration!r}  # nA, ms, ms
TSTOP, DT = {tstop!r}, {dt!r}  # ms
PLACES = {places!r}  # section, place on it

set_conditions()
cell = Cell()
clamp = h.IClamp(cell.section[{root!r}](0.5))
clamp.delay, clamp.dur, clamp.amp = DELAY, DURATION, AMP
traces = [h.Vector().record(cell.section[name](x)._ref_v) for name, x in PLACES]
h.dt, h.steps_per_ms = DT, 1 / DT
h.finitialize(h.v_init)
while h.t < TSTOP - DT / 2:
    h.fadvance()
rows = list(zip(*traces))
with open("{name}.txt", "w", encoding="utf-8") as file:  # mV, a column a place
    for row in rows:
        file.write(" ".join(repr(v) for v in row) + "\\n")
spikes = sum(a[0] <= 0 < b[0] for a, b in zip(rows, rows[1:]))
print(f"{{spikes}} spikes at {{PLACES[0][0]}}")
'''


def render(export: Export) -> dict[str, str]:
    """Return the text of the module and of a script that runs it, by name of the file."""
    cell, name = export.cell, export.name
    n = sum(s.membrane.nseg for s in cell.sections)
    text = "\n".join(
        [
            f'"""{cell.name}: {len(cell.sections)} sections, {n} segments. README.md says more.',
            "",
            f"    from {name} import Cell, set_conditions",
            "    set_conditions()",
            "    cell = Cell()",
            '"""',
            "",
            "from neuron import h",
            "",
            f"NAME = {name!r}",
            f"CELSIUS = {cell.celsius!r}  # degC",
            f"V_INIT = {cell.v_init!r}  # mV",
            *_globals(export),
            "",
            "# name, parent, place on the parent, end that is joined there, number of segments",
            "SECTIONS = [",
            *_sections(cell),
            "]",
            "",
            "# x, y, z and diameter (um) of the 3-D points",
            "POINTS = {",
            *_points(cell),
            "}",
            "",
            "# length, and one diameter or one a segment (um), of sections without points",
            "CYLINDERS = {",
            *(
                f"    {s.name!r}: ({s.L!r}, {list(s.diam)!r}),"
                for s in cell.sections
                if not s.points
            ),
            "}",
            "",
            "# by_section: (value, sections that have it); by_segment: one number a segment",
            "MEMBRANE = [",
            *(line for group in groups(cell) for line in _group(export, group)),
            "]",
            "",
            "LISTS = {",
            *(f"    {key!r}: {_text(cell, members)!r}," for key, members in _lists(cell)),
            "}",
            _CODE,
        ]
    )
    places = [(cell.sections[p.section].name, p.x) for p in export.places]
    run = _RUN.format(
        name=name, root=cell.sections[0].name, amp=export.amp, places=places, delay=step.DELAY,
        duration=step.DURATION, tstop=step.TSTOP, dt=step.DT,
    )  # fmt: skip
    return {f"{name}.py": text, "run.py": run}


def notes(export: Export) -> list[str]:
    """Return sentences on what is otherwise in the module: nothing is."""
    return []


def _globals(export: Export) -> Iterator[str]:
    yield "GLOBALS = {  # by NEURON's names"
    for name, value in export.cell.globals.items():
        yield f"    {name!r}: {value!r},{_unit(export, name)}"
    yield "}"


def _unit(export: Export, name: str) -> str:
    unit = export.units.get(name, "")
    return f"  # {unit}" if unit else ""


def _sections(cell: FrozenCell) -> Iterator[str]:
    for s in cell.sections:
        parent = None if s.parent < 0 else cell.sections[s.parent].name
        yield f"    ({s.name!r}, {parent!r}, {s.parent_x!r}, {s.end}, {s.membrane.nseg}),"


def _points(cell: FrozenCell) -> Iterator[str]:
    for s in cell.sections:
        if s.points:
            yield f"    {s.name!r}: ["
            yield from _filled(f"({', '.join(map(short, point))})" for point in s.points)
            yield "    ],"


def _filled(words: Iterable[str], indent: str = " " * 8) -> Iterator[str]:
    """Yield lines of words with a comma after each."""
    line = indent
    for word in words:
        if len(line) + len(word) + 2 > _WIDTH and line.strip():
            yield line.rstrip()
            line = indent
        line += f"{word}, "
    yield line.rstrip()


def _group(export: Export, group: Group) -> Iterator[str]:
    cell = export.cell
    yield f"    {{  # {group.title}"
    yield f'        "sections": {_text(cell, group.sections)!r},'
    yield f'        "mechanisms": {list(group.mechanisms)!r},'
    yield '        "values": {'
    for name, value in group.values.items():
        yield f"            {name!r}: {value!r},{_unit(export, name)}"
    yield "        },"
    yield '        "by_section": {'
    for name, rows in group.by_section.items():
        yield f"            {name!r}: [{_unit(export, name)}"
        for value, where in rows.items():
            yield f"                ({value!r}, {_text(cell, where)!r}),"
        yield "            ],"
    yield "        },"
    yield '        "by_segment": {'
    for name, table in group.by_segment.items():
        yield f"            {name!r}: {{{_unit(export, name)}"
        for i, row in table.items():
            yield f"                {cell.sections[i].name!r}: ["
            yield from _filled(map(repr, row), " " * 20)
            yield "                ],"
        yield "            },"
    yield "        },"
    yield "    },"


def _lists(cell: FrozenCell) -> Iterator[tuple[str, list[int]]]:
    numbers = {s.name: i for i, s in enumerate(cell.sections)}
    for key, members in cell.lists.items():
        yield key, [numbers[m] for m in members]


def _text(cell: FrozenCell, where: Sequence[int]) -> str:
    """Return sections in one text, as `named` of the module reads it."""
    words = []
    for span in spans([_split(cell.sections[i].name) for i in where]):
        if span.first is None:
            words.append(span.base)
        elif span.first == span.last:
            words.append(f"{span.base}[{span.first}]")
        else:
            words.append(f"{span.base}[{span.first}-{span.last}]")
    return " ".join(words)


def _split(name: str) -> tuple[str, int | None]:
    base, bracket, inside = name.rstrip("]").partition("[")
    return (base, int(inside)) if bracket and inside.isdigit() else (name, None)
