"""Hold the resting potential of a changed cell by its leak, segment by segment.

Closing a channel that is open at rest moves the resting potential, and that alone changes how
near everything else is to threshold. To see the channel's own effect, the leak's reversal
potential is corrected so that the resting current of each segment is what it was.
"""

from __future__ import annotations

from dendmod.errors import SpecError
from dendmod.spec import BySection, Cell, MechanismSpec

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
    kinds = _kinds(before)
    values: dict[int, tuple[float, ...]] = {}
    for i, row in rest.items():
        g, e = _leak(before, kinds[i])
        g_new, _ = _leak(after, kinds[i])
        e_row = e.values[i] if isinstance(e, BySection) else (e,) * len(row)
        values[i] = tuple(
            v - (g * (v - e_here) + new - old) / g_new
            for v, e_here, new, old in zip(
                row, e_row, pinned["after"][i], pinned["before"][i], strict=True
            )
        )
    return _with_leak(after, None, BySection(values=values))


def _kinds(cell: Cell) -> list[str]:
    """Region of every section, the axon stub last."""
    from dendmod.morphology import resolve

    morphology = resolve(cell.morphology)
    if cell.axon_stub is None:
        return [s.kind for s in morphology.sections]
    kinds: list[str] = [s.kind for s in morphology.without_axon().sections]
    return kinds + ["axon"] * cell.axon_stub.n_sections


def _leak(cell: Cell, kind: str) -> tuple[float, float | BySection]:
    for mechanism in cell.biophysics.regions[kind].mechanisms:  # type: ignore[index]
        if mechanism.suffix == "pas":
            g, e = mechanism.params["g"], mechanism.params["e"]
            if not isinstance(g, int | float) or not g > 0 or not isinstance(
                e, int | float | BySection
            ):  # fmt: skip
                break
            return float(g), e
    raise SpecError(
        f"hold_rest corrects the leak, but {kind} of {cell.biophysics.name} has no mechanism 'pas' "
        "with one conductance above zero"
    )


def _with_leak(cell: Cell, g: float | None, e: BySection) -> Cell:
    def leak(mechanism: MechanismSpec) -> MechanismSpec:
        if mechanism.suffix != "pas":
            return mechanism
        conductance = mechanism.params["g"] if g is None else g
        return MechanismSpec(suffix="pas", params={"g": conductance, "e": e})

    regions = {
        name: region.model_copy(update={"mechanisms": tuple(map(leak, region.mechanisms))})
        for name, region in cell.biophysics.regions.items()
    }
    return cell.model_copy(
        update={"biophysics": cell.biophysics.model_copy(update={"regions": regions})}
    )
