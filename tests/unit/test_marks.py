"""Stored results of networks are made anew when the data or cells that they came from change."""

from __future__ import annotations

import json

import pytest

from dendmod.learning.provenance import file_hash
from dendmod.learning.provenance import fingerprint as of_networks
from dendmod.switching.runs import fingerprint as of_switching


@pytest.mark.parametrize("mark", [of_networks, of_switching])
def test_another_file_of_the_same_name_is_another_mark(mark, tmp_path):
    file = tmp_path / "images.npz"
    file.write_bytes(b"one")
    before = mark(str(file))
    assert mark(str(file)) == before
    file.write_bytes(b"two")
    assert mark(str(file)) != before
    assert {"code", "dendmod", "data"} <= set(json.loads(before))


def test_a_folder_of_idx_files_is_known_by_its_files(tmp_path):
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "b").write_bytes(b"3")
    before = file_hash(tmp_path)
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"23")
    assert file_hash(tmp_path) != before
    assert file_hash("digits") == {}
