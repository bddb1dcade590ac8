"""What happens inside one hidden cell: dendritic potentials and the rule's traces, by NEURON.

The kernel keeps somatic potentials alone; the cell is run again, alone, with the spikes that it
received in the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
_TRACES = ("u_dend", "u_pre", "u_post", "eps", "w")


@dataclass(frozen=True)
class Inside:
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
    traces: dict[str, Array]


def inside(spec: NetworkSpec, run: NetworkRun, cell: int) -> Inside:
    """Run one hidden cell of a network in NEURON, each sample from rest, and record it.

    Parameters
    ----------
    spec, run
        The network and its samples. The output cell hears nothing: where a sample expects a
        spike and the run learns, the error is that of a miss.
    cell
        Number of the hidden cell.
    """
    from dendmod.engines.neuron.network import NetworkSimulator
    from dendmod.engines.neuron.session import h

    one, alone = _alone(spec, run, cell)

    class Recorded(NetworkSimulator):
        inside: dict[str, list[Any]] | None = None

        def _initialise(self) -> None:
            if self.inside is None:
                points = [point for _, point in sorted(self.net.plastic.items())]
                names = _TRACES if run.learn else ()
                self.inside = {
                    "v": [h.Vector().record(c(0.5)._ref_v) for c in self.net.cells[0]],
                    **{
                        n: [h.Vector().record(getattr(p, f"_ref_{n}")) for p in points]
                        for n in names
                    },
                }
            super()._initialise()

        def close(self) -> None:
            self.__dict__.pop("inside", None)
            super().close()

    found: dict[str, list[Array]] = {}
    simulator = Recorded(one, alone)
    with simulator:
        assert simulator.inside is not None
        for index in range(len(alone.samples)):
            simulator.start(index)
            given = events(one, alone, index)
            simulator.send(given)
            simulator.present(index, given)
            for name, vectors in simulator.inside.items():
                rows = np.array([np.array(v)[-(alone.n_steps + 1) :] for v in vectors])
                found.setdefault(name, []).append(rows)
            simulator.finish(index)
    stacked = {name: np.stack(rows) for name, rows in found.items()}
    return Inside(stacked.pop("v"), stacked)


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
