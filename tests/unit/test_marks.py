"""Stored results of networks are made anew when the data or cells that they came from change."""

from __future__ import annotations

import pytest

from dendmod.paths import file_hash
from dendmod.sweep import Task

IMAGES = "dendmod.learning.data:image_hashes"


@pytest.mark.parametrize(
    ("function", "depends", "payload"),
    [
        ("dendmod.switching.tasks:learn_class", "dendmod.switching.tasks:hashes", "spec"),
        ("dendmod.switching.tasks:make_cells", "dendmod.switching.tasks:hashes", "cell"),
        ("dendmod.papers.wybo2022.fig3.tasks:supervised_several", IMAGES, "trainings"),
        ("dendmod.papers.wybo2022.fig4.tasks:searched", IMAGES, "data"),
    ],
)
def test_another_file_of_the_same_name_is_another_run(function, depends, payload, tmp_path):
    file = tmp_path / ("cells.json" if payload == "cell" else "images.npz")
    inner = {"spec": {"data": str(file)}, "trainings": {"a": {"data": str(file)}}}
    task = Task("t", function, {payload: inner.get(payload, str(file))}, depends=depends)
    file.write_bytes(b"1")
    before = task.digest()
    assert task.digest() == before
    file.write_bytes(b"2")
    assert task.digest() != before


def test_a_folder_of_idx_files_is_known_by_its_files(tmp_path):
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "b").write_bytes(b"3")
    before = file_hash(tmp_path)
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"23")
    assert file_hash(tmp_path) != before
    assert file_hash("digits") == ""
