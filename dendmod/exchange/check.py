"""Do the parameters of a file follow from its own points?"""

from __future__ import annotations

from typing import cast

import numpy as np

from dendmod.exchange.load_io import IOFile
from dendmod.iocurve import fit_io, thresholds
from dendmod.iocurve.fit import X_SHIFT_RANGE, FitModel

_RELATIVE = 1e-6  # of a parameter, or of its scale where it is near zero


def check_io(io: IOFile) -> tuple[list[str], list[str]]:
    """Find thresholds in the raw points again and fit them again.

    Returns
    -------
    tuple
        What was confirmed, and what is wrong: one line each.
    """
    good, wrong = ["schema, fields, units and sha256 are right"], []
    points = io.document["points"]
    crossings = points["crossings"]
    given = np.array([row["thresholds"] for row in points["by_level"]], dtype=float)
    raw = [row for row in points["by_level"] if row["x"]]
    for row in raw:
        found = thresholds(row["x"], [[np.mean(counts) for counts in row["spikes"]]], crossings)[0]
        said = np.array(row["thresholds"], dtype=float)
        if not np.allclose(found, said, rtol=_RELATIVE, atol=_RELATIVE, equal_nan=True):
            wrong.append(
                f"level {row['level']}: raw points cross at {found}, thresholds say {said}"
            )
    if raw and not wrong:
        good.append(f"thresholds of {len(raw)} levels follow from the raw points")
    for model, fit in io.fits.items():
        again = fit_io(
            given, cast(FitModel, model), levels=io.levels, crossings=crossings,
            x_shift_range=fit.x_shift_range or X_SHIFT_RANGE,
        )  # fmt: skip
        fresh = again.io_model()
        before = len(wrong)
        for level, curve in fit.curves.items():
            x = np.array(curve.fit_range)
            if not np.allclose(fresh(level)(x), curve(x), rtol=_RELATIVE, atol=_RELATIVE):
                wrong.append(
                    f"{model}, level {level:g}: the curve gives {curve(x)} spikes at {x} inputs, a "
                    f"new fit {fresh(level)(x)}"
                )
        if not np.isclose(again.residual, fit.residual, rtol=_RELATIVE, atol=1e-12):
            wrong.append(f"{model}: residual {fit.residual:.6g}, of a new fit {again.residual:.6g}")
        if len(wrong) == before:
            good.append(f"{model}: gain, bias, x-shift and residual are those of a new fit")
    return good, wrong
