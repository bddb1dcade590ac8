"""What Figure 5 shows of a network that has learned: traces of the rule, potentials, plateaus."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.network import CellModel, NetworkRun, NetworkSpec, Plasticity, Samples
from dendmod.network.simulate import simulate
from dendmod.rng import stream
from dendmod.switching.assembly import build_network
from dendmod.switching.images import feedforward, image_tasks, load_images
from dendmod.switching.settings import Settings
from dendmod.switching.training import Training, bursts

_SHOWN = 6  # samples before and after
_CONTEXTS = 5  # tasks for one input
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
        several tasks, ``spikes`` [contexts, cells]; ``vector``, ``image``: its weights and the
        input; ``trace_*``: the rule's traces in one sample with an error, [steps].
    """
    chosen = Settings.model_validate(settings)
    images = load_images(data)
    network = build_network(
        CellModel.model_validate_json(hidden),
        CellModel.model_validate_json(output),
        feedforward(matrix, images, k, seed),
        len(classes),
        chosen,
        seed=seed,
    )
    assert network.context is not None
    learned = np.concatenate([np.asarray(w) for w in weights])
    context = network.context.model_copy(update={"weights": learned})
    after = network.model_copy(update={"context": context})

    tasks = image_tasks(images, tuple(classes))
    drawn = tasks.draw(0, _SHOWN, stream(seed, "shown"), "test")
    numbers = _TEST_NUMBERS + np.arange(_SHOWN)

    def run(spec: NetworkSpec, task: np.ndarray, counts: np.ndarray, number: np.ndarray) -> Any:
        how = NetworkRun(
            samples=Samples(context=task, expected=np.zeros(len(task), np.int64), number=number),
            stimulus=bursts(counts, chosen),
            dt=chosen.dt,
            settle=Training.settle,
            learn=False,
            seed=seed,
            record_v=True,
        )
        return simulate(spec, how)

    first = np.zeros(_SHOWN, np.int64)
    before_v = run(network, first, drawn.counts, numbers).v[:, -1]
    result = run(after, first, drawn.counts, numbers)
    shown = np.arange(min(_CONTEXTS, len(classes)))
    counts = np.repeat(drawn.counts[:1], len(shown), axis=0)
    # the same random numbers for all tasks, so that weights alone differ
    same = run(after, shown, counts, np.full(len(shown), _TEST_NUMBERS))
    spikes = same.hidden.counts(len(shown), network.n_hidden)
    cell = int(np.argmax(spikes.std(axis=0) + 1e-3 * spikes.mean(axis=0)))
    rule = network.plasticity
    assert rule is not None
    return {
        "v_before": before_v.astype(np.float32),
        "v_after": result.v[:, -1].astype(np.float32),
        "expected": drawn.expected,
        "soma": same.v[:, cell].astype(np.float32),
        "spikes": spikes,
        "classes": np.array(classes)[shown],
        "vector": np.asarray(network.feedforward.weights)[:, cell],
        "image": drawn.counts[0],
        **_traces(result, rule, chosen, cell),
    }


def _traces(result: Any, rule: Plasticity, chosen: Settings, cell: int) -> dict[str, np.ndarray]:
    """Return the traces of Eq 23 for the spikes of one cell, with a pulse where the window closes.

    The presynaptic trace is that of the mean input: a burst of `CONTEXT_INPUTS` spikes.
    """
    from dendmod.params import wybo2022

    v = result.v[0, cell]
    t = np.arange(v.size) * chosen.dt
    spikes = result.hidden.times[(result.hidden.sample == 0) & (result.hidden.neuron == cell)]
    post = np.zeros_like(t)
    for spike in spikes:
        post += rule.c_post * np.where(t >= spike, np.exp(-(t - spike) / rule.tau_post), 0.0)
    rate = wybo2022.CONTEXT_INPUTS * np.exp(
        -((t - chosen.context_center) ** 2) / (2 * wybo2022.CONTEXT_SD**2)
    ) / (wybo2022.CONTEXT_SD * np.sqrt(2 * np.pi))  # fmt: skip
    pre = np.zeros_like(t)
    for i in range(1, t.size):
        pre[i] = pre[i - 1] + chosen.dt * (rule.c_pre * rate[i] - pre[i - 1] / rule.tau_pre)
    _, closes = chosen.window()
    error = np.where(t >= closes, np.exp(-(t - closes) / rule.tau_eps), 0.0)
    return {"trace_pre": pre, "trace_post": post, "trace_error": error}
