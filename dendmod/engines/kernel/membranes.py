"""Channels of compartments as the kernel takes them: tables made from the .mod files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.engines.kernel.structures import MAX_CHANNELS, MAX_GATES, Membrane
from dendmod.errors import MechanismError, UnsupportedByEngine
from dendmod.mechanisms import mechanism_set
from dendmod.mechanisms.evaluate import check, initial, relaxations
from dendmod.mechanisms.nmodl import equations_of
from dendmod.mechanisms.rates import Channel, channel
from dendmod.spec.reduced import Compartment, ReducedCell
from dendmod.units import MA_PER_CM2_IN_NA_PER_UM2, S_PER_CM2_IN_US_PER_UM2

Floats = npt.NDArray[np.float64]

# Potentials of the table (mV); the kernel refuses a run that leaves them.
TABLE_START, TABLE_STEP, TABLE_ROWS = -300.0, 0.025, 16001
CA_OUT, CA_START = 2.0, 5e-5  # mM, NEURON's defaults
_OTHER = "engine='neuron' (--engine neuron)"


def grid() -> Floats:
    """Return the potentials of the table's rows (mV)."""
    return np.asarray(TABLE_START + TABLE_STEP * np.arange(TABLE_ROWS), np.float64)


@dataclass(frozen=True)
class Around:
    """What the rates of a compartment's mechanisms depend on besides potential and calcium.

    Parameters
    ----------
    folders
        Of the cell's own .mod files.
    celsius
        Temperature (degC).
    given
        (mechanism, name, value) of parameters that are set, GLOBAL ones among them, other than
        maximal conductances and reversal potentials.
    """

    folders: tuple[str, ...]
    celsius: float
    given: tuple[tuple[str, str, float], ...]

    def values(self, suffix: str) -> dict[str, float]:
        """Return what the equations of a mechanism take."""
        own = {name: value for of, name, value in self.given if of == suffix}
        return {"celsius": self.celsius, **own}


def around(cell: ReducedCell, compartment: Compartment) -> Around:
    """Return what the rates in a compartment depend on.

    Raises
    ------
    UnsupportedByEngine
        If the equations of a channel are not of the form that the kernel computes.
    """
    known, given = mechanism_set(cell.mechanisms), []
    for suffix, params in sorted({**compartment.channels, **compartment.pools}.items()):
        skipped: set[str] = set()
        if suffix in compartment.channels:
            own = read(suffix, cell.mechanisms)
            skipped = {own.gbar, own.reversal}
        given += [(suffix, n, v) for n, v in sorted(params.items()) if n not in skipped]
        for parameter in known.get(suffix).globals:
            name = f"{parameter.name}_{suffix}"
            if name in cell.globals:
                given.append((suffix, parameter.name, cell.globals[name]))
    return Around(cell.mechanisms, cell.celsius, tuple(given))


@lru_cache(maxsize=64)
def read(suffix: str, folders: tuple[str, ...]) -> Channel:
    """Return the equations of a channel.

    Raises
    ------
    UnsupportedByEngine
        If they are not of the form that the kernel computes; the file is named.
    """
    try:
        own = channel(suffix, folders)
    except MechanismError as error:
        raise UnsupportedByEngine(f"the kernel of networks: {error}. Use {_OTHER}") from None
    mechanism = mechanism_set(folders).get(suffix)
    methods = {step.method for step in own.equations.steps}
    if methods - {"cnexp"}:
        raise UnsupportedByEngine(
            f"{mechanism.file}: the kernel of networks steps gates as METHOD cnexp does, not "
            f"{', '.join(sorted(methods))}. Use {_OTHER}"
        )
    of_its_own = (*mechanism.parameter_names, *(p.name for p in mechanism.globals))
    if not own.ion and own.reversal not in of_its_own:
        raise UnsupportedByEngine(
            f"{mechanism.file}: the kernel of networks knows the reversal potentials of na, k and "
            f"ca, not {own.reversal}. Use {_OTHER}"
        )
    return own


@lru_cache(maxsize=32)
def _rates(suffix: str, where: Around) -> tuple[Floats, Floats]:
    return read(suffix, where.folders).rates(grid(), **where.values(suffix))


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
    around
        What their rates depend on.
    table
        Steady states and ``1 - exp(-dt/tau)``, by groups of `width` gates, shape
        (rows, 2 * padded gates).
    """

    suffixes: tuple[str, ...]
    around: Around
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
            own = read(suffix, self.around.folders)
            entry.calcium_gate = int(own.depends_on == "cai")
            entry.calcium_reversal = int(own.ion == "ca" and self.has_pool)
            entry.gate[1] = -1
            for i, g in enumerate(() if entry.calcium_gate else own.gates):
                entry.gate[i], entry.power[i] = gate, g.power
                gate += 1
        out.n_gates = gate
        out.table = self.table.ctypes.data
        return out


@lru_cache(maxsize=16)
def membrane(
    suffixes: tuple[str, ...], where: Around, has_pool: bool, dt: float, width: int, kind: str
) -> MembraneTable:
    """Return the channels `suffixes` (sorted) with their table for a step of `dt` ms.

    Raises
    ------
    UnsupportedByEngine
        If they are too many, or not of the form that the kernel computes.
    """
    gates: list[Floats] = []
    for suffix in suffixes:
        own = read(suffix, where.folders)
        if own.depends_on == "cai":
            calcium_gate(suffix, where)
            continue
        if len(own.gates) > 2 or max(g.power for g in own.gates) > 4:
            raise UnsupportedByEngine(f"{suffix}: the kernel takes two gates with powers up to 4")
        inf, tau = _rates(suffix, where)
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
    return MembraneTable(suffixes, where, table, width, has_pool)


def aligned(array: npt.NDArray[Any], to: int = 64) -> npt.NDArray[Any]:
    """Return a copy whose memory starts at a multiple of `to` bytes."""
    raw = np.empty(array.nbytes + to, np.uint8)
    start = -raw.ctypes.data % to
    out = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    out[...] = array
    return out


@lru_cache(maxsize=4)
def calcium_gate(suffix: str, where: Around) -> tuple[float, float, float]:
    """Return half activation (mM), Hill exponent and time constant (ms) of a calcium gate.

    They are read off the .mod file's own rates.

    Raises
    ------
    UnsupportedByEngine
        If the gate is not one Hill function with a constant time constant.
    """
    own = read(suffix, where.folders)
    at = np.geomspace(1e-5, 1e-1, 41)
    inf, tau = own.rates(at, **where.values(suffix))
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
        If another reversal potential than ena, ek and, without a pool, eca is set, or calcium has
        neither.
    """
    reversals = cell.reversals(compartment)
    of_pool = bool(compartment.pools)
    other = sorted(set(reversals) - {"ena", "ek"} - (set() if of_pool else {"eca"}))
    if other:
        raise UnsupportedByEngine(
            f"compartment {compartment.name} sets {', '.join(other)}; the kernel takes ena and ek, "
            "and eca from a pool or, without one, as it is set. Use engine='neuron'"
        )
    carried = {read(suffix, cell.mechanisms).ion for suffix in compartment.channels}
    if "ca" in carried and not of_pool and "eca" not in reversals:
        raise UnsupportedByEngine(
            f"compartment {compartment.name} has channels of calcium and neither a pool nor an "
            "eca; give it one in reversals. Use engine='neuron' for NEURON's own eca"
        )
    return [
        _conductance(read(suffix, cell.mechanisms), params, compartment.area, reversals, cell)
        for suffix, params in sorted(compartment.channels.items())
    ]


def _conductance(
    own: Channel,
    params: dict[str, float],
    area: float,
    reversals: dict[str, float],
    cell: ReducedCell,
) -> tuple[float, float]:
    mechanism = mechanism_set(cell.mechanisms).get(own.suffix)
    defaults = {p.name: p.default for p in mechanism.parameters}
    defaults |= {
        p.name: cell.globals.get(f"{p.name}_{own.suffix}", p.default) for p in mechanism.globals
    }
    gbar = params.get(own.gbar, defaults.get(own.gbar, 0.0))
    ions = {"na": reversals["ena"], "k": reversals["ek"], "ca": reversals.get("eca", 0.0)}
    e = ions[own.ion] if own.ion else params.get(own.reversal, defaults.get(own.reversal, 0.0))
    return gbar * area * S_PER_CM2_IN_US_PER_UM2, e


def pool_values(
    compartment: Compartment, cell: ReducedCell, dt: float
) -> tuple[float, float, float, float, float]:
    """Return decay a step, inflow (mM/nA), rest (mM), calcium and its gate at the start.

    Raises
    ------
    UnsupportedByEngine
        If there is more than one pool, or one that does not relax to a rest in proportion to the
        calcium current.
    """
    if not compartment.pools:
        return 0.0, 0.0, 1.0, 1.0, 0.0
    if len(compartment.pools) > 1:
        raise UnsupportedByEngine(
            f"the kernel of networks takes one pool in a compartment, not "
            f"{', '.join(sorted(compartment.pools))}. Use {_OTHER}"
        )
    (suffix,) = compartment.pools
    where = around(cell, compartment)
    rest, slope, tau, start = _pool(suffix, where, compartment.diam or 0.0)
    inflow = slope / (compartment.area * MA_PER_CM2_IN_NA_PER_UM2)
    z = 0.0
    for gated in compartment.channels:
        own = read(gated, cell.mechanisms)
        if own.depends_on == "cai":
            z = _steady(gated, where, start)[0]
    return -math.expm1(-dt / tau), inflow, rest, start, z


@lru_cache(maxsize=256)
def _pool(suffix: str, where: Around, diam: float) -> tuple[float, float, float, float]:
    """Return rest (mM), its change with the current (mM/(mA/cm2)), tau (ms), start (mM)."""
    mechanism = mechanism_set(where.folders).get(suffix)
    if mechanism.file is None or mechanism.pool_of != ("ca",):
        raise UnsupportedByEngine(
            f"{suffix}: the kernel of networks takes pools of ca alone. Use {_OTHER}"
        )
    equations = equations_of(mechanism.file)
    check(equations, "the kernel of networks")
    own = {"diam": diam, "area": 0.0, **where.values(suffix)}
    ica = np.array([0.0, -1e-3, 1e-3, -1.0])  # mA/cm2
    found = relaxations(equations, ica=ica, cai=1e-4, **own)
    inf, tau = (np.broadcast_to(x, ica.shape) for x in found.get("cai", (np.nan, np.nan)))
    slope = float(inf[3] - inf[0]) / ica[3]
    straight = np.allclose(inf, inf[0] + slope * ica, rtol=1e-9, atol=1e-15)
    methods = {step.method for step in equations.steps}
    if len(equations.states) != 1 or methods != {"cnexp"} or not straight or np.ptp(tau) > 0:
        raise UnsupportedByEngine(
            f"{mechanism.file}: the kernel of networks takes pools of one state, cai, that relax "
            f"(METHOD cnexp) to a rest in proportion to ica. Use {_OTHER}"
        )
    start = float(initial(equations, ica=0.0, cai0=CA_START, **own)["cai"])
    return float(inf[0]), slope, float(tau[0]), start


def gate_values(compartment: Compartment, cell: ReducedCell) -> list[float]:
    """Return the steady states of all voltage gates at the start."""
    out: list[float] = []
    where = around(cell, compartment)
    for suffix in sorted(compartment.channels):
        own = read(suffix, cell.mechanisms)
        if own.depends_on != "cai":
            out += _steady(suffix, where, cell.v_init)
    return out


@lru_cache(maxsize=256)
def _steady(suffix: str, where: Around, at: float) -> tuple[float, ...]:
    """Return the steady states of a channel's gates at a potential, or at a concentration."""
    own = read(suffix, where.folders)
    return tuple(own.rates([at], **where.values(suffix))[0][0].tolist())
