"""A reduced cell as a hoc template, as programs that read SONATA instantiate cells."""

from __future__ import annotations

from collections.abc import Iterator

from dendmod.spec import ReducedCell
from dendmod.spec.reduced import Compartment


def template(cell: ReducedCell, name: str) -> str:
    """Return the text of a template whose sections have the numbers of the compartments.

    The soma is ``soma``, compartment i is ``dend[i - 1]``; each is one segment.
    """
    return "\n".join(_lines(cell, name)) + "\n"


def section(number: int) -> str:
    """Return the name of a compartment's section."""
    return f"dend[{number - 1}]" if number else "soma"


def _lines(cell: ReducedCell, name: str) -> Iterator[str]:
    n = len(cell.compartments)
    yield f"// {cell.name}: {n} compartments, one section of one segment each"
    yield ""
    for key, value in cell.globals.items():
        yield f"{key} = {value!r}  // GLOBAL: one number for the process"
    yield f"begintemplate {name}"
    yield "public soma, dend, all, somatic, basal"
    yield f"create soma, dend[{n - 1}]" if n > 1 else "create soma"
    yield "objref all, somatic, basal"
    yield ""
    for i, compartment in enumerate(cell.compartments):
        yield f"proc compartment_{i}() {{"
        yield f"    {section(i)} {{"
        yield from (f"        {line}" for line in _membrane(cell, compartment))
        yield "    }"
        yield "}"
        yield ""
    yield "proc init() { local i"
    for i, compartment in enumerate(cell.compartments):
        if compartment.parent >= 0:
            yield f"    connect {section(i)}(0), {section(compartment.parent)}(0.5)"
    yield from (f"    compartment_{i}()" for i in range(n))
    yield "    all = new SectionList()"
    yield "    somatic = new SectionList()"
    yield "    basal = new SectionList()"
    yield "    soma all.append()"
    yield "    soma somatic.append()"
    if n > 1:
        yield f"    for i = 0, {n - 2} {{ dend[i] all.append()  dend[i] basal.append() }}"
    yield "}"
    yield f"endtemplate {name}"


def _membrane(cell: ReducedCell, compartment: Compartment) -> Iterator[str]:
    cylinder = compartment.cylinder()
    yield "nseg = 1"
    yield f"L = {cylinder.L!r}  // um"
    yield f"diam = {cylinder.diam!r}  // um"
    yield f"cm = {cylinder.cm!r}  // uF/cm2"
    if cylinder.Ra is not None:
        yield f"Ra = {cylinder.Ra!r}  // ohm cm"
    yield "insert pas"
    yield f"g_pas = {compartment.g_pas!r}  // S/cm2"
    yield f"e_pas = {compartment.e_leak!r}  // mV"
    for suffix, params in {**compartment.channels, **compartment.pools}.items():
        yield f"insert {suffix}"
        for key, value in params.items():
            yield f"{key}_{suffix} = {value!r}"
    for key, value in cell.reversals(compartment).items():
        yield f'if (ismembrane("{key[1:]}_ion")) {{ {key} = {value!r} }}  // mV'
