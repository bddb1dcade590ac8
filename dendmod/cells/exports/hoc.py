"""A cell as a hoc template that needs NEURON alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dendmod.cells.exports import export as step
from dendmod.cells.exports.export import Export
from dendmod.cells.exports.layout import (
    Group,
    Span,
    centres,
    groups,
    names_in_arrays,
    short,
    spans,
)

NEEDS_MOD = True
_LINES = 150  # of a procedure, whose length hoc limits
_WIDTH = 90


def render(export: Export) -> dict[str, str]:
    """Return the text of the template and of a file that runs it, by name of the file."""
    name = export.name
    return {f"{name}.hoc": "\n".join(_Template(export).lines()) + "\n", "run.hoc": _run(export)}


def notes(export: Export) -> list[str]:
    """Return sentences on names that hoc has otherwise."""
    names = [_plain(*n) for n in names_in_arrays(export.cell)]
    pairs = [(s.name, n) for s, n in zip(export.cell.sections, names, strict=True) if s.name != n]
    found = [f"The section {old} is called {new} in the template." for old, new in pairs]
    lists = lists_renamed(export).items()
    return found + [f"The list {a} is called {b} in the template." for a, b in lists if a != b]


def lists_renamed(export: Export) -> dict[str, str]:
    """Return what the lists are called in the template: a section's name is not free for one."""
    bases = {base for base, _ in names_in_arrays(export.cell)}
    return {key: f"{key}_list" if key in bases else key for key in export.cell.lists}


def _plain(base: str, index: int | None) -> str:
    return base if index is None else f"{base}[{index}]"


class _Template:
    """The lines of a template."""

    def __init__(self, export: Export) -> None:
        self.export, self.cell = export, export.cell
        self.names = names_in_arrays(export.cell)
        self.groups = groups(export.cell)
        self.procedures: list[str] = []

    def lines(self) -> Iterator[str]:
        cell, name = self.cell, self.export.name
        n = sum(s.membrane.nseg for s in cell.sections)
        body = [*self._topology(), *self._shape(), *self._lists(), *self._membrane()]
        yield f"// {cell.name}: {len(cell.sections)} sections, {n} segments. README.md says more."
        yield "//"
        yield f'//   load_file("{name}.hoc")'
        yield f"//   {name}_conditions()"
        yield "//   objref cell"
        yield f"//   cell = new {name}()"
        yield ""
        yield 'load_file("stdrun.hoc")'
        yield ""
        yield "// temperature, initial potential and GLOBAL parameters: one number for the process"
        yield f"proc {name}_conditions() {{"
        yield f"    celsius = {cell.celsius!r}  // degC"
        yield f"    v_init = {cell.v_init!r}  // mV"
        for key, value in cell.globals.items():
            yield f"    {key} = {value!r}{self._unit(key)}"
        yield "}"
        yield ""
        yield f"begintemplate {name}"
        sizes = {base: 0 for base, _ in self.names}
        for base, index in self.names:
            sizes[base] += index is not None
        lists = lists_renamed(self.export)
        for words in _filled([*sizes, *lists.values()]):
            yield f"public {words}"
        for words in _filled([f"{b}[{n}]" if n else b for b, n in sizes.items()]):
            yield f"create {words}"
        for words in _filled([*lists.values(), f"group[{len(self.groups)}]"]):
            yield f"objref {words}"
        yield ""
        yield from body
        yield "proc init() {"
        yield from (f"    {procedure}()" for procedure in self.procedures)
        yield "}"
        yield f"endtemplate {name}"

    def _procedures(self, name: str, lines: Sequence[str]) -> Iterator[str]:
        """Yield procedures that hold these lines, each with as many as hoc takes."""
        for k, start in enumerate(range(0, len(lines), _LINES)):
            called = name if len(lines) <= _LINES else f"{name}_{k}"
            self.procedures.append(called)
            yield f"proc {called}() {{ local i"
            yield from (f"    {line}" for line in lines[start : start + _LINES])
            yield "}"
            yield ""

    def _topology(self) -> Iterator[str]:
        lines = []
        for i, section in enumerate(self.cell.sections):
            if section.parent >= 0:
                own, parent = _plain(*self.names[i]), _plain(*self.names[section.parent])
                lines.append(f"connect {own}({section.end}), {parent}({section.parent_x!r})")
        yield from self._procedures("tree", lines)

    def _shape(self) -> Iterator[str]:
        yield "// 3-D points: x, y, z, diameter (um)"
        points: list[str] = []
        plain: list[str] = []
        tapers: list[str] = []
        for i, section in enumerate(self.cell.sections):
            own = _plain(*self.names[i])
            points += [f"{own} pt3dadd({', '.join(map(short, point))})" for point in section.points]
            if not section.points:
                plain.append(f"{own} {{ L = {section.L!r}  diam = {section.diam[0]!r} }}  // um")
                if len(section.diam) > 1:
                    tapers += self._row(i, "diam", section.diam)
        yield from self._procedures("points", points)
        yield from self._procedures("cylinders", plain)
        nseg: dict[int, list[int]] = {}
        for i, section in enumerate(self.cell.sections):
            nseg.setdefault(section.membrane.nseg, []).append(i)
        lines = [
            self._each(span, f"nseg = {n}") for n, where in nseg.items() for span in self._at(where)
        ]
        yield from self._procedures("segments", lines)
        yield from self._procedures("tapers", tapers)

    def _lists(self) -> Iterator[str]:
        numbers = {s.name: i for i, s in enumerate(self.cell.sections)}
        for key, called in lists_renamed(self.export).items():
            where = [numbers[m] for m in self.cell.lists[key]]
            yield from self._procedures(f"make_{called}", self._filled_list(called, where))

    def _membrane(self) -> Iterator[str]:
        for k, group in enumerate(self.groups):
            number = len(group.sections)
            yield f"// {group.title}: {number} section{'s' if number > 1 else ''}"
            where = f"group[{k}]"
            yield from self._procedures(f"group_{k}", self._filled_list(where, group.sections))
            yield from self._procedures(f"membrane_{k}", self._alike(where, group))
            yield from self._procedures(f"places_{k}", list(self._places(group)))

    def _alike(self, where: str, group: Group) -> list[str]:
        return [
            f"forsec {where} {{",
            *(f"    insert {mechanism}" for mechanism in group.mechanisms),
            *(f"    {key} = {value!r}{self._unit(key)}" for key, value in group.values.items()),
            "}",
        ]

    def _places(self, group: Group) -> Iterator[str]:
        for key, rows in group.by_section.items():
            yield f"// {key}{self._in_brackets(key)}, section by section"
            for value, where in rows.items():
                for span in self._at(where):
                    yield self._each(span, f"{key} = {value!r}")
        for key, table in group.by_segment.items():
            yield f"// {key}{self._in_brackets(key)}, segment by segment"
            for i, row in table.items():
                yield from self._row(i, key, row)

    def _row(self, i: int, key: str, row: Sequence[float]) -> Iterator[str]:
        """Yield what sets one number a segment."""
        places = centres(self.cell.sections[i].membrane.nseg)
        words = [f"{key}({x!r}) = {value!r} " for x, value in zip(places, row, strict=True)]
        for line in _filled(words, " "):
            yield f"{_plain(*self.names[i])} {{ {line.rstrip()} }}"

    def _filled_list(self, called: str, where: Sequence[int]) -> list[str]:
        lines = [f"{called} = new SectionList()"]
        return lines + [self._each(span, f"{called}.append()") for span in self._at(where)]

    def _at(self, where: Sequence[int]) -> Iterator[Span]:
        return spans([self.names[i] for i in where])

    def _each(self, span: Span, what: str) -> str:
        if span.first == span.last:
            return f"{_plain(span.base, span.first)} {what}"
        return f"for i = {span.first}, {span.last} {span.base}[i] {what}"

    def _unit(self, name: str) -> str:
        unit = self.export.units.get(name, "")
        return f"  // {unit}" if unit else ""

    def _in_brackets(self, name: str) -> str:
        unit = self.export.units.get(name, "")
        return f" ({unit})" if unit else ""


def _filled(words: Sequence[str], between: str = ", ") -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + len(between) + len(word) > _WIDTH:
            yield line
            line = ""
        line += f"{between if line else ''}{word}"
    if line:
        yield line


def _run(export: Export) -> str:
    names, name, n = names_in_arrays(export.cell), export.name, len(export.places)
    root = _plain(*names[0])
    record = [
        f"{{ trace[{k}] = new Vector()  "
        f"trace[{k}].record(&cell.{_plain(*names[p.section])}.v({p.x!r})) }}"
        for k, p in enumerate(export.places)
    ]
    return "\n".join(
        [
            f"// A step of current into {root}: prints the spikes, writes the potentials (mV, a",
            f"// column a place) to {name}.txt.   nrnivmodl mod; nrniv run.hoc",
            "",
            f'load_file("{name}.hoc")',
            f"{name}_conditions()",
            f"objref cell, clamp, trace[{n}], file",
            f"cell = new {name}()",
            f"cell.{root} clamp = new IClamp(0.5)",
            f"clamp.del = {step.DELAY!r}  // ms",
            f"clamp.dur = {step.DURATION!r}  // ms",
            f"clamp.amp = {export.amp!r}  // nA",
            *record,
            "",
            f"tstop = {step.TSTOP!r}  // ms",
            f"dt = {step.DT!r}  // ms",
            "steps_per_ms = 1/dt",
            "finitialize(v_init)",
            "while (t < tstop - dt/2) { fadvance() }",
            "",
            "spikes = 0",
            "for i = 1, trace[0].size() - 1 {",
            "    if (trace[0].x[i - 1] <= 0 && trace[0].x[i] > 0) { spikes += 1 }",
            "}",
            f'printf("%d spikes at {root}\\n", spikes)',
            "file = new File()",
            f'file.wopen("{name}.txt")',
            "for i = 0, trace[0].size() - 1 {",
            f'    for k = 0, {n - 1} {{ file.printf("%.17g ", trace[k].x[i]) }}',
            '    file.printf("\\n")',
            "}",
            "file.close()",
            "",
        ]
    )
