"""Networks drawn at random, on which engines are held against each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.mechanisms import get
from dendmod.network.layers import Connections, Population, Projection
from dendmod.network.run import Burst, GeneratedStimulus, NetworkRun, Samples
from dendmod.network.spec import NetworkSpec, OutputCell, Plasticity
from dendmod.network.synapses import Background, ContextSynapses, FeedforwardSynapses
from dendmod.params import hay2011, wybo2022
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
    found: dict[str, dict[str, dict[str, float]]] = {"channels": {}, "pools": {}}
    for m in hay2011.biophysics(number).regions[region].mechanisms:
        mechanism = get(m.suffix)
        if mechanism.is_leak:
            continue
        own = {k: v if isinstance(v, int | float) else _level(v) for k, v in m.params.items()}
        found["pools" if mechanism.pool_of else "channels"][m.suffix] = own
    return found


def _level(distribution: Any) -> float:
    return float(getattr(distribution, "value", None) or distribution.base)


def draw_network(
    seed: int,
    *,
    cells: tuple[ReducedCell, ReducedCell] | None = None,
    scales: tuple[float, float, float] = (1.0, 1.0, 1.0),
    threshold: float = 0.0,
    n_hidden: int | None = None,
    n_samples: int = 2,
    dt: float = 0.1,
    layers: bool = False,
    **changes: Any,
) -> tuple[NetworkSpec, NetworkRun]:
    """Return a random network and a run of it.

    Drawn are size, star or tree, where channels lie, capacitances, conductances, synapses,
    backgrounds and stimuli. The numbers are such that cells fire.

    Parameters
    ----------
    cells
        The hidden and the output cell, in place of cells that are drawn; contexts and backgrounds
        reach their dendritic sites.
    scales
        Factors of the weights of the feedforward inputs, at dendrites, and of the output cell.
    threshold
        Somatic potential whose upward crossing is a spike (mV).
    n_hidden
        Number of hidden cells; None draws it.
    layers
        Add a second layer of such cells and interneurons, with projections of every kind.
    changes
        Fields of the `NetworkRun` to set.
    """
    rng = stream(seed, "network")
    n_hidden = int(rng.integers(2, 12)) if n_hidden is None else n_hidden
    n_dendrites, n_inputs = int(rng.integers(0, 8)), int(rng.integers(4, 20))
    parents = _parents(rng, n_dendrites)
    active = rng.random(n_dendrites) < rng.choice([0.0, 0.5])
    hidden = tuple(_cell(rng, parents, active) for _ in range(n_hidden))
    places, there = tuple(range(1, n_dendrites + 1)), None
    if cells is not None:
        hidden, places = (cells[0],), cells[0].site_numbers
        there = (0, *places)
    ratio = float(rng.choice([0.0, 2.0]))
    to_soma, to_dendrites, to_output = scales
    background = Background(
        nmda_ratio=ratio,
        ampa_weight=float(rng.uniform(2e-4, 1e-3)) * to_dendrites,
        gaba_weight=float(rng.uniform(2e-4, 1e-3)) * to_dendrites,
        compartments=there,
    )
    context, rule = None, None
    n_contexts = int(rng.integers(1, 4))
    if places:
        weights = rng.uniform(2e-5, 1.5e-4, (n_contexts, n_hidden, len(places))) * to_dendrites
        context = ContextSynapses(compartments=places, weights=weights)
    output = OutputCell(
        cell=_as_hay((_soma(rng, parent=-1),)) if cells is None else cells[1],
        weights=rng.uniform(0.5, 1.5, n_hidden) * 6.0 / n_hidden * to_output,
        background=_of_output(background, cells) if rng.random() < 0.5 else None,
        delay=float(rng.choice([0.5, 1.0, 1.7])),
    )
    if places:
        low, high = wybo2022.CONTEXT_WEIGHT_RANGE
        rule = Plasticity(
            error_scale=float(rng.choice([-100.0, -1.0])),
            eta=tuple(rate * to_dendrites for rate in wybo2022.ETA),
            w_min=low * to_dendrites,
            w_max=high * to_dendrites,
        )
    spec = NetworkSpec(
        hidden=hidden,
        feedforward=FeedforwardSynapses(
            weights=rng.normal(1.5, 1.0, (n_inputs, n_hidden)) / n_inputs * to_soma
        ),
        context=context,
        background=background if rng.random() < 0.8 else None,
        output=output,
        plasticity=rule,
        threshold=threshold,
    )
    if layers:
        spec = _with_layers(spec, stream(seed, "layers"))
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


def _with_layers(spec: NetworkSpec, rng: np.random.Generator) -> NetworkSpec:
    assert spec.output is not None
    n, m = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    sizes = {"inputs": spec.n_inputs, "hidden": spec.n_hidden, "second": n, "inhibitory": m}
    last = spec.n_compartments - 1
    somewhere = int(rng.integers(0, last + 1))

    def joined(source: str, target: str, receptor: Any, most: float, at: int = 0) -> Projection:
        shape = sizes.get(source, 1), sizes.get(target, 1)
        return Projection(
            source=source,
            target=target,
            receptor=receptor,
            compartment=at,
            weights=rng.uniform(0, most, shape) * (rng.random(shape) < 0.8),
            nmda_ratio=float(rng.choice([0.5, 2.0])),
            delay=float(rng.choice([0.03, 0.1, 0.5, 1.04, 3.0])),
        )

    each = Connections(weight=2e-3, probability=0.7, seed=int(rng.integers(100)))
    fields: dict[str, Any] = {
        "populations": (
            Population(name="second", n=n, cells=spec.hidden[:1], background=spec.background),
            Population(name="inhibitory", n=m, cells=(spec.output.cell,)),
        ),
        "projections": (
            joined("hidden", "second", "current", 6.0 / spec.n_hidden),
            joined("hidden", "second", "ampa_nmda", 2e-3, last),
            joined("hidden", "inhibitory", "ampa", 0.02),
            joined("inputs", "inhibitory", "current", 1.0),
            joined("inhibitory", "hidden", "gaba", 0.01, somewhere),
            joined("inhibitory", "second", "gaba", 0.01),
            joined("second", "second", "ampa_nmda", 2e-3, last),
            joined("second", "output", "current", 1.0),
            joined("output", "hidden", "current", 0.3),
            Projection(source="hidden", target="hidden", receptor="gaba", connections=each),
        ),
    }
    return NetworkSpec(**{name: getattr(spec, name) for name in NetworkSpec.model_fields} | fields)


def _of_output(background: Background, cells: object) -> Background:
    return background if cells is None else background.model_copy(update={"compartments": (0,)})


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
