"""From pixel intensities to numbers of feedforward spikes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.params import wybo2022


def spike_counts(images: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return spikes a pixel: 0 to 10 in proportion to its intensity (Table 3).

    Parameters
    ----------
    images
        Intensities, shape [samples, ...]: whole numbers from 0 to 255, or fractions from 0 to 1.

    Returns
    -------
    ndarray
        Shape [samples, pixels].
    """
    given = np.asarray(images)
    if given.ndim < 2 or given.dtype.kind not in "uif":
        raise SpecError(
            f"images have shape {given.shape} and type {given.dtype}; give numbers, [samples, ...]"
        )
    top = 1.0 if given.dtype.kind == "f" else 255.0
    values = given.reshape(len(given), -1) / top
    if not np.isfinite(values).all() or values.min(initial=0) < 0 or values.max(initial=0) > 1:
        raise SpecError(
            f"pixel intensities range from {given.min()} to {given.max()}; allowed are whole "
            "numbers from 0 to 255 or fractions from 0 to 1"
        )
    return np.rint(values * wybo2022.MAX_FEEDFORWARD_SPIKES).astype(np.int64)
