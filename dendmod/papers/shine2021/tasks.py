"""Which measurements there are, as tasks of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dendmod.cells.l5 import L5PyramidalCell
from dendmod.neuromodulation.effects import Effect
from dendmod.neuromodulation.presets import mechanism, modulator
from dendmod.params.neuromodulators import (
    BAC_SEARCH,
    BIOPHYSICS,
    CONCENTRATIONS,
    IO,
    OTHER_BIOPHYSICS,
    POTENTIALS,
    STEPS,
)
from dendmod.protocol import load_protocol
from dendmod.protocol.provenance import DEPENDS
from dendmod.sweep import Task

_WORKER = "dendmod.papers.shine2021.worker"

MEMBRANE = (
    "control", "depolarised", "rectifier_up", "rectifier_down", "t_type_off", "sk_down",
    "hcn_closed", "hcn_closed_held", "calcium_up_apical", "calcium_up",
)  # fmt: skip
"""Mechanisms that f-I curves and BAC firing can see."""
KERNELS = (
    "control", "ampa_up", "gaba_up", "nmda_up", "nmda_off", "depolarised", "hcn_closed",
    "hcn_closed_held",
)  # fmt: skip
"""Mechanisms whose kernels are measured."""
CURVES = (
    "ampa_up", "gaba_up", "nmda_up", "nmda_off", "depolarised", "rectifier_up", "rectifier_down",
    "t_type_off", "sk_down", "hcn_closed", "hcn_closed_held", "calcium_up_apical", "calcium_up",
)  # fmt: skip
"""Mechanisms whose IO curves are measured at several doses: all."""
READINGS = ("noradrenaline", "noradrenaline_raw", "noradrenaline_sk")
"""Modulators whose dose-response is measured."""


def _effects(effects: Sequence[Effect]) -> list[dict[str, Any]]:
    return [e.model_dump(mode="json") for e in effects]


def fi_task(
    key: str,
    effects: Sequence[Effect],
    morphology: str,
    amps: Sequence[float] = STEPS.amps,
    noisy_amps: Sequence[float] = STEPS.noisy_amps,
    seeds: Sequence[int] = STEPS.noise_seeds,
    cost: float = 3.0,
) -> Task:
    """The f-I curve under effects."""
    s = STEPS
    payload = {
        "cell": L5PyramidalCell(morphology, BIOPHYSICS).model_dump(mode="json"),
        "effects": _effects(effects),
        "amps": list(amps),
        "discard": s.discard,
        "duration": s.duration,
        "settle": s.settle,
        "dt": s.dt,
        "noise": asdict(s.noise),
        "noisy_amps": list(noisy_amps),
        "seeds": list(seeds),
    }
    return Task(f"fi/{key}", f"{_WORKER}:fi_curve", payload, cost, DEPENDS)


def potential_task(key: str, effects: Sequence[Effect], morphology: str) -> Task:
    """Kernels under effects."""
    fields = asdict(POTENTIALS)
    payload = {
        "cell": L5PyramidalCell(morphology, BIOPHYSICS).model_dump(mode="json"),
        "effects": _effects(effects),
        **fields,
        "amps": list(fields["amps"]),
    }
    return Task(f"psp/{key}", f"{_WORKER}:potentials", payload, 0.5, DEPENDS)


def bac_task(
    key: str, effects: Sequence[Effect], morphology: str, biophysics: int = BIOPHYSICS
) -> Task:
    """BAC firing under effects."""
    b = BAC_SEARCH
    payload = {
        "cell": L5PyramidalCell(morphology, biophysics).model_dump(mode="json"),
        "effects": _effects(effects),
        "amps": list(b.amps),
        "resolution": b.resolution,
        "most": b.most,
        "hot_zone": list(b.hot_zone),
    }
    return Task(f"bac/{biophysics}/{key}", f"{_WORKER}:bac_firing", payload, 0.3, DEPENDS)


def io_task(key: str, effects: Sequence[Effect], morphology: str, seed: int) -> Task:
    """The IO curve under effects."""
    changes = {"cell.morphology": morphology, "cell.biophysics": BIOPHYSICS}
    protocol = load_protocol(IO.protocol, changes)
    payload = {
        "protocol": protocol.model_dump(mode="json", by_alias=True),
        "effects": _effects(effects),
        "arm": IO.arm,
        "trials": IO.trials,
        "seed": seed,
        "resolution": IO.resolution,
    }
    return Task(f"io/{key}", f"{_WORKER}:io_curve", payload, depends=DEPENDS)


def tasks_of(kind: str, morphology: str, seed: int) -> list[Task]:
    """Return the tasks of one kind: "fi", "psp", "bac", "io" or "dose"."""
    if kind == "fi":
        return [fi_task(name, mechanism(name), morphology) for name in MEMBRANE]
    if kind == "psp":
        return [potential_task(name, mechanism(name), morphology) for name in KERNELS]
    if kind == "bac":
        return [
            bac_task(name, mechanism(name), morphology, biophysics)
            for biophysics in (BIOPHYSICS, OTHER_BIOPHYSICS)
            for name in MEMBRANE
        ]
    if kind == "io":
        tasks = [io_task("control/0", (), morphology, seed)]
        for name in CURVES:
            for dose in IO.doses[1:]:
                tasks.append(io_task(f"{name}/{dose:g}", mechanism(name, dose), morphology, seed))
        return tasks
    tasks = []
    for name in READINGS:
        for nM in CONCENTRATIONS:
            effects = modulator(name).effects(nM)
            key, s = f"{name}/{nM:g}", STEPS
            grid = (s.dose_amps, s.dose_noisy_amps, s.dose_seeds)
            tasks.append(fi_task(key, effects, morphology, *grid, cost=1.5))
            tasks.append(bac_task(key, effects, morphology))
    return tasks


KINDS = ("bac", "fi", "psp", "io", "dose")
