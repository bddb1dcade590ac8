"""Couplings, leaks and channel conductances of a reduced cell from impedance matrices.

Everything rests on one equation, Y Z = 1: the conductance matrix of the compartments times the
impedance matrix of the full cell at their places. It is linear in all that is looked for (Wybo et
al. 2021, Eqs 9-13).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.reduction.impedance import admittance_of, impedance, tree_inverse
from dendmod.reduction.levels import Levels
from dendmod.reduction.skeleton import Skeleton
from dendmod.spec.result import Array
from dendmod.spec.segments import SegmentTree


@dataclass(frozen=True)
class Conductances:
    """What the fit found, in uS, for n compartments.

    Parameters
    ----------
    matrix
        Conductance matrix at rest, shape [n, n]: couplings off the diagonal, all that leaves
        through the membrane in its row sums.
    gbar
        Maximal conductance by channel, each of shape [n].
    misfit
        By channel, the root mean square of what is left of Y Z - 1 over all levels, relative to
        what it is without the channel.
    """

    matrix: Array
    gbar: dict[str, Array]
    misfit: dict[str, float]

    @property
    def membrane(self) -> Array:
        """Membrane conductance of every compartment at rest, shape [n]."""
        out: Array = self.matrix.sum(axis=1)
        return out


def pattern(parents: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return which entries a matrix of this tree's shape has: the diagonal and the edges."""
    out = np.eye(len(parents), dtype=bool)
    for child, parent in enumerate(parents):
        if parent >= 0:
            out[child, parent] = out[parent, child] = True
    return out


def fit_conductances(tree: SegmentTree, kept: Skeleton, levels: Levels) -> Conductances:
    """Fit couplings and membrane at rest, then each channel around rest.

    At rest (gates where they stand) the match at the diagonal and the edges of the tree is exact.
    A channel is then opened to each of its levels in the whole cell at once, the others staying
    as at rest; least squares over all levels gives its conductance in each compartment, which is
    never negative. Z is taken as a tree of these compartments would complete it, so that what no
    such tree can have, the impedance between sister sites, does not bend the channels.
    """
    rest = admittance_of(tree, tree.open_at_rest)
    matrix = tree_inverse(impedance(tree, rest, kept.nodes), kept.parents)
    at_rest = {s: _of_places(tree, kept, o) for s, o in tree.open_at_rest.items()}
    gbar, misfit = {}, {}
    for suffix, g in tree.gbar.items():
        if g.max() <= 0:
            continue
        numerator, denominator, left = np.zeros(kept.n), np.zeros(kept.n), []
        for level in levels.of_fit(suffix):
            opened = rest + g * (level - tree.open_at_rest[suffix])
            z = np.linalg.inv(tree_inverse(impedance(tree, opened, kept.nodes), kept.parents))
            residual = np.eye(kept.n) - matrix @ z
            effect = (level - at_rest[suffix])[:, None] * z
            numerator += (effect * residual).sum(axis=1)
            denominator += (effect**2).sum(axis=1)
            left.append((effect, residual))
        found = np.maximum(numerator / denominator, 0.0)
        gbar[suffix] = found
        before = sum(float((r**2).sum()) for _, r in left)
        after = sum(float(((r - found[:, None] * e) ** 2).sum()) for e, r in left)
        misfit[suffix] = float(np.sqrt(after / before)) if before > 0 else 0.0
    return Conductances(matrix, gbar, misfit)


def _of_places(tree: SegmentTree, kept: Skeleton, values: Array) -> Array:
    return np.array([values[tree.membrane_node(n)] for n in kept.nodes])
