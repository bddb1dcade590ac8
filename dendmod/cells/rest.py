"""Hold the resting potential of a changed cell by its leak, segment by segment.

Closing a channel that is open at rest moves the resting potential, and that alone changes how
near everything else is to threshold. To see the channel's own effect, the leak's reversal
potential is corrected so that the resting current of each segment is what it was.
"""

from __future__ import annotations

from dendmod.cells.parameters import Parameters, changed
from dendmod.errors import SpecError
from dendmod.mechanisms import mechanism_set
from dendmod.mechanisms.conducting import leak_density
from dendmod.mechanisms.mechanism import Mechanism
from dendmod.spec import BySection, Cell, SectionTables
from dendmod.spec.cell import RegionName

Row = tuple[float, ...]

_CLAMP = 100.0  # S/cm2: a leak that pins each segment to 1e-5 mV of a given potential


def with_leak_that_holds(before: Cell, after: Cell, *, settle: float) -> Cell:
    """Return `after` with a leak reversal potential by segment, so that it rests like `before`.

    Both membranes are pinned to the resting potentials of `before` by a strong leak, until every
    gate and the calcium pool stand still. The difference of their pinning currents is the
    difference of all other currents, and the true leak takes it over:
    ``e' = v - (g (v - e) + S' - S) / g'``. The leak is a mechanism that stands everywhere, `pas`
    or another whose equations say that it is one.

    Parameters
    ----------
    before, after
        Cells that differ in their membranes alone.
    settle
        How long each of three runs settles (ms).

    Raises
    ------
    SpecError
        If no leak stands in all of the cell with a conductance that is a number above zero.
    """
    from dendmod.engines.neuron import settled_state

    leak = _leak_of(before)
    rest = settled_state(before, settle).v
    pinned: dict[str, dict[int, Row]] = {}
    for which, cell in (("before", before), ("after", after)):
        held = settled_state(_with_leak(cell, leak, _CLAMP, BySection(values=rest)), settle).v
        pinned[which] = {
            i: tuple(_CLAMP * (v - e) for v, e in zip(row, rest[i], strict=True))
            for i, row in held.items()
        }
    values: dict[int, Row] = {}
    for i, row in rest.items():
        g_row, e_row = _given(before, leak, i, len(row))
        g_after, _ = _given(after, leak, i, len(row))
        values[i] = tuple(
            v - (g * (v - e) + new - old) / g_new
            for v, g, e, g_new, new, old in zip(
                row, g_row, e_row, g_after, pinned["after"][i], pinned["before"][i], strict=True
            )
        )
    return _with_leak(after, leak, None, BySection(values=values))


def _leak_of(cell: Cell) -> Mechanism:
    """Return the leak that stands in every section, or region, and whose reversal is its own."""
    membrane, known = cell.biophysics, mechanism_set(cell.mechanisms)
    if isinstance(membrane, SectionTables):
        places = [set(section.mechanisms) for section in membrane.sections]
    else:
        places = [{m.suffix for m in region.mechanisms} for region in membrane.regions.values()]
    everywhere = set.intersection(*places)
    for leak in (known.get(suffix) for suffix in cell.suffixes if suffix in everywhere):
        if leak.is_leak and leak.reversal in leak.parameter_names:
            return leak
    raise SpecError(
        f"hold_rest corrects the reversal potential of a leak, and no leak stands in all of "
        f"{membrane.name}. Insert 'pas' everywhere, with a small conductance where there is none"
    )


def _kind(cell: Cell, i: int) -> RegionName:
    """Region of a section; those of an axon stub come last."""
    from dendmod.engines.checks import shape_of

    sections = shape_of(cell).sections
    return sections[i].kind if i < len(sections) else "axon"


def _given(cell: Cell, leak: Mechanism, i: int, n: int) -> tuple[Row, Row]:
    """Return conductance (S/cm2) and reversal potential of the leak in a section's segments."""
    membrane, (name, factor) = cell.biophysics, leak_density(leak)
    g: object
    e: object
    default = {p.name: p.default for p in leak.parameters}
    if isinstance(membrane, SectionTables):
        values, where = membrane.sections[i].values, f"section {i}"
        g, e = (values.get(f"{x}_{leak.suffix}", default[x]) for x in (name, leak.reversal))
    else:
        where = _kind(cell, i)
        params = next(
            m.params for m in membrane.regions[where].mechanisms if m.suffix == leak.suffix
        )
        g, e = (params.get(x, default[x]) for x in (name, leak.reversal))
    g_row, e_row = _of_segments(g, i, n), _of_segments(e, i, n)
    if g_row is None or e_row is None or min(g_row) <= 0:
        raise SpecError(
            f"hold_rest corrects {leak.reversal} of {leak.suffix}, but in {where} of "
            f"{membrane.name} its {name} is not one number above zero, or {leak.reversal} not one"
        )
    return tuple(factor * x for x in g_row), e_row


def _of_segments(value: object, i: int, n: int) -> Row | None:
    if isinstance(value, BySection):
        return tuple(value.values[i])
    if isinstance(value, tuple):
        return value if len(value) == n else value * n
    return (float(value),) * n if isinstance(value, int | float) else None


def _with_leak(cell: Cell, leak: Mechanism, g: float | None, e: BySection) -> Cell:
    name, factor = leak_density(leak)

    def strong(suffix: str, _: Parameters, section: int | None) -> Parameters:
        if suffix != leak.suffix:
            return {}
        own = {} if g is None else {name: g / factor}
        return {**own, leak.reversal: e if section is None else e.values[section]}

    return changed(cell, strong)
