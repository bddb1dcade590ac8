"""Do the programs that read exported IO curves compute the same numbers?

``make test-exchange`` runs these in an environment of their own; what is not installed is skipped.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.exchange import read_io
from dendmod.exchange.exporters import PROGRAMS, export
from dendmod.paths import data_dir

EXAMPLE = data_dir("protocols") / "io_nmda.json"
MODELS = ("gain", "bias", "gain_xshift")
X = np.linspace(-150.0, 250.0, 81)
IO = read_io(EXAMPLE)
each_model = pytest.mark.parametrize("model", MODELS)


def reference(model):
    """Level -> y at X, from the loader."""
    return {level: curve(X) for level, curve in IO.fit(model).curves.items()}


def exported(tmp_path, to, model):
    return export(IO, to, tmp_path / f"io{PROGRAMS[to]}", model)


def imported(path):
    namespace = {"__name__": "exported_io"}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    return namespace


def largest(found, expected):
    return float(np.max(np.abs(np.asarray(found) - expected)))


@each_model
def test_numpy(tmp_path, report, model):
    io = imported(exported(tmp_path, "numpy", model))["io"]
    for level, y in reference(model).items():
        assert report("numpy", largest(io(X, level), y)) == 0


@each_model
def test_torch(tmp_path, report, model):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    curves = imported(exported(tmp_path, "torch", model))["IOCurves"]()
    x = torch.tensor(X)
    for level, y in reference(model).items():
        with torch.no_grad():
            assert report("torch", largest(curves(x, curves.index(level)), y)) < 1e-14
            single = curves.float()(x.float(), curves.index(level)).double()
            assert report("torch, float32", largest(single, y)) < 1e-4
        curves.double()
        curves.load_state_dict(
            imported(exported(tmp_path, "torch", model))["IOCurves"]().state_dict()
        )


def test_gains_in_torch_learn_and_nothing_else_does(tmp_path):
    """Gains that were doubled come back by gradient descent on spikes."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    made = imported(exported(tmp_path, "torch", "gain_xshift"))
    teacher, pupil = made["IOCurves"](), made["IOCurves"]()
    assert [n for n, p in pupil.named_parameters() if p.requires_grad] == ["gain"]
    x = torch.linspace(-50, 150, 201, dtype=torch.float64)[:, None]
    index = pupil.index(list(IO.levels))
    with torch.no_grad():
        target = teacher(x, index)
        pupil.gain.mul_(2)
    (slope,) = torch.autograd.grad(pupil(x, index).sum(), pupil.gain)
    active = pupil(x, index) > 0
    expected = torch.where(active, x - pupil.x_shift[index], 0.0).sum(dim=0)
    torch.testing.assert_close(slope, expected)
    optimiser = torch.optim.Adam([p for p in pupil.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(1000):
        optimiser.zero_grad()
        ((pupil(x, index) - target) ** 2).mean().backward()
        optimiser.step()
    torch.testing.assert_close(pupil.gain, teacher.gain, rtol=1e-3, atol=0)
    assert torch.equal(pupil.bias, teacher.bias)
    assert torch.equal(pupil.x_shift, teacher.x_shift)
    with pytest.raises(ValueError, match="trainable"):
        made["IOCurves"](trainable=("gian",))
    with pytest.raises(ValueError, match="level must be one of"):
        pupil.index(12)


@each_model
def test_onnx(tmp_path, report, model):
    pytest.importorskip("onnx", reason="onnx is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    session = runtime.InferenceSession(
        str(exported(tmp_path, "onnx", model)), providers=["CPUExecutionProvider"]
    )
    said = session.get_modelmeta().custom_metadata_map
    assert said["sha256"] == IO.sha256
    assert json.loads(said["units"])["y"] == "spikes per burst"
    levels = json.loads(said["levels"])
    for level, y in reference(model).items():
        index = np.full(X.size, levels.index(level))
        (found,) = session.run(["y"], {"x": X, "level_index": index})
        assert report("ONNX Runtime", largest(found, y)) < 1e-14


@each_model
def test_nest(tmp_path, report, model):
    nest = pytest.importorskip(
        "nest", reason="NEST is not installed (there are wheels for Linux only)"
    )
    create = imported(exported(tmp_path, "nest", model))["create"]
    nest.set_verbosity("M_ERROR")
    for level, y in reference(model).items():
        nest.ResetKernel()
        neurons = create(nest, level, n=X.size)
        drive = nest.Create("lin_rate_ipn", X.size)
        drive.set([{"mu": x, "rate": x, "sigma": 0.0, "lambda": 1.0} for x in X])
        instant = {"synapse_model": "rate_connection_instantaneous"}
        nest.Connect(drive, neurons, "one_to_one", instant)
        # a second layer: weights are inputs a spike
        second = create(nest, level, n=X.size)
        nest.Connect(neurons, second, "one_to_one", {**instant, "weight": 30.0})
        nest.Simulate(800.0)
        assert report("NEST", largest(neurons.get("rate"), y)) < 1e-12
        behind = IO.curve(level, model)(30.0 * y)
        assert report("NEST, second layer", largest(second.get("rate"), behind)) < 1e-11


@each_model
def test_tvb(tmp_path, report, model):
    pytest.importorskip("tvb.simulator", reason="TVB is not installed")
    from tvb.simulator.lab import connectivity, coupling, integrators, monitors, simulator

    made = imported(exported(tmp_path, "tvb", model))["IOCurves"]
    expected = reference(model)
    levels = [level for level in expected for _ in X]
    x_0 = np.tile(X, len(expected))
    y = np.concatenate(list(expected.values()))
    n = y.size  # nodes: one a level and x, then as many that the first drive
    weights = np.zeros((2 * n, 2 * n))
    weights[np.arange(n, 2 * n), np.arange(n)] = 30.0  # [to, from]
    simulated = simulator.Simulator(
        model=made.at(levels * 2, x_0=np.concatenate([x_0, np.zeros(n)])),
        connectivity=connectivity.Connectivity(
            weights=weights,
            tract_lengths=np.zeros_like(weights),
            region_labels=np.array([f"r{i}" for i in range(2 * n)]),
            centres=np.zeros((2 * n, 3)),
            speed=np.array([1.0]),
        ),
        coupling=coupling.Linear(a=np.array([1.0])),
        integrator=integrators.HeunDeterministic(dt=1.0),
        monitors=(monitors.Raw(),),
        simulation_length=800.0,
    ).configure()
    ((_, data),) = simulated.run()
    last = data[-1, 0, :, 0]
    behind = np.concatenate([IO.curve(x, model)(30.0 * expected[x]) for x in expected])
    assert report("TVB", largest(last[:n], y)) < 1e-12
    # what couples nodes goes through TVB's history, which is float32
    assert report("TVB, second layer", largest(last[n:], behind)) < 1e-5
    with pytest.raises(ValueError, match="levels must be of"):
        made.at(12)


def lems_columns(path):
    """x and y of each level, in SI units as both simulators write them."""
    data = np.loadtxt(path)
    assert data.shape[1] == 1 + 2 * len(IO.levels)
    return [(data[:, 1 + 2 * i], data[:, 2 + 2 * i]) for i in range(len(IO.levels))]


def lems_errors(path, model):
    """Error of each level: y(x), or of y one sample behind x, whichever is smaller."""
    for (x, y), curve in zip(lems_columns(path), IO.fit(model).curves.values(), strict=True):
        assert np.ptp(x) > np.ptp(curve.fit_range)
        assert y.max() > 1.5
        assert y.min() == 0 or curve(x).min() > 0
        yield min(largest(y[2:], curve(x[2:])), largest(y[2:], curve(x[1:-1])))


@each_model
def test_lems_in_jneuroml(tmp_path, report, model):
    misc = pytest.importorskip("pyneuroml.utils.misc", reason="pyNeuroML is not installed")
    if shutil.which("java") is None:
        pytest.skip("jNeuroML needs Java, and there is none")
    file = exported(tmp_path, "lems", model)
    jar = misc.get_path_to_jnml_jar()
    done = subprocess.run(
        ["java", "-Djava.awt.headless=true", "-jar", jar, file.name, "-nogui"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for error in lems_errors(tmp_path / "io_nmda.dat", model):
        assert report("LEMS, jNeuroML", error) < 2e-6  # it writes float32


@each_model
def test_lems_in_pylems(tmp_path, report, model):
    pytest.importorskip("lems", reason="PyLEMS is not installed")
    file = exported(tmp_path, "lems", model)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("pylems")), "-nogui", file.name],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for error in lems_errors(tmp_path / "io_nmda.dat", model):
        assert report("LEMS, PyLEMS", error) < 1e-12
