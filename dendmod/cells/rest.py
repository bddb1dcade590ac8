"""Hold the resting potential of a changed cell by its leak, segment by segment.

Closing a channel that is open at rest moves the resting potential, and that alone changes how
near everything else is to threshold. To see the channel's own effect, the leak's reversal
potential is corrected so that the resting current of each segment is what it was.
"""

from __future__ import annotations

from dendmod.cells.parameters import Parameters, changed
from dendmod.errors import SpecError
from dendmod.spec import BySection, Cell, SectionTables
from dendmod.spec.cell import RegionName

Row = tuple[float, ...]

_CLAMP = 100.0  # S/cm2: a leak that pins each segment to 1e-5 mV of a given potential


def with_leak_that_holds(before: Cell, after: Cell, *, settle: float) -> Cell:
    """Return `after` with a leak reversal potential by segment, so that it rests like `before`.

    Both membranes are pinned to the resting potentials of `before` by a strong leak, until every
    gate and the calcium pool stand still. The difference of their pinning currents is the
    difference of all other currents, and the true leak takes it over:
    ``e' = v - (g (v - e) + S' - S) / g'``.

    Parameters
    ----------
    before, after
        Cells that differ in their membranes alone.
    settle
        How long each of three runs settles (ms).

    Raises
    ------
    SpecError
        If a region has no leak, or one whose conductance is not a number above zero.
    """
    from dendmod.engines.neuron import settled_state

    rest = settled_state(before, settle).v
    pinned = {
        which: settled_state(_with_leak(cell, _CLAMP, BySection(values=rest)), settle).i_pas
        for which, cell in (("before", before), ("after", after))
    }
    values: dict[int, tuple[float, ...]] = {}
    for i, row in rest.items():
        g_row, e_row = _leak(before, i, len(row))
        g_after, _ = _leak(after, i, len(row))
        values[i] = tuple(
            v - (g * (v - e) + new - old) / g_new
            for v, g, e, g_new, new, old in zip(
                row, g_row, e_row, g_after, pinned["after"][i], pinned["before"][i], strict=True
            )
        )
    return _with_leak(after, None, BySection(values=values))


def _kind(cell: Cell, i: int) -> RegionName:
    """Region of a section; those of an axon stub come last."""
    from dendmod.engines.checks import shape_of

    sections = shape_of(cell).sections
    return sections[i].kind if i < len(sections) else "axon"


def _leak(cell: Cell, i: int, n: int) -> tuple[Row, Row]:
    """Return conductance and reversal potential of the leak in the segments of a section."""
    membrane = cell.biophysics
    if isinstance(membrane, SectionTables):
        values = membrane.sections[i].values
        g_row, e_row = (values.get(name, ()) for name in ("g_pas", "e_pas"))
        if g_row and e_row and min(g_row) > 0:
            return _of_segments(g_row, n), _of_segments(e_row, n)
        raise _no_leak(f"section {i}", membrane.name)
    kind = _kind(cell, i)
    for mechanism in membrane.regions[kind].mechanisms:
        if mechanism.suffix == "pas":
            g, e = mechanism.params["g"], mechanism.params["e"]
            if not isinstance(g, int | float) or not g > 0 or not isinstance(
                e, int | float | BySection
            ):  # fmt: skip
                break
            return (float(g),) * n, e.values[i] if isinstance(e, BySection) else (e,) * n
    raise _no_leak(kind, membrane.name)


def _of_segments(row: Row, n: int) -> Row:
    return row if len(row) == n else row * n


def _no_leak(where: str, name: str) -> SpecError:
    return SpecError(
        f"hold_rest corrects the leak, but {where} of {name} has no mechanism 'pas' with one "
        "conductance above zero"
    )


def _with_leak(cell: Cell, g: float | None, e: BySection) -> Cell:
    def leak(suffix: str, _: Parameters, section: int | None) -> Parameters:
        if suffix != "pas":
            return {}
        own = {} if g is None else {"g": g}
        return {**own, "e": e if section is None else e.values[section]}

    return changed(cell, leak)
