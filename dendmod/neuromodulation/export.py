"""Population functions of IO curves as `dendmod/io/1` files, which other programs read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from dendmod.exchange.document import io_document
from dendmod.iocurve import MODELS, fit_io, thresholds
from dendmod.population import Activation, Measured, Normal

Array = npt.NDArray[np.float64]
_STEP = 2  # inputs between two points of the table


def population_io(curve: Mapping[str, Array], sd: float) -> Activation:
    """Return the mean output of a population with the IO curve of a cell (spikes a burst).

    Parameters
    ----------
    curve
        ``n_feedforward`` [points] and ``counts`` [points, trials].
    sd
        Spread of the thresholds, in inputs.
    """
    mean = isotonic_regression(curve["counts"].mean(axis=1)).x
    single = Measured(tuple(curve["n_feedforward"].tolist()), tuple(mean.tolist()))
    return Activation(single, Normal(0.0, sd), "inputs")


def population_document(
    name: str,
    doses: Sequence[float],
    curves: Sequence[Mapping[str, Array]],
    *,
    sd: float,
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Return population functions at several doses, as the document of an IO file.

    Thresholds and fits are those of the population function. The function itself stands in
    ``provenance["population"]`` as a table: x is inputs per burst and y, by level, mean output
    spikes per burst of a neuron of the population: no rate.

    Parameters
    ----------
    name
        Of the mechanism.
    doses
        Levels: parts of its full strength.
    curves
        Sampled IO curve at each dose.
    sd
        Spread of the thresholds, in inputs.
    provenance
        Of the curves, such as their seed, morphology and versions; it stands in the document.
    """
    functions = [population_io(curve, sd) for curve in curves]
    low = min(float(curve["n_feedforward"].min()) for curve in curves)
    high = max(float(curve["n_feedforward"].max()) for curve in curves)
    x = np.arange(np.floor(low - 3 * sd), np.ceil(high + 3 * sd) + _STEP, _STEP)
    tables = [q(x) for q in functions]
    found = thresholds(x, np.array(tables))
    return io_document(
        {m: fit_io(found, m, levels=doses) for m in MODELS},
        found,
        name=f"population_{name}",
        title=f"Population function of the L5 cell under {name}",
        level="part of the full strength of the mechanism",
        provenance={
            "source": "Shine 2021, Fig 4a, of IO curves simulated with dendmod",
            "threshold_sd_inputs": sd,
            "population": {
                "x": x.tolist(),
                "y": {f"{dose:g}": t.tolist() for dose, t in zip(doses, tables, strict=True)},
            },
            **provenance,
        },
    )
