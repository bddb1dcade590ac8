"""An ONNX graph: ``x`` [n] and ``level_index`` [n] to ``y`` [n]."""

from __future__ import annotations

import json

from dendmod.errors import ExchangeError
from dendmod.exchange.exporters.text import about
from dendmod.exchange.load_io import UNITS, Fit, IOFile

_OPSET, _IR = 17, 8  # old enough for the runtimes in use, and Relu of float64


def render(io: IOFile, fit: Fit) -> bytes:
    """Return a serialised model; its metadata hold levels, units and the hash of the file.

    Raises
    ------
    ExchangeError
        If onnx is not installed.
    """
    try:
        import onnx
        from onnx import TensorProto, helper
    except ImportError:
        raise ExchangeError("onnx is not installed: pip install 'dendmod[exchange]'") from None
    curves = list(fit.curves.values())
    columns = {
        "gain": [c.gain for c in curves],
        "bias": [c.bias for c in curves],
        "x_shift": [c.x_shift for c in curves],
    }
    constants = [
        helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], values)
        for name, values in columns.items()
    ]
    nodes = [
        helper.make_node("Gather", [name, "level_index"], [f"{name}_of"], axis=0)
        for name in columns
    ]
    nodes += [
        helper.make_node("Sub", ["x", "x_shift_of"], ["shifted"]),
        helper.make_node("Mul", ["gain_of", "shifted"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias_of"], ["line"]),
        helper.make_node("Relu", ["line"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "io_curves",
        [
            helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["n"]),
            helper.make_tensor_value_info("level_index", TensorProto.INT64, ["n"]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, ["n"])],
        constants,
    )
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="dendmod",
        doc_string="\n".join(about(io, fit)),
    )
    helper.set_model_props(
        made,
        {
            "levels": json.dumps(list(fit.curves)),
            "units": json.dumps(UNITS),
            "model": fit.model,
            "sha256": io.sha256,
        },
    )
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())
