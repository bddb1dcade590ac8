"""Parameters and a constructor of NEST's rate neuron ``threshold_lin_rate_ipn``."""

from __future__ import annotations

from dendmod.errors import ExchangeError
from dendmod.exchange.exporters.text import docstring
from dendmod.exchange.load_io import Fit, IOFile

_CODE = '''
# level -> gain g (spikes an input) and theta = x_shift - bias / gain (inputs)
PARAMETERS = {{
{rows}
}}
TAU_MS = 10.0  # NEST's default: the fit says nothing about time; choose yours


def create(nest, level, n=1, **parameters):
    """Create n neurons whose rate settles at y for a constant input of x.

    The nonlinearity acts on the summed input (linear_summation), there is no noise (sigma = 0)
    and no ceiling. NEST calls it a rate; its number is spikes a burst.
    """
    if level not in PARAMETERS:
        raise ValueError(f"level must be one of {{list(PARAMETERS)}}; given {{level}}")
    fixed = {{
        "linear_summation": True, "lambda": 1.0, "mu": 0.0, "sigma": 0.0, "tau": TAU_MS,
        "alpha": float("inf"),
    }}
    return nest.Create(
        "threshold_lin_rate_ipn", n, params={{**fixed, **PARAMETERS[level], **parameters}}
    )
'''


def render(io: IOFile, fit: Fit) -> str:
    """Return a module with ``PARAMETERS`` and ``create(nest, level)``.

    Raises
    ------
    ExchangeError
        If a gain is zero: NEST's ``g * (h - theta)`` has no place for a constant.
    """
    flat = [level for level, curve in fit.curves.items() if curve.gain == 0]
    if flat:
        raise ExchangeError(
            f"{io.name}: level {flat[0]:g} has a gain of 0, which threshold_lin_rate_ipn cannot "
            "express (theta = x_shift - bias / gain); export another model, or to another program"
        )
    rows = [
        f'    {level!r}: {{"g": {curve.gain!r}, "theta": {curve.theta!r}}},'
        for level, curve in fit.curves.items()
    ]
    use = ["import nest", f"neuron = create(nest, level={next(iter(fit.curves))!r})"]
    return docstring(io, fit, use) + "\n" + _CODE.format(rows="\n".join(rows))
