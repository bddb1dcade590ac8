"""Are idx files read as they were written, and are broken ones named?"""

import gzip
import struct

import numpy as np
import pytest

from dendmod.errors import SpecError
from dendmod.learning.data import load_data
from dendmod.learning.idx import read_idx
from dendmod.switching.images import find_data


def write(path, values):
    values = np.asarray(values, np.uint8)
    raw = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    raw += values.tobytes()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for part, n in (("train", 64), ("test", 16)):
        images = rng.integers(0, 256, (n, 5, 5))
        labels = 1 + np.arange(n) % 4
        images[:, 0, 3] = 10 * labels  # marks where row and column are
        write(tmp_path / f"emnist-letters-{part}-images-idx3-ubyte.gz", images)
        write(tmp_path / f"emnist-letters-{part}-labels-idx1-ubyte", labels)
    return tmp_path


def test_a_folder_becomes_a_data_set_with_upright_images(folder):
    data = load_data(find_data(str(folder)))
    assert {p: len(x) for p, x in data.x.items()} == {"train": 56, "val": 8, "test": 16}
    for part, x in data.x.items():
        np.testing.assert_allclose(x[:, 3, 0] * 255, 10 * (data.y[part] + 1), rtol=1e-5)
        assert set(data.y[part]) == {0, 1, 2, 3}
    assert data.digest() == load_data(str(folder)).digest()


def test_what_is_missing_or_cut_short_is_named(folder):
    labels = folder / "emnist-letters-test-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1])
    with pytest.raises(SpecError, match="announces shape"):
        read_idx(labels)
    labels.unlink()
    with pytest.raises(SpecError, match="test-labels"):
        load_data(str(folder))
    (folder / "text").write_text("hello")
    with pytest.raises(SpecError, match="idx file"):
        read_idx(folder / "text")


def test_a_damaged_gzip_file_is_named(folder):
    file = folder / "emnist-letters-test-images-idx3-ubyte.gz"
    raw = bytearray(file.read_bytes())
    raw[12:40] = b"\xff" * 28
    for damaged in (bytes(raw), file.read_bytes()[:30], b"no gzip"):
        file.write_bytes(damaged)
        with pytest.raises(SpecError, match="cannot be read"):
            read_idx(file)
