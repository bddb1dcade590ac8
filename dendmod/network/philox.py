"""Counter-based random words, the same from numpy and from the kernel.

Philox 4x32 with ten rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
Word k of a stream is word k % 4 of the block whose counter is (k // 4, stream, neuron, sample);
the key is the seed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)

Words = npt.NDArray[np.uint64]


def blocks(counters: npt.ArrayLike, key: tuple[int, int]) -> Words:
    """Return four 32-bit words a counter.

    Parameters
    ----------
    counters
        Shape (..., 4), 32-bit numbers.
    key
        Two 32-bit numbers.
    """
    c0, c1, c2, c3 = np.moveaxis(np.asarray(counters, dtype=np.uint64), -1, 0)
    m0, m1 = (np.uint64(m) for m in MULTIPLIERS)
    for r in range(ROUNDS):
        k0, k1 = (np.uint64((k + r * w) & 0xFFFFFFFF) for k, w in zip(key, WEYL, strict=True))
        p0, p1 = c0 * m0, c2 * m1
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
    return np.stack((c0, c1, c2, c3), axis=-1)


def words(seed: int, sample: int, neurons: npt.ArrayLike, stream: int, n: int) -> Words:
    """Return the first `n` words of one stream of many neurons, shape (neurons, n)."""
    neurons = np.asarray(neurons, dtype=np.uint64)
    n_blocks = -(-n // 4)
    counters = np.empty((neurons.size, n_blocks, 4), dtype=np.uint64)
    counters[..., 0] = np.arange(n_blocks, dtype=np.uint64)
    counters[..., 1] = stream
    counters[..., 2] = neurons[:, None]
    counters[..., 3] = sample
    out = blocks(counters, (seed & 0xFFFFFFFF, seed >> 32))
    return out.reshape(neurons.size, 4 * n_blocks)[:, :n]
