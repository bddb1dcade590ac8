"""Input and transfer impedance at the settled state."""

from __future__ import annotations

import numpy as np

from dendmod.engines.neuron.run import Simulator
from dendmod.engines.neuron.session import h
from dendmod.spec import Cell, Location, ReducedCell, Run, Setup


def input_and_transfer_impedance(
    cell: Cell | ReducedCell, locations: tuple[Location, ...], *, settle: float, dt: float = 0.1
) -> np.ndarray:
    """Return the steady impedance matrix (MOhm, shape [n, n]) at rest.

    Channels keep the conductance that they have at rest (gates frozen), so this is the impedance
    that a brief synaptic input meets.
    """
    run = Run(tstop=dt, dt=dt, settle=settle)
    with Simulator(Setup(cell=cell), run) as simulator:
        simulator.restore()
        segments = [simulator.cell.segment(place) for place in locations]
        matrix = np.empty((len(segments), len(segments)))
        probe = h.Impedance()
        for i, source in enumerate(segments):
            probe.loc(source)
            probe.compute(0.0)
            for j, target in enumerate(segments):
                matrix[i, j] = probe.input(target) if i == j else probe.transfer(target)
        del probe
    return (matrix + matrix.T) / 2
