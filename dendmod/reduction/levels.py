"""How far each channel is open at several holding potentials, around which the fit expands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dendmod.mechanisms import MechanismSet, mechanism_set
from dendmod.mechanisms.conducting import channel_of, conducting
from dendmod.params.reduction import HOLDING_POTENTIALS, SMALL_OPENING, TRANSIENT_SHARE
from dendmod.spec.result import Array
from dendmod.spec.segments import SegmentTree
from dendmod.units import US_PER_UM2_IN_S_PER_CM2

if TYPE_CHECKING:
    from dendmod.engines.neuron.membrane import Environment

_CONSTANT = 1e-6  # relative spread of levels of a channel that nothing gates
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
            most = max(1.0, float(levels.max()))  # a permeability has levels of its own scale
            levels = np.minimum(levels, SMALL_OPENING * most)
        if np.ptp(levels) <= _CONSTANT * levels.max():
            return np.append(levels, 0.0)  # always as open as at rest: what if it were shut?
        return levels


def mechanisms_at(tree: SegmentTree, node: int) -> dict[str, dict[str, float]]:
    """Return the channels and pools of one node, parameters in the units of their mechanisms."""
    known = mechanism_set(tree.mechanisms)
    found: dict[str, dict[str, float]] = {}
    for suffix, values in tree.parameters.items():
        own = {k: float(v[node]) for k, v in values.items() if np.isfinite(v[node])}
        channels = [channel.key for channel in conducting(known.get(suffix))]
        if channels and not any(tree.gbar[key][node] > 0 for key in channels if key in tree.gbar):
            continue
        there = tree.present[suffix][node] if suffix in tree.present else bool(own)
        if own or (there and not channels):
            found[suffix] = own
    for key, g in tree.gbar.items():
        channel = channel_of(known, key)
        if g[node] > 0:
            density = g[node] / tree.area[node] * US_PER_UM2_IN_S_PER_CM2
            found.setdefault(channel.suffix, {})[channel.maximal] = float(density) / channel.factor
    return {suffix: {**closed(known, suffix), **own} for suffix, own in found.items()}


def closed(known: MechanismSet, suffix: str) -> dict[str, float]:
    """Return the maximal conductances of a mechanism of several channels, all of them 0."""
    channels = conducting(known.get(suffix))
    return {channel.maximal: 0.0 for channel in channels} if len(channels) > 1 else {}


def environment_at(tree: SegmentTree, node: int) -> Environment:
    """Return what the mechanisms of a node meet."""
    from dendmod.engines.neuron.membrane import Environment

    diam = None if tree.diam is None else float(tree.diam[node])
    return Environment(tree.reversals_at(node), tree.celsius, tree.mechanisms, tree.globals, diam)


def held_levels(tree: SegmentTree) -> Levels:
    """Hold every channel of a cell at the holding potentials.

    Channels are taken with their calcium from the soma; one that the soma does not have, from
    where its density is highest.
    """
    from dendmod.engines.neuron.membrane import peak_open, steady

    v = np.array(HOLDING_POTENTIALS)
    rest = float(tree.v_rest[0])
    out = Levels({}, {})
    area = np.where(tree.area > 0, tree.area, np.inf)
    others = [g for g in tree.gbar.values() if g[0] <= 0 < g.max()]
    for node in (0, *(int(np.argmax(g / area)) for g in others)):
        membrane = mechanisms_at(tree, node)
        if not any(g[node] > 0 for g in tree.gbar.values()):
            continue
        environment = environment_at(tree, node)
        held = steady(membrane, v, environment, duration=_POOL_SETTLES)
        after_step = peak_open(membrane, rest, v, environment)
        for suffix in held.open:
            if tree.gbar[suffix][node] <= 0:
                continue
            # a gate that follows at once can make the slope negative, which opens nothing
            out.steady.setdefault(suffix, np.maximum(held.open[suffix], 0.0))
            out.peak.setdefault(suffix, np.maximum(after_step[suffix], 0.0))
    return out
