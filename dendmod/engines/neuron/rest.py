"""The settled state of a cell, segment by segment."""

from __future__ import annotations

from dataclasses import dataclass

from dendmod.engines.neuron.run import Simulator
from dendmod.spec import Cell, Run, Setup


@dataclass(frozen=True)
class SettledState:
    """What a cell settles to.

    Parameters
    ----------
    v
        Potentials (mV) of each section's segments, by section number; those of an axon stub come
        last.
    """

    v: dict[int, tuple[float, ...]]


def settled_state(cell: Cell, settle: float) -> SettledState:
    """Let a cell without any input run for `settle` ms and read it off."""
    with Simulator(Setup(cell=cell), Run(tstop=1.0, settle=settle, method="adaptive")) as simulator:
        simulator.restore()
        built = simulator.cell
        sections = built.all_sections
        v = {i: tuple(float(seg.v) for seg in sec) for i, sec in enumerate(sections)}
        return SettledState(v)
