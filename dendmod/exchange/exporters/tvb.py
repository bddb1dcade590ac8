"""A model of The Virtual Brain whose nodes settle on the curves."""

from __future__ import annotations

from dendmod.exchange.exporters.text import arrays, docstring
from dendmod.exchange.load_io import Fit, IOFile

_CODE = '''
import numpy
from tvb.basic.neotraits.api import Final, List, NArray
from tvb.simulator.models.base import Model

{arrays}


class IOCurves(Model):
    """tau dy/dt = -y + max(0, gain * (x - x_shift) + bias), x = x_0 + coupling.

    y is in spikes a burst, and so is what coupling carries: give connection weights in inputs a
    spike. gain, bias and x_shift are one number, or one a node.
    """

    gain = NArray(label="gain", default=numpy.array([GAIN[0]]), doc="spikes an input")
    bias = NArray(label="bias", default=numpy.array([BIAS[0]]), doc="spikes a burst")
    x_shift = NArray(label="x_shift", default=numpy.array([X_SHIFT[0]]), doc="inputs a burst")
    x_0 = NArray(label="x_0", default=numpy.array([0.0]), doc="constant inputs a burst")
    tau = NArray(label="tau", default=numpy.array([10.0]),
                 doc="ms; not fitted: the curves say nothing about time, choose yours")

    state_variable_range = Final(default={{"y": numpy.array([0.0, 3.0])}})
    state_variables = ("y",)
    variables_of_interest = List(of=str, choices=("y",), default=("y",))
    coupling_terms = Final(label="Coupling terms", default=["c"])
    _nvar = 1
    cvar = numpy.array([0], dtype=numpy.int32)

    @classmethod
    def at(cls, levels, **parameters):
        """Return a model with one level, or with a list of levels, one a node."""
        wanted = levels if isinstance(levels, (list, tuple)) else [levels]
        wrong = [x for x in wanted if x not in LEVELS]
        if wrong:
            raise ValueError(f"levels must be of {{LEVELS}}; given {{wrong}}")
        i = [LEVELS.index(x) for x in wanted]
        fitted = {{"gain": GAIN, "bias": BIAS, "x_shift": X_SHIFT}}
        columns = {{name: numpy.array(values)[i] for name, values in fitted.items()}}
        return cls(**{{**columns, **parameters}})

    def dfun(self, state_variables, coupling, local_coupling=0.0):
        (y,), (c,) = state_variables, coupling
        # parameters are one a node, states [node, mode]
        gain, bias, x_shift, x_0, tau = (
            p.reshape(-1, 1) for p in (self.gain, self.bias, self.x_shift, self.x_0, self.tau)
        )
        x = x_0 + c + local_coupling * y
        return numpy.array([(numpy.maximum(gain * (x - x_shift) + bias, 0.0) - y) / tau])
'''


def render(io: IOFile, fit: Fit) -> str:
    """Return a module with a class ``IOCurves``; TVB itself is not needed for that."""
    use = [f"model = IOCurves.at({next(iter(fit.curves))!r})  # or a list of levels, one a node"]
    return docstring(io, fit, use) + "\n" + _CODE.format(arrays=arrays(fit))
