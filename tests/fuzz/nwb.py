"""NWB files, changed as tables by h5py; they are skipped where pynwb is not installed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tests.fuzz.mutate import changed_array


def make(folder: Path) -> list[Path]:
    """Write a small session."""
    from dendmod.clustered.nwb import write_nwb
    from dendmod.clustered.recording import Recording

    t = np.arange(0.0, 20.0, 0.1)
    one = Recording(
        [[0.1, 0.2, 15.0], [4.05, 19.0]], ["V1", "LM"], t, np.where(t > 10, 8.0, 0.0),
        [5.5, 15.0], [6.0, 15.5], [0, 1], 20.0,
    )  # fmt: skip
    return [write_nwb(one, folder / "session.nwb")]


def read(path: Path) -> Any:
    """Read it as a recording."""
    from dendmod.clustered.recording import Recording

    return Recording.read_nwb(path)


def change(raw: bytes, rng: Random) -> bytes:
    """Return the file with a data set changed, left out or moved, or an attribute changed."""
    import h5py

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.nwb"
        path.write_bytes(raw)
        with h5py.File(path, "r+") as file:
            names: list[str] = []
            file.visit(names.append)
            for _ in range(rng.randint(1, 2)):
                _change(file, rng.choice(names), rng)
        return path.read_bytes()


def _change(file: Any, name: str, rng: Random) -> None:
    node = file.get(name)
    if node is None:  # gone with another
        return
    attributes = sorted(node.attrs)
    if attributes and rng.random() < 0.3:
        key = rng.choice(attributes)
        if rng.random() < 0.5:
            del node.attrs[key]
        else:
            node.attrs[key] = rng.choice((np.nan, "", "cm/s", "x", -1, 0.0, 1e308))
        return
    if not hasattr(node, "dtype") or node.dtype.kind == "O" or rng.random() < 0.2:
        if rng.random() < 0.5:
            del file[name]
        else:
            file.move(name, f"{name}x")
        return
    kept, values = dict(node.attrs), changed_array(node[()], rng)
    if values.dtype.kind == "U":
        values = values.astype("S")
    del file[name]
    file[name] = values
    for key, value in kept.items():
        file[name].attrs[key] = value
