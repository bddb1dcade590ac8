"""What is chosen on the page, as a frozen specification."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, model_validator

from dendmod.cells.file import load_cell
from dendmod.cells.receptors import SynapseKind, receptors_of
from dendmod.errors import SpecError
from dendmod.neuromodulation import Effect, modulator, modulators
from dendmod.protocol import Protocol, load_protocol
from dendmod.protocol.model import DendriticNmda, SomaticShunt
from dendmod.spec import Spec

CELL, PROTOCOL = "hay2011_1", "fig1"
NO_MODULATOR = "none"
_CLAMP_MS = 100.0  # ours: how long a current step lasts


class DensityFactor(Spec):
    """Maximal conductances of one mechanism, multiplied on one list of sections."""

    list: str = "all"
    mechanism: str
    factor: NonNegativeFloat = 1.0


class BurstFields(Spec):
    """A burst of inputs: how many, how strong (in the receptor's unit), when (ms)."""

    n: NonNegativeInt
    weight: NonNegativeFloat
    center_ms: NonNegativeFloat
    sd_ms: PositiveFloat


class StepFields(Spec):
    """The current step of every clamp."""

    amp_nA: float = 0.5
    delay_ms: NonNegativeFloat = 100.0
    dur_ms: PositiveFloat = _CLAMP_MS


class Exploration(Spec):
    """All that is chosen: a cell, what is changed in it, what arrives, what is recorded.

    Parameters
    ----------
    cell
        A cell's folder, file or name.
    protocol
        Protocol of arms from which receptors, the background and the range of IO curves come.
    densities
        Factors of maximal conductances.
    celsius
        Temperature; None takes that of the cell's file.
    modulator, dose_nM
        A modulator by its name, or "none".
    feedforward, context, shunt
        Bursts into the soma, at each cluster, and of inhibition into the soma. Weights are in nS,
        or nA where the receptor takes a current.
    nmda_ratio
        Of the receptors at clusters; None takes what they have.
    has_background
        Whether soma and clusters get the background of the protocol.
    clusters, clamps, recordings
        Places as NEURON names them, such as ``apic[36](0.5)``.
    step
        What the clamps inject.
    tstop_ms, dt_ms, settle_ms, seed
        The run.
    """

    cell: str = CELL
    protocol: str = PROTOCOL
    densities: tuple[DensityFactor, ...] = ()
    celsius: float | None = Field(default=None, ge=-10, le=60)
    modulator: str = NO_MODULATOR
    dose_nM: NonNegativeFloat = 0.0
    feedforward: BurstFields
    context: BurstFields
    shunt: BurstFields
    nmda_ratio: NonNegativeFloat | None = None
    has_background: bool = True
    clusters: tuple[str, ...] = ()
    clamps: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    step: StepFields = StepFields()
    tstop_ms: PositiveFloat
    dt_ms: PositiveFloat
    settle_ms: NonNegativeFloat
    seed: NonNegativeInt = 1

    @model_validator(mode="after")
    def _once(self) -> Exploration:
        for what in ("clusters", "clamps", "recordings"):
            places = getattr(self, what)
            twice = sorted({p for p in places if places.count(p) > 1})
            if twice:
                raise ValueError(f"{what}: {twice[0]} is there already; choose another place")
        return self

    @property
    def base(self) -> Protocol:
        """The protocol of arms."""
        return _base(self.protocol, self.cell)

    @property
    def receptors(self) -> Mapping[str, SynapseKind]:
        """Receptors of the protocol over those of the cell, with the NMDA ratio at clusters.

        Raises
        ------
        SpecError
            If the receptor of clusters has no NMDA ratio.
        """
        kinds = dict(receptors_of(load_cell(self.cell).cell, self.base.receptors))
        if self.nmda_ratio is not None:
            kind = kinds["context"]
            if "nmda_ratio" not in kind.params:
                raise SpecError(
                    f"receptors.context: {kind.mechanism} has no nmda_ratio; give its parameters "
                    "in the cell's file"
                )
            params = kind.params | {"nmda_ratio": self.nmda_ratio}
            kinds["context"] = SynapseKind(kind.name, kind.mechanism, params, kind.unit)
        return kinds

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What the modulator does at its dose.

        Raises
        ------
        SpecError
            If there is no such modulator, or it holds the rest, which rows of a cell file cannot
            say.
        """
        if self.modulator == NO_MODULATOR:
            return ()
        found = modulator(self.modulator).effects(self.dose_nM)
        if any(effect.hold_rest for effect in found):
            raise SpecError(
                f"{self.modulator} holds the resting potential segment by segment, which takes a "
                f"search. Take one of {', '.join(offered_modulators())}, or "
                "dendmod.neuromodulation in Python"
            )
        return tuple(e for e in found if e.scale != 1 or e.shift)

    def with_(self, **changes: Any) -> Exploration:
        """Return another one with fields changed, checked.

        Raises
        ------
        SpecError
            Naming each field that is refused.
        """
        return Exploration.model_validate(self.model_dump() | changes)


@lru_cache
def _base(protocol: str, cell: str) -> Protocol:
    return load_protocol(protocol, {"cell.file": cell})


def offered_modulators() -> tuple[str, ...]:
    """Return the names of the modulators that need no search for the rest, "none" first."""
    plain = [
        name
        for name, m in modulators().items()
        if not any(e.hold_rest for action in m.actions for e in action.effects)
    ]
    return (NO_MODULATOR, *sorted(plain))


def begin(cell: str = CELL, protocol: str = PROTOCOL) -> Exploration:
    """Return what the page starts with: a cell, and the numbers of a protocol's arms.

    Parameters
    ----------
    cell
        A cell's folder, file or name.
    protocol
        A file of arms, or its name; one that `dendmod protocol scale` wrote for the cell fits best.

    Raises
    ------
    SpecError
        If there is no such cell or protocol, or the protocol has no arm of NMDA spikes.
    """
    load_cell(cell)
    base = _base(protocol, cell)
    arms = list(base.arms.items())
    nmda = next(((name, a) for name, a in arms if isinstance(a, DendriticNmda)), None)
    shunt = next(((name, a) for name, a in arms if isinstance(a, SomaticShunt)), None)
    if nmda is None or shunt is None:
        raise SpecError(
            f"{protocol}: the page takes its numbers from an arm of kind dendritic_nmda and one of "
            "kind somatic_shunt; give a protocol with both, such as fig1"
        )
    return Exploration(
        cell=cell,
        protocol=protocol,
        feedforward=BurstFields(
            n=max(nmda[1].n_feedforward, 0),
            weight=base.feedforward.weight[0],
            center_ms=nmda[1].context_center_ms + nmda[1].feedforward_lag_ms,
            sd_ms=base.feedforward_sd,
        ),
        context=BurstFields(
            n=nmda[1].n_context,
            weight=nmda[1].high_weight_nS,
            center_ms=nmda[1].context_center_ms,
            sd_ms=base.context_sd(nmda[0]),
        ),
        shunt=BurstFields(
            n=0,
            weight=shunt[1].shunt_weight_nS,
            center_ms=shunt[1].context_center_ms,
            sd_ms=base.context_sd(shunt[0]),
        ),
        tstop_ms=base.run.tstop_ms,
        dt_ms=base.run.dt_ms,
        settle_ms=base.run.settle_ms,
    )
