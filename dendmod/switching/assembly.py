"""A network of reduced cells from a matrix and the settings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.mechanisms import mechanism_set
from dendmod.network import (
    Background,
    ContextSynapses,
    FeedforwardSynapses,
    NetworkSpec,
    OutputCell,
    Plasticity,
)
from dendmod.params import wybo2022
from dendmod.rng import stream
from dendmod.spec.reduced import ReducedCell
from dendmod.switching.settings import Scale, Settings

Array = npt.NDArray[np.float64]


_TOP = 95.0  # ours: the percentile over training inputs that counts as a strong drive


def scaled_weights(
    vectors: npt.ArrayLike,
    v_range: float,
    z_in: float,
    scale: Scale,
    inputs: npt.ArrayLike | None = None,
) -> Array:
    """Return feedforward weights (nA) from weight vectors (Wybo et al. 2022, Eq 24).

    Parameters
    ----------
    vectors
        One column a neuron, shape [inputs, neurons].
    v_range
        Range of the summed PSPs (mV).
    z_in
        Somatic input resistance of the L5 PC (MOhm).
    scale
        "literal", or "without n_in": the number of inputs left out of the denominator. "drive":
        the denominator is the 95th percentile over `inputs` of the size of a neuron's summed
        input, so that strong inputs span `v_range` in every neuron and with every matrix.
    inputs
        Spikes of training inputs, shape [samples, inputs]; needed for "drive".

    Raises
    ------
    SpecError
        If a vector is zero or not finite, or inputs are missing or drive a neuron not at all.
    """
    w = np.asarray(vectors, dtype=float)
    norm = np.abs(w).sum(axis=0)
    if w.ndim != 2 or not np.isfinite(w).all() or not (norm > 0).all():
        raise SpecError("each neuron needs a weight vector of finite numbers, not all zero")
    if scale == "drive":
        return v_range / (_strong_drive(w, inputs) * z_in) * w
    n_in = w.shape[0] if scale == "literal" else 1
    return v_range / (norm * z_in * n_in) * w


def _strong_drive(w: Array, inputs: npt.ArrayLike | None) -> Array:
    if inputs is None:
        raise SpecError('a scale by "drive" needs training inputs; give them, or another scale')
    drive = np.percentile(np.abs(np.asarray(inputs, dtype=float) @ w), _TOP, axis=0)
    if not (drive > 0).all():
        raise SpecError(
            f"the training inputs do not reach {int((drive <= 0).sum())} neurons; their weights "
            "cannot be scaled by the drive"
        )
    return drive


def build_network(
    hidden: ReducedCell,
    output: ReducedCell,
    vectors: npt.ArrayLike,
    n_contexts: int,
    settings: Settings,
    *,
    seed: int,
    inputs: npt.ArrayLike | None = None,
) -> NetworkSpec:
    """Return the network of Fig 5A: hidden cells that learn, an output cell that adds them up.

    Parameters
    ----------
    hidden, output
        Reduced cells: soma, dendritic sites and what else is kept; the soma, with an axon or not.
        Contexts reach the sites, the background soma and sites.
    vectors
        Feedforward weight vectors, shape [inputs, hidden cells].
    n_contexts
        Number of tasks.
    seed
        Of the contextual weights at the start, uniform in `settings.initial_weight`.
    inputs
        Spikes of training inputs, shape [samples, inputs], for a scale by drive.
    """
    w = scaled_weights(
        vectors, settings.hidden_v_range, settings.z_in, settings.hidden_scale, inputs
    )
    k = w.shape[1]
    equal = np.full((k, 1), 1 / np.sqrt(k))
    w_out = scaled_weights(equal, settings.output_v_range, settings.z_in, settings.output_scale)[
        :, 0
    ]
    dendrites, factor = hidden.site_numbers, settings.context_scale
    low, high = (bound * factor for bound in settings.initial_weight)
    start = stream(seed, "contextual weights").uniform(low, high, (n_contexts, k, len(dendrites)))
    background = Background(
        ampa_weight=settings.background_weight * factor,
        gaba_weight=settings.background_weight * factor,
        nmda_ratio=settings.background_nmda_ratio,
        compartments=(0, *dendrites),
    )
    return NetworkSpec(
        hidden=(with_sk(hidden, settings.sk_scale),),
        feedforward=FeedforwardSynapses(weights=w),
        context=ContextSynapses(compartments=dendrites, weights=start),
        background=background,
        output=OutputCell(
            cell=with_sk(output, settings.output_sk_scale),
            weights=w_out,
            background=background.model_copy(update={"compartments": (0,)}),
        ),
        plasticity=Plasticity(
            error_scale=-settings.error_scale,
            tau_post=settings.tau_post,
            nominal_onset=settings.nominal_onset,
            eta=tuple(rate * factor for rate in wybo2022.ETA),
            w_min=wybo2022.CONTEXT_WEIGHT_RANGE[0] * factor,
            w_max=wybo2022.CONTEXT_WEIGHT_RANGE[1] * factor,
        ),
        threshold=settings.spike_threshold_mV or 0.0,
    )


def with_sk(cell: ReducedCell, scale: float) -> ReducedCell:
    """Return the cell with the somatic potassium channels scaled that calcium opens, as SK."""
    soma, known = cell.compartments[0], mechanism_set(cell.mechanisms)
    channels = dict(soma.channels)
    for suffix, params in soma.channels.items():
        mechanism = known.get(suffix)
        if scale != 1 and "ca" in mechanism.gated_by and "k" in mechanism.carries:
            maximal = {n: v * scale for n, v in params.items() if n in mechanism.maximal}
            channels[suffix] = {**params, **maximal}
    if channels == soma.channels:
        return cell
    changed = soma.model_copy(update={"channels": channels})
    return cell.model_copy(update={"compartments": (changed, *cell.compartments[1:])})
