"""The network of a file in Brian2's C++ standalone mode; run by benchmarks/clustered.py.

Its order of a step is ours shifted by one slot: potentials and currents move, thresholds are
tested, spikes add to currents, potentials are reset. It counts the slot of the spike as one of the
refractory period, though potentials have moved in it: here it is given one more. Spikes agree until
rounding tells.
"""

import json
import sys
import tempfile

import brian2 as b
import numpy as np


def main(path: str) -> None:
    """Build once; for each line of standard input run, and print CPU seconds; then the spikes."""
    data = np.load(path)
    folder = tempfile.mkdtemp(prefix="brian2-")
    b.set_device("cpp_standalone", build_on_run=False, directory=folder)
    dt = float(data["dt"])
    b.defaultclock.dt = dt * b.ms
    # Euler with this constant decays currents by exp(-dt/tau_s) exactly
    decay = dt / (1 - np.exp(-dt / float(data["tau_s"])))
    equations = """
    dv/dt = -v / tau_m + mu + current : 1 (unless refractory)
    dcurrent/dt = -current / tau_c : Hz
    mu : Hz (constant)
    threshold_mV : 1 (constant)
    """
    space = {"tau_m": float(data["tau_m"]) * b.ms, "tau_c": decay * b.ms}
    neurons = b.NeuronGroup(
        data["mu"].size, equations, threshold="v > threshold_mV", reset="v = 0",
        refractory=(float(data["t_refractory"]) + dt) * b.ms, method="euler", namespace=space,
    )  # fmt: skip
    neurons.v, neurons.mu = data["v0"], data["mu"] * b.Hz
    neurons.threshold_mV = data["thresholds"]
    synapses = b.Synapses(neurons, neurons, "jump : Hz (constant)", on_pre="current_post += jump")
    synapses.connect(i=data["pre"], j=data["post"])
    synapses.jump = data["jump"] * b.Hz
    monitor = b.SpikeMonitor(neurons)
    network = b.Network(neurons, synapses, monitor)
    b.device.insert_code("before_network_run", "const std::clock_t began = std::clock();")
    b.device.insert_code(
        "after_network_run",
        'std::ofstream("cpu_seconds") << double(std::clock() - began) / CLOCKS_PER_SEC;',
    )
    network.run(float(data["seconds"]) * b.second)
    b.device.build(directory=folder, compile=True, run=False)
    print("ready", flush=True)
    for _ in sys.stdin:
        b.device.run(folder, with_output=False, run_args=[])
        with open(f"{folder}/cpu_seconds") as handle:
            print(float(handle.read()), flush=True)
    times, who = np.round(np.asarray(monitor.t / b.ms), 3), np.asarray(monitor.i)
    early = times < float(data["compared_ms"])
    ids = who[early][np.lexsort((who[early], times[early]))]
    print(json.dumps({"spikes": int(monitor.num_spikes), "early": ids.tolist(),
                      "version": b.__version__}))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
