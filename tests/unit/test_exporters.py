"""Do exported files compute the curves, read without the programs that they are for?

`make test-exchange` runs the same files in those programs; here doubles stand in for them.
"""

import re
import sys
from types import ModuleType, SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from dendmod.exchange import read_io
from dendmod.exchange.document import RawCurve, io_document
from dendmod.exchange.exporters import PROGRAMS, export
from dendmod.exchange.load_io import from_document
from dendmod.iocurve import MODELS, fit_io
from dendmod.paths import data_dir

IO = read_io(data_dir("protocols") / "io_nmda.json")
X = np.linspace(-150.0, 250.0, 81)
each_model = pytest.mark.parametrize("model", MODELS)


def exported(tmp_path, to, model):
    return export(IO, to, tmp_path / f"io{PROGRAMS[to]}", model)


def imported(path, **modules):
    """Run an exported module with doubles for what it imports."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in modules.items():
            patch.setitem(sys.modules, name.replace("__", "."), module)
        namespace = {"__name__": "exported_io"}
        exec(compile(path.read_text(), str(path), "exec"), namespace)
    return namespace


def module(**attributes):
    made = ModuleType("double")
    vars(made).update(attributes)
    return made


# LEMS


class Lems:
    """As much of a LEMS file as a ramp through curves needs, read by its own declarations."""

    def __init__(self, path):
        self.root = ElementTree.parse(path).getroot()
        units = {u.get("symbol"): 10.0 ** int(u.get("power", 0)) for u in self.root.iter("Unit")}
        self.seconds = lambda text: float(text.split()[0]) * units[text.split()[1]]
        self.simulation = self.root.find("Simulation")

    def times(self):
        length, step = (self.seconds(self.simulation.get(name)) for name in ("length", "step"))
        return np.arange(round(length / step) + 1) * step

    def expression(self, kind, variable, **names):
        """Evaluate how a component type defines a variable."""
        (found,) = [
            element.get("value")
            for element in self.root.find(f"ComponentType[@name='{kind}']/Dynamics")
            if variable in (element.get("variable"), element.get("name")) and element.get("value")
        ]
        return eval(found, {}, names)

    def columns(self):
        """What each column of the output is: x and y of a ramp over time."""
        ramps = {r.get("id"): r for r in self.root.find("ioRamps")}
        for column in self.simulation.iter("OutputColumn"):
            name, variable = column.get("quantity").split("/")
            ramp = ramps[name]
            rate = self.expression("ioRamp", "x", rise=float(ramp.get("rise")),
                                   duration=self.seconds(ramp.get("duration")))  # fmt: skip
            x = float(ramp.get("start")) + rate * self.times()
            numbers = {k: float(ramp.find("curve").get(k)) for k in ("gain", "bias", "x_shift")}
            line = self.expression("ioCurve", "line", x=x, **numbers)
            yield x if variable == "x" else np.where(line > 0, line, 0)


@each_model
def test_the_lems_simulation_goes_through_each_curve_once(tmp_path, model):
    lems, fit = Lems(exported(tmp_path, "lems", model)), IO.fit(model)
    columns = list(lems.columns())
    low = min(curve.fit_range[0] for curve in fit.curves.values())
    high = max(curve.fit_range[1] for curve in fit.curves.values())
    half = (high - low) / 2
    assert lems.times()[-1] == pytest.approx(0.1)  # s
    assert lems.times().size == 201
    for x, y, curve in zip(columns[::2], columns[1::2], fit.curves.values(), strict=True):
        # what was fitted, and half as much on either side
        assert (x[0], x[-1]) == pytest.approx((low - half, high + half))
        np.testing.assert_allclose(y, curve(x), atol=1e-9)
        assert y[0] == 0 < y[-1]


def test_the_curve_of_lems_is_zero_below_its_line(tmp_path):
    lems = Lems(exported(tmp_path, "lems", "gain"))
    cases = [(c.get("condition"), c.get("value")) for c in lems.root.iter("Case")]
    assert cases == [("line .gt. 0", "line"), (None, "0")]


# NEST, TVB, PyTorch, ONNX


@each_model
def test_a_nest_neuron_settles_on_its_curve(tmp_path, model):
    create = imported(exported(tmp_path, "nest", model))["create"]
    nest = SimpleNamespace(Create=lambda name, n, params: (name, n, params))
    for level, curve in IO.fit(model).curves.items():
        name, n, p = create(nest, level, n=7, sigma=0.5)
        assert (name, n, p["sigma"]) == ("threshold_lin_rate_ipn", 7, 0.5)
        # tau dX/dt = -lambda X + mu + min(max(g (h - theta), 0), alpha), the sum of inputs within
        assert p["linear_summation"]
        assert (p["lambda"], p["mu"], p["alpha"]) == (1.0, 0.0, np.inf)
        rate = np.clip(p["g"] * (X - p["theta"]), 0, p["alpha"])
        np.testing.assert_allclose(rate, curve(X), atol=1e-9)


@each_model
def test_a_tvb_node_rests_on_the_curve_of_its_level(tmp_path, model):
    class Model:
        def __init__(self, **values):
            vars(self).update(values)

    made = imported(
        exported(tmp_path, "tvb", model),
        tvb=module(), tvb__basic=module(), tvb__basic__neotraits=module(),
        tvb__basic__neotraits__api=module(
            Final=lambda *_, **__: None, List=lambda **_: None, NArray=lambda default, **_: default
        ),
        tvb__simulator=module(), tvb__simulator__models=module(),
        tvb__simulator__models__base=module(Model=Model),
    )["IOCurves"]  # fmt: skip
    curves = IO.fit(model).curves
    levels = [level for level in curves for _ in X]
    drive = np.tile(X, len(curves))
    y = np.concatenate([curve(X) for curve in curves.values()])[:, None]
    # 5 inputs come as coupling, 2 from the node itself, the rest is constant
    node = made.at(levels, x_0=drive - 7.0, tau=np.array([20.0]))
    coupling, itself = np.full_like(y, 5.0), np.divide(2.0, y, out=np.zeros_like(y), where=y > 0)
    rest = node.dfun((y,), (coupling,), itself)[0]
    np.testing.assert_allclose(rest[y > 0], 0, atol=1e-9)
    # away from the curve it moves back with tau
    above = node.dfun((y + 1.0,), (coupling,), itself * y / (y + 1.0))[0]
    np.testing.assert_allclose(above[y > 0], -1 / 20.0)


@each_model
def test_a_torch_module_computes_the_curves_and_learns_gains_alone(tmp_path, model):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    curves = imported(exported(tmp_path, "torch", model))["IOCurves"]()
    learning = {name for name, p in curves.named_parameters() if p.requires_grad}
    assert learning == {"gain"}
    for level, curve in IO.fit(model).curves.items():
        with torch.no_grad():
            y = curves(torch.tensor(X), curves.index(level))
        np.testing.assert_allclose(y, curve(X), atol=1e-12)


@each_model
def test_the_nodes_of_an_onnx_graph_compute_the_curves(tmp_path, model):
    """A double of onnx keeps the nodes; they are run here one after the other."""
    made = SimpleNamespace(SerializeToString=lambda: b"onnx")
    helper = SimpleNamespace(
        make_tensor=lambda name, kind, shape, values: (name, np.array(values).reshape(shape)),
        make_node=lambda op, inputs, outputs, **_: (op, inputs, outputs),
        make_tensor_value_info=lambda name, *_: name,
        make_graph=lambda nodes, name, inputs, outputs, constants: vars(made).update(
            nodes=nodes, constants=dict(constants)
        ),
        make_opsetid=lambda *_: None,
        make_model=lambda *_, **__: made,
        set_model_props=lambda model, props: vars(made).update(props=props),
    )
    onnx = module(TensorProto=SimpleNamespace(DOUBLE=11, INT64=7), helper=helper,
                  checker=SimpleNamespace(check_model=lambda model: None))  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "onnx", onnx)
        exported(tmp_path, "onnx", model)
    run = {
        "Gather": lambda values, index: values[index], "Sub": np.subtract, "Mul": np.multiply,
        "Add": np.add, "Relu": lambda x: np.maximum(x, 0),
    }  # fmt: skip
    levels = [float(x) for x in re.findall(r"[\d.]+", made.props["levels"])]
    for level, curve in IO.fit(model).curves.items():
        values = {**made.constants, "x": X, "level_index": np.full(X.size, levels.index(level))}
        for op, inputs, (output,) in made.nodes:
            values[output] = run[op](*(values[name] for name in inputs))
        np.testing.assert_allclose(values["y"], curve(X), atol=1e-12)


# the document behind them


def test_a_level_that_is_left_out_takes_nothing_from_its_neighbours():
    n = np.array([[40.0, np.nan], [24.0, 50.0], [3.0, 26.0]])
    ends = np.stack([n - 1, n + 2], axis=-1)
    runs = [RawCurve(np.array([float(k), 9.0]), np.array([[0, k], [2, 2]])) for k in range(3)]
    document = io_document(
        {"bias": fit_io(n, "bias", levels=(0, 3, 11))}, n, name="x", title="", level="",
        provenance={}, interval=ends, curves=runs,
    )  # fmt: skip
    io = from_document(document)
    assert {level: curve.fit_range for level, curve in io.fit().curves.items()} == {
        3: (24.0, 50.0), 11: (3.0, 26.0),
    }  # fmt: skip
    rows = document["points"]["by_level"]
    assert [row["interval"] for row in rows] == [
        [[39, 42], None], [[23, 26], [49, 52]], [[2, 5], [25, 28]],
    ]  # fmt: skip
    assert [row["spikes"][0] for row in rows] == [[0, 0], [0, 1], [0, 2]]
