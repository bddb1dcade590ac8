"""Tasks of a file of stimuli: one run of one combination of its sweep."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.protocol.places import locate
from dendmod.protocol.stimuli import StimulusProtocol, recording_spec, spikes_of
from dendmod.protocol.stimulus_fields import ClampFields, CurrentFields, StepFields
from dendmod.spec import Cell, Location, ReducedCell, Setup, SpikeTrain


def setup_of(
    protocol: StimulusProtocol, trial: int = 0, cell: Cell | ReducedCell | None = None
) -> Setup:
    """Return the cell with all stimuli and recordings of a protocol; `cell` in place of its own."""
    cell = protocol.cell.spec if cell is None else cell

    def at(place: Any) -> Location:
        return locate(place, cell, protocol.locations)

    stimuli = protocol.stimuli.items()
    seed = protocol.run.seed
    clamps = [s.voltage_clamp(at(s.location)) for _, s in stimuli if isinstance(s, ClampFields)]
    return Setup(
        cell=cell,
        synapses=tuple(s.synapse(n, at(s.location)) for n, s in spikes_of(protocol).items()),
        current_clamps=tuple(s.clamp(at(s.location)) for _, s in stimuli
                             if isinstance(s, StepFields)),
        currents=tuple(s.current(at(s.location), seed, trial, n) for n, s in stimuli
                       if isinstance(s, CurrentFields)),
        voltage_clamp=clamps[0] if clamps else None,
        record={
            name: recording_spec(r, None if r.location is None else at(r.location))
            for name, r in protocol.recordings.items()
        },
    )  # fmt: skip


def trains_of(protocol: StimulusProtocol, trial: int = 0) -> tuple[SpikeTrain, ...]:
    """Return the spikes of a trial."""
    return tuple(s.train(n, protocol.run.seed, trial) for n, s in spikes_of(protocol).items())


def run_stimuli(
    protocol: dict[str, Any], trial: int, coreneuron: bool | None = None
) -> dict[str, np.ndarray]:
    """Run one combination of a sweep once.

    Returns ``t`` (ms) [steps]; ``v`` (mV) [voltages, steps], ``recordings`` [others, steps] with
    their ``units``, ``clamp`` (nA) [steps] where a voltage clamp is on, and ``spikes`` (ms).
    """
    from dendmod.engines.neuron import Simulator

    spec = StimulusProtocol.model_validate(protocol)
    setup = setup_of(spec, trial)
    with Simulator(setup, spec.run_spec, coreneuron=coreneuron) as simulator:
        result = simulator.run(trains_of(spec, trial))
    out = {
        "t": result.t,
        "v": np.array(list(result.v.values())).reshape(len(result.v), result.t.size),
        "recordings": np.array([result.recordings[n] for n in setup.recordings]).reshape(
            len(setup.recordings), result.t.size
        ),
        "units": np.array([result.unit_of(n) for n in setup.recordings], dtype=str),
    }
    if result.clamp_current is not None:
        out["clamp"] = result.clamp_current
    counted = spec.measure.recording or next(iter(spec.voltages), None)
    if counted is not None:
        out["spikes"] = result.spike_times(counted)
    return out
