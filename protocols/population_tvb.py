"""Two nodes of The Virtual Brain with a measured population function, delays and noise.

pip install tvb-library        # GPL; not a part of dendmod
python population_tvb.py FILE  # as for population_numpy.py
"""

import sys

import numpy as np
from population_numpy import INPUTS_A_SPIKE, TAU_MS, functions


def model_class():
    """Return a model whose transfer function is a table; TVB is imported here and not before."""
    from tvb.basic.neotraits.api import Final, List, NArray
    from tvb.simulator.models.base import Model

    class Population(Model):
        """tau dy/dt = -y + Q(drive + coupling); y in spikes a burst."""

        drive = NArray(label="drive", default=np.array([0.0]), doc="inputs a burst")
        tau = NArray(label="tau", default=np.array([TAU_MS]), doc="ms")
        state_variable_range = Final(default={"y": np.array([0.0, 3.0])})
        state_variables = ("y",)
        variables_of_interest = List(of=str, choices=("y",), default=("y",))
        coupling_terms = Final(label="Coupling terms", default=["c"])
        _nvar = 1
        cvar = np.array([0], dtype=np.int32)
        function = None

        def dfun(self, state_variables, coupling, local_coupling=0.0):
            (y,), (c,) = state_variables, coupling
            drive, tau = self.drive.reshape(-1, 1), self.tau.reshape(-1, 1)
            return np.array([(self.function(drive + c) - y) / tau])

    return Population


def run(q, drive: float, *, delay_ms: float = 5.0, noise: float = 0.0, seed: int = 1):
    """Return times (ms) and outputs [times, nodes] of two nodes that excite each other."""
    from tvb.simulator.lab import connectivity, coupling, integrators, monitors
    from tvb.simulator.lab import noise as tvb_noise
    from tvb.simulator.simulator import Simulator

    model = model_class()(drive=np.array([drive]))
    model.function = q
    pair = 1.0 - np.eye(2)
    kind = integrators.HeunDeterministic(dt=0.5)
    if noise:
        kind = integrators.HeunStochastic(
            dt=0.5, noise=tvb_noise.Additive(nsig=np.array([noise]), noise_seed=seed)
        )
    simulator = Simulator(
        model=model,
        connectivity=connectivity.Connectivity(
            weights=INPUTS_A_SPIKE * pair,
            tract_lengths=delay_ms * pair,
            speed=np.array([1.0]),
            region_labels=np.array(["first", "second"]),
            centres=np.zeros((2, 3)),
        ),
        coupling=coupling.Linear(a=np.array([1.0])),
        integrator=kind,
        monitors=(monitors.Raw(),),
        simulation_length=400.0,
    ).configure()
    ((t, data),) = simulator.run()
    return t, data[:, 0, :, 0]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("level  drive (inputs)  output (spikes a burst)  SD with noise")
    for level, q in functions(sys.argv[1]).items():
        for drive in (20.0, 50.0, 80.0):
            _, quiet = run(q, drive)
            _, noisy = run(q, drive, noise=1e-4)
            print(f"{level:5g}  {drive:14g}  {quiet[-1, 0]:23.4f}  {noisy[-200:].std():.4f}")
