"""A frozen cell in an order that a person can read: what is alike in many sections stands once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from dendmod.spec.frozen import FrozenCell

_INDEXED = re.compile(r"^([A-Za-z_]\w*)(?:\[(\d+)\])?$")


@dataclass(frozen=True)
class Group:
    """Sections of one region with the same mechanisms.

    Parameters
    ----------
    title
        Its region; numbered where a region has several groups.
    sections
        Numbers of its sections, rising.
    mechanisms
        What is inserted, in this order.
    values
        What is alike in all of them, by NEURON's name.
    by_section
        What is one number in each section, by name: number -> sections that have it.
    by_segment
        What differs within a section, by name: section -> one number a segment.
    """

    title: str
    sections: tuple[int, ...]
    mechanisms: tuple[str, ...]
    values: dict[str, float] = field(default_factory=dict)
    by_section: dict[str, dict[float, tuple[int, ...]]] = field(default_factory=dict)
    by_segment: dict[str, dict[int, tuple[float, ...]]] = field(default_factory=dict)


def groups(cell: FrozenCell) -> tuple[Group, ...]:
    """Return the membrane of a cell, a group a region and set of mechanisms."""
    found: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for i, section in enumerate(cell.sections):
        key = section.membrane.region, section.membrane.mechanisms
        found.setdefault(key, []).append(i)
    made, counts = [], dict.fromkeys((region for region, _ in found), 0)
    for (region, mechanisms), numbers in found.items():
        counts[region] += 1
        title = region if counts[region] == 1 else f"{region} {counts[region]}"
        made.append(_group(cell, title, tuple(numbers), mechanisms))
    return tuple(made)


def _group(
    cell: FrozenCell, title: str, numbers: tuple[int, ...], mechanisms: tuple[str, ...]
) -> Group:
    group = Group(title, numbers, mechanisms)
    rows: dict[int, dict[str, tuple[float, ...]]] = {}
    for i in numbers:
        membrane = cell.sections[i].membrane
        rows[i] = {"Ra": (membrane.Ra,), **membrane.values}
    for name in dict.fromkeys(name for row in rows.values() for name in row):
        single: dict[float, list[int]] = {}
        for i in numbers:
            row = rows[i].get(name, ())
            if len(set(row)) == 1:
                single.setdefault(row[0], []).append(i)
            elif row:
                group.by_segment.setdefault(name, {})[i] = row
        if len(single) == 1 and len(next(iter(single.values()))) == len(numbers):
            group.values[name] = next(iter(single))
        elif single:
            group.by_section[name] = {value: tuple(where) for value, where in single.items()}
    return group


def centres(nseg: int) -> list[float]:
    """Return the places of a section's segments."""
    return [(k + 0.5) / nseg for k in range(nseg)]


def short(x: float) -> str:
    """Return the shortest number from which NEURON, which keeps points in float32, makes this."""
    kept = np.float32(x)
    text = str(kept)
    return text if np.float32(float(text)) == kept else repr(float(x))


def names_in_arrays(cell: FrozenCell) -> tuple[tuple[str, int | None], ...]:
    """Return the names of the sections as ``create`` makes them: an array and an index, or a name.

    Where a name has an index and its array would have gaps, which would be sections of their own,
    or where it is no name in hoc, it is written in one piece: ``dend[7]`` as ``dend_7``.
    """
    pieces = [_INDEXED.match(s.name) for s in cell.sections]
    indices: dict[str, set[int | None]] = {}
    for found in pieces:
        if found is not None:
            number = None if found[2] is None else int(found[2])
            indices.setdefault(found[1], set()).add(number)
    whole = {base for base, have in indices.items() if have in ({None}, set(range(len(have))))}
    taken, names = set(whole), []
    for section, found in zip(cell.sections, pieces, strict=True):
        if found is not None and found[1] in whole:
            names.append((found[1], None if found[2] is None else int(found[2])))
            continue
        name = re.sub(r"\W+", "_", section.name).strip("_") or "section"
        name = name if name[0].isalpha() else f"section_{name}"
        while name in taken:
            name += "_"
        taken.add(name)
        names.append((name, None))
    return tuple(names)


@dataclass(frozen=True)
class Span:
    """A section, or sections of one array that follow each other (`last` among them)."""

    base: str
    first: int | None = None
    last: int | None = None


def spans(names: Iterable[tuple[str, int | None]]) -> Iterator[Span]:
    """Yield the sections of these names, neighbours of an array in one."""
    held: Span | None = None
    for base, index in names:
        if held is not None and (base, index) == (held.base, _next(held)):
            held = Span(base, held.first, index)
            continue
        if held is not None:
            yield held
        held = Span(base, index, index)
    if held is not None:
        yield held


def _next(span: Span) -> int | None:
    """Return the index after a span; -1, which no section has, after one without."""
    return -1 if span.last is None else span.last + 1


def farthest_end(cell: FrozenCell) -> int:
    """Return the section whose end is farthest from the root along the tree, but on no axon."""
    reached: list[float] = []
    for section in cell.sections:
        start = 0.0
        if section.parent >= 0:
            parent = cell.sections[section.parent]
            start = reached[section.parent] - (1 - section.parent_x) * parent.L
        reached.append(start + section.L)
    ends = [i for i, s in enumerate(cell.sections) if s.membrane.region != "axon"] or [0]
    return max(ends, key=lambda i: reached[i])
