"""IO curves of a protocol: thresholds, fits and how sure both are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.exchange.document import RawCurve, hash_of, io_document, write_io
from dendmod.iocurve import (
    CROSSINGS,
    MODELS,
    FitModel,
    IOFit,
    OrderOfResiduals,
    bootstrap_thresholds,
    fit_io,
    interval,
    order_of_residuals,
    thresholds,
)
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.model import LEVEL_IS, Protocol
from dendmod.protocol.tables import IOTable
from dendmod.study.claims import Judged, share
from dendmod.study.summary import clean

Array = npt.NDArray[np.float64]

_FEWEST_TRIALS = 2  # of which intervals can be drawn


@dataclass(frozen=True)
class IOAnalysis:
    """IO curves at several levels, or doses of a mechanism, fitted together.

    Parameters
    ----------
    table
        Spikes of every trial.
    bootstraps
        How often trials are drawn.
    seed
        Of the draws.
    """

    table: IOTable
    bootstraps: int
    seed: int

    @cached_property
    def thresholds(self) -> Array:
        """Thresholds in inputs, shape [levels, crossings]; NaN where none was found."""
        return thresholds(self.table.n_feedforward, self.table.mean())

    @cached_property
    def samples(self) -> Array:
        """Thresholds of resampled trials, shape [bootstraps, levels, crossings]."""
        return bootstrap_thresholds(
            self.table.n_feedforward, self.table.counts, samples=self.bootstraps, seed=self.seed
        )

    @cached_property
    def interval(self) -> Array:
        """90 % intervals of the thresholds, shape [levels, crossings, 2]."""
        return interval(self.samples)

    @cached_property
    def fits(self) -> dict[FitModel, IOFit]:
        """One fit a model."""
        return {m: fit_io(self.thresholds, m, levels=self.table.levels) for m in MODELS}

    @cached_property
    def order(self) -> OrderOfResiduals:
        """Residuals over the bootstraps."""
        return order_of_residuals(self.samples)

    @property
    def shifts(self) -> Array:
        """How far the first threshold moves from the first to the last level [bootstraps]."""
        moved: Array = self.samples[:, -1, 0] - self.samples[:, 0, 0]
        return moved

    @property
    def lower(self) -> Judged:
        """Whether the last level lowers the first threshold; what crosses nothing does not."""
        return share(self.shifts < 0)

    @property
    def higher(self) -> Judged:
        """Whether the last level raises the first threshold."""
        return share(self.shifts > 0)

    def better(self, model: FitModel, other: FitModel) -> Judged:
        """Return whether one fit leaves less than another in enough bootstraps."""
        return share(self.order.residuals[model] < self.order.residuals[other])

    def summary(self, paper_order: Sequence[FitModel] | None = None) -> dict[str, Any]:
        """Return what summary.json says of the arm; a missing crossing is null."""
        best = min(MODELS[:2], key=lambda m: self.fits[m].residual)
        pairs: tuple[tuple[FitModel, FitModel], ...] = (
            ("bias", "gain"),
            ("gain", "bias"),
            ("gain_xshift", "bias"),
            ("gain_xshift", "gain"),
        )
        return {
            "levels": list(self.table.levels),
            "thresholds": clean(self.thresholds),
            "interval": clean(self.interval),
            "left_out": list(self.fits["gain"].left_out),
            "fits": {model: _fit_summary(fit) for model, fit in self.fits.items()},
            "better_of_gain_and_bias": best,
            "order_fraction": {
                **({"paper": self.order.fraction(*paper_order)} if paper_order else {}),
                **{f"{a} < {b}": self.order.fraction(a, b) for a, b in pairs},
            },
            "residual_interval": {
                m: np.quantile(r, [0.05, 0.95]).tolist() for m, r in self.order.residuals.items()
            },
            "x_shift_interval": np.quantile(self.order.x_shift, [0.05, 0.95]).tolist(),
            "bootstraps": {"samples": self.bootstraps, "not_fitted": self.order.skipped},
            "simulations": self.table.simulations,
            "grid_simulations": self.table.grid_simulations(self.thresholds),
            "curves": {
                "n_feedforward": self.table.n_feedforward.tolist(),
                "mean_spikes": clean(self.table.mean()),
            },
        }


def _fit_summary(fit: IOFit) -> dict[str, Any]:
    out = {
        "gain": clean(fit.gain),
        "bias": clean(fit.bias),
        "residual": fit.residual,
        "parameters": list(fit.parameters),
        "covariance": clean(fit.covariance),
    }
    if fit.model == "gain_xshift":
        out |= {
            "x_shift": fit.x_shift,
            "x_shift_range": list(fit.x_shift_range),
            "minima": [list(m) for m in fit.minima],
        }
    return out


def paper_order(protocol: Protocol, arm: str) -> list[FitModel] | None:
    """Return the paper's order of residuals of an arm, the smallest first; None if it has none."""
    said = protocol.paper.get(f"io_order_{arm}")
    if said is None:
        return None
    names = str(said).split("<")
    return [cast(FitModel, name.strip()) for name in names]


def analyse_io(experiment: Experiment, arms: Sequence[str] | None = None) -> dict[str, IOAnalysis]:
    """Sample and fit the IO curves of arms; of all, if not given.

    Raises
    ------
    SpecError
        If there is a single trial: intervals come from drawing trials.
    """
    protocol = experiment.protocol
    check_trials(protocol)
    tables = experiment.io_curves(arms)
    return {
        name: IOAnalysis(table, protocol.io.bootstraps, protocol.run.seed)
        for name, table in tables.items()
    }


def check_trials(protocol: Protocol) -> None:
    """Raise a SpecError if there are too few trials for the intervals of IO curves."""
    if protocol.run.trials < _FEWEST_TRIALS:
        raise SpecError(
            f"run.trials = {protocol.run.trials}: IO curves need {_FEWEST_TRIALS} or more, whose "
            "draws give their intervals (--trials)"
        )


def describe(experiment: Experiment, results: Mapping[str, IOAnalysis]) -> dict[str, Any]:
    """Return what a summary says of the IO curves of one protocol."""
    protocol = experiment.protocol
    return {
        "seed": protocol.run.seed,
        "trials": int(next(iter(results.values())).table.counts.shape[2]),
        "crossings": list(CROSSINGS),
        "morphology": {
            "name": experiment.morphology.name,
            "sha256": experiment.morphology.sha256,
        },
        "readings": {
            **protocol.readings.model_dump(),
            "biophysics": protocol.cell.membrane,
            "sites": protocol.sites.model_dump(),
            "dt_ms": protocol.run.dt_ms,
        },
        "engine": experiment.engine,
        **{name: r.summary(paper_order(protocol, name)) for name, r in results.items()},
        "paper": {
            key: protocol.paper[key]
            for key in map("io_order_{}".format, results)
            if key in protocol.paper
        },
    }


def write_io_files(experiment: Experiment, results: Mapping[str, IOAnalysis], out: Path) -> None:
    """Write ``io_<arm>.json`` of each arm: the curves for other programs (`dendmod.exchange`)."""
    fields = experiment.protocol.model_dump(mode="json", by_alias=True)
    # the name of a user's own file, without where it lies on this machine
    if fields["cell"]["file"] is None:
        fields["cell"].pop("file")
        fields["cell"]["morphology"] = experiment.morphology.name
    else:
        fields["cell"]["file"] = experiment.protocol.cell.membrane
    known = experiment.sweep.versions
    for name, result in results.items():
        table = result.table
        ran = [np.isfinite(counts).all(axis=1) for counts in table.counts]
        document = io_document(
            result.fits,
            result.thresholds,
            name=name,
            title=f"{experiment.protocol.title}: {name}",
            level=LEVEL_IS[experiment.protocol.arms[name].kind],
            interval=result.interval,
            curves=[
                RawCurve(table.n_feedforward[row], counts[row])
                for counts, row in zip(table.counts, ran, strict=True)
            ],
            provenance={
                "source": "Wybo 2022, Eqs 2 and 8-10, of simulations with dendmod",
                "arm": name,
                "seed": experiment.protocol.run.seed,
                "trials": int(table.counts.shape[2]),
                "resolution": table.resolution,
                "bootstraps": result.bootstraps,
                "versions": known,
                "hashes": {
                    "mechanisms": known.get("mechanisms", ""),
                    "morphology": experiment.morphology.sha256,
                    "protocol": hash_of(fields),
                },
                "protocol": fields,
            },
        )
        write_io(out / f"io_{name}.json", document)
