"""What Figure 5 shows of a network that has learned: traces of the rule, potentials, plateaus."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.engines.simulation import simulate
from dendmod.network import NetworkRun, NetworkSpec, Samples
from dendmod.rng import stream
from dendmod.spec.reduced import ReducedCell
from dendmod.switching.assembly import build_network
from dendmod.switching.images import feedforward, image_tasks, load_images, training_spikes
from dendmod.switching.inside import inside
from dendmod.switching.settings import Settings
from dendmod.switching.training import Training, bursts

_SHOWN = 6  # samples before and after
_CONTEXTS = 5  # tasks for one input
_DENDRITES = 4  # of one cell
_TEST_NUMBERS = 1 << 29  # of the samples that are drawn, far from those of training and tests


def look(
    hidden: str,
    output: str,
    matrix: str,
    data: str,
    k: int,
    classes: list[int],
    settings: dict[str, Any],
    seed: int,
    weights: list[Any],
) -> dict[str, np.ndarray]:
    """Run a few samples of a network before and after learning.

    Parameters
    ----------
    weights
        Learned contextual weights of each class, [classes, 1, hidden cells, compartments].

    Returns
    -------
    dict
        ``v_before``, ``v_after``: potential of the output cell (mV), [samples, steps];
        ``expected`` [samples]; ``soma`` [contexts, steps] of one hidden cell for one input under
        several tasks and ``dendrites`` [contexts, some, steps] (mV), ``spikes`` [contexts, cells];
        ``vector``, ``image``: its weights and the input; ``trace_*``: the rule's traces in one
        sample with an error, [steps].
    """
    chosen = Settings.model_validate(settings)
    images = load_images(data)
    network = build_network(
        ReducedCell.model_validate_json(hidden),
        ReducedCell.model_validate_json(output),
        feedforward(matrix, images, k, seed),
        len(classes),
        chosen,
        seed=seed,
        inputs=training_spikes(images),
    )
    assert network.context is not None
    learned = np.concatenate([np.asarray(w) for w in weights])
    context = network.context.model_copy(update={"weights": learned})
    after = network.model_copy(update={"context": context})

    tasks = image_tasks(images, tuple(classes))
    drawn = tasks.draw(0, _SHOWN, stream(seed, "shown"), "test")
    numbers = _TEST_NUMBERS + np.arange(_SHOWN)

    def run(spec: NetworkSpec, task: np.ndarray, counts: np.ndarray, number: np.ndarray) -> Any:
        how = _run_of(task, counts, number, chosen, seed, learn=False)
        return simulate(spec, how.model_copy(update={"record_v": True}))

    first = np.zeros(_SHOWN, np.int64)
    before_v = run(network, first, drawn.counts, numbers).v[:, -1]
    result = run(after, first, drawn.counts, numbers)
    shown = np.arange(min(_CONTEXTS, len(classes)))
    counts = np.repeat(drawn.counts[:1], len(shown), axis=0)
    # the same random numbers for all tasks, so that weights alone differ
    same = run(after, shown, counts, np.full(len(shown), _TEST_NUMBERS))
    spikes = same.hidden.counts(len(shown), network.n_hidden)
    cell = int(np.argmax(spikes.std(axis=0) + 1e-3 * spikes.mean(axis=0)))
    dendrites = inside(
        after,
        _run_of(shown, counts, np.full(len(shown), _TEST_NUMBERS), chosen, seed, learn=False),
        cell,
    )
    return {
        "v_before": before_v.astype(np.float32),
        "v_after": result.v[:, -1].astype(np.float32),
        "expected": drawn.expected,
        "soma": dendrites.v[:, 0].astype(np.float32),
        "dendrites": _some(dendrites.v[:, 1:]).astype(np.float32),
        "spikes": spikes,
        "classes": np.array(classes)[shown],
        "vector": np.asarray(network.feedforward.weights)[:, cell],
        "image": drawn.counts[0],
        **_traces(network, drawn.counts[:1], chosen, seed),
    }


def _some(v: np.ndarray) -> np.ndarray:
    """Return the potentials of a few dendrites, those that differ most between contexts first."""
    order = np.argsort(-v.mean(axis=2).std(axis=0))
    return v[:, order[:_DENDRITES]]


def _run_of(
    task: np.ndarray,
    counts: np.ndarray,
    number: np.ndarray,
    chosen: Settings,
    seed: int,
    *,
    learn: bool,
) -> NetworkRun:
    """Return a run in which a spike is expected of all samples."""
    return NetworkRun(
        samples=Samples(context=task, expected=np.ones(len(task), np.int64), number=number),
        stimulus=bursts(counts, chosen),
        dt=chosen.dt,
        settle=Training.settle,
        learn=learn,
        seed=seed,
    )


def _traces(
    network: NetworkSpec, counts: np.ndarray, chosen: Settings, seed: int
) -> dict[str, np.ndarray]:
    """Return what Eqs 22-23 multiply at one synapse before learning, in a sample with a miss.

    ``trace_dend`` (mV), ``trace_eta`` (uS/ms), ``trace_pre``, ``trace_post``, ``trace_error`` and
    ``trace_dw`` (uS), shape [steps]; of the first cell that spikes in the window, and of
    its synapse that changes most.
    """
    rule = network.plasticity
    assert rule is not None
    run = _run_of(
        np.zeros(1, np.int64), counts, np.array([_TEST_NUMBERS]), chosen, seed, learn=True
    )
    fired = simulate(network, run).hidden
    _, closes = chosen.window()
    early = fired.neuron[fired.times < closes]
    found = inside(network, run, int(early[0]) if early.size else 0).traces
    weight = found["w"][0]
    weight[:, 0] = weight[:, 1]  # what it was before the sample began
    row = int(np.argmax(np.abs(weight[:, -1] - weight[:, 0])))
    dend = found["u_dend"][0, row]
    return {
        "trace_dend": dend,
        "trace_eta": np.array(rule.eta)[np.digitize(dend, rule.theta)],
        "trace_pre": found["u_pre"][0, row],
        "trace_post": found["u_post"][0, row],
        "trace_error": found["eps"][0, row],
        "trace_dw": weight[row] - weight[row, 0],
    }
