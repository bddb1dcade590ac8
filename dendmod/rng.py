"""Random numbers that depend on what they are for, never on when they are drawn.

Also the spike times of inputs that are drawn from them: Gaussian bursts and Poisson backgrounds.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from dendmod.arrays import whole
from dendmod.errors import SpecError

Times = npt.NDArray[np.float64]


def stream(seed: int, *key: int | str) -> np.random.Generator:
    """Return the generator of one stream, from a counter-based Philox keyed by its name.

    Equal keys give equal numbers: 3, ``np.int64(3)`` and 3.0 are the same key.

    Parameters
    ----------
    seed
        The seed of the whole run, >= 0.
    key
        What the numbers are for, such as ``trial, site, "background_gaba"``.

    Raises
    ------
    SpecError
        If the seed is negative, or it or a part of the key is neither text nor a whole number.
    """
    return np.random.Generator(np.random.Philox(key=int.from_bytes(_key(seed, key), "little")))


def _key(seed: int, key: tuple[int | str, ...]) -> bytes:
    parts = [str(k) if isinstance(k, str) else whole(k, "a part of a stream's key") for k in key]
    text = repr((whole(seed, "seed", least=0), *parts)).encode()
    return hashlib.blake2b(text, digest_size=16).digest()


class Streams:
    """The streams of one seed, one after the other, by one generator that is set to each.

    To make a new generator takes longer than to draw a spike train from it.

    Parameters
    ----------
    seed
        The seed of the whole run, >= 0.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._philox = np.random.Philox(key=0)
        self._generator, self._fresh = np.random.Generator(self._philox), self._philox.state

    def at(self, *key: int | str) -> np.random.Generator:
        """Return the generator at the start of a stream, as `stream` does, until the next call."""
        numbers = np.frombuffer(_key(self.seed, key), "<u8").astype(np.uint64)
        counter = np.zeros(4, np.uint64)
        self._philox.state = {**self._fresh, "state": {"counter": counter, "key": numbers}}
        return self._generator


def gaussian_burst(rng: np.random.Generator, n: int, center: float, sd: float) -> Times:
    """Return `n` spike times (ms), normal around `center`, in the order in which they were drawn.

    The first spikes of a larger burst from the same stream are those of a smaller one, so that
    conditions which differ in the number of inputs alone share as much as they can.

    Raises
    ------
    SpecError
        If `n` is negative or `sd` is not positive and finite.
    """
    if n < 0 or not np.isfinite(center) or not (np.isfinite(sd) and sd > 0):
        raise SpecError(
            f"a burst needs n >= 0, a finite center and sd > 0 ms; given n={n}, "
            f"center={center}, sd={sd}"
        )
    times = rng.normal(center, sd, size=n)
    return np.maximum(times, 0.0)


def poisson(rng: np.random.Generator, rate: float, tstop: float) -> Times:
    """Return sorted spike times (ms) of a Poisson process of `rate` Hz over 0..tstop.

    Raises
    ------
    SpecError
        If the rate or the duration is negative or not finite.
    """
    if not (np.isfinite(rate) and rate >= 0 and np.isfinite(tstop) and tstop >= 0):
        raise SpecError(
            f"a Poisson process needs rate >= 0 Hz and tstop >= 0 ms; given {rate}, {tstop}"
        )
    n = rng.poisson(rate * tstop / 1000.0)
    return np.sort(rng.uniform(0.0, tstop, size=n))
