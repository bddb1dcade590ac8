"""Other readings of what dAMPA and dGABA scale, for the question that the paper leaves open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from dendmod.clustered.construction import BACKGROUND, Network
from dendmod.errors import SpecError


@dataclass(frozen=True)
class Reading:
    """What dAMPA and dGABA scale by 1 + z; recurrent weights are those of their transmitter.

    Parameters
    ----------
    meaning
        In words.
    onto
        Populations whose incoming recurrent weights are scaled, of ``"EI"``.
    pairs
        Which of these weights: all, or those within a cluster, not within one, or to and from
        background neurons.
    baseline
        Whether dAMPA scales the baseline drive, too: the afferents are glutamatergic.
    """

    meaning: str
    onto: str = "EI"
    pairs: Literal["all", "within", "between", "background"] = "all"
    baseline: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Perturbations for which it says something of its own."""
        return ("dAMPA",) if self.baseline else ("dAMPA", "dGABA")

    @property
    def in_theory(self) -> bool:
        """Whether it can be told without a cluster or a background to each neuron."""
        return self.pairs == "all"


READINGS = {
    "recurrent": Reading("all recurrent weights of the presynaptic type, as the paper says"),
    "with external": Reading(
        "these, and with dAMPA the baseline drive (afferents are glutamatergic)", baseline=True
    ),
    "external only": Reading("the baseline drive alone", onto="", baseline=True),
    "onto E": Reading("only weights onto E neurons", onto="E"),
    "onto I": Reading("only weights onto I neurons", onto="I"),
    "within clusters": Reading("only weights within a cluster", pairs="within"),
    "between clusters": Reading("only weights that are not within a cluster", pairs="between"),
    "background": Reading("only weights to or from background neurons", pairs="background"),
}


def read_coupling(network: Network, kind: str, size: float, reading: str) -> Network:
    """Return the network with dAMPA or dGABA under a reading.

    Parameters
    ----------
    network
        The network.
    kind, size
        ``dAMPA`` or ``dGABA`` and z.
    reading
        A key of `READINGS`.
    """
    if reading not in READINGS or kind not in ("dAMPA", "dGABA"):
        raise SpecError(
            f"reading {reading!r} of {kind}; readings of dAMPA and dGABA are {', '.join(READINGS)}"
        )
    how = READINGS[reading]
    weights = network.weights.tocoo()
    post, pre = weights.coords
    a, b = network.cluster[post], network.cluster[pre]
    background = (a == BACKGROUND) | (b == BACKGROUND)
    within = (a == b) & ~background
    hit = network.excitatory[pre] == (kind == "dAMPA")
    hit &= np.where(network.excitatory[post], "E" in how.onto, "I" in how.onto)
    if how.pairs != "all":
        hit &= {"within": within, "between": ~within, "background": background}[how.pairs]
    data = weights.data * np.where(hit, 1 + size, 1.0)
    mu = network.mu * (1 + size) if how.baseline and kind == "dAMPA" else network.mu
    shape = network.weights.shape
    return replace(
        network, weights=sparse.csc_array(sparse.coo_array((data, (post, pre)), shape)), mu=mu
    )
