"""Is a downloaded morphology the published one, or a clear error?"""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

import dendmod.cells.imports.public as public
import dendmod.morphology.fetch as module
from dendmod import atomic
from dendmod.errors import DownloadError, MorphologyError
from dendmod.morphology import resolve
from dendmod.morphology.fetch import fetch


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args):
        pass


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DENDMOD_CACHE", str(tmp_path / "cache"))


def expect(monkeypatch, raw: bytes) -> None:
    """Let the registry expect these bytes."""
    changed = module.Download("http://127.0.0.1:9/x", hashlib.sha256(raw).hexdigest(), ".asc", "it")
    monkeypatch.setitem(module.DOWNLOADS, "hay2011", changed)


def test_a_file_with_the_right_hash_is_kept(server, monkeypatch):
    folder, address = server
    (folder / "cell.asc").write_bytes(b"the cell")
    expect(monkeypatch, b"the cell")
    path = fetch("hay2011", url=f"{address}/cell.asc")
    assert path.read_bytes() == b"the cell"
    (folder / "cell.asc").unlink()
    assert fetch("hay2011", url=f"{address}/cell.asc") == path  # from the cache now


def test_a_file_taken_by_hand_is_judged_even_where_the_cache_has_the_right_one(
    tmp_path, monkeypatch
):
    right, wrong = tmp_path / "right.asc", tmp_path / "wrong.asc"
    right.write_bytes(b"the cell")
    wrong.write_bytes(b"something else")
    expect(monkeypatch, b"the cell")
    path = fetch("hay2011", from_file=right)
    with pytest.raises(DownloadError, match=r"wrong\.asc is not it"):
        fetch("hay2011", from_file=wrong)
    with pytest.raises(DownloadError, match=r"absent\.asc cannot be read"):
        fetch("hay2011", from_file=tmp_path / "absent.asc")
    assert path.read_bytes() == b"the cell"


def test_another_file_is_refused_and_nothing_kept(server, tmp_path):
    folder, address = server
    (folder / "cell.asc").write_bytes(b"something else")
    with pytest.raises(DownloadError, match=r"is not Hay et al\. 2011.*--from-file"):
        fetch("hay2011", url=f"{address}/cell.asc")
    assert not list((tmp_path / "cache").rglob("*.asc"))


def test_a_missing_page_and_a_dead_server_are_explained(server):
    _, address = server
    with pytest.raises(DownloadError, match=r"404.*--from-file"):
        fetch("hay2011", url=f"{address}/absent.asc")
    with pytest.raises(DownloadError, match=r"could not be fetched.*offline"):
        fetch("hay2011", url="http://127.0.0.1:9/cell.asc")


def test_a_download_that_breaks_off_is_explained(tmp_path):
    class Broken(Quiet):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only this")

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        with pytest.raises(DownloadError, match=r"could not be fetched.*--from-file"):
            fetch("hay2011", url=f"http://127.0.0.1:{httpd.server_port}/cell.asc")
    finally:
        httpd.shutdown()
        httpd.server_close()
    assert not list((tmp_path / "cache").rglob("*"))


@pytest.mark.parametrize(
    ("limits", "head", "said"),
    [
        ({"_SILENT": 0.2}, 0, "timed out"),  # nothing comes
        ({"_WHOLE": 0.3}, 10_000, "bytes came within 0.3 s, and no end"),  # a byte now and then
        ({"_LARGEST": 20}, 10_000, "larger than 20 bytes"),
    ],
)
def test_a_server_that_never_ends_is_given_up(limits, head, said, tmp_path, monkeypatch):
    over = threading.Event()

    class Slow(Quiet):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(head or 10))
            self.end_headers()
            while head and not over.wait(0.01):
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return
            over.wait(2)

    for name, value in limits.items():
        monkeypatch.setattr(module, name, value)
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        with pytest.raises(DownloadError, match=rf"{said}.*--from-file"):
            fetch("hay2011", url=f"http://127.0.0.1:{httpd.server_port}/cell.asc")
    finally:
        over.set()
        httpd.shutdown()
        httpd.server_close()
    assert not list((tmp_path / "cache").rglob("*"))


def test_the_files_of_a_published_cell_come_one_by_one_and_are_checked(server, monkeypatch):
    folder, address = server
    monkeypatch.setattr(public, "_HOST", address)
    files = {"cell one.swc": b"a shape", "mod/K.mod": b"a channel"}
    table = "\n".join(f"{hashlib.sha256(raw).hexdigest()} {path}" for path, raw in files.items())
    cell = public.PublicCell(
        title="a cell", source="us", repository="who/what", commit="0123456789abcdef",
        licence="none", importer="code", arguments={}, files=table,
    )  # fmt: skip
    monkeypatch.setattr(public, "public_cells", lambda: {"mine": cell})
    there = folder / "who/what/0123456789abcdef"
    (there / "mod").mkdir(parents=True)
    (there / "cell one.swc").write_bytes(b"a shape")
    with pytest.raises(DownloadError, match=r"K\.mod.*404.*cell get mine --from FOLDER"):
        public.fetch("mine")
    (there / "mod/K.mod").write_bytes(b"another channel")
    with pytest.raises(DownloadError, match=r"K\.mod is not mod/K\.mod of who/what.*sha256"):
        public.fetch("mine")
    (there / "cell one.swc").unlink()  # it was kept, and is not asked for again
    (there / "mod/K.mod").write_bytes(b"a channel")
    root = public.fetch("mine")
    assert {path: (root / path).read_bytes() for path in files} == files


def test_a_full_disk_is_explained_and_leaves_no_piece(server, monkeypatch, tmp_path):
    folder, address = server
    (folder / "cell.asc").write_bytes(b"the cell")
    expect(monkeypatch, b"the cell")

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "replace", full)
    with pytest.raises(DownloadError, match=r"No space left.*DENDMOD_CACHE"):
        fetch("hay2011", url=f"{address}/cell.asc")
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]


def test_a_file_taken_by_hand_is_checked_and_found_by_name(original):
    with pytest.raises(MorphologyError, match="dendmod morphology get hay2011"):
        resolve("hay2011")
    fetch("hay2011", from_file=original)
    assert len(resolve("hay2011").without_axon().sections) == 194


def test_an_unknown_name_names_the_known_ones():
    with pytest.raises(DownloadError, match="hay2011"):
        fetch("hay2012")
