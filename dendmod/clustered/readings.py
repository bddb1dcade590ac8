"""Readings of what dAMPA and dGABA change, for the question that the paper leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dendmod.clustered.construction import BACKGROUND, Network
from dendmod.errors import SpecError, did_you_mean

COUPLINGS = ("dAMPA", "dGABA")
SCALED = "recurrent"
ADDED = "added to the mean"


@dataclass(frozen=True)
class Reading:
    """What dAMPA and dGABA change by z; recurrent weights are those of their transmitter.

    Parameters
    ----------
    meaning
        In words.
    onto
        Populations whose incoming recurrent weights are changed, of ``"EI"``.
    pairs
        Which of these weights: all, or those within a cluster, not within one, or to and from
        background neurons.
    baseline
        Whether dAMPA scales the baseline drive, too: the afferents are glutamatergic.
    added
        Each of these weights gets z j / sqrt(N) more, whatever its own size, in place of being
        scaled by 1 + z. A weight keeps its sign: at the full size it is 0 at least.
    """

    meaning: str
    onto: str = "EI"
    pairs: Literal["all", "within", "between", "background"] = "all"
    baseline: bool = False
    added: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Perturbations for which it says something of its own."""
        return ("dAMPA",) if self.baseline else ("dAMPA", "dGABA")

    @property
    def in_theory(self) -> bool:
        """Whether it can be told without a cluster or a background to each neuron."""
        return self.pairs == "all"


READINGS = {
    SCALED: Reading("all recurrent weights of the presynaptic type, as the paper says"),
    "with external": Reading(
        "these, and with dAMPA the baseline drive (afferents are glutamatergic)", baseline=True
    ),
    "external only": Reading("the baseline drive alone", onto="", baseline=True),
    "onto E": Reading("only weights onto E neurons", onto="E"),
    "onto I": Reading("only weights onto I neurons", onto="I"),
    "within clusters": Reading("only weights within a cluster", pairs="within"),
    "between clusters": Reading("only weights that are not within a cluster", pairs="between"),
    "background": Reading("only weights to or from background neurons", pairs="background"),
    ADDED: Reading(
        "the mean of the couplings: as much is added to every synapse of the type, in and out of "
        "clusters alike",
        added=True,
    ),
    "added, with external": Reading(
        "as much is added to every synapse, and dAMPA scales the baseline drive", baseline=True,
        added=True,
    ),
}  # fmt: skip


def find_reading(name: str) -> Reading:
    """Return a reading by its name."""
    if name not in READINGS:
        raise SpecError(
            f"there is no reading {name!r} of dAMPA and dGABA.{did_you_mean(name, READINGS)}"
        )
    return READINGS[name]


def weight_change(
    network: Network, kind: str, size: float, reading: str = SCALED, pre: np.ndarray | None = None
) -> np.ndarray:
    """Return what dAMPA or dGABA adds to each of the network's weights [synapses] (mV).

    Parameters
    ----------
    network
        The network.
    kind, size
        ``dAMPA`` or ``dGABA``, and z.
    reading
        A key of `READINGS`.
    pre
        Whose outgoing weights are changed [neurons, bool]; default: all neurons of the type.
    """
    how = find_reading(reading)
    post, source = network.weights.tocoo().coords
    excitatory, weights = network.excitatory, network.weights.data
    a, b = network.cluster[post], network.cluster[source]
    background = (a == BACKGROUND) | (b == BACKGROUND)
    within = (a == b) & ~background
    hit = excitatory[source] == (kind == "dAMPA")
    hit &= np.where(excitatory[post], "E" in how.onto, "I" in how.onto)
    if pre is not None:
        hit &= pre[source]
    if how.pairs != "all":
        hit &= {"within": within, "between": ~within, "background": background}[how.pairs]
    change = size * weights
    if how.added:
        unit = np.array([[network.spec.weight(x, y) for y in "EI"] for x in "EI"])
        more = size * unit[1 - excitatory[post].astype(int), 1 - excitatory[source].astype(int)]
        kept = np.sign(weights) * (weights + more) > 0
        change = np.where(kept, more, -weights)
    return np.where(hit, change, 0.0)
