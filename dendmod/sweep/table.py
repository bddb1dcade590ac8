"""The runs of a store as a table: what was asked, how it ended, what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dendmod.atomic import replacing
from dendmod.errors import SweepError
from dendmod.sweep.ledger import Ledger
from dendmod.sweep.outcome import Arrays

if TYPE_CHECKING:
    import pandas as pd

_LOST = "lost"


def runs_table(store: str | Path) -> pd.DataFrame:
    """Return every run of a store, one row a run, in the order in which they ended.

    Columns
    -------
    key, function
        Name of the run and of the function that made it.
    status
        ``finished``, ``failed``, or ``lost``: the file is not what was written, and the run will be
        made again.
    seconds, ended, error
        Of the function alone; when (UTC); why it failed.
    asked.NAME
        Each number or text in what was asked, by dotted name, such as ``asked.protocol.run.dt_ms``.
    result.NAME
        Each result that is one number or text; of an array of numbers ``result.NAME.mean``.
        Where a column has numbers in some runs and text in others, or whole numbers of more than
        64 bits, all of it is text.
    payload, fingerprint
        All that was asked, and what else the result depends on, as JSON.
    digest, file, sha256
        Hash of what was asked, file of the result, hash of its bytes.

    Raises
    ------
    SweepError
        If there is no store.
    """
    import pandas as pd

    store = Path(store)
    if not (store / "ledger.sqlite").is_file():
        raise SweepError(
            f"{store} holds no ledger.sqlite; give the folder `store` in the results of a run"
        )
    with Ledger(store) as ledger:
        rows = [_row(ledger, run) for run in ledger.runs()]
    table = pd.DataFrame(rows, columns=_in_order(rows))
    table["ended"] = pd.to_datetime(table["ended"], utc=True)
    table["seconds"] = table["seconds"].astype(float)
    for name in table.columns:
        kind = pd.api.types.infer_dtype(table[name], skipna=True)
        if kind in ("mixed", "mixed-integer") or _beyond_64_bits(table[name]):
            table[name] = [None if pd.isna(value) else str(value) for value in table[name]]
    return table


def _beyond_64_bits(column: pd.Series[Any]) -> bool:
    """Whether a column has whole numbers that files of tables cannot keep as such."""
    return column.dtype == object and any(
        isinstance(value, int) and not -(2**63) <= value < 2**63 for value in column
    )


def write_runs(store: str | Path, path: Path) -> pd.DataFrame:
    """Write the runs of a store as parquet (or CSV, by the suffix) and return them.

    Raises
    ------
    SweepError
        If there is no store, the suffix is another or the file cannot be written.
    """
    if path.suffix not in (".parquet", ".csv"):
        raise SweepError(f"{path}: write a .parquet or a .csv file")
    table = runs_table(store)
    try:
        with replacing(path) as partial:
            if path.suffix == ".csv":
                table.to_csv(partial, index=False)
            else:
                table.to_parquet(partial, index=False)
    except OSError as error:
        raise SweepError(f"{path} cannot be written: {error}") from None
    return table


_FIRST = ("key", "function", "status", "seconds", "ended", "error")
_LAST = ("payload", "fingerprint", "digest", "file", "sha256")


def _in_order(rows: list[dict[str, Any]]) -> list[str]:
    found = dict.fromkeys(name for row in rows for name in row)
    middle = [name for name in found if name not in (*_FIRST, *_LAST)]
    asked = [name for name in middle if name.startswith("asked.")]
    return [*_FIRST, *asked, *(n for n in middle if n not in asked), *_LAST]


def _row(ledger: Ledger, run: Mapping[str, Any]) -> dict[str, Any]:
    row = {**run, "file": str(ledger.path(run["digest"]))}
    if run["payload"]:
        row |= {f"asked.{name}": value for name, value in _leaves(json.loads(run["payload"]))}
    if run["status"] == "finished":
        result = ledger.get(run["digest"])
        if result is None:
            return row | {"status": _LOST}
        row |= {f"result.{name}": value for name, value in _scalars(result)}
    return row


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the numbers and texts in nested tables; lists stay in the payload only."""
    if isinstance(value, dict):
        for key, inner in value.items():
            own = key.replace(".", "\\.")  # {"a.b": 1, "a": {"b": 2}} are two columns
            yield from _leaves(inner, f"{name}.{own}" if name else own)
    elif value is not None and not isinstance(value, list):
        yield name, value


def _scalars(result: Arrays) -> Iterator[tuple[str, Any]]:
    for name, array in result.items():
        if array.dtype.kind not in "biufU":
            continue
        if array.ndim == 0:
            yield name, array.item()
        elif array.size and array.dtype.kind != "U":
            yield f"{name}.mean", float(array.mean(dtype=float))
