"""Run in a process of its own: what one process does with sets of mechanisms and GLOBALs."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dendmod.engines.neuron import Simulator
from dendmod.engines.neuron.session import Session, h, load_mechanisms
from dendmod.engines.simulation import simulate
from dendmod.errors import EngineError, UnsupportedByEngine
from dendmod.mechanisms import mechanism_set
from dendmod.network import ExplicitStimulus, NetworkRun, NetworkSpec, Samples, SampleTrains
from dendmod.spec import Compartment, ReducedCell, Run
from tests.mechanisms import two_sections as two


def refused(function: Callable[[], object]) -> str:
    try:
        function()
    except (EngineError, UnsupportedByEngine) as error:
        return str(error)
    return ""


def network(folders: tuple[str, ...], *values: float) -> float:
    """Potential (mV) that one cell of a network settles at, with values of a GLOBAL parameter."""
    soma = Compartment(
        parent=-1, ca=10, g_leak=1, e_leak=-90, area=1000, channels={"Ih": {"gbar": 1e-3}}
    )
    shared = {"ena": 50, "ek": -77, "celsius": 10, "v_init": -80, "mechanisms": folders}
    cells = tuple(
        ReducedCell(compartments=(soma,), globals={"e_Ih": value}, **shared) for value in values
    )
    spec = NetworkSpec(hidden=cells, feedforward={"weights": [[0.0] * len(cells)]})
    run = NetworkRun(
        samples=Samples(context=[0], expected=[0]),
        stimulus=ExplicitStimulus(trains=(SampleTrains(),)), duration=100.0, record_v=True,
    )  # fmt: skip
    return float(simulate(spec, run, engine="neuron").v[0, 0, -1])


def main(folder: Path) -> None:
    out = {}
    shutil.copytree(two.FOLDER, folder / "mod")
    cell = two.cell("Ih", folder, folder / "mod")
    engine = {}

    def run(value: float, coreneuron: bool | None) -> np.ndarray:
        other = cell.model_copy(update={"globals": {"e_Ih": value}})
        how = Run(tstop=two.TSTOP, dt=two.DT, settle=0)
        with Simulator(two.step(other, two.STEPS[0]), how, coreneuron=coreneuron) as simulator:
            out["inside"] = h.e_Ih
            result = simulator.run()
        engine[value, coreneuron] = result.provenance["engine"]
        return result.v["soma"]

    first, plain = run(-25.0, True), run(-25.0, False)
    out["after"] = h.e_Ih
    out["core"] = float(np.abs(first - plain).max())
    other, plain = run(-60.0, None), run(-60.0, False)
    out["other_engine"] = engine[-60.0, None]
    out["other_core"] = float(np.abs(other - plain).max())
    out["differs"] = float(np.abs(other - first).max())
    out["core_refused"] = refused(lambda: run(-60.0, True))
    out["restored"] = h.e_Ih
    out["again"] = bool((run(-25.0, None) == first).all())
    out["network"] = network(cell.mechanisms, -25.0) - network(cell.mechanisms, -60.0)
    out["network_differs"] = refused(lambda: network(cell.mechanisms, -25.0, -60.0))
    with Session(dt=0.1, celsius=10, mechanism_folders=cell.mechanisms):
        pass  # it is closed after all that was refused
    out["second_set"] = refused(load_mechanisms)
    # the same folder, edited after it was loaded
    own = mechanism_set(cell.mechanisms)
    file = own.get("KdrGmax").file
    file.write_text(file.read_text() + ": edited\n")
    out["edited"] = refused(lambda: load_mechanisms(own))
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
