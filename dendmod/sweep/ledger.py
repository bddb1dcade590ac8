"""What has been run: an sqlite ledger and one hashed file a result."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dendmod.atomic import replacing
from dendmod.errors import SweepError
from dendmod.npz import arrays_of, npz_of
from dendmod.sweep.outcome import Arrays
from dendmod.sweep.task import Task

_COLUMNS = ("digest", "key", "function", "payload", "fingerprint", "status", "seconds", "ended",
            "sha256", "error")  # fmt: skip

_RUNS = """
SELECT ended.digest, ended.key, function, payload, fingerprint, status, seconds, at, sha256, error
FROM (
    SELECT digest, key, 'finished' AS status, seconds, finished AS at, sha256, NULL AS error
    FROM result
    UNION ALL
    SELECT digest, key, 'failed', NULL, at, NULL, error
    FROM failure
    WHERE rowid IN (SELECT max(rowid) FROM failure GROUP BY digest)
        AND digest NOT IN (SELECT digest FROM result)
) AS ended
LEFT JOIN task USING (digest)
ORDER BY at, ended.key
"""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS result (
    digest TEXT PRIMARY KEY, key TEXT, sha256 TEXT, seconds REAL,
    finished TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE IF NOT EXISTS task (
    digest TEXT PRIMARY KEY, function TEXT, payload TEXT, fingerprint TEXT);
CREATE TABLE IF NOT EXISTS failure (
    digest TEXT, key TEXT, error TEXT, traceback TEXT, at TEXT DEFAULT CURRENT_TIMESTAMP);
"""


class Ledger:
    """The results of a sweep in one folder.

    A result is written to a temporary file, synced and renamed before the ledger names it, so that
    a process that is killed leaves either all of it or nothing. Its hash is checked on reading.

    Parameters
    ----------
    store
        The folder; made if it is not there.
    """

    def __init__(self, store: Path) -> None:
        self.store = Path(store)
        try:
            (self.store / "results").mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.store / "ledger.sqlite", timeout=60)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise SweepError(
                f"the store {self.store} cannot be used: {error}. Give a folder that can be "
                "written, or remove it to start anew"
            ) from None

    def close(self) -> None:
        """Close the ledger."""
        self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def path(self, digest: str) -> Path:
        """Return the file of a result."""
        return self.store / "results" / f"{digest}.npz"

    def get(self, digest: str) -> Arrays | None:
        """Return a stored result, or None if there is none or its file is not what was written."""
        row = next(self._read("SELECT sha256 FROM result WHERE digest = ?", digest), None)
        if row is None:
            return None
        try:
            raw = self.path(digest).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(raw).hexdigest() != row[0]:
            return None
        return arrays_of(io.BytesIO(raw))

    def put(self, task: Task, fingerprint: str, arrays: Arrays, seconds: float) -> None:
        """Store a result, and what it is the result of.

        Raises
        ------
        SweepError
            If it cannot be written (a full disk, for instance); the ledger stays as it was.
        """
        raw = npz_of(arrays)
        digest, key = task.digest(fingerprint), task.key
        with self._clear_errors(key):
            with replacing(self.path(digest)) as partial:
                partial.write_bytes(raw)
            with self._connection:
                self._note(task, fingerprint)
                self._connection.execute(
                    "INSERT OR REPLACE INTO result (digest, key, sha256, seconds) "
                    "VALUES (?, ?, ?, ?)",
                    (digest, key, hashlib.sha256(raw).hexdigest(), seconds),
                )

    def fail(self, task: Task, fingerprint: str, error: str, traceback: str) -> None:
        """Note a failure with its traceback."""
        with self._clear_errors(task.key), self._connection:
            self._note(task, fingerprint)
            self._connection.execute(
                "INSERT INTO failure (digest, key, error, traceback) VALUES (?, ?, ?, ?)",
                (task.digest(fingerprint), task.key, error, traceback),
            )

    def _note(self, task: Task, fingerprint: str) -> None:
        """Keep what a run was asked for."""
        asked = json.dumps(task.payload, sort_keys=True)
        self._connection.execute(
            "INSERT OR REPLACE INTO task VALUES (?, ?, ?, ?)",
            (task.digest(fingerprint), task.function, asked, fingerprint),
        )

    def failures(self) -> list[tuple[str, str, str]]:
        """Return key, error and traceback of every failure noted so far."""
        return list(self._read("SELECT key, error, traceback FROM failure"))

    def finished(self) -> dict[str, str]:
        """Return key -> digest of every finished result (the latest of each key)."""
        return dict(self._read("SELECT key, digest FROM result ORDER BY finished, rowid"))

    def runs(self) -> list[dict[str, Any]]:
        """Return what is known of every run, in the order in which the runs ended.

        Each has digest, key, function, payload (JSON), fingerprint, status ("finished" or
        "failed"), seconds (of the function alone), ended (UTC), sha256 (of the file), error. A run
        that failed and was finished later is finished.
        """
        return [dict(zip(_COLUMNS, row, strict=True)) for row in self._read(_RUNS)]

    def _read(self, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(query, values)
        except sqlite3.Error as error:
            raise SweepError(
                f"{self.store / 'ledger.sqlite'} cannot be read: {error}. Move the store away to "
                "start anew; without the ledger its results cannot be trusted"
            ) from None

    @contextmanager
    def _clear_errors(self, key: str) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise SweepError(
                f"the result of {key!r} could not be stored in {self.store}: {error}. Results "
                "stored before are safe; make room and run the same command again"
            ) from None
