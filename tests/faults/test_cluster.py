"""Does a sweep on a Dask cluster give what a local one gives, whatever happens to the cluster?"""

import signal
import socket
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs pip install 'dendmod[cluster]'")

from dendmod.errors import SweepError
from dendmod.sweep import Task, fingerprint, run_tasks
from tests.faults.cluster import HERE, Cluster, wait_for
from tests.faults.test_sweep import driver, hashes, squares

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc (Linux)")


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    running = Cluster(folder, n=2)
    try:
        yield running
    finally:
        running.close()


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_cluster_gives_the_bytes_of_a_local_run_each_task_in_a_process_of_its_own(
    cluster, tmp_path
):
    asked = [*squares(3), *(Task(f"pid/{x}", "sweep_toys:where", {"x": x}) for x in range(3))]
    local = run_tasks(squares(3), tmp_path / "local", workers=2, progress=False)
    results = run_tasks(asked, tmp_path / "dask", scheduler=cluster.address, progress=False)
    assert list(results) == [task.key for task in asked]
    assert [int(results[f"t/{x}"]["x"]) for x in range(3)] == [0, 1, 4]
    assert list(local) == [f"t/{x}" for x in range(3)]
    stored = hashes(tmp_path / "dask")
    assert {k: v for k, v in stored.items() if k in local} == hashes(tmp_path / "local")
    ran = [(int(results[f"pid/{x}"]["pid"]), int(results[f"pid/{x}"]["parent"])) for x in range(3)]
    assert len({pid for pid, _ in ran}) == 3
    assert {parent for _, parent in ran} <= {worker.pid for worker in cluster.workers}
    # what is stored needs no cluster any more
    cluster.close()
    again = run_tasks(asked, tmp_path / "dask", scheduler=cluster.address, progress=False)
    assert again.keys() == results.keys()


@pytest.mark.slow
def test_tasks_that_fail_crash_or_hang_on_a_cluster_are_named_and_the_rest_is_kept(
    cluster, tmp_path
):
    tasks = [
        *squares(3),
        Task("bad", "sweep_toys:fail", {"x": 7}),
        Task("doomed", "sweep_toys:always_die", {"x": 1}),
        Task("once", "sweep_toys:die_once", {"x": 5, "mark": str(tmp_path / "mark")}),
        Task("hang", "sweep_toys:square", {"x": 1, "seconds": 600}),
    ]
    with pytest.raises(SweepError) as caught:
        run_tasks(tasks, tmp_path / "s", scheduler=cluster.address, timeout=3, progress=False)
    assert set(caught.value.failed) == {"bad", "doomed", "hang"}
    assert "ValueError: no result for 7" in caught.value.failed["bad"]
    assert "killed" in caught.value.failed["doomed"]
    assert "timeout of 3 s" in caught.value.failed["hang"]
    assert set(hashes(tmp_path / "s")) == {"t/0", "t/1", "t/2", "once"}
    # the workers themselves have outlived all of it
    assert all(worker.poll() is None for worker in cluster.workers)


@pytest.mark.parametrize(
    "address", ["closed port", "another service", "no-such-address", "tcp://127.0.0.1"]
)
def test_a_scheduler_that_does_not_answer_is_a_clear_error_within_ten_seconds(
    address, tmp_path, request
):
    if address in ("closed port", "another service"):
        port = socket.socket()
        request.addfinalizer(port.close)
        port.bind(("127.0.0.1", 0))
        if address == "another service":
            port.listen()
            threading.Thread(
                target=lambda: port.accept()[0].sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9),
                daemon=True,
            ).start()
        address = f"tcp://127.0.0.1:{port.getsockname()[1]}"
    began = time.monotonic()
    with pytest.raises(SweepError, match="no Dask scheduler answers at .*dask scheduler"):
        run_tasks(squares(1), tmp_path, scheduler=address, progress=False)
    assert time.monotonic() - began < 10


def test_a_worker_that_would_compute_something_else_refuses(cluster, tmp_path):
    # the driver has one line more, as after an update that the worker has not had
    import sweep_toys

    own = sweep_toys.__file__
    changed = tmp_path / "sweep_toys.py"
    changed.write_text(Path(own).read_text() + "# changed\n")
    try:
        sweep_toys.__file__ = str(changed)
        fingerprint.forget()
        with pytest.raises(SweepError, match=r"has code \w{64} instead of \w{64}"):
            run_tasks(squares(1), tmp_path / "s", scheduler=cluster.address, progress=False)
    finally:
        sweep_toys.__file__ = own
        fingerprint.forget()
    assert not hashes(tmp_path / "s")
    run_tasks(squares(1), tmp_path / "s", scheduler=cluster.address, progress=False)


@needs_proc
@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nothing(cluster, tmp_path):
    log = tmp_path / "log"
    tasks = [
        Task(f"t/{x}", "sweep_toys:log_and_square", {"x": x, "log": str(log), "seconds": 0.3})
        for x in range(16)
    ]
    cluster.add_worker()
    driving = driver(tmp_path / "dask", log, cluster.address, 16, 0.3)
    wait_for(lambda: log.exists() and len(log.read_text().split()) >= 5)
    victim = next(iter(wait_for(lambda: [w for w in range(3) if cluster.children(w)])))
    orphans = cluster.children(victim)
    cluster.workers[victim].send_signal(signal.SIGKILL)
    assert driving.wait(120) == 0, driving.stderr.read()
    wait_for(lambda: not any(alive(pid) for pid in orphans), 5)
    started = [int(x) for x in log.read_text().split()]
    assert set(started) == set(range(16))
    assert len(started) <= 16 + 1  # only what ran on the victim is run again
    run_tasks(tasks, tmp_path / "local", workers=2, progress=False)
    assert hashes(tmp_path / "dask") == hashes(tmp_path / "local")
    assert len(hashes(tmp_path / "dask")) == 16


@needs_proc
@pytest.mark.slow
def test_a_task_whose_workers_die_each_time_is_given_up(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder, n=4, allowed_failures=0)
    try:
        tasks = [*squares(2), Task("doomed", "sweep_toys:kill_the_worker", {"x": 1})]
        with pytest.raises(SweepError) as caught:
            run_tasks(tasks, tmp_path / "s", scheduler=cluster.address, progress=False)
        assert set(caught.value.failed) == {"doomed"}
        assert "tries: 2" in caught.value.failed["doomed"]
        assert set(hashes(tmp_path / "s")) == {"t/0", "t/1"}
        assert sum(worker.poll() is not None for worker in cluster.workers) == 2
    finally:
        cluster.close()


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_driver_that_is_stopped_frees_the_cluster_and_resumes(cluster, tmp_path, how):
    log, store = tmp_path / "log", tmp_path / "s"
    first = driver(store, log, cluster.address, 6, 1.0)
    wait_for(lambda: log.exists() and len(log.read_text().split()) >= 4)
    first.send_signal(how)
    assert first.wait(30) != 0
    wait_for(lambda: not cluster.children(0) and not cluster.children(1), 60)
    kept = hashes(store)
    assert len(kept) >= 2
    assert driver(store, log, cluster.address, 6, 1.0).wait(120) == 0
    assert len(hashes(store)) == 6
    assert kept.items() <= hashes(store).items()
    assert len(log.read_text().split()) <= 6 + 2 + 2  # in flight, and those handed out since


@needs_proc
@pytest.mark.slow
def test_a_scheduler_that_dies_is_an_error_and_what_is_done_is_kept(cluster, tmp_path):
    log, store = tmp_path / "log", tmp_path / "s"
    driving = driver(store, log, cluster.address, 40, 0.2)
    wait_for(lambda: log.exists() and len(log.read_text().split()) >= 4)
    cluster.scheduler.send_signal(signal.SIGKILL)
    _, said = driving.communicate(timeout=60)
    assert driving.returncode != 0
    assert "went away" in said
    assert hashes(store)
