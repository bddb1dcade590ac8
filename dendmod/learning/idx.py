"""Folders of idx files, as MNIST and EMNIST are handed out."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.learning.dataset import Dataset
from dendmod.rng import stream

_UBYTE = 8  # the type code of unsigned bytes
_VAL = 8  # one sample in eight of each class of train; ours


def read_idx(path: Path | str) -> npt.NDArray[np.uint8]:
    """Return the unsigned bytes of an idx file, plain or gzipped.

    Two zero bytes, the type, the number of axes, each axis as a big-endian integer of 4 bytes, then
    the values.

    Raises
    ------
    SpecError
        If the file cannot be read, or holds anything else.
    """
    path = Path(path)
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise SpecError(f"{path} cannot be read: {error}") from None
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] != _UBYTE or len(raw) < 4 + 4 * raw[3]:
        raise SpecError(f"{path} is not an idx file of unsigned bytes")
    shape = struct.unpack(f">{raw[3]}I", raw[4 : 4 + 4 * raw[3]])
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3])
    if values.size != math.prod(shape):
        raise SpecError(f"{path} announces shape {shape} but holds {values.size} values")
    return values.reshape(shape)


def load_idx(folder: Path | str, *, seed: int = 1) -> Dataset:
    """Return the data set of a folder with four idx files, pixels scaled to 0 .. 1.

    One file each ends with ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, and the same
    with ``test`` (or MNIST's ``t10k``), with or without ``.gz``. An eighth of each class of train
    becomes the validation part, by `seed`. EMNIST's images lie on their side: those of files
    whose names begin with ``emnist`` are turned upright. Labels that start at 1 are moved to 0.

    Raises
    ------
    SpecError
        If a file is missing or found twice, or files do not belong together.
    """
    folder = Path(folder)
    found = {
        (part, what): _one(folder, part, what)
        for part in ("train", "test")
        for what in ("images", "labels")
    }
    images, labels = {}, {}
    for part in ("train", "test"):
        pixels, marks = read_idx(found[part, "images"]), read_idx(found[part, "labels"])
        if pixels.ndim != 3 or marks.shape != (len(pixels),) or not len(pixels):
            raise SpecError(f"{folder}: {part} has images {pixels.shape} and labels {marks.shape}")
        if found[part, "images"].name.startswith("emnist"):
            pixels = pixels.transpose(0, 2, 1)
        images[part] = (pixels / np.float32(255)).astype(np.float32, copy=False)
        labels[part] = marks.astype(np.int64)
    first = labels["train"].min()
    labels = {part: y - first for part, y in labels.items()}
    classes = np.unique(labels["train"])
    if not (
        np.array_equal(classes, np.arange(len(classes)))
        and np.array_equal(classes, np.unique(labels["test"]))
    ):
        raise SpecError(f"{folder}: train and test must both have every class from the lowest on")
    held = np.zeros(len(labels["train"]), bool)
    for c in classes:
        members = stream(seed, "idx split", int(c)).permutation(
            np.flatnonzero(labels["train"] == c)
        )
        if len(members) < 2:
            raise SpecError(f"{folder}: class {c} has a single image in train; two are needed")
        held[members[: max(1, len(members) // _VAL)]] = True
    pictures = {
        "train": images["train"][~held],
        "val": images["train"][held],
        "test": images["test"],
    }
    classes_of = {
        "train": labels["train"][~held],
        "val": labels["train"][held],
        "test": labels["test"],
    }
    return Dataset(folder.name, pictures, classes_of)


def _one(folder: Path, part: str, what: str) -> Path:
    names = ("test", "t10k") if part == "test" else (part,)
    axes = 3 if what == "images" else 1
    endings = tuple(f"{n}-{what}-idx{axes}-ubyte{z}" for n in names for z in ("", ".gz"))
    files = [p for p in sorted(folder.iterdir()) if p.is_file() and p.name.endswith(endings)]
    if len(files) != 1:
        raise SpecError(
            f"{folder}: {len(files)} files end with {names[0]}-{what}-idx{axes}-ubyte; "
            "one is needed (with or without .gz)"
        )
    return files[0]
