"""The synapses of a network as populations of edges, and where given spikes come from.

Conductances and currents of a network are linear in their spikes, so that an edge with a point
process of its own gives what one point process gives that all edges of a compartment share.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.exchange.networks.sonata_files import Edges
from dendmod.network import NetworkRun, NetworkSpec, Profile
from dendmod.network.events import delay_steps, wires
from dendmod.network.layers import HIDDEN, INPUTS, OUTPUT

CONTEXT, AMPA, GABA = "context", "background_ampa", "background_gaba"  # sources of given spikes
_CURRENT, _CONDUCTANCE, _AMPA_NMDA = "DoubleExpCurrent", "DoubleExpSyn", "AmpaNmdaSyn"
POINT_PROCESSES = frozenset({_CURRENT, _CONDUCTANCE, _AMPA_NMDA})  # that edges have
_MIDDLE = 0.5  # of a section of one segment
Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Described = tuple[Edges, dict[str, Any]]


def sources(spec: NetworkSpec) -> dict[str, dict[str, Ints]]:
    """Return populations of sources: a node each of inputs and of places that spikes arrive at.

    Returns
    -------
    dict
        For each population columns of one number a node: ``input``, or ``context`` (of contexts
        alone), ``cell`` (numbered as `NetworkSpec.layers` has them) and ``compartment``.
    """
    found = {INPUTS: {"input": np.arange(spec.n_inputs)}}
    if spec.context is not None:
        shape = spec.context.weights.shape
        context, cell, at = (x.ravel() for x in np.indices(shape))
        compartment = np.array(spec.context.compartments)[at]
        found[CONTEXT] = {"context": context, "cell": cell, "compartment": compartment}
    places = [
        (layer.first + i, compartment)
        for layer in spec.layers
        if layer.background is not None
        for i in range(len(layer.cells))
        for compartment in range(layer.n_compartments)
        if layer.background.reaches(compartment)
    ]
    if places:
        cell, compartment = np.array(places).T
        found |= {name: {"cell": cell, "compartment": compartment} for name in (AMPA, GABA)}
    return found


def all_edges(spec: NetworkSpec, run: NetworkRun) -> Iterator[Described]:
    """Yield each population of edges, and the parameters of its point process."""
    yield from _of_weights(spec, run)
    yield from _of_contexts(spec)
    yield from _of_backgrounds(spec)


def _of_weights(spec: NetworkSpec, run: NetworkRun) -> Iterator[Described]:
    """Yield what spikes of inputs and cells reach."""
    current = _double_exponential(spec.feedforward.profile)
    yield _matrix(
        spec, INPUTS, HIDDEN, "current", spec.feedforward.weights, 0.0, 0, _CURRENT, current
    )
    if spec.output is not None:
        delay = delay_steps(spec, run) * run.dt
        weights = spec.output.weights[:, None]
        yield _matrix(spec, HIDDEN, OUTPUT, "current", weights, delay, 0, _CURRENT, current)
    for number, wire in enumerate(wires(spec, run)):
        of = wire.of
        model, parameters = {
            "current": (_CURRENT, current),
            "ampa": (_CONDUCTANCE, _ampa(spec)),
            "gaba": (_CONDUCTANCE, _gaba(spec)),
            "ampa_nmda": (_AMPA_NMDA, _ampa_nmda(spec, of.nmda_ratio)),
        }[of.receptor]
        yield _matrix(
            spec, of.source, of.target, f"{of.receptor}_{number}", wire.weights,
            wire.delay * run.dt, of.compartment, model, parameters,
        )  # fmt: skip


def _matrix(
    spec: NetworkSpec,
    source: str,
    target: str,
    what: str,
    weights: Array,
    delay: float,
    compartment: int,
    model: str,
    parameters: dict[str, Any],
) -> Described:
    """Return the edges of a matrix of weights, those of weight 0 left out."""
    pre, post = np.nonzero(weights)
    places = np.full(pre.size, compartment)
    return _described(
        f"{source}_to_{target}_{what}", (source, weights.shape[0]), (target, weights.shape[1]),
        pre, post, weights[pre, post], delay, places, model, parameters,
    )  # fmt: skip


def _of_contexts(spec: NetworkSpec) -> Iterator[Described]:
    if spec.context is None:
        return
    of = sources(spec)[CONTEXT]
    yield _described(
        f"{CONTEXT}_to_{HIDDEN}", (CONTEXT, of["cell"].size), (HIDDEN, spec.n_hidden),
        np.arange(of["cell"].size), of["cell"], spec.context.weights.ravel(), 0.0,
        of["compartment"], _AMPA_NMDA, _ampa_nmda(spec, spec.context.nmda_ratio),
    )  # fmt: skip


def _of_backgrounds(spec: NetworkSpec) -> Iterator[Described]:
    found = sources(spec)
    for layer in spec.layers:
        background = layer.background
        if background is None:
            continue
        n = len(layer.cells)
        for name in (AMPA, GABA):
            of = found[name]
            own = np.flatnonzero((of["cell"] >= layer.first) & (of["cell"] < layer.first + n))
            if name == GABA:
                weight, model, parameters = background.gaba_weight, _CONDUCTANCE, _gaba(spec)
            elif background.nmda_ratio > 0:
                parameters = _ampa_nmda(spec, background.nmda_ratio)
                weight, model = background.ampa_weight, _AMPA_NMDA
            else:
                weight, model, parameters = background.ampa_weight, _CONDUCTANCE, _ampa(spec)
            yield _described(
                f"{name}_to_{layer.name}", (name, of["cell"].size), (layer.name, n),
                own, of["cell"][own] - layer.first, np.full(own.size, weight), 0.0,
                of["compartment"][own], model, parameters,
            )  # fmt: skip


def _described(
    name: str,
    source: tuple[str, int],
    target: tuple[str, int],
    pre: Ints,
    post: Ints,
    weights: Array,
    delay: float,
    compartments: Ints,
    model: str,
    parameters: dict[str, Any],
) -> Described:
    edges = Edges(
        name=name, source_population=source[0], target_population=target[0],
        n_source=source[1], n_target=target[1], source=pre, target=post,
        type={"model_template": model, "dynamics_params": f"{name}.json"},
        attributes={
            "syn_weight": weights.astype(float),
            "delay": np.full(pre.size, float(delay)),
            "afferent_section_id": compartments.astype(np.int64),
            "afferent_section_pos": np.full(pre.size, _MIDDLE),
        },
    )  # fmt: skip
    return edges, parameters


def _double_exponential(profile: Profile) -> dict[str, Any]:
    return {"tau_rise": profile.tau_rise, "tau_decay": profile.tau_decay}


def _ampa(spec: NetworkSpec) -> dict[str, Any]:
    return _double_exponential(spec.receptors.ampa) | {"e": spec.receptors.e_excitatory}


def _gaba(spec: NetworkSpec) -> dict[str, Any]:
    return _double_exponential(spec.receptors.gaba) | {"e": spec.receptors.e_gaba}


def _ampa_nmda(spec: NetworkSpec, ratio: float) -> dict[str, Any]:
    r = spec.receptors
    times = {
        f"{key}_{name}": value
        for name, profile in (("ampa", r.ampa), ("nmda", r.nmda))
        for key, value in _double_exponential(profile).items()
    }
    return times | {
        "e": r.e_excitatory, "nmda_ratio": ratio, "mg_factor": r.mg_factor, "mg_slope": r.mg_slope,
    }  # fmt: skip
