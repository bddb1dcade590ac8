"""Random numbers that depend on what they are for, never on when they are drawn."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *key: int | str) -> np.random.Generator:
    """Return the generator of one stream, from a counter-based Philox keyed by its name.

    Parameters
    ----------
    seed
        The seed of the whole run, >= 0.
    key
        What the numbers are for, such as ``trial, site, "background_gaba"``.
    """
    text = repr((int(seed), *key)).encode()
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
