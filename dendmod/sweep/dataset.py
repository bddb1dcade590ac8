"""The results of a store as one data set of xarray: a run is a row, what was asked a coordinate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dendmod.errors import SweepError, did_you_mean
from dendmod.formats.dataset import dataset
from dendmod.sweep.ledger import Ledger
from dendmod.sweep.outcome import Arrays
from dendmod.sweep.table import runs_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray

_ASKED = "asked."


def runs_dataset(store: str | Path, names: Sequence[str] | None = None) -> xarray.Dataset:
    """Return the arrays of every finished run; needs the extra ``xarray``.

    Parameters
    ----------
    store
        Folder of the ledger and the results.
    names
        Which results; all of them if None.

    Returns
    -------
    Dataset
        Each result over ``run`` and dimensions of its own, ``NAME_0`` and so on. The key and the
        function of a run are coordinates, and so is all that was asked and differs between runs;
        what is the same in all of them stands in the attributes.

    Raises
    ------
    SweepError
        If there is no store or no finished run, or a result is not of one shape in all runs, or is
        not there in some: give `names` without it, or take it run by run.
    SpecError
        If xarray is not installed.
    """
    table = runs_table(store)
    table = table[table["status"] == "finished"].reset_index(drop=True)
    if table.empty:
        raise SweepError(f"{store} holds no finished run")
    with Ledger(Path(store)) as ledger:
        results = [ledger.get(digest) or {} for digest in table["digest"]]
    known = list(dict.fromkeys(name for result in results for name in result))
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise SweepError(f"no run has a result {unknown[0]!r}." + did_you_mean(unknown[0], known))
    variables: dict[str, Any] = {}
    for name in known if names is None else names:
        values = _stacked(name, results, list(table["key"]), known)
        own = tuple(f"{name}_{i}" for i in range(values.ndim - 1))
        variables[name] = (("run", *own), values, {})
    coordinates, same = _asked(table)
    return dataset(variables, coordinates, same)


def _stacked(name: str, results: list[Arrays], keys: list[str], known: list[str]) -> Any:
    shapes = {key: r[name].shape for key, r in zip(keys, results, strict=True) if name in r}
    if len(shapes) == len(keys) and len(set(shapes.values())) == 1:
        return np.stack([result[name] for result in results])
    lacks = [key for key in keys if key not in shapes]
    others = [n for n in known if n != name]
    what = (
        f"is not there in {lacks[0]!r}" if lacks
        else f"has shapes {', '.join(map(str, sorted(set(shapes.values()))))}"
    )  # fmt: skip
    raise SweepError(
        f"the result {name!r} {what}, so that the runs are no array; leave it out with names="
        f"{others}, or read it run by run (dendmod.sweep.Sweep.run, or the column `file` of "
        "runs_table)"
    )


def _asked(table: pd.DataFrame) -> tuple[dict[str, Any], dict[str, str]]:
    """Return coordinates of the runs, and what was asked alike in all of them."""
    coordinates: dict[str, Any] = {
        "run": ("run", table["key"].to_numpy(dtype=str), {}),
        "function": ("run", table["function"].to_numpy(dtype=str), {}),
        "seconds": ("run", table["seconds"].to_numpy(dtype=float), {"units": "s"}),
    }
    same = {}
    for column in (c for c in table.columns if c.startswith(_ASKED)):
        values = table[column]
        if values.nunique(dropna=False) == 1 and len(table) > 1:
            same[column] = str(values.iloc[0])
        else:
            numeric = values.dtype.kind in "biuf"
            kept = values.to_numpy() if numeric else values.astype(str).to_numpy(dtype=str)
            coordinates[column] = ("run", kept, {})
    return coordinates, same
