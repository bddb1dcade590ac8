"""Does a sweep lose or change anything when things go wrong?"""

import hashlib
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dendmod.errors import SpecError, SweepError
from dendmod.sweep import Ledger, Task, run_tasks
from dendmod.sweep.table import write_runs

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))


def squares(n: int) -> list[Task]:
    return [Task(f"t/{x}", "sweep_toys:square", {"x": x}) for x in range(n)]


def hashes(store: Path) -> dict[str, str]:
    with Ledger(store) as ledger:
        return {
            key: hashlib.sha256(ledger.path(d).read_bytes()).hexdigest()
            for key, d in ledger.finished().items()
        }


def test_results_are_byte_identical_for_any_number_of_workers_and_order(tmp_path):
    stored = []
    for k, workers in enumerate((1, 2, 4)):
        tasks = squares(6)[:: -1 if k else 1]
        results = run_tasks(tasks, tmp_path / str(k), workers=workers, progress=False)
        assert [int(results[f"t/{x}"]["x"]) for x in range(6)] == [x * x for x in range(6)]
        assert list(results) == [t.key for t in tasks]
        stored.append(hashes(tmp_path / str(k)))
    assert stored[0] == stored[1] == stored[2]


def test_a_killed_worker_loses_nothing(tmp_path):
    mark = str(tmp_path / "mark")
    tasks = [*squares(11), Task("t/11", "sweep_toys:die_once", {"x": 11, "mark": mark})]
    results = run_tasks(tasks, tmp_path / "s", workers=3, progress=False)
    assert [int(results[f"t/{x}"]["x"]) for x in range(12)] == [x * x for x in range(12)]


def test_what_always_dies_is_named_and_the_rest_is_kept(tmp_path):
    tasks = [*squares(3), Task("doomed", "sweep_toys:always_die", {"x": 1})]
    with pytest.raises(SweepError, match=r"1 of 4 runs failed:\n  doomed: .*killed"):
        run_tasks(tasks, tmp_path, workers=2, progress=False)
    assert set(hashes(tmp_path)) == {"t/0", "t/1", "t/2"}


@pytest.mark.parametrize("code", [0, 3])
def test_a_process_that_ends_without_an_answer_is_named_and_not_waited_for(tmp_path, code):
    tasks = [*squares(3), Task("ends", "sweep_toys:ends", {"code": code})]
    with pytest.raises(SweepError, match=rf"1 of 4 runs failed:\n  ends: .*code {code} .*tries: 2"):
        run_tasks(tasks, tmp_path, workers=2, progress=False)
    assert set(hashes(tmp_path)) == {"t/0", "t/1", "t/2"}


@pytest.mark.parametrize("names", [["file", "allow_pickle", "a.npy", "a", "x/../y", "größe"]])
def test_results_may_have_any_name_that_can_be_printed(tmp_path, names):
    task = Task("odd", "sweep_toys:named", {"names": names}, cost=9)
    for _ in range(2):  # made, and taken from the store
        found = run_tasks([task], tmp_path, workers=1, progress=False)["odd"]
        assert {name: array.size for name, array in found.items()} == {
            name: k for k, name in enumerate(names)
        }


@pytest.mark.parametrize("name", [3, "", "a\nb", None])
def test_a_result_without_a_name_is_the_failure_of_its_task_alone(tmp_path, name):
    odd = Task("odd", "sweep_toys:named", {"names": [name]}, cost=9)
    with pytest.raises(SweepError, match=r"1 of 4 runs failed:\n  odd: .*give it a name"):
        run_tasks([*squares(3), odd], tmp_path, workers=1, progress=False)
    assert set(hashes(tmp_path)) == {"t/0", "t/1", "t/2"}


def test_a_script_from_standard_input_runs_its_tasks(tmp_path):
    script = (
        "from pathlib import Path\nfrom dendmod.sweep import Task, run_tasks\n"
        "tasks = [Task('a', 'sweep_toys:square', {'x': 7})]\n"
        f"print(run_tasks(tasks, Path({str(tmp_path)!r}), workers=1, progress=False)['a']['x'])\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])}
    done = subprocess.run(
        [sys.executable, "-"], input=script, env=env, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "49", done.stderr
    assert done.stderr == ""


def test_a_function_that_is_built_into_python_is_run_and_what_it_returns_is_named(tmp_path):
    with pytest.raises(SweepError, match=r"hypot: .*math:hypot returned float; a task returns a d"):
        run_tasks([Task("hypot", "math:hypot", {})], tmp_path, workers=1, progress=False)
    with pytest.raises(SweepError, match="no module 'nowhere'"):
        run_tasks([Task("x", "nowhere:x", {})], tmp_path, workers=1, progress=False)


def test_every_payload_that_json_holds_reaches_the_table(tmp_path):
    payloads = [{"x": 2**70}, {"x": True}, {"x": 1.5}, {"x": "text"}, {"x": 3}]
    odd = {"a.b": 1, "a": {"b": 2}, "none": None, "list": [1, [2]], "": 5, "deep": {"": {"c": 6}}}
    tasks = [Task(f"t{i}", "sweep_toys:keep", p) for i, p in enumerate([*payloads, {"x": odd}])]
    run_tasks(tasks, tmp_path / "s", workers=2, progress=False)
    table = write_runs(tmp_path / "s", tmp_path / "runs.parquet").set_index("key")
    assert [table.loc[f"t{i}", "asked.x"] for i in range(5)] == [
        str(2**70), "True", "1.5", "text", "3"
    ]  # fmt: skip
    assert table.loc["t5", "asked.x.a\\.b"] == 1
    assert table.loc["t5", "asked.x.a.b"] == 2
    assert table.loc["t5", "asked.x.deep..c"] == 6
    assert (tmp_path / "runs.parquet").is_file()


def test_an_exception_is_reported_with_its_traceback_in_the_ledger(tmp_path):
    tasks = [*squares(2), Task("bad", "sweep_toys:fail", {"x": 7})]
    with pytest.raises(SweepError, match=r"bad: ValueError: no result for 7"):
        run_tasks(tasks, tmp_path, workers=2, progress=False)
    with Ledger(tmp_path) as ledger:
        [(key, error, trace)] = ledger.failures()
    assert key == "bad"
    assert "no result for 7" in error
    assert "sweep_toys.py" in trace


def test_a_hang_is_ended(tmp_path):
    tasks = [*squares(2), Task("hang", "sweep_toys:square", {"x": 1, "seconds": 600})]
    with pytest.raises(SweepError, match=r"hang: .*timeout"):
        run_tasks(tasks, tmp_path, workers=2, timeout=4, retries=0, progress=False)
    assert set(hashes(tmp_path)) == {"t/0", "t/1"}


def test_a_flipped_byte_is_found_and_the_task_done_again(tmp_path):
    run_tasks(squares(2), tmp_path, workers=1, progress=False)
    before = hashes(tmp_path)
    with Ledger(tmp_path) as ledger:
        path = ledger.path(ledger.finished()["t/1"])
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    results = run_tasks(squares(2), tmp_path, workers=1, progress=False)
    assert int(results["t/1"]["x"]) == 1
    assert hashes(tmp_path) == before


def test_finished_runs_are_not_run_again(tmp_path):
    log = str(tmp_path / "log")
    task = Task("t", "sweep_toys:log_and_square", {"x": 3, "log": log, "seconds": 0})
    for _ in range(3):
        run_tasks([task], tmp_path / "s", workers=1, progress=False)
    assert Path(log).read_text() == "3\n"


def test_a_run_is_made_anew_when_a_file_that_it_reads_has_changed(tmp_path):
    mark = tmp_path / "mark"
    task = Task("t", "sweep_toys:read", {"mark": str(mark)}, depends="sweep_toys:hash_of")
    for text in ("one", "two"):
        mark.write_text(text)
        done = run_tasks([task], tmp_path / "s", workers=1, progress=False)
        assert str(done["t"]["text"]) == text


def driver(
    store: Path, log: Path, where: int | str = 2, n: int = 8, seconds: float = 0.05
) -> subprocess.Popen:
    """Start a driver with so many workers, or on the cluster of a scheduler."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])}
    command = [sys.executable, str(HERE / "sweep_driver.py"), str(store), str(log), str(where),
               str(n), str(seconds)]  # fmt: skip
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_driver_killed_at_ten_points_resumes_to_the_same_bytes(tmp_path):
    clean, log = tmp_path / "clean", tmp_path / "log"
    assert driver(clean, tmp_path / "log0").wait(120) == 0
    rng = np.random.default_rng(0)
    store = tmp_path / "killed"
    for _ in range(10):
        running = driver(store, log)
        time.sleep(rng.uniform(0.8, 2.5))
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert driver(store, log).wait(120) == 0
    assert hashes(store) == hashes(clean)
    # at most the two in flight are run again at each kill
    assert len(log.read_text().split()) <= 8 + 10 * 2


def test_workers_die_with_their_driver_and_ctrl_c_keeps_what_is_done(tmp_path):
    log = tmp_path / "log"
    running = driver(tmp_path / "s", log, 1)
    deadline = time.monotonic() + 60
    while not log.exists() or len(log.read_text().split()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode != 0
    assert said.count("Traceback") <= 1  # the driver's own; workers stay silent
    kept = set(hashes(tmp_path / "s"))
    assert len(kept) >= 2
    assert driver(tmp_path / "s", log, 2).wait(120) == 0
    assert len(hashes(tmp_path / "s")) == 8


def test_a_full_disk_is_a_clear_error_and_the_ledger_stays(tmp_path, monkeypatch):
    run_tasks(squares(1), tmp_path, workers=1, progress=False)
    import dendmod.atomic as atomic

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(SweepError, match=r"No space left on device.*stored before are safe"):
        run_tasks(squares(2), tmp_path, workers=1, progress=False)
    monkeypatch.undo()
    assert set(hashes(tmp_path)) == {"t/0"}
    assert not list((tmp_path / "results").glob("*.part"))


@pytest.mark.slow
def test_a_disk_that_is_really_full_loses_nothing_that_was_stored(tmp_path):
    inside = "mount -t tmpfs -o size=128k none {0} && {1}; cp -r {0} {2}"
    full, kept, log = tmp_path / "full", tmp_path / "kept", tmp_path / "log"
    full.mkdir()
    run = shlex.join([sys.executable, str(HERE / "sweep_driver.py"), str(full / "s"), str(log)])
    command = inside.format(full, f"{run} 2 24 0.05", kept)
    try:
        subprocess.run(["unshare", "-Urm", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here (unshare -Urm)")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])}
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", command], env=env, capture_output=True, text=True
    )
    assert "SweepError" in done.stderr
    assert "could not be stored" in done.stderr
    assert "make room" in done.stderr
    with Ledger(kept / "s") as ledger:
        stored = ledger.finished()
        assert 1 <= len(stored) < 24
        assert all(ledger.get(digest) is not None for digest in stored.values())
    # with room it goes on from there, to the bytes of a run that was never stopped
    log.unlink()  # what was asked has the name of the log in it, which stays the same
    assert driver(kept / "s", log, 2, 24, 0.05).wait(120) == 0
    assert len(log.read_text().split()) == 24 - len(stored)
    assert driver(tmp_path / "clean", log, 2, 24, 0.05).wait(120) == 0
    assert hashes(kept / "s") == hashes(tmp_path / "clean")


def test_a_store_that_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SweepError, match="cannot be used"):
        run_tasks(squares(1), tmp_path / "file", progress=False)


@pytest.mark.parametrize("payload", [{"x": float("nan")}, {"x": object()}])
def test_payloads_must_be_finite_json(payload):
    with pytest.raises(SpecError, match="finite JSON"):
        Task("t", "sweep_toys:square", payload)


def test_keys_must_differ(tmp_path):
    with pytest.raises(SpecError, match="keys must differ: t/0"):
        run_tasks([*squares(1), *squares(1)], tmp_path, progress=False)
