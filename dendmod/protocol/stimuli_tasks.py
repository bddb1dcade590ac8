"""Tasks of a file of stimuli: one run of one combination of its sweep."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from dendmod.engines.held import Agreement, between
from dendmod.engines.kernel.batch.variants import check_alike
from dendmod.engines.kernel.vectors import Precision
from dendmod.engines.simulation import simulate_many
from dendmod.errors import EngineError, OutOfReach, UnsupportedByEngine
from dendmod.protocol.places import locate
from dendmod.protocol.stimuli import StimulusProtocol, recording_spec, spikes_of
from dendmod.protocol.stimulus_fields import ClampFields, CurrentFields, StepFields
from dendmod.protocol.tasks import CLAMPED_REACH
from dendmod.spec import Cell, Location, ReducedCell, Run, Setup, SpikeTrain
from dendmod.spec.result import Result
from dendmod.spec.trial import Trial

PRECISION: Precision = "float64"  # its traces are what is asked for


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
    """Run one combination of a sweep once, in NEURON.

    Returns ``t`` (ms) [steps]; ``v`` (mV) [voltages, steps], ``recordings`` [others, steps] with
    their ``units``, ``clamp`` (nA) [steps] where a voltage clamp is on, and ``spikes`` (ms).
    """
    from dendmod.engines.neuron import Simulator

    spec = StimulusProtocol.model_validate(protocol)
    setup = setup_of(spec, trial)
    with Simulator(setup, spec.run_spec, coreneuron=coreneuron) as simulator:
        return _arrays(spec, setup, simulator.run(trains_of(spec, trial)))


def run_together(protocols: list[dict[str, Any]], trials: list[int]) -> dict[str, np.ndarray]:
    """Run combinations side by side on the kernel, or in NEURON if one leaves the tables.

    Returns what `run_stimuli` does of each, under names such as ``"0/t"``, and ``engine``.
    """
    specs, setups, given = _runs(protocols, trials)
    engine = "kernel"
    try:
        results = _simulate(setups, specs[0].run_spec, given, "kernel")
    except OutOfReach:
        engine = "neuron"
        results = _simulate(setups, specs[0].run_spec, given, "neuron")
    each = zip(specs, setups, results, strict=True)
    return {
        **{f"{k}/{name}": a for k, one in enumerate(each) for name, a in _arrays(*one).items()},
        "engine": np.array(engine),
    }


def hold_stimuli(protocols: list[dict[str, Any]], trials: list[int]) -> dict[str, np.ndarray]:
    """Run the first and the last combination on both engines.

    Returns the arrays of a `dendmod.engines.held.Agreement`.
    """
    specs, setups, given = _runs(protocols, trials)
    run, ends = specs[0].run_spec, sorted({0, len(specs) - 1})
    try:
        for spec, setup in zip(specs, setups, strict=True):
            if spec.run_spec != run or spec.cell != specs[0].cell:
                raise UnsupportedByEngine("runs side by side have one [cell] and one [run]")
            check_alike(setups[0], setup)
        ours = [setups[i] for i in ends], run, [given[i] for i in ends]
        kernel = _simulate(*ours, "kernel")
    except EngineError as error:
        return Agreement.refusing(str(error)).arrays
    neuron = _simulate(*ours, "neuron")
    return between(kernel, neuron, precision=PRECISION).arrays


def _runs(
    protocols: list[dict[str, Any]], trials: list[int]
) -> tuple[list[StimulusProtocol], list[Setup], list[Trial]]:
    specs = [StimulusProtocol.model_validate(protocol) for protocol in protocols]
    each = list(zip(specs, trials, strict=True))
    return specs, [setup_of(*one) for one in each], [Trial(trains_of(*one)) for one in each]


def _simulate(
    setups: list[Setup], run: Run, trials: list[Trial], engine: Literal["kernel", "neuron"]
) -> list[Result]:
    if engine == "neuron":
        return simulate_many(setups, run, trials, engine="neuron")
    reach = CLAMPED_REACH if setups[0].voltage_clamp is not None else None
    return simulate_many(setups, run, trials, engine="kernel", precision=PRECISION, reach=reach)


def _arrays(spec: StimulusProtocol, setup: Setup, result: Result) -> dict[str, np.ndarray]:
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
