"""How far each channel is open at several holding potentials, around which the fit expands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dendmod.params.reduction import HOLDING_POTENTIALS, SMALL_OPENING, TRANSIENT_SHARE
from dendmod.spec.result import Array
from dendmod.spec.segments import SegmentTree
from dendmod.units import US_PER_UM2_IN_S_PER_CM2

_POOL_SETTLES = 2000.0  # ms; the slowest pool of the cell decays with 0.5 s


@dataclass(frozen=True)
class Levels:
    """Open fractions by channel.

    Parameters
    ----------
    steady
        After a long time at each holding potential, shape [potentials].
    peak
        The largest ones after a step from rest to each potential, shape [potentials]: what an
        inactivating channel reaches, which in the steady state is shut.
    """

    steady: dict[str, Array]
    peak: dict[str, Array]

    def of(self, suffix: str) -> Array:
        """Return all levels of a channel, shape [2 potentials]."""
        return np.concatenate([self.steady[suffix], self.peak[suffix]])

    def of_fit(self, suffix: str) -> Array:
        """Return the levels at which a channel is opened in the fit, shape [2 potentials].

        A transient channel, shut in the steady state, never shunts the whole tree at once: it
        opens for less than a ms, place after place. Opened far and everywhere it would hide most
        of the membrane behind its own shunt, and the fit would leave out most of the dendritic
        sodium channels. So it is opened a little, which adds up the membrane around each place.
        """
        levels = self.of(suffix)
        if self.steady[suffix].max() < TRANSIENT_SHARE * self.peak[suffix].max():
            levels = np.minimum(levels, SMALL_OPENING)
        return levels


def mechanisms_at(tree: SegmentTree, node: int) -> dict[str, dict[str, float]]:
    """Return the channels and pools of one node; maximal conductances as densities (S/cm2)."""
    from dendmod.engines.neuron.segments import maximal_conductance

    found: dict[str, dict[str, float]] = {}
    for suffix, values in tree.parameters.items():
        own = {k: float(v[node]) for k, v in values.items() if np.isfinite(v[node])}
        if own:
            found[suffix] = own
    for suffix, g in tree.gbar.items():
        name = maximal_conductance(suffix)
        if g[node] > 0 and name is not None:
            density = g[node] / tree.area[node] * US_PER_UM2_IN_S_PER_CM2
            found.setdefault(suffix, {})[name] = float(density)
    return found


def held_levels(tree: SegmentTree) -> Levels:
    """Hold every channel of a cell at the holding potentials.

    Channels are taken with their calcium from the soma; one that the soma does not have, from
    where its density is highest.
    """
    from dendmod.engines.neuron.membrane import Environment, peak_open, steady

    v = np.array(HOLDING_POTENTIALS)
    rest = float(tree.v_rest[0])
    environment = Environment(tree.ena, tree.ek, tree.celsius)
    out = Levels({}, {})
    area = np.where(tree.area > 0, tree.area, np.inf)
    others = [g for g in tree.gbar.values() if g[0] <= 0 < g.max()]
    for node in (0, *(int(np.argmax(g / area)) for g in others)):
        membrane = mechanisms_at(tree, node)
        if not any(g[node] > 0 for g in tree.gbar.values()):
            continue
        held = steady(membrane, v, environment, duration=_POOL_SETTLES)
        after_step = peak_open(membrane, rest, v, environment)
        for suffix in held.open:
            out.steady.setdefault(suffix, held.open[suffix])
            out.peak.setdefault(suffix, after_step[suffix])
    return out
