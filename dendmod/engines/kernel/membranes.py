"""Channels of compartments as the kernel takes them: tables made from the .mod files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.engines.kernel.structures import MAX_CHANNELS, MAX_GATES, Membrane
from dendmod.errors import UnsupportedByEngine
from dendmod.mechanisms import Mechanism, catalogue, get, mechanism_set
from dendmod.mechanisms.rates import Channel, channel
from dendmod.params.hay2011 import POOL
from dendmod.spec.reduced import Compartment, ReducedCell
from dendmod.units import MA_PER_CM2_IN_NA_PER_UM2, S_PER_CM2_IN_US_PER_UM2

Floats = npt.NDArray[np.float64]

# Potentials of the table (mV); the kernel refuses a run that leaves them.
TABLE_START, TABLE_STEP, TABLE_ROWS = -300.0, 0.025, 16001
CA_OUT = 2.0  # mM, NEURON's default
FARADAY, GAS = 96485.33212331001, 8.31446261815324  # C/mol, J/(mol K); as NEURON has them


def grid() -> Floats:
    """Return the potentials of the table's rows (mV)."""
    return np.asarray(TABLE_START + TABLE_STEP * np.arange(TABLE_ROWS), np.float64)


def check_mechanisms_are_read(cell: ReducedCell) -> None:
    """Check that a cell has none but mechanisms whose equations the kernel reads as they are.

    Raises
    ------
    UnsupportedByEngine
        If one is from a folder of the user's, or a GLOBAL parameter of it is set.
    """
    if not (cell.mechanisms or cell.globals):
        return
    known = mechanism_set(cell.mechanisms)
    used = {suffix for c in cell.compartments for suffix in (*c.channels, *c.pools)}
    for suffix in sorted(used):
        mechanism = known.get(suffix)
        own = catalogue().get(suffix)
        if own is None or _text(own) != _text(mechanism):
            raise UnsupportedByEngine(
                f"the kernel reads dendmod's own mechanisms; {suffix} is that of {mechanism.file}. "
                "Use engine='neuron'"
            )
        changed = [
            n for n in cell.globals if n in {f"{p.name}_{suffix}" for p in mechanism.globals}
        ]
        if changed:
            raise UnsupportedByEngine(
                f"the kernel takes no GLOBAL parameters; {', '.join(changed)} is set. Use "
                "engine='neuron'"
            )


def _text(mechanism: Mechanism) -> bytes:
    return b"" if mechanism.file is None else mechanism.file.read_bytes()


@lru_cache(maxsize=32)
def _rates(suffix: str) -> tuple[Floats, Floats]:
    return channel(suffix).rates(grid())


def between(rows: Floats) -> Floats:
    """Return rows so moved that lines between them miss a curve by zero on average.

    A line between two points of a curve lies on one side of it, by a twelfth of the second
    difference on average; taking that off turns an error that adds up into one that cancels.
    """
    moved = rows.copy()
    moved[1:-1] -= np.diff(rows, 2) / 12
    return moved


@dataclass(frozen=True)
class MembraneTable:
    """Channels of a kind of compartment, with the table of their voltage gates.

    Parameters
    ----------
    suffixes
        Channels, in the order of the kernel.
    table
        Steady states and ``1 - exp(-dt/tau)``, by groups of `width` gates, shape
        (rows, 2 * padded gates).
    """

    suffixes: tuple[str, ...]
    table: npt.NDArray[Any]
    width: int
    has_pool: bool

    def structure(self) -> Membrane:
        """Return it for the kernel; the table must outlive it."""
        out = Membrane()
        out.n_channels, out.row = len(self.suffixes), self.table.shape[1] // 2
        out.has_pool = int(self.has_pool)
        gate = 0
        for entry, suffix in zip(out.channels, self.suffixes, strict=False):
            own = channel(suffix)
            entry.calcium_gate = int(own.depends_on == "cai")
            entry.calcium_reversal = int(own.ion == "ca")
            entry.gate[1] = -1
            for i, g in enumerate(() if entry.calcium_gate else own.gates):
                entry.gate[i], entry.power[i] = gate, g.power
                gate += 1
        out.n_gates = gate
        out.table = self.table.ctypes.data
        return out


@lru_cache(maxsize=16)
def membrane(
    suffixes: tuple[str, ...], has_pool: bool, dt: float, width: int, kind: str
) -> MembraneTable:
    """Return the channels `suffixes` (sorted) with their table for a step of `dt` ms.

    Raises
    ------
    UnsupportedByEngine
        If they are too many, or not of the form that the kernel computes.
    """
    gates: list[Floats] = []
    for suffix in suffixes:
        own = channel(suffix)
        if own.depends_on == "cai":
            calcium_gate(suffix)
            continue
        if len(own.gates) > 2 or max(g.power for g in own.gates) > 4:
            raise UnsupportedByEngine(f"{suffix}: the kernel takes two gates with powers up to 4")
        inf, tau = _rates(suffix)
        gates += [
            np.array([between(inf[:, g]), between(-np.expm1(-dt / tau[:, g]))])
            for g in range(inf.shape[1])
        ]
    if len(suffixes) > MAX_CHANNELS or len(gates) > MAX_GATES:
        raise UnsupportedByEngine(
            f"{len(suffixes)} channels with {len(gates)} gates in one compartment; the kernel "
            f"takes {MAX_CHANNELS} and {MAX_GATES}"
        )
    groups = -(-len(gates) // width)
    table = np.zeros((TABLE_ROWS, groups, 2, width), kind)
    for g, columns in enumerate(gates):
        table[:, g // width, :, g % width] = columns.T
    table = aligned(table.reshape(TABLE_ROWS, -1))
    return MembraneTable(suffixes, table, width, has_pool)


def aligned(array: npt.NDArray[Any], to: int = 64) -> npt.NDArray[Any]:
    """Return a copy whose memory starts at a multiple of `to` bytes."""
    raw = np.empty(array.nbytes + to, np.uint8)
    start = -raw.ctypes.data % to
    out = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    out[...] = array
    return out


@lru_cache(maxsize=4)
def calcium_gate(suffix: str) -> tuple[float, float, float]:
    """Return half activation (mM), Hill exponent and time constant (ms) of a calcium gate.

    They are read off the .mod file's own rates.

    Raises
    ------
    UnsupportedByEngine
        If the gate is not one Hill function with a constant time constant.
    """
    own = channel(suffix)
    at = np.geomspace(1e-5, 1e-1, 41)
    inf, tau = own.rates(at)
    odds = np.log(inf[:, 0]) - np.log1p(-np.minimum(inf[:, 0], 1 - 1e-16))
    near = np.abs(odds) < 20
    hill, shift = np.polyfit(np.log(at[near]), odds[near], 1)
    half = math.exp(-shift / hill)
    fitted = 1 / (1 + (half / at) ** hill)
    if len(own.gates) != 1 or np.ptp(tau) > 0 or np.abs(fitted - inf[:, 0]).max() > 1e-9:
        raise UnsupportedByEngine(
            f"{suffix}: the kernel takes calcium gates that are Hill functions"
        )
    return half, float(hill), float(tau[0, 0])


def channel_values(compartment: Compartment, cell: ReducedCell) -> list[tuple[float, float]]:
    """Return maximal conductance (uS) and reversal (mV) of each channel, by sorted suffix.

    Raises
    ------
    UnsupportedByEngine
        If another parameter of a channel is set.
    """
    return [
        _conductance(channel(suffix), params, compartment.area, cell)
        for suffix, params in sorted(compartment.channels.items())
    ]


def _conductance(
    own: Channel, params: dict[str, float], area: float, cell: ReducedCell
) -> tuple[float, float]:
    other = sorted(set(params) - {own.gbar, own.reversal})
    if other:
        raise UnsupportedByEngine(
            f"{own.suffix}: the kernel takes {own.gbar} and a reversal potential, not {other}"
        )
    defaults = {p.name: p.default for p in get(own.suffix).parameters}
    gbar = params.get(own.gbar, defaults.get(own.gbar, 0.0))
    ions = {"na": cell.ena, "k": cell.ek, "ca": 0.0}
    e = ions[own.ion] if own.ion else params.get(own.reversal, defaults.get(own.reversal, 0.0))
    return gbar * area * S_PER_CM2_IN_US_PER_UM2, e


def pool_values(compartment: Compartment, dt: float) -> tuple[float, ...]:
    """Return decay a step, inflow (mM/nA), rest (mM), calcium and its gate at the start."""
    if not compartment.pools:
        return 0.0, 0.0, 1.0, 1.0, 0.0
    defaults = {p.name: p.default for p in get(POOL).parameters}
    p = {**defaults, **compartment.pools[POOL]}
    per_density = -1e4 * p["gamma"] / (2 * FARADAY * p["depth"])  # mM/ms a mA/cm2
    inflow = per_density * p["decay"] / (compartment.area * MA_PER_CM2_IN_NA_PER_UM2)
    start = p["start"] if p["start"] >= 0 else p["minCai"]
    z = 0.0
    for suffix in compartment.channels:
        if channel(suffix).depends_on == "cai":
            z = float(channel(suffix).rates([start])[0][0, 0])
    return -math.expm1(-dt / p["decay"]), inflow, p["minCai"], start, z


def gate_values(compartment: Compartment, v_init: float) -> list[float]:
    """Return the steady states of all voltage gates at the start."""
    out: list[float] = []
    for suffix in sorted(compartment.channels):
        own = channel(suffix)
        if own.depends_on != "cai":
            out += own.rates([v_init])[0][0].tolist()
    return out
