"""How far a reduced cell lies from the full one: one number a question, with its target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.spec.result import Array

Probe = Mapping[str, np.ndarray]

# what a reduction should reach
RESISTANCE, REST_MV, EPSP_RMS, EQUAL_COUNTS = 0.02, 0.5, 0.05, 0.9
THRESHOLD_RELATIVE, THRESHOLD_INPUTS = 0.1, 4.0
_ABOVE_MV = -40.0


def resistances(full: Probe, reduced: Probe, kind: str) -> dict[str, Any]:
    """Compare impedance matrices: ``frozen`` (gates held at rest) or ``steady``."""
    error = np.abs(reduced[kind] / full[kind] - 1)
    n = len(error)
    own = np.diag(error)
    between = error[1:, 1:][~np.eye(n - 1, dtype=bool)] if n > 2 else np.zeros(1)
    transfer = error[0, 1:] if n > 1 else np.zeros(1)
    return {
        "input_max": float(own.max()),
        "soma_transfer_max": float(transfer.max()),
        "site_to_site_max": float(between.max()),
        "site_to_site_median": float(np.median(between)),
        "input_and_transfer_met": bool(max(own.max(), transfer.max()) <= RESISTANCE),
        "site_to_site_met": bool(between.max() <= RESISTANCE),
    }


def rest(full: Probe, reduced: Probe) -> dict[str, Any]:
    """Compare resting potentials (mV)."""
    worst = float(np.abs(reduced["rest"] - full["rest"]).max())
    return {"difference_max_mV": worst, "met": worst <= REST_MV}


def epsp_errors(full: Probe, reduced: Probe, kind: str) -> Array:
    """Return rms differences over the peaks of the full cell's EPSPs, shape [1 + sites]."""
    a, b = full[kind], reduced[kind]
    return np.asarray(np.sqrt(((a - b) ** 2).mean(axis=1)) / a.max(axis=1))


def epsps(full: Probe, reduced: Probe) -> dict[str, Any]:
    """Compare EPSPs: the soma's own, those of sites at the site and at the soma."""
    at_soma, local = (epsp_errors(full, reduced, k) for k in ("epsp_soma", "epsp_local"))
    out: dict[str, Any] = {
        "soma_rms": float(at_soma[0]),
        "soma_peak_ratio": float(reduced["epsp_soma"][0].max() / full["epsp_soma"][0].max()),
        "met_soma": bool(at_soma[0] <= EPSP_RMS),
    }
    for name, errors in (("site_at_site", local[1:]), ("site_at_soma", at_soma[1:])):
        if errors.size:
            out |= {
                f"{name}_rms_median": float(np.median(errors)),
                f"{name}_rms_max": float(errors.max()),
                f"{name}_fraction_met": float((errors <= EPSP_RMS).mean()),
            }
    return out


def plateaus(full: Probe, reduced: Probe, dt: float) -> dict[str, Any]:
    """Compare NMDA plateaus: peaks (mV) and times above -40 mV (ms) at the sites, soma rms."""
    a, b = full["plateau_local"], reduced["plateau_local"]
    if not a.size:
        return {}
    above = [(v > _ABOVE_MV).sum(axis=1) * dt for v in (a, b)]
    height = full["plateau_soma"].max(axis=1) - full["rest"][0]
    rms = np.sqrt(((full["plateau_soma"] - reduced["plateau_soma"]) ** 2).mean(axis=1))
    return {
        "peak_difference_mV_median": float(np.median(b.max(axis=1) - a.max(axis=1))),
        "peak_difference_mV_max": float(np.abs(b.max(axis=1) - a.max(axis=1)).max()),
        "full_ms_above_minus40_median": float(np.median(above[0])),
        "reduced_ms_above_minus40_median": float(np.median(above[1])),
        "difference_ms_above_minus40_max": float(np.abs(above[1] - above[0]).max()),
        "soma_rms_over_peak_median": float(np.median(rms / height)),
        "soma_rms_over_peak_max": float((rms / height).max()),
    }


def counts(
    full: Mapping[str, npt.NDArray[np.int64]], reduced: Mapping[str, npt.NDArray[np.int64]]
) -> dict[str, Any]:
    """Compare spike counts, each arm of shape [levels, trials], trial by trial.

    ``share`` is the sum of the reduced cell's spikes over that of the full one's, arm by arm.
    """
    equal = {arm: full[arm] == reduced[arm] for arm in full}
    together = np.concatenate([e.ravel() for e in equal.values()])
    apart = np.concatenate([(reduced[arm] - full[arm]).ravel() for arm in full])
    fraction = float(together.mean())
    return {
        "trials": int(together.size),
        "equal": fraction,
        "within_one": float((np.abs(apart) <= 1).mean()),
        "mean_difference": float(apart.mean()),
        **{f"equal_{arm}": float(e.mean()) for arm, e in equal.items()},
        "share": {
            arm: float(reduced[arm].sum() / full[arm].sum()) if full[arm].any() else None
            for arm in full
        },
        "met": fraction >= EQUAL_COUNTS,
    }


def thresholds(full: Mapping[str, Array], reduced: Mapping[str, Array]) -> dict[str, Any]:
    """Compare IO thresholds, each arm of shape [levels, crossings]; NaN where none was found.

    ``missing`` are those of the full cell that the reduced one lacks, ``extra`` those that it alone
    has; where the full cell has none at all, nothing is met.
    """
    a = np.concatenate([full[arm].ravel() for arm in full])
    b = np.concatenate([reduced[arm].ravel() for arm in full])
    there = np.isfinite(a)
    allowed = np.maximum(THRESHOLD_RELATIVE * np.abs(a), THRESHOLD_INPUTS)
    met = np.isfinite(b) & (np.abs(b - a) <= allowed)
    both = there & np.isfinite(b)
    off = np.abs(b - a)[both]
    return {
        "thresholds": int(there.sum()),
        "missing": int((there & ~np.isfinite(b)).sum()),
        "extra": int((np.isfinite(b) & ~there).sum()),
        "fraction_met": float(met[there].mean()) if there.any() else 0.0,
        "difference_median": float(np.median(off)) if off.size else None,
        "difference_max": float(off.max()) if off.size else None,
        "met": bool(there.any() and met[there].all()),
    }
