"""Is a published cell fetched whole and checked, and is what it is said before?"""

import hashlib
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dendmod.cells.imports import public
from dendmod.cli import app
from dendmod.errors import DownloadError, SpecError
from tests import json_cells as cells

COPIES = os.environ.get("DENDMOD_PUBLIC")  # a folder with a copy of each repository, by its name


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    # of downloads alone: a cache without the compiled mechanisms would have them compiled again
    monkeypatch.setattr(public, "cache_dir", lambda: tmp_path / "cache")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A repository on disk with one cell of its own, which the table then has."""
    folder = tmp_path / "repository"
    folder.mkdir()
    fit, swc = cells.allen(folder), cells.shape(folder)
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}" for p in (fit, swc)]
    cell = public.PublicCell(
        title="A tiny cell", source="the tests", repository="nobody/nothing", commit="a" * 40,
        licence="none", importer="allen", files="\n".join(lines),
        arguments={"fit": fit.name, "swc": swc.name, "mod": "."},
    )  # fmt: skip
    monkeypatch.setattr(public, "public_cells", lambda: {"tiny": cell})
    return folder


def test_every_entry_is_whole():
    for name, cell in public.public_cells().items():
        assert re.fullmatch(r"[0-9a-f]{40}", cell.commit), name
        assert cell.hashes
        assert all(re.fullmatch(r"[0-9a-f]{64}", h) for h in cell.hashes.values())
        for key, value in cell.arguments.items():
            if key in ("fit", "swc", "values", "morphology") and not value.startswith("ours/"):
                assert value in cell.hashes, f"{name}: {key}"
        folder = cell.arguments.get("mod", "")
        if not folder.startswith("ours/"):
            there = [p for p in cell.hashes if p.endswith(".mod")]
            assert there, name
            assert all(str(Path(p).parent) == folder for p in there), name


def test_licence_and_source_are_said_before_anything_is_fetched(copy, tmp_path):
    (copy / "fit.json").unlink()
    told = CliRunner().invoke(
        app, ["cell", "get", "tiny", "--from", str(copy), "--out", str(tmp_path / "out")]
    )
    assert told.exit_code != 0
    assert "licence  none" in told.output
    assert "github.com/nobody/nothing, commit aaaaaaaaaaaa" in told.output
    assert not (tmp_path / "out").exists()


def test_a_cell_of_a_copy_is_kept_checked_and_imported(copy, tmp_path):
    held, _ = public.import_public("tiny", tmp_path / "out", copy)
    assert held.largest_dv == 0
    assert (tmp_path / "out" / "cell.toml").is_file()
    kept = tmp_path / "cache" / "cells" / "tiny-aaaaaaaaaaaa"
    assert {p.name for p in kept.iterdir()} == {"fit.json", "tiny.swc"}
    (copy / "fit.json").unlink()
    assert public.fetch("tiny") == kept  # without the copy, and without a network


def test_another_file_under_the_name_is_refused(copy):
    (copy / "fit.json").write_text("{}")
    with pytest.raises(DownloadError, match=r"is not fit.json of nobody/nothing"):
        public.fetch("tiny", copy)
    with pytest.raises(DownloadError, match=r"--from .*there is no such folder"):
        public.fetch("tiny", copy / "nowhere")


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(SpecError, match=r"no published cell 'l4ups'. Did you mean 'l4upc'"):
        public.public_cell("l4ups")


@pytest.mark.slow
@pytest.mark.skipif(COPIES is None, reason="DENDMOD_PUBLIC names no folder of repositories")
@pytest.mark.parametrize("name", list(public.public_cells()))
def test_the_published_cell_is_imported(name, tmp_path):
    copy = Path(str(COPIES)) / public.public_cell(name).repository.partition("/")[2]
    if not copy.is_dir():
        pytest.skip(f"{copy} is not here")
    held, _ = public.import_public(name, tmp_path / "out", copy)
    assert held.largest_dv < 1e-4
    assert all(s.spikes_original == s.spikes_written for s in held.steps)
