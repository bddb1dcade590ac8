"""Networks drawn at random, on which engines are held against each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.network.run import Burst, GeneratedStimulus, NetworkRun, Samples
from dendmod.network.spec import (
    Background,
    ContextSynapses,
    FeedforwardSynapses,
    NetworkSpec,
    OutputCell,
    Plasticity,
)
from dendmod.params import hay2011
from dendmod.params.hay2011 import POOL
from dendmod.rng import stream
from dendmod.spec.reduced import Compartment, ReducedCell

_SOMA_AREA, _DENDRITE_AREA = 1000.0, 300.0
_V_INIT = -75.0


def hay_soma(number: int = 3) -> dict[str, dict[str, dict[str, float]]]:
    """Return channels and pool of the soma of a set of Hay et al. 2011 for a `Compartment`.

    Raises
    ------
    SpecError
        If there is no such set.
    """
    return _membrane(number, "soma")


def _membrane(number: int, region: Any) -> dict[str, dict[str, dict[str, float]]]:
    mechanisms = hay2011.biophysics(number).regions[region].mechanisms
    found = {
        m.suffix: {k: v if isinstance(v, int | float) else _level(v) for k, v in m.params.items()}
        for m in mechanisms
        if m.suffix != "pas"
    }
    pools = {POOL: found.pop(POOL)} if POOL in found else {}
    return {"channels": found, "pools": pools}


def _level(distribution: Any) -> float:
    return float(getattr(distribution, "value", None) or distribution.base)


def draw_network(
    seed: int,
    *,
    n_hidden: int | None = None,
    n_samples: int = 2,
    dt: float = 0.1,
    **changes: Any,
) -> tuple[NetworkSpec, NetworkRun]:
    """Return a random network and a run of it.

    Drawn are size, star or tree, where channels lie, capacitances, conductances, synapses,
    backgrounds and stimuli. The numbers are such that cells fire.

    Parameters
    ----------
    n_hidden
        Number of hidden cells; None draws it.
    changes
        Fields of the `NetworkRun` to set.
    """
    rng = stream(seed, "network")
    n_hidden = int(rng.integers(2, 12)) if n_hidden is None else n_hidden
    n_dendrites, n_inputs = int(rng.integers(0, 8)), int(rng.integers(4, 20))
    parents = _parents(rng, n_dendrites)
    active = rng.random(n_dendrites) < rng.choice([0.0, 0.5])
    hidden = tuple(_cell(rng, parents, active) for _ in range(n_hidden))
    ratio = float(rng.choice([0.0, 2.0]))
    background = Background(
        nmda_ratio=ratio,
        ampa_weight=float(rng.uniform(2e-4, 1e-3)),
        gaba_weight=float(rng.uniform(2e-4, 1e-3)),
    )
    context = None
    n_contexts = int(rng.integers(1, 4))
    if n_dendrites:
        places = tuple(range(1, n_dendrites + 1))
        weights = rng.uniform(2e-5, 1.5e-4, (n_contexts, n_hidden, n_dendrites))
        context = ContextSynapses(compartments=places, weights=weights)
    output = OutputCell(
        cell=_as_hay((_soma(rng, parent=-1),)),
        weights=rng.uniform(0.5, 1.5, n_hidden) * 6.0 / n_hidden,
        background=background if rng.random() < 0.5 else None,
        delay=float(rng.choice([0.5, 1.0, 1.7])),
    )
    rule = Plasticity(error_scale=float(rng.choice([-100.0, -1.0]))) if n_dendrites else None
    spec = NetworkSpec(
        hidden=hidden,
        feedforward=FeedforwardSynapses(
            weights=rng.normal(1.5, 1.0, (n_inputs, n_hidden)) / n_inputs
        ),
        context=context,
        background=background if rng.random() < 0.8 else None,
        output=output,
        plasticity=rule,
    )
    fields: dict[str, Any] = {
        "samples": Samples(
            context=rng.integers(0, n_contexts if context else 1, n_samples),
            expected=rng.integers(0, 2, n_samples),
        ),
        "stimulus": GeneratedStimulus(
            feedforward_counts=rng.integers(0, 8, (n_samples, n_inputs)),
            context=Burst(sd=20.0),
        ),
        "settle": float(rng.choice([0.0, 20.0])),
        "between_samples": str(rng.choice(["carry", "rest"])),
        "seed": seed,
        "record_v": True,
    }
    return spec, NetworkRun(**{**fields, "dt": dt, **changes})


def _parents(rng: np.random.Generator, n_dendrites: int) -> list[int]:
    star = rng.random() < 0.5
    return [0 if star else int(rng.integers(0, i + 1)) for i in range(n_dendrites)]


def _cell(rng: np.random.Generator, parents: list[int], active: np.ndarray) -> ReducedCell:
    soma = _soma(rng, parent=-1)
    dendrites = tuple(
        Compartment(
            parent=parent,
            ca=rng.uniform(20, 50),
            g_couple=rng.uniform(2, 10),
            g_leak=rng.uniform(1, 3),
            e_leak=-75.0,
            area=_DENDRITE_AREA,
            **(_membrane(3, "apical") if is_active else {}),
        )
        for parent, is_active in zip(parents, active, strict=True)
    )
    return _as_hay((soma, *dendrites))


def _as_hay(compartments: tuple[Compartment, ...]) -> ReducedCell:
    return ReducedCell(
        compartments=compartments,
        ena=hay2011.ENA,
        ek=hay2011.EK,
        celsius=hay2011.CELSIUS,
        v_init=_V_INIT,
    )


def _soma(rng: np.random.Generator, parent: int) -> Compartment:
    return Compartment(
        parent=parent,
        ca=rng.uniform(250, 350),
        g_leak=rng.uniform(8, 12),
        e_leak=-75.0,
        area=_SOMA_AREA,
        **hay_soma(),
    )
