"""Tasks of `dendmod protocol scale`: at which weights a cell spikes and its sites have plateaus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from dendmod.engines.trials import open_trials
from dendmod.iocurve import ThresholdSearch
from dendmod.protocol.model import DendriticNmda, FeedforwardFields, Protocol
from dendmod.protocol.trial import setup_for, site_name, trains_for
from dendmod.spec import Cell, Location, ReducedCell, Run, Setup, SpikeTrain, VoltageClamp
from dendmod.spec.stimulus import SOMA

STEPS = 8  # of a weight from one to twice as much
DOUBLINGS = 6  # up and down from where a search starts
HALF = 0.5  # of trials, or of sites and trials
_CLAMPED_MV = (-80.0, -55.0, -30.0)  # evenly apart
_SPIKE_AT, _CHARGE_MS, _DT = 5.0, 100.0, 0.1


def factor(step: float) -> float:
    """Return what a weight is multiplied by at a step of a search."""
    return float(2.0 ** (step / STEPS))


def scaled_feedforward(fields: FeedforwardFields, by: float) -> FeedforwardFields:
    """Return the fields with the weight, current or conductance, multiplied."""
    weight, unit = fields.weight
    return fields.model_copy(update={f"weight_{unit}": weight * by})


def with_high_weight(protocol: Protocol, arm: str, by: float) -> Protocol:
    """Return a protocol whose contextual inputs of driven sites have another weight."""
    fields = dendritic(protocol, arm)
    changed = fields.model_copy(update={"high_weight_nS": fields.high_weight_nS * by})
    return protocol.model_copy(update={"arms": {**protocol.arms, arm: changed}})


def dendritic(protocol: Protocol, arm: str) -> DendriticNmda:
    """Return an arm whose levels are numbers of sites."""
    fields = protocol.arms[arm]
    assert isinstance(fields, DendriticNmda)
    return fields


def _unpack(protocol: dict[str, Any], sites: list[list[float]]) -> tuple[Protocol, list[Location]]:
    places = [Location(section=int(section), x=x) for section, x in sites]
    return Protocol.model_validate(protocol), places


def _search() -> ThresholdSearch:
    reach = STEPS * DOUBLINGS
    return ThresholdSearch(
        start=0, step=STEPS, limits=(-reach, reach), resolution=1, crossings=(HALF,)
    )


def resistance(cell: dict[str, Any], settle: float) -> dict[str, np.ndarray]:
    """Measure the input resistance of a cell's soma at rest (MOhm), gates held."""
    from dendmod.engines.neuron import input_and_transfer_impedance

    spec: Cell | ReducedCell = TypeAdapter(Cell | ReducedCell).validate_python(cell)
    return {"soma": input_and_transfer_impedance(spec, (SOMA,), settle=settle)[0]}


def search_feedforward(
    protocol: dict[str, Any],
    sites: list[list[float]],
    arm: str,
    n_feedforward: int,
    trials: list[int],
    seed: int,
    coreneuron: bool | None,
) -> dict[str, np.ndarray]:
    """Count spikes at this number of inputs, unmodulated, at weights around where half have one.

    Returns ``step`` [points], rising (`factor`), ``counts`` [points, trials], and ``quiet``
    [trials], the spikes without any feedforward input.
    """
    spec, places = _unpack(protocol, sites)
    search, setup = _search(), setup_for(spec, places)
    with open_trials(
        setup, spec.run_spec, spec.run.engine, coreneuron=coreneuron, precision=spec.run.precision
    ) as opened:

        def counts(of: Protocol, n: int) -> list[int]:
            given = [
                trains_for(of, arm, level=0, n_feedforward=n, trial=trial, seed=seed)
                for trial in trials
            ]
            return [result.spike_times().size for result in opened.run_many(given)]

        quiet = counts(spec, 0)
        while (step := search.ask()) is not None:
            weight = scaled_feedforward(spec.feedforward, factor(step))
            search.tell(step, counts(spec.model_copy(update={"feedforward": weight}),
                                     n_feedforward))  # fmt: skip
    steps = np.array(sorted(search.points))
    return {
        "step": steps,
        "counts": np.array([search.points[k] for k in steps]),
        "quiet": np.array(quiet),
    }


def search_plateau(
    protocol: dict[str, Any],
    sites: list[list[float]],
    arm: str,
    plateau_ms: float,
    trials: list[int],
    seed: int,
    coreneuron: bool | None,
) -> dict[str, np.ndarray]:
    """Drive all sites, without feedforward inputs, at weights around where half have a plateau.

    A site has one in a trial in which it is above ``run.plateau_mV`` for `plateau_ms` without a
    break, which spikes that come back from the soma are not.

    Returns ``step`` [points], rising; ``above`` (ms) and ``peak`` (mV) [points, trials, sites]; and
    ``bend``: how far the receptor's current is from a straight line of the potential.
    """
    spec, places = _unpack(protocol, sites)
    names = [site_name(i) for i in range(len(places))]
    search, above, peak = _search(), {}, {}
    setup = setup_for(spec, places, record_sites=True)
    with open_trials(
        setup, spec.run_spec, spec.run.engine, coreneuron=coreneuron, precision=spec.run.precision
    ) as opened:
        while (step := search.ask()) is not None:
            of = with_high_weight(spec, arm, factor(step))
            given = [
                trains_for(of, arm, level=len(names), n_feedforward=0, trial=trial, seed=seed)
                for trial in trials
            ]
            v = np.array([[r.v[name] for name in names] for r in opened.run_many(given)])
            above[step] = longest_above(v, spec.run.plateau_mV, spec.run.dt_ms)
            peak[step] = v.max(axis=2)
            search.tell(step, (above[step] >= plateau_ms).ravel())
    steps = sorted(search.points)
    return {
        "step": np.array(steps),
        "above": np.array([above[k] for k in steps]),
        "peak": np.array([peak[k] for k in steps]),
        "bend": np.array(bend(spec, dendritic(spec, arm).high_weight_nS)),
    }


def longest_above(v: npt.NDArray[np.floating], level: float, dt: float) -> npt.NDArray[np.float64]:
    """Return for how long (ms) voltages [..., steps] are above a level without a break."""
    above = v > level
    so_far = np.cumsum(above, axis=-1)
    before = np.maximum.accumulate(np.where(above, 0, so_far), axis=-1)
    return np.asarray((so_far - before).max(axis=-1) * dt, dtype=float)


def bend(protocol: Protocol, weight_nS: float) -> float:
    """Return how far the charge of a contextual input is from a straight line of the potential.

    0 of a receptor that conducts the same at every potential; more where a block is relieved by
    depolarisation. The soma is clamped at three potentials, with a spike and without.
    """
    kind = protocol.synapse_kinds["context"]
    spike = SpikeTrain("context", np.array([_SPIKE_AT]), kind.weight(weight_nS, "nS"))
    charges = [_charge(protocol, v, spike) for v in _CLAMPED_MV]
    spread = max(charges) - min(charges)
    straight = (charges[0] + charges[2]) / 2
    return float(abs(charges[1] - straight) / spread) if spread else 0.0


def _charge(protocol: Protocol, v: float, spike: SpikeTrain) -> float:
    from dendmod.engines.neuron import Simulator

    kind = protocol.synapse_kinds["context"]
    setup = Setup(
        cell=protocol.cell_spec,
        synapses=(kind.synapse("context", SOMA),),
        voltage_clamp=VoltageClamp(location=SOMA, v=v),
    )
    run = Run(tstop=_SPIKE_AT + _CHARGE_MS, dt=_DT, settle=100.0)
    trains: Sequence[tuple[SpikeTrain, ...]] = ((spike,), ())
    with Simulator(setup, run) as simulator:
        with_it, without = (simulator.run(given).clamp_current for given in trains)
    assert with_it is not None
    assert without is not None
    return float((with_it - without).sum() * _DT)
