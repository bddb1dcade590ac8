"""Which measurements there are on the L5 cell under effects, and what each of them asks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dendmod.cells.effects import Effect
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.cells.provenance import DEPENDS
from dendmod.engines.held import Agreement, Chosen, Engine, choose
from dendmod.neuromodulation.presets import mechanism, modulator
from dendmod.papers.shine2021.settings import Doses, Settings, Steps
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.model import Protocol
from dendmod.protocol.read import load_protocol
from dendmod.spec import Cell, Spec
from dendmod.sweep import Sweep, Task

KINDS = ("bac", "fi", "psp", "io", "dose")
_TASKS = "dendmod.papers.shine2021.tasks"
_HELD_BY = {"fi": "hold_fi", "psp": "hold_potentials"}
_ADAPTIVE = (
    "BAC firing takes adaptive steps (CVODE), as the published model does, and the kernel fixed "
    "ones"
)
_UNUSED = ("name", "title", "source", "paper", "clamp", "schema")  # parts of a protocol


@dataclass(frozen=True)
class Measurement:
    """One measurement on the cell under effects.

    Parameters
    ----------
    key
        Its kind and what it measures, such as ``"fi/sk_down"``.
    function
        Of the task, ``"package.module:name"``.
    payload
        All that is asked. That of an IO curve has a protocol, an arm and effects; its task also
        takes the sites, which follow from the cell and the protocol.
    cost
        As that of a task.
    """

    key: str
    function: str
    payload: dict[str, Any]
    cost: float = 1.0

    @property
    def kind(self) -> str:
        """What is measured: one of `KINDS`, but no "dose", which is made of others."""
        return self.key.partition("/")[0]

    def task(self, sweep: Sweep, chosen: Chosen) -> Task:
        """Return the task on an engine; sites of an IO curve are chosen first, once in a store."""
        if "protocol" in self.payload:
            (task,) = self._experiment(sweep, chosen=chosen).io_tasks([self.payload["arm"]])
            return replace(task, key=self.key)
        payload = self.payload
        if self.kind in _HELD_BY:
            payload = payload | {"engine": chosen.engine}
        return Task(self.key, self.function, payload, self.cost, DEPENDS)

    def choose(self, sweep: Sweep, asked: Engine) -> Chosen:
        """Return which engine runs it: the kernel is held against NEURON, once in a store."""
        if "protocol" in self.payload:
            return self._experiment(sweep, driven=True, engine=asked).chosen
        return choose(asked, lambda: self._hold(sweep))

    def _hold(self, sweep: Sweep) -> Agreement:
        if self.kind not in _HELD_BY:
            return Agreement.refusing(_ADAPTIVE)
        function = f"{_TASKS}:{_HELD_BY[self.kind]}"
        task = Task(f"held/{self.key}", function, self.payload, self.cost, DEPENDS)
        return Agreement.of(sweep.run([task])[task.key])

    def _experiment(
        self,
        sweep: Sweep,
        *,
        driven: bool = False,
        engine: Engine = "auto",
        chosen: Chosen | None = None,
    ) -> Experiment:
        """The IO curve's protocol; `driven` at all sites, as without context it is silent."""
        protocol = Protocol.model_validate(self.payload["protocol"])
        arms, run = dict(protocol.arms), protocol.run.model_copy(update={"engine": engine})
        if driven:
            name = self.payload["arm"]
            arms[name] = arms[name].model_copy(update={"levels": (protocol.n_sites,)})
        return Experiment(
            protocol.model_copy(update={"run": run, "arms": arms}),
            sweep,
            effects=[Effect.model_validate(e) for e in self.payload["effects"]],
            chosen=chosen,
        )

    @property
    def question(self) -> str:
        """The hash of what is asked.

        Fields that have their default say nothing here, nor do parts of a protocol that the
        measurement does not use: a new field of a specification makes no measured curve stale, a
        new value of an old one does.
        """
        asked = dict(self.payload)
        if "cell" in asked:
            asked["cell"] = _given(Cell.model_validate(asked["cell"]))
        if "effects" in asked:
            asked["effects"] = [_given(Effect.model_validate(e)) for e in asked["effects"]]
        if "protocol" in asked:
            fields = _given(Protocol.model_validate(asked["protocol"]))
            arms = {asked["arm"]: fields["arms"][asked["arm"]]}
            asked["protocol"] = {k: v for k, v in fields.items() if k not in _UNUSED}
            asked["protocol"]["arms"] = arms
        name = self.function.partition(":")[2]
        text = json.dumps([name, asked], sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _given(spec: Spec) -> dict[str, Any]:
    return spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def measurements_of(kind: str, settings: Settings) -> list[Measurement]:
    """Return the measurements of a kind; those of "dose" are of f-I curves and BAC firing."""
    s, of = settings, settings.mechanisms
    if kind == "fi":
        return [_fi(s, name, mechanism(name), s.steps, 3.0) for name in of.membrane]
    if kind == "psp":
        return [_potentials(s, name, mechanism(name)) for name in of.kernels]
    if kind == "bac":
        return [
            _bac(s, name, mechanism(name), biophysics)
            for biophysics in s.biophysics_sets
            for name in of.membrane
        ]
    if kind == "io":
        at_doses = [
            _io(s, f"{name}/{dose:g}", mechanism(name, dose))
            for name in of.io
            for dose in s.io.doses[1:]
        ]
        return [_io(s, "control/0", ()), *at_doses]
    found = []
    for name in s.doses.modulators:
        for nM in s.doses.concentrations:
            effects = modulator(name).effects(nM)
            found.append(_fi(s, f"{name}/{nM:g}", effects, s.doses, 1.5))
            found.append(_bac(s, f"{name}/{nM:g}", effects, s.biophysics))
    return found


def _under(settings: Settings, effects: Sequence[Effect], biophysics: int) -> dict[str, Any]:
    """Return the cell and its effects, as payloads have them."""
    cell = L5PyramidalCell(settings.morphology, biophysics)
    return {
        "cell": cell.model_dump(mode="json"),
        "effects": [e.model_dump(mode="json") for e in effects],
    }


def _fi(
    settings: Settings, name: str, effects: Sequence[Effect], at: Steps | Doses, cost: float
) -> Measurement:
    s = settings.steps
    payload = {
        **_under(settings, effects, settings.biophysics),
        "amps": list(at.amps),
        "discard": s.discard,
        "duration": s.duration,
        "settle": s.settle,
        "dt": s.dt,
        "noise": s.noise.model_dump(mode="json", by_alias=False),
        "noisy_amps": list(at.noisy_amps),
        "seeds": list(at.noise_seeds),
    }
    return Measurement(f"fi/{name}", f"{_TASKS}:fi_curve", payload, cost)


def _potentials(settings: Settings, name: str, effects: Sequence[Effect]) -> Measurement:
    payload = {
        **_under(settings, effects, settings.biophysics),
        **settings.potentials.model_dump(mode="json", by_alias=False),
    }
    return Measurement(f"psp/{name}", f"{_TASKS}:potentials", payload, 0.5)


def _bac(settings: Settings, name: str, effects: Sequence[Effect], biophysics: int) -> Measurement:
    payload = {
        **_under(settings, effects, biophysics),
        **settings.bac.model_dump(mode="json", by_alias=False),
    }
    return Measurement(f"bac/{biophysics}/{name}", f"{_TASKS}:bac_firing", payload, 0.3)


def _io(settings: Settings, name: str, effects: Sequence[Effect]) -> Measurement:
    s = settings.io
    changes = {
        "cell.morphology": settings.morphology,
        "cell.biophysics": settings.biophysics,
        "run.trials": s.trials,
        "run.seed": settings.seed,
        "io.resolution": s.resolution,
        f"arms.{s.arm}.levels": [0],  # without context
        f"arms.{s.arm}.quick_levels": [],
    }
    payload = {
        "protocol": load_protocol(s.protocol, changes).model_dump(mode="json", by_alias=True),
        "effects": [e.model_dump(mode="json") for e in effects],
        "arm": s.arm,
    }
    return Measurement(f"io/{name}", "dendmod.protocol.tasks:search_thresholds", payload)
