"""A PyTorch module with trainable gains."""

from __future__ import annotations

from dendmod.exchange.exporters.text import arrays, docstring
from dendmod.exchange.load_io import Fit, IOFile

_CODE = '''
import torch

{arrays}


class IOCurves(torch.nn.Module):
    """IO curves by level: gains are parameters, all else is fixed unless it is named trainable.

    float64 like the fit; call .float() for float32.
    """

    def __init__(self, trainable=("gain",)):
        super().__init__()
        values = {{"gain": GAIN, "bias": BIAS, "x_shift": X_SHIFT}}
        unknown = set(trainable) - set(values)
        if unknown:
            raise ValueError(f"trainable: {{sorted(unknown)}} are not among {{sorted(values)}}")
        for name, numbers in values.items():
            tensor = torch.tensor(numbers, dtype=torch.float64)
            self.register_parameter(name, torch.nn.Parameter(tensor, name in trainable))

    def index(self, level):
        """Return which curve belongs to a level (a number or a list of them)."""
        levels = level if isinstance(level, (list, tuple)) else [level]
        wrong = [x for x in levels if x not in LEVELS]
        if wrong:
            raise ValueError(f"level must be one of {{LEVELS}}; given {{wrong}}")
        found = torch.tensor([LEVELS.index(x) for x in levels], device=self.gain.device)
        return found if isinstance(level, (list, tuple)) else found[0]

    def forward(self, x, index):
        """Return output spikes of a burst; x and index (of `index`) broadcast."""
        line = self.gain[index] * (x - self.x_shift[index]) + self.bias[index]
        return torch.relu(line)
'''


def render(io: IOFile, fit: Fit) -> str:
    """Return a module with a class ``IOCurves``; PyTorch itself is not needed for that."""
    use = [
        "curves = IOCurves()                      # curves.gain is a torch.nn.Parameter",
        f"y = curves(torch.tensor([20.0, 40.0, 60.0]), curves.index({next(iter(fit.curves))!r}))",
    ]
    return docstring(io, fit, use) + "\n" + _CODE.format(arrays=arrays(fit))
