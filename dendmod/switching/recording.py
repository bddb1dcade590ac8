"""The dendrites of one hidden cell: their potentials and the traces of the rule, by NEURON.

The kernel keeps somatic potentials alone; the cell is run again, alone, with the spikes that it
received in the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.network import (
    Arrivals,
    ExplicitStimulus,
    FeedforwardSynapses,
    NetworkRun,
    NetworkSpec,
    Samples,
    SampleTrains,
)
from dendmod.network.events import Places, events

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CellRecording:
    """Recordings of one cell.

    Parameters
    ----------
    v
        Potentials of all compartments, the soma first (mV), shape [samples, compartments, steps].
    traces
        Name ("u_dend", "u_pre", "u_post", "eps", "w") -> shape [samples, synapses, steps]; empty
        where the rule is off.
    """

    v: Array
    traces: Mapping[str, Array]


def record_cell(spec: NetworkSpec, run: NetworkRun, cell: int) -> CellRecording:
    """Run one hidden cell of a network in NEURON, each sample from rest, and record it.

    Parameters
    ----------
    spec, run
        The network and its samples. The output cell hears nothing: where a sample expects a
        spike and the run learns, the error is that of a miss.
    cell
        Number of the hidden cell.
    """
    from dendmod.engines.neuron.network import TRACES, HiddenRecording, NetworkSimulator

    compartments = tuple(range(len(spec.hidden_cell(cell).compartments)))
    learns = run.learn and spec.plasticity is not None
    record = HiddenRecording(compartments, TRACES if learns else ())
    with NetworkSimulator(*_alone(spec, run, cell), record=record) as simulator:
        simulator.run()
    recorded = simulator.recorded
    assert recorded is not None
    return CellRecording(recorded.v[:, 0], recorded.traces)


def _alone(spec: NetworkSpec, run: NetworkRun, cell: int) -> tuple[NetworkSpec, NetworkRun]:
    """Return the network of one cell, and a run with the spikes that it receives."""
    assert spec.context is not None
    assert spec.output is not None
    context = spec.context.model_copy(update={"weights": spec.context.weights[:, [cell]]})
    output = spec.output.model_copy(update={"weights": np.zeros(1), "background": None})
    one = spec.model_copy(
        update={
            "hidden": (spec.hidden_cell(cell),),
            "feedforward": FeedforwardSynapses(
                weights=spec.feedforward.weights[:, [cell]], profile=spec.feedforward.profile
            ),
            "context": context,
            "output": output,
        }
    )
    trains = []
    for index in range(len(run.samples)):
        given = events(spec, run, index)
        trains.append(
            SampleTrains(
                feedforward_input=given.feedforward_input,
                feedforward_times=given.feedforward_step * run.dt,
                context=_of(given.context, cell, run.dt),
                ampa=_of(given.ampa, cell, run.dt),
                gaba=_of(given.gaba, cell, run.dt),
            )
        )
    samples = Samples(context=run.samples.context, expected=run.samples.expected)
    fields = {
        "samples": samples,
        "stimulus": ExplicitStimulus(trains=tuple(trains)),
        "precision": "float64",
        "between_samples": "rest",
        "record_v": False,
    }
    return one, run.model_copy(update=fields)


def _of(places: Places, cell: int, dt: float) -> Arrivals:
    mine = places.neuron == cell
    return Arrivals(
        neuron=np.zeros(int(mine.sum()), np.int64),
        compartment=places.compartment[mine],
        times=places.step[mine] * dt,
    )
