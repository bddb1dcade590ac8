"""Where states and numbers lie in memory, and the structures that C and Python share."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from dendmod.engines.kernel.batch.tables import Floats
from dendmod.engines.kernel.batch.writing import Code

LayoutName = Literal["trials", "variants", "lone"]
_NUMBER = {"trials": 0, "variants": 1, "lone": 2}  # as in vectors.h
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Layout:
    """How lanes are used.

    Parameters
    ----------
    name
        "trials": lanes are trials of one cell; "variants": each has numbers of its own; "lone":
        one trial, whose members fill the lanes.
    width
        Reals of a vector.
    real
        numpy's type of a real.
    """

    name: LayoutName
    width: int
    real: type[np.floating[Any]]

    @property
    def is_double(self) -> bool:
        """Whether a real is a float64."""
        return bool(np.dtype(self.real).itemsize == 8)

    @property
    def number(self) -> int:
        """Its number in C."""
        return _NUMBER[self.name]

    @property
    def lanes(self) -> int:
        """Lanes of a node."""
        return 1 if self.name == "lone" else self.width

    @property
    def chunk(self) -> int:
        """Members that are swept together."""
        return 128 if self.name == "lone" else 16

    def padded(self, members: int) -> int:
        """Return a number of members rounded up to whole chunks."""
        return -(-members // self.chunk) * self.chunk

    def states(self, code: Code, lanes: npt.NDArray[np.int64]) -> Array:
        """Return the states of a population where they start: [chunk][state][member][lane]."""
        n, slots = code.numbers.members, max(1, len(code.slots))
        out = np.zeros((self.padded(n), slots, self.lanes))
        for k, start in enumerate(code.slots.values()):
            out[:n, k] = start[:, lanes % start.shape[1]]
            out[n:, k] = out[n - 1, k]
        chunks = out.reshape(-1, self.chunk, slots, self.lanes).transpose(0, 2, 1, 3)
        return self.array(chunks)

    def state(self, slots: int, member: int, slot: int) -> int:
        """Return the place of a state's lane 0 within those of its population."""
        chunk, k = divmod(member, self.chunk)
        return ((chunk * max(1, slots) + slot) * self.chunk + k) * self.lanes

    def numbers(self, code: Code, lanes: npt.NDArray[np.int64]) -> Array:
        """Return the numbers of the members of a population, as LAYOUT says in C."""
        n, own = code.numbers.members, list(code.numbers.own.values())
        if not own:
            return self.array(np.zeros(self.width))
        fields = np.stack([x[:, lanes % x.shape[1]] for x in own], axis=1)  # member, field, lane
        if self.name == "trials":
            return self.array(fields[:, :, :1])
        if self.name == "variants":
            return self.array(fields)
        out = np.zeros((self.padded(n), len(own)))
        out[:n], out[n:] = fields[:, :, 0], fields[n - 1, :, 0]
        return self.array(out.reshape(-1, self.chunk, len(own)).transpose(0, 2, 1))

    def array(self, x: Floats) -> Array:
        """Return numbers as reals whose memory starts at a whole vector."""
        return aligned(np.asarray(x).astype(self.real))


def aligned(array: Array, to: int = 64) -> Array:
    """Return a copy whose memory starts at a multiple of `to` bytes."""
    raw = np.empty(array.nbytes + to, np.uint8)
    start = -raw.ctypes.data % to
    out = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    out[...] = array
    return out


def _fields(kinds: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, kind) for names, kind in kinds.items() for name in names.split()]


class Population(ctypes.Structure):
    """As in vectors.h."""

    _fields_ = _fields(
        {"n at": ctypes.c_int32, "node state number shared table": ctypes.c_void_p}
    )  # fmt: skip


class Job(ctypes.Structure):
    """As in vectors.h."""

    _fields_ = _fields({
        "n_nodes n_steps n_fresh n_stale n_clamps clamped n_raised": ctypes.c_int32,
        "order parent children first coupling population": ctypes.c_void_p,
        "event_start event_train raised raised_by": ctypes.c_void_p,
        "clamp_node clamp_amp hold hold_g apart hold_i": ctypes.c_void_p,
        "fresh stale record v d r low high stop": ctypes.c_void_p,
    })  # fmt: skip
