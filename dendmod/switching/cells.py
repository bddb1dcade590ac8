"""The cells of the learning networks: reduced from the L5 cell, a star, or any two from a file."""

from __future__ import annotations

import json
from pathlib import Path

from dendmod.errors import SpecError, of_file
from dendmod.mechanisms.compartments import check_mechanisms
from dendmod.mechanisms.rates import channel
from dendmod.network.drawn import hay_soma
from dendmod.params import hay2011
from dendmod.rng import stream
from dendmod.spec.reduced import Compartment, ReducedCell
from dendmod.units import S_PER_CM2_IN_NS_PER_UM2

STAR, REDUCED, PASSIVE = "star", "reduced", "reduced, passive dendrites"
N_DENDRITES = 20
MORPHOLOGY = "l5pc"
_SEED = 0
# ours: the star that speeds are measured on (pF, nS, mV, um2)
_SOMA = {"ca": 300.0, "g_leak": 10.0, "e_leak": -75.0, "area": 1000.0}
_DENDRITE = {"ca": (20.0, 50.0), "g_couple": (2.0, 10.0), "g_leak": (1.0, 3.0)}


def cells(name: str, biophysics: int) -> tuple[ReducedCell, ReducedCell]:
    """Return the hidden cell and the output cell.

    Parameters
    ----------
    name
        "reduced": the L5 cell at its soma and 20 sites, and the one-compartment fit of its soma.
        "reduced, passive dendrites": the same, with the channels of its dendrites held as open as
        they are at rest; four times faster. "star": a soma with 20 drawn dendrites. Anything else
        is a JSON file with two models, ``hidden`` and ``output``.
    biophysics
        Parameter set of Hay et al. 2011, 1 or 3; a file has its own.

    Raises
    ------
    SpecError
        If there is no such cell, or a file does not hold two of them.
    """
    if name == STAR:
        return star_cell(biophysics), output_cell(biophysics)
    if name in (REDUCED, PASSIVE):
        hidden, output = _reduced(biophysics)
        return (passive_dendrites(hidden) if name == PASSIVE else hidden), output
    path = Path(name)
    if not path.is_file():
        raise SpecError(
            f"there is no cell {name!r}; give {REDUCED!r}, {PASSIVE!r}, {STAR!r} or a JSON file of "
            "two cells"
        )
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        given = table["hidden"], table["output"]
    except (ValueError, KeyError, TypeError) as error:
        raise SpecError(
            f"{path}: not a file of two cells, 'hidden' and 'output': {error!r}"[:400]
        ) from None
    with of_file(path):
        hidden, output = (ReducedCell.model_validate(cell) for cell in given)
        check_mechanisms(hidden)
        check_mechanisms(output)
    return hidden, output


def _reduced(biophysics: int) -> tuple[ReducedCell, ReducedCell]:
    from dendmod.cells.l5 import L5PyramidalCell
    from dendmod.cells.sites import SiteChoice, choose_sites
    from dendmod.reduction import reduce

    cell = L5PyramidalCell(MORPHOLOGY, biophysics)
    places = choose_sites(cell, SiteChoice(n=N_DENDRITES)).locations
    return reduce(cell, places), reduce(cell, ())


def passive_dendrites(cell: ReducedCell) -> ReducedCell:
    """Return the cell with dendritic channels replaced by leaks as open as they are at `v_init`.

    The soma and places of the axon, where spikes start, keep theirs. Channels of calcium, and
    those that calcium opens, are left out: they are shut at rest.
    """
    dendrites = []
    for c in cell.compartments[1:]:
        if c.role == "axon":
            dendrites.append(c)
            continue
        g, current = c.g_leak, c.g_leak * c.e_leak
        for suffix, params in c.channels.items():
            equations = channel(suffix)
            if equations.depends_on != "v" or equations.ion == "ca":
                continue
            inf, _ = equations.rates([cell.v_init])
            open_fraction = 1.0
            for gate, value in zip(equations.gates, inf[0], strict=True):
                open_fraction *= float(value) ** gate.power
            held = params[equations.gbar] * c.area * S_PER_CM2_IN_NS_PER_UM2 * open_fraction
            e = {"na": cell.ena, "k": cell.ek}.get(equations.ion)
            g += held
            current += held * (e if e is not None else equations.constants[equations.reversal])
        fields = {"channels": {}, "pools": {}, "g_leak": g, "e_leak": current / g}
        dendrites.append(c.model_copy(update=fields))
    return cell.model_copy(update={"compartments": (cell.compartments[0], *dendrites)})


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
