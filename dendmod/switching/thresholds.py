"""What inputs a cell needs for a spike, by which synapses chosen on one cell suit another.

A small cell fires at a fraction of the current that a large one needs. Weights are therefore kept
in proportion to what is measured here: the weakest inputs at which a cell spikes in at least half
of the samples, at rest and without background. Nothing is fitted to a task.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from pydantic import PositiveFloat

from dendmod.engines.simulation import NetworkEngine, simulate
from dendmod.errors import SpecError, UnsupportedByEngine
from dendmod.network import (
    Burst,
    ContextSynapses,
    FeedforwardSynapses,
    GeneratedStimulus,
    NetworkRun,
    NetworkSpec,
    Samples,
)
from dendmod.params import wybo2022
from dendmod.spec.base import Spec
from dendmod.spec.reduced import ReducedCell
from dendmod.switching.settings import Settings

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_SAMPLES, _SETTLE, _CENTER = 8, 150.0, 60.0  # ms
_OCTAVES, _AT_ONCE = 21, 3  # from the lowest weight upwards
_STEPS = 16  # in an octave
_LOWEST = {"feedforward": 1e-4, "context": 1e-8}  # nA, uS


class Thresholds(Spec):
    """The weakest inputs at which a cell spikes.

    Parameters
    ----------
    feedforward, output
        Current of one spike (nA) of a burst of 20, as a Boolean input sends it, at the somata of
        the hidden and of the output cell.
    context
        Weight of every contextual synapse of the hidden cell (uS), each receiving 60 spikes.
    """

    feedforward: PositiveFloat
    context: PositiveFloat
    output: PositiveFloat

    @property
    def over_reference(self) -> tuple[float, float, float]:
        """Those of feedforward inputs, context and output over those of `REFERENCE`."""
        return (
            self.feedforward / REFERENCE.feedforward,
            self.context / REFERENCE.context,
            self.output / REFERENCE.output,
        )


REFERENCE = Thresholds(feedforward=0.138676, context=4.27735e-05, output=0.138676)
"""Those of the cell on which the settings of Figures S3 and 5 were chosen.

That is "reduced, passive dendrites" with parameter set 3; a test measures them anew.
"""


def measure_thresholds(
    hidden: ReducedCell, output: ReducedCell, *, threshold: float, engine: NetworkEngine
) -> Thresholds:
    """Return the thresholds of a hidden and an output cell.

    Parameters
    ----------
    threshold
        Somatic potential whose upward crossing is a spike (mV).

    Raises
    ------
    SpecError
        If a cell fires by itself, or at no weight.
    UnsupportedByEngine
        If the engine cannot run a cell.
    """

    def lowest(cell: ReducedCell, kind: str, what: str) -> float:
        def fires(weights: Array) -> Bools:
            return _fires(cell, kind, weights, threshold, engine)

        return _lowest(fires, _LOWEST[kind], f"{cell.name}, {what}")

    return Thresholds(
        feedforward=lowest(hidden, "feedforward", "inputs at the soma (nA)"),
        context=lowest(
            hidden, "context", f"inputs at its {len(hidden.site_numbers)} dendritic sites (uS)"
        ),
        output=lowest(output, "feedforward", "inputs at the soma of the output cell (nA)"),
    )


def scaled(settings: Settings, found: Thresholds) -> Settings:
    """Return settings whose weights stand to these thresholds as to those of `REFERENCE`."""
    feedforward, context, output = found.over_reference
    return settings.model_copy(
        update={
            "hidden_v_range": settings.hidden_v_range * feedforward,
            "output_v_range": settings.output_v_range * output,
            "context_scale": settings.context_scale * context,
        }
    )


def _lowest(fires: Callable[[Array], Bools], start: float, what: str) -> float:
    octave = 2.0 ** np.arange(_AT_ONCE)
    for low in start * 2.0 ** np.arange(0, _OCTAVES, _AT_ONCE):  # never far above the threshold
        at = fires(low * octave)
        if at.any():
            break
    else:
        raise SpecError(
            f"{what}: the cell spikes at no weight up to {low * octave[-1]:.3g}, so that a network "
            "of it cannot learn. Dendrites that do not reach the soma need more sites (--sites)"
        )
    if low == start and at[0]:
        raise SpecError(f"{what}: the cell fires by itself, so that no input decides; look at rest")
    steps = low * octave[int(np.argmax(at))] * 2.0 ** (np.arange(1 - _STEPS, 1) / _STEPS)
    found = float(steps[int(np.argmax(fires(steps)))])
    return float(f"{found:.6g}")


def _fires(
    cell: ReducedCell, kind: str, weights: Array, threshold: float, engine: NetworkEngine
) -> Bools:
    """Return whether the cell spikes in at least half of the samples at each weight."""
    n = weights.size
    feeds = kind == "feedforward"
    sites = cell.site_numbers
    context = None
    if not feeds:
        each = np.broadcast_to(weights[None, :, None], (1, n, len(sites)))
        context = ContextSynapses(compartments=sites, weights=each)
    spec = NetworkSpec(
        hidden=(cell,),
        feedforward=FeedforwardSynapses(weights=weights[None] if feeds else np.ones((1, n))),
        context=context,
        threshold=threshold,
    )
    zeros = np.zeros(_SAMPLES, np.int64)
    spikes = wybo2022.BOOLEAN_SPIKES if feeds else 0
    run = NetworkRun(
        samples=Samples(context=zeros, expected=zeros),
        stimulus=GeneratedStimulus(
            feedforward_counts=np.full((_SAMPLES, 1), spikes),
            feedforward=Burst(center=_CENTER, sd=wybo2022.FEEDFORWARD_SD),
            context=Burst(center=_CENTER, sd=wybo2022.CONTEXT_SD),
            context_poisson=False,
        ),
        settle=_SETTLE,
        between_samples="rest",
        learn=False,
    )
    try:
        result = simulate(spec, run, engine=engine)
    except UnsupportedByEngine as error:
        if engine != "kernel":
            raise
        raise UnsupportedByEngine(
            f"{error}. That is slower; `dendmod network compare` takes --engine coreneuron"
        ) from None
    found: Bools = (result.hidden.counts(_SAMPLES, n) > 0).mean(axis=0) >= 0.5
    return found
