"""Does the table of runs say what was asked, how it ended and what came out?"""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dendmod.cli import app
from dendmod.errors import SweepError
from dendmod.sweep import Ledger, Task, runs_table, write_runs


def task(key: str, **asked: object) -> Task:
    return Task(key, "a.module:function", asked)


@pytest.fixture
def store(tmp_path):
    store = tmp_path / "out" / "store"
    with Ledger(store) as ledger:
        one = {"rate": np.array(12.5), "v": np.array([[1, 2], [3, 6]]), "engine": np.array("x")}
        ledger.put(task("one", cell={"dt": 0.1, "sites": [1, 2]}, level=3), "v1", one, 2.0)
        ledger.fail(task("two", cell={"dt": 0.2}, level="all"), "v1", "ValueError: no", "trace")
        ledger.fail(task("three", level=5), "v1", "killed", "")
        ledger.put(task("three", level=5), "v1", {"rate": np.array(1.0)}, 4.0)
        ledger.fail(task("two", cell={"dt": 0.2}, level="all"), "v1", "ValueError: again", "")
        ledger.put(task("four", level=7), "v1", {"rate": np.array(2.0)}, 1.0)
        path = ledger.path(ledger.finished()["four"])
    path.write_bytes(path.read_bytes()[:-1])
    return store


def test_one_row_a_run_with_what_was_asked_how_it_ended_and_what_came_out(store):
    table = runs_table(store).set_index("key")
    assert table["status"].to_dict() == {
        "one": "finished", "two": "failed", "three": "finished", "four": "lost",
    }  # fmt: skip
    assert table.loc["one", "asked.cell.dt"] == 0.1
    assert table.loc["one", "result.rate"] == 12.5
    assert table.loc["one", "result.v.mean"] == 3.0
    assert table.loc["one", "result.engine"] == "x"
    assert table.loc["one", "seconds"] == 2.0
    assert json.loads(table.loc["one", "payload"]) == {"cell": {"dt": 0.1, "sites": [1, 2]},
                                                        "level": 3}  # fmt: skip
    assert table.loc["two", "asked.cell.dt"] == 0.2
    assert table.loc["two", "error"].startswith("ValueError")
    assert pd.isna(table.loc["two", "result.rate"])
    assert pd.isna(table.loc["three", "error"])
    assert pd.isna(table.loc["four", "result.rate"])
    # a column with numbers and text is text
    assert set(table["asked.level"]) == {"3", "all", "5", "7"}


def test_the_table_is_the_same_from_parquet(store, tmp_path):
    written = write_runs(store, tmp_path / "new" / "runs.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "new" / "runs.parquet"), written)
    write_runs(store, tmp_path / "runs.csv")
    assert list(pd.read_csv(tmp_path / "runs.csv")["key"]) == list(written["key"])
    assert {p.name for p in tmp_path.iterdir()} == {"out", "new", "runs.csv"}


def test_an_empty_store_is_an_empty_table_and_no_store_is_an_error(tmp_path):
    Ledger(tmp_path / "empty").close()
    assert len(write_runs(tmp_path / "empty", tmp_path / "runs.parquet")) == 0
    with pytest.raises(SweepError, match=r"holds no ledger\.sqlite"):
        runs_table(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(SweepError, match=r"\.parquet or a \.csv"):
        write_runs(tmp_path / "empty", tmp_path / "runs.xlsx")


def test_the_command_takes_the_folder_of_results(store, tmp_path):
    said = CliRunner().invoke(
        app, ["sweep", "table", str(store.parent), "--out", str(tmp_path / "runs.parquet")]
    )
    assert said.exit_code == 0, said.output
    assert "4 runs: 2 finished, 1 failed, 1 lost" in said.output
    assert "ValueError: again" in said.output
    assert len(pd.read_parquet(tmp_path / "runs.parquet")) == 4
