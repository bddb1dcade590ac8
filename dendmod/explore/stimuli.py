"""What arrives and what is recorded, as a protocol of stimuli that `dendmod run` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dendmod.cells.effects import WEIGHT, Effect
from dendmod.cells.file import load_cell
from dendmod.cells.receptors import SynapseKind
from dendmod.explore.state import BurstFields, Exploration
from dendmod.protocol.stimuli import StimulusProtocol

SOMA = "soma"
FEEDFORWARD, SHUNT = "feedforward", "shunt"


def protocol_of(
    state: Exploration, *, part: float = 1.0, cell: str | None = None
) -> StimulusProtocol:
    """Return all stimuli and recordings that are chosen.

    Parameters
    ----------
    part
        Of the modulation: which part of the inputs of clusters and of the shunt arrives.
    cell
        What stands in its [cell]; that of the state, if not given.

    Raises
    ------
    SpecError
        Naming each field that is refused.
    """
    kinds = state.receptors
    unit = state.base.feedforward.weight[1]
    fed = _point(kinds["feedforward"], SOMA, state.feedforward.weight, unit)
    stimuli: dict[str, Any] = {FEEDFORWARD: _burst(state.feedforward) | fed}
    stimuli[SHUNT] = _burst(state.shunt, part) | _point(kinds["shunt"], SOMA, state.shunt.weight)
    recordings = {SOMA: {"location": SOMA}}
    for i, place in enumerate(state.clusters, start=1):
        point = _point(kinds["context"], place, state.context.weight)
        stimuli[f"cluster{i}"] = _burst(state.context, part) | point
        recordings[f"cluster{i}"] = {"location": place}
    if state.has_background:
        stimuli |= _background(state, kinds)
    for i, place in enumerate(state.clamps, start=1):
        stimuli[f"clamp{i}"] = {"kind": "step", "location": place, **state.step.model_dump()}
    for i, place in enumerate(state.recordings, start=1):
        recordings[f"recording{i}"] = {"location": place}
    for effect in state.effects:
        stimuli = {name: _under(effect, of) for name, of in stimuli.items()}
    return StimulusProtocol.model_validate(
        {
            "schema": "dendmod/stimuli/1",
            "name": "explored",
            "title": f"Chosen with dendmod explore on {load_cell(state.cell).fields.name}",
            "source": f"numbers not chosen are those of {state.base.name}",
            "cell": {"file": cell or state.cell},
            "run": {
                "dt_ms": state.dt_ms, "tstop_ms": state.tstop_ms, "settle_ms": state.settle_ms,
                "seed": state.seed,
            },
            "stimuli": stimuli,
            "recordings": recordings,
            "measure": {"recording": SOMA, "start_ms": 0.0, "stop_ms": state.tstop_ms},
        }
    )  # fmt: skip


def _point(kind: SynapseKind, place: str, weight: float, unit: str = "nS") -> dict[str, Any]:
    """Return the fields of a synapse."""
    return {
        "location": place,
        "mechanism": kind.mechanism,
        "params": kind.params,
        "weight": kind.weight(weight, unit),
    }


def _burst(of: BurstFields, part: float = 1.0) -> dict[str, Any]:
    n = round(part * of.n)
    return {"kind": "burst", "n": n, "center_ms": of.center_ms, "sd_ms": of.sd_ms}


def _background(state: Exploration, kinds: Mapping[str, SynapseKind]) -> dict[str, Any]:
    b = state.base.background
    rates = {"soma": (b.soma_excitatory_Hz, b.soma_inhibitory_Hz)}
    dendrite = (b.dendrite_excitatory_Hz, b.dendrite_inhibitory_Hz)
    rates |= dict.fromkeys(state.clusters, dendrite)
    weights = {"excitatory": b.excitatory_weight_nS, "inhibitory": b.inhibitory_weight_nS}
    return {
        f"{'soma' if i == 0 else f'cluster{i}'}_{kind}": {
            "kind": "poisson",
            "rate_Hz": rate,
            "dur_ms": state.tstop_ms,
            **_point(kinds[kind], place, weight),
        }
        for i, (place, pair) in enumerate(rates.items())
        for (kind, weight), rate in zip(weights.items(), pair, strict=True)
    }


def _under(effect: Effect, stimulus: dict[str, Any]) -> dict[str, Any]:
    """Return a stimulus whose synapse is under an effect."""
    if stimulus.get("mechanism") != effect.mechanism:
        return stimulus
    if effect.parameter == WEIGHT:
        return stimulus | {"weight": stimulus["weight"] * effect.scale}
    value = stimulus["params"].get(effect.parameter)
    if value is None:
        return stimulus
    moved = effect.scale * value + effect.shift
    return stimulus | {"params": stimulus["params"] | {effect.parameter: moved}}
