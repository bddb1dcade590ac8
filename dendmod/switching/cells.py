"""The cells of the learning networks: any cell reduced, a star, or two from a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dendmod.cells.choice import spike_threshold_of
from dendmod.cells.file import load_cell, shipped_cells
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.cells.provenance import hashes
from dendmod.errors import MechanismError, SpecError, did_you_mean, of_file
from dendmod.mechanisms import MechanismSet, mechanism_set
from dendmod.mechanisms.compartments import check_mechanisms
from dendmod.mechanisms.conducting import conducting
from dendmod.network.drawn import hay_soma
from dendmod.params import hay2011
from dendmod.paths import file_hash
from dendmod.rng import stream
from dendmod.spec.cell import Cell
from dendmod.spec.reduced import Compartment, ReducedCell
from dendmod.texts import read_json
from dendmod.units import S_PER_CM2_IN_NS_PER_UM2

if TYPE_CHECKING:
    from dendmod.engines.neuron.membrane import Environment

STAR, REDUCED, PASSIVE = "star", "reduced", ", passive dendrites"
N_DENDRITES = 20
_SEED = 0
_SETTLES = 3000.0  # ms
_SHUT = 0.01  # of the leak; ours
# ours: the star that speeds are measured on (pF, nS, mV, um2)
_SOMA = {"ca": 300.0, "g_leak": 10.0, "e_leak": -75.0, "area": 1000.0}
_DENDRITE = {"ca": (20.0, 50.0), "g_couple": (2.0, 10.0), "g_leak": (1.0, 3.0)}

Pair = tuple[ReducedCell, ReducedCell]


def cells(
    name: str,
    biophysics: int = 1,
    sites: int | None = None,
    *,
    morphology: str | None = None,
    channels: Sequence[str] | None = None,
    bifurcations: bool = False,
) -> Pair:
    """Return the hidden cell and the output cell.

    Parameters
    ----------
    name
        A cell, by its name, folder or file: reduced to its soma, dendritic sites and places of its
        axon; the output cell is reduced to soma and axon. A JSON file of ``dendmod reduce``: the
        hidden cell; the output cell is made of the full cell that it was reduced from. A JSON file
        with two cells, ``hidden`` and ``output``. "reduced": the L5 cell of Hay et al. 2011.
        Followed by ", passive dendrites" the channels of dendrites are held as open as they are at
        rest. "star": a soma with 20 drawn dendrites.
    biophysics
        Parameter set of Hay et al. 2011, 1 or 3, of "reduced" and "star".
    sites
        Dendritic sites of a cell that is reduced; None is 20, or those of the file.
    morphology
        Shape of the cell of "reduced"; None is the built-in one.
    channels
        Mechanisms that are kept beside the leak where a full cell is reduced; None keeps all.
    bifurcations
        Whether that keeps a compartment where paths from the sites to the soma meet.

    Raises
    ------
    SpecError
        If there is no such cell, it has not as many sites, a file does not hold what it should, or
        something is asked of a cell that is not reduced here.
    MechanismError
        If a mechanism cannot be reduced, or held open.
    """
    plain = name.removesuffix(PASSIVE)
    table = _reduced_json(plain)
    if morphology is not None and plain != REDUCED:
        raise SpecError(
            f"morphology = {morphology!r} is for the cell {REDUCED!r} alone; {plain} has its own"
        )
    if (channels is not None or bifurcations) and (plain == STAR or table is not None):
        raise SpecError(
            f"{plain} is not reduced here, so that channels and bifurcations cannot be chosen; "
            "`dendmod reduce --channels A,B --bifurcations` makes a file with them"
        )

    def reduced(cell: Cell) -> Pair:
        return _reduced(cell, sites, channels, bifurcations=bifurcations)

    if plain == STAR:
        _check_sites(STAR, sites, N_DENDRITES)
        pair = star_cell(biophysics), output_cell(biophysics)
    elif plain == REDUCED:
        if morphology is None:
            pair = reduced(load_cell(f"hay2011_{biophysics}").cell)
        else:
            pair = reduced(L5PyramidalCell(morphology, biophysics))
    elif table is not None:
        pair = _from_json(Path(plain), table, sites)
    else:
        pair = reduced(_full_cell(plain))
    hidden, output = pair
    if not hidden.site_numbers:
        raise SpecError(f"{name} has no dendritic site; contexts drive dendrites, so give it some")
    return (passive_dendrites(hidden) if name != plain else hidden), output


def spike_threshold(name: str) -> float:
    """Return the somatic potential (mV) whose upward crossing is a spike of this cell."""
    plain = name.removesuffix(PASSIVE)
    if _is_full(plain):
        return spike_threshold_of(plain)
    table = _reduced_json(plain)
    hidden = table.get("hidden", table) if isinstance(table, dict) else {}
    return float(hidden.get("spike_threshold", 0.0))


def hashes_of_cell(name: str) -> dict[str, str]:
    """Return the hashes of the files that a cell is made from."""
    plain = name.removesuffix(PASSIVE)
    if _is_full(plain):
        return hashes(cell={"file": plain})
    found = file_hash(plain)
    return {"cell": found} if found else {}


def _is_full(name: str) -> bool:
    return name not in (STAR, REDUCED) and _reduced_json(name) is None


def _full_cell(name: str) -> Cell:
    if not os.path.exists(name) and name not in (known := shipped_cells()):
        words = (REDUCED, STAR, *known)
        raise SpecError(
            f"there is no cell {name!r}; give a cell's folder, file or name, or a JSON file of "
            f"`dendmod reduce` or of two cells, with {PASSIVE!r} after it or not."
            + did_you_mean(name, words)
        )
    return load_cell(name).cell


def _reduced(
    cell: Cell, sites: int | None, channels: Sequence[str] | None, *, bifurcations: bool
) -> Pair:
    from dendmod.cells.sites import SiteChoice, choose_sites
    from dendmod.reduction import reduce

    try:
        places = choose_sites(cell, SiteChoice(n=sites or N_DENDRITES)).locations
    except SpecError as error:
        raise SpecError(f"{error}. For the cells of a network n is --sites") from None
    name = cell.biophysics.name
    hidden = reduce(cell, places, channels=channels, bifurcations=bifurcations, name=name)
    return hidden, reduce(cell, (), channels=channels, name=name)


def _reduced_json(name: str) -> dict[str, Any] | None:
    """Return what a JSON file of reduced cells holds; None where it is another file, or none."""
    path = Path(name)
    if path.suffix.lower() != ".json" or not os.path.isfile(path):
        return None
    table: Any = read_json(path)
    is_cell_file = isinstance(table, dict) and str(table.get("schema", "")).startswith(
        "dendmod/cell/"
    )
    return None if is_cell_file else table


def _from_json(path: Path, table: Any, sites: int | None) -> Pair:
    from dendmod.cells.reduced import read_reduced
    from dendmod.reduction import reduce
    from dendmod.reduction.full import full_cell

    if isinstance(table, dict) and "compartments" in table:
        hidden = read_reduced(path)
        with_axon = any(c.role == "axon" for c in hidden.compartments)
        full, kept = full_cell(hidden, str(path)), hidden.provenance.get("channels")
        output = reduce(full, (), channels=kept, axon=with_axon)
    else:
        hidden, output = _two(path, table)
    _check_sites(str(path), sites, len(hidden.site_numbers))
    return hidden, output


def _two(path: Path, table: Any) -> Pair:
    try:
        given = table["hidden"], table["output"]
    except (KeyError, TypeError):
        raise SpecError(
            f"{path}: not a file of two cells, 'hidden' and 'output', nor of `dendmod reduce`"
        ) from None
    with of_file(path):
        hidden, output = (ReducedCell.model_validate(cell) for cell in given)
        check_mechanisms(hidden)
        check_mechanisms(output)
    return hidden, output


def _check_sites(name: str, asked: int | None, there: int) -> None:
    if asked is not None and asked != there:
        raise SpecError(
            f"{name} has {there} sites; {asked} were asked for. Leave out --sites, or give a cell "
            "that is reduced anew"
        )


def passive_dendrites(cell: ReducedCell) -> ReducedCell:
    """Return the cell with dendritic channels replaced by leaks as open as they are at `v_init`.

    The soma and places of the axon, where spikes start, keep theirs. Current and slope of the
    channels are measured in NEURON, gates in their steady states, whatever their equations are.
    Channels that the ion of a pool opens or drives, such as those of calcium, lose their pool; they
    are left out where they are shut at rest (less than 1 % of the compartment's leak).

    Raises
    ------
    MechanismError
        If the channels of a compartment have a negative slope at rest larger than its leak.
    """
    from dendmod.engines.neuron.membrane import Environment

    compartments = []
    for number, c in enumerate(cell.compartments):
        if number and c.role != "axon" and (c.channels or c.pools):
            around = Environment(
                cell.reversals(c), cell.celsius, cell.mechanisms, cell.globals, c.diam
            )
            c = _passive(c, cell.v_init, around)
        compartments.append(c)
    return cell.model_copy(update={"compartments": tuple(compartments)})


def _passive(c: Compartment, v: float, environment: Environment) -> Compartment:
    from dendmod.engines.neuron.membrane import steady

    known = mechanism_set(environment.mechanisms)
    gbar = _maximal(c, known)
    used = {key.partition(".")[0] for key, g in gbar.items() if g > 0}
    mechanisms = {**{s: params for s, params in c.channels.items() if s in used}, **c.pools}
    held = steady(mechanisms, np.array([v]), environment, duration=_SETTLES)
    slopes = {key: gbar[key] * float(opened[0]) for key, opened in held.open.items()}
    pooled = {key for key in slopes if known.get(key.partition(".")[0]).needs_pool}
    slopes = {
        key: slope
        for key, slope in slopes.items()
        if key not in pooled or abs(slope) > _SHUT * c.g_leak
    }
    gbar = {key: gbar[key] for key in slopes}
    g = c.g_leak + sum(slopes.values())
    if g <= 0:
        worst = min(slopes, key=lambda key: slopes[key])
        raise MechanismError(
            f"{worst} in compartment {c.name} has a slope of {slopes[worst]:.3g} nS at rest, "
            f"beyond its leak of {c.g_leak:.3g} nS: it cannot be held open as a leak. Take the "
            f"cell without {PASSIVE!r}"
        )
    current = c.g_leak * (v - c.e_leak) + float(held.current(gbar)[0])
    leak = {"g_leak": g, "e_leak": v - current / g}
    return c.model_copy(update={"channels": {}, "pools": {}, "diam": None, **leak})


def _maximal(c: Compartment, known: MechanismSet) -> dict[str, float]:
    """Return the maximal conductance (nS) of each channel of a compartment, by its key."""
    found = {}
    for suffix, params in c.channels.items():
        mechanism = known.get(suffix)
        given = {**{p.name: p.default for p in mechanism.parameters}, **params}
        for own in conducting(mechanism):
            density = given[own.maximal] * own.factor
            found[own.key] = density * c.area * S_PER_CM2_IN_NS_PER_UM2
    return found


def star_cell(biophysics: int) -> ReducedCell:
    """Return a soma with the channels of a set of Hay et al. 2011 and 20 passive dendrites."""
    rng = stream(_SEED, "star cell")
    drawn = {field: rng.uniform(low, high, N_DENDRITES) for field, (low, high) in _DENDRITE.items()}
    dendrites = tuple(
        Compartment(
            name=f"dendrite {i}",
            parent=0,
            e_leak=_SOMA["e_leak"],
            area=_SOMA["area"],
            **{field: float(values[i]) for field, values in drawn.items()},
        )
        for i in range(N_DENDRITES)
    )
    return _star(f"star, set {biophysics}", (_soma(biophysics), *dendrites))


def output_cell(biophysics: int) -> ReducedCell:
    """Return the soma of the star alone."""
    return _star(f"soma, set {biophysics}", (_soma(biophysics),))


def _star(name: str, compartments: tuple[Compartment, ...]) -> ReducedCell:
    return ReducedCell(
        name=name,
        compartments=compartments,
        ena=hay2011.ENA,
        ek=hay2011.EK,
        celsius=hay2011.CELSIUS,
        v_init=_SOMA["e_leak"],
    )


def _soma(biophysics: int) -> Compartment:
    return Compartment(name="soma", parent=-1, **_SOMA, **hay_soma(biophysics))
