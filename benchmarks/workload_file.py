"""A star network, its spikes and the kernel's results in one .npz, for scripts of other tools.

All times are in steps of `dt`, counted from the start of a sample; each sample starts from
``v_init`` and from the weights of the file, whatever the samples before it did. Units: ms, mV, nA,
uS, nF, mM. ``benchmarks/rivals/equations.py`` says what the numbers mean.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dendmod.engines.kernel.job import peak_factor
from dendmod.engines.kernel.membranes import CA_OUT, channel_values, pool_values
from dendmod.engines.kernel.network import KernelSimulator
from dendmod.errors import UnsupportedByEngine
from dendmod.network import NetworkRun, NetworkSpec
from dendmod.network.events import Events, delay_steps, events, window
from dendmod.params import wybo2022
from dendmod.spec import ReducedCell
from dendmod.units import FARADAY, GAS, NS_IN_US, PF_IN_NF

_ZERO_CELSIUS = 273.15
KINDS = ("context", "ampa", "gaba")
RULE = ("tau_dend", "tau_pre", "tau_post", "tau_eps", "c_pre", "c_post", "eta", "theta")
RULE += ("error_scale", "w_min", "w_max")


def write(path: Path, spec: NetworkSpec, run: NetworkRun) -> None:
    """Write a network of stars with channels in their somata, a run's spikes and its results.

    Parameters
    ----------
    spec
        Hidden stars and an output cell of one compartment with the same channels.
    run
        Samples that start from rest; each is run on the float64 kernel by itself.

    Raises
    ------
    UnsupportedByEngine
        If the network is no such thing.
    """
    given = [events(spec, run, i) for i in range(len(run.samples))]
    with Path(path).open("wb") as handle:
        np.savez(
            handle,
            **_cells(spec),
            **_synapses(spec),
            **_timing(spec, run, given),
            **_spikes(given),
            **_results(spec, run),
        )


def _cells(spec: NetworkSpec) -> dict[str, Any]:
    if spec.output is None:
        raise UnsupportedByEngine("a workload needs an output cell")
    cells = [spec.hidden_cell(i) for i in range(spec.n_hidden)] + [spec.output.cell]
    first = cells[-1].compartments[0]
    names = sorted(first.channels)
    for cell in cells:
        soma, *dendrites = cell.compartments
        if sorted(soma.channels) != names or any(d.channels or d.parent for d in dendrites):
            raise UnsupportedByEngine("a workload has stars with the same channels in the somata")
    if len(spec.output.cell.compartments) != 1:
        raise UnsupportedByEngine("a workload's output cell is a soma alone")
    somata = [cell.compartments[0] for cell in cells]
    dendrites = [cell.compartments[1:] for cell in cells[:-1]]
    channels = np.array([channel_values(s, c) for s, c in zip(somata, cells, strict=True)])
    decay, gain, rest = np.array(
        [pool_values(s, c, 1.0)[:3] for s, c in zip(somata, cells, strict=True)]
    ).T
    kelvin = cells[0].celsius + _ZERO_CELSIUS
    return {
        "v_init": _shared(cells, "v_init"),
        "soma_c": np.array([s.ca for s in somata]) * PF_IN_NF,
        "soma_g": np.array([s.g_leak for s in somata]) * NS_IN_US,
        "soma_e": np.array([s.e_leak for s in somata]),
        "channels": np.array(names),
        "channel_g": channels[:, :, 0].T,  # (channels, cells)
        "channel_e": channels[:, :, 1].T,
        "pool_tau": -1.0 / np.log1p(-decay),
        "pool_gain": gain,  # mM a nA, steady
        "pool_rest": rest,
        "ca_out": CA_OUT,
        "nernst": 1e3 * GAS * kelvin / (2 * FARADAY),  # mV a unit of the logarithm
        "dendrite_c": np.array([[d.ca for d in ds] for ds in dendrites]) * PF_IN_NF,
        "dendrite_g": np.array([[d.g_leak for d in ds] for ds in dendrites]) * NS_IN_US,
        "dendrite_e": np.array([[d.e_leak for d in ds] for ds in dendrites]),
        "dendrite_couple": np.array([[d.g_couple for d in ds] for ds in dendrites]) * NS_IN_US,
    }


def _shared(cells: list[ReducedCell], name: str) -> float:
    values = {getattr(cell, name) for cell in cells}
    if len(values) != 1:
        raise UnsupportedByEngine(f"cells of a workload share {name}; these have {sorted(values)}")
    return float(values.pop())


def _synapses(spec: NetworkSpec) -> dict[str, Any]:
    context, background, rule = spec.context, spec.background, spec.plasticity
    output = spec.output
    assert output is not None
    dendrites = tuple(range(1, spec.n_compartments))
    if (
        context is None
        or background is None
        or rule is None
        or context.compartments != dendrites
        or context.weights.shape[0] != 1
        or output.background != background
        or background.nmda_ratio
    ):
        raise UnsupportedByEngine(
            "a workload has one context at all dendrites, plasticity, and one background of AMPA "
            "and GABA for all cells"
        )
    receptors = spec.receptors
    profiles = {name: getattr(receptors, name) for name in ("ampa", "nmda", "gaba")}
    profiles["feedforward"] = spec.feedforward.profile
    return {
        **{f"{name}_tau": np.array([p.tau_rise, p.tau_decay]) for name, p in profiles.items()},
        **{f"{name}_peak": peak_factor(p) for name, p in profiles.items()},
        "e_excitatory": receptors.e_excitatory,
        "e_gaba": receptors.e_gaba,
        "nmda_ratio": context.nmda_ratio,
        "mg_factor": wybo2022.MG_FACTOR,
        "mg_slope": wybo2022.MG_SLOPE,
        "ampa_weight": background.ampa_weight,
        "gaba_weight": background.gaba_weight,
        "feedforward_weights": spec.feedforward.weights,  # (inputs, hidden)
        "context_weights": context.weights[0],  # (hidden, dendrites)
        "output_weights": output.weights,
        "threshold": spec.threshold,
        **{name: np.array(getattr(rule, name)) for name in RULE},
    }


def _timing(spec: NetworkSpec, run: NetworkRun, given: list[Events]) -> dict[str, Any]:
    windows = [window(spec, run, e.first_feedforward) for e in given]
    return {
        "dt": run.dt,
        "n_steps": run.n_steps,
        "delay": delay_steps(spec, run),
        "opened": np.array([w[0] for w in windows]),  # steps, one a sample
        "closed": np.array([w[1] for w in windows]),
        "expected": run.samples.expected,
    }


def _spikes(given: list[Events]) -> dict[str, Any]:
    def joined(parts: list[Any]) -> Any:
        return np.concatenate(parts).astype(np.int32)

    def of_sample(parts: list[Any]) -> Any:
        return np.repeat(np.arange(len(parts)), [p.size for p in parts]).astype(np.int32)

    steps = [e.feedforward_step for e in given]
    out = {
        "feedforward_sample": of_sample(steps),
        "feedforward_input": joined([e.feedforward_input for e in given]),
        "feedforward_step": joined(steps),
    }
    for kind in KINDS:
        places = [getattr(e, kind) for e in given]
        out[f"{kind}_sample"] = of_sample([p.step for p in places])
        for field in ("neuron", "compartment", "step"):
            out[f"{kind}_{field}"] = joined([getattr(p, field) for p in places])
    return out


def _results(spec: NetworkSpec, run: NetworkRun) -> dict[str, Any]:
    """Run each sample by itself; potentials are kept once a millisecond."""
    counts, v, weights, error = [], [], [], []
    for i in range(len(run.samples)):
        samples = run.samples.model_copy(
            update={
                "context": run.samples.context[i : i + 1],
                "expected": run.samples.expected[i : i + 1],
                "number": run.samples.numbers[i : i + 1],
            }
        )
        stimulus = run.stimulus.model_copy(
            update={"feedforward_counts": run.stimulus.feedforward_counts[i : i + 1]}
        )
        one = {"samples": samples, "stimulus": stimulus, "record_v": True, "settle": 0.0}
        found = KernelSimulator(spec, run.model_copy(update=one), precision="float64").run()
        output = found.output.counts(1, 1)
        counts.append(np.concatenate([found.hidden.counts(1, spec.n_hidden), output], 1)[0])
        v.append(found.v[0, :, :: round(1 / run.dt)])
        weights.append(found.weights[0])
        error.append(found.error[0])
    return {
        "result_counts": np.array(counts),  # (samples, cells); the output cell is the last
        "result_v": np.array(v),  # (samples, cells, ms + 1)
        "result_weights": np.array(weights),  # (samples, hidden, dendrites)
        "result_error": np.array(error),
    }
