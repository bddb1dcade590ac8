"""What Figure 5 shows of a network that has learned: traces of the rule, potentials, plateaus."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.engines.simulation import simulate
from dendmod.network import NetworkResult, NetworkRun, NetworkSpec, Samples
from dendmod.rng import stream
from dendmod.spec.reduced import ReducedCell
from dendmod.switching.assembly import build_network
from dendmod.switching.images import feedforward, image_tasks, load_images, training_spikes
from dendmod.switching.recording import record_cell
from dendmod.switching.settings import Settings
from dendmod.switching.training import Training, bursts

_SHOWN = 6  # samples before and after
_CONTEXTS = 5  # tasks for one input
_DENDRITES = 4  # of one cell
_TEST_NUMBERS = 1 << 29  # of the samples that are drawn, far from those of training and tests


def record_network(
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
        several tasks and ``dendrites`` [contexts, a few, steps] (mV); ``classes`` [contexts];
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
    first = np.zeros(_SHOWN, np.int64)
    shown_run = _run(first, drawn.counts, numbers, chosen, seed)
    shown = np.arange(min(_CONTEXTS, len(classes)))
    counts = np.repeat(drawn.counts[:1], len(shown), axis=0)
    # the same random numbers for all tasks, so that weights alone differ
    same_input = _run(shown, counts, np.full(len(shown), _TEST_NUMBERS), chosen, seed)
    result = simulate(after, same_input, engine=chosen.engine)
    cell = _cell_that_differs_most(result, len(shown), network.n_hidden)
    recorded = record_cell(after, same_input, cell).v
    return {
        "v_before": _output_v(network, shown_run, chosen),
        "v_after": _output_v(after, shown_run, chosen),
        "expected": drawn.expected,
        "soma": recorded[:, 0].astype(np.float32),
        "dendrites": _dendrites_that_differ_most(recorded[:, 1:]).astype(np.float32),
        "classes": np.array(classes)[shown],
        "vector": np.asarray(network.feedforward.weights)[:, cell],
        "image": drawn.counts[0],
        **rule_traces(network, drawn.counts[:1], chosen, seed),
    }


def rule_traces(
    network: NetworkSpec, counts: np.ndarray, settings: Settings, seed: int
) -> dict[str, np.ndarray]:
    """Return what Eqs 22-23 multiply at one synapse before learning, in a sample with a miss.

    ``trace_dend`` (mV), ``trace_eta`` (uS/ms), ``trace_pre``, ``trace_post``, ``trace_error`` and
    ``trace_dw`` (uS), shape [steps]; of the first cell that spikes in the window, and of
    its synapse that changes most.

    Parameters
    ----------
    counts
        Spikes of each input, shape [1, inputs].
    """
    rule = network.plasticity
    assert rule is not None
    numbers = np.array([_TEST_NUMBERS])
    run = _run(np.zeros(1, np.int64), counts, numbers, settings, seed, learn=True)
    fired = simulate(network, run, engine=settings.engine).hidden
    _, closes = settings.window()
    early = fired.neuron[fired.times < closes]
    found = record_cell(network, run, int(early[0]) if early.size else 0).traces
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


def _run(
    task: np.ndarray,
    counts: np.ndarray,
    numbers: np.ndarray,
    settings: Settings,
    seed: int,
    *,
    learn: bool = False,
) -> NetworkRun:
    """Return a run in which a spike is expected of all samples."""
    return NetworkRun(
        samples=Samples(context=task, expected=np.ones(len(task), np.int64), number=numbers),
        stimulus=bursts(counts, settings),
        dt=settings.dt,
        settle=Training.settle,
        learn=learn,
        seed=seed,
    )


def _output_v(network: NetworkSpec, run: NetworkRun, settings: Settings) -> np.ndarray:
    v = simulate(network, run.model_copy(update={"record_v": True}), engine=settings.engine).v
    assert v is not None
    return v[:, -1].astype(np.float32)


def _cell_that_differs_most(result: NetworkResult, n_samples: int, n_hidden: int) -> int:
    """Return the hidden cell whose spikes differ most between samples; of equals, the busiest."""
    spikes = result.hidden.counts(n_samples, n_hidden)
    return int(np.argmax(spikes.std(axis=0) + 1e-3 * spikes.mean(axis=0)))


def _dendrites_that_differ_most(v: np.ndarray) -> np.ndarray:
    """Return potentials of a few dendrites, those that differ most between samples first."""
    order = np.argsort(-v.mean(axis=2).std(axis=0))
    return v[:, order[:_DENDRITES]]
