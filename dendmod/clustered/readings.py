"""Other readings of what dAMPA and dGABA scale, for the question that the paper leaves open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from dendmod.clustered.construction import BACKGROUND, Network
from dendmod.errors import SpecError

# reading -> what is scaled by 1 + z
READINGS = {
    "recurrent": "all recurrent weights of the presynaptic type, as the paper says",
    "with external": "these, and with dAMPA the baseline drive (afferents are glutamatergic)",
    "external only": "the baseline drive alone",
    "onto E": "only weights onto E neurons",
    "onto I": "only weights onto I neurons",
    "within clusters": "only weights within a cluster",
    "between clusters": "only weights that are not within a cluster",
    "background": "only weights to or from background neurons",
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
    weights = network.weights.tocoo()
    post, pre = weights.coords
    hit = network.excitatory[pre] == (kind == "dAMPA")
    a, b = network.cluster[post], network.cluster[pre]
    background = (a == BACKGROUND) | (b == BACKGROUND)
    within = (a == b) & ~background
    hit &= {
        "external only": np.zeros(hit.size, bool),
        "onto E": network.excitatory[post],
        "onto I": ~network.excitatory[post],
        "within clusters": within,
        "between clusters": ~within,
        "background": background,
    }.get(reading, np.ones(hit.size, bool))
    data = weights.data * np.where(hit, 1 + size, 1.0)
    mu = network.mu
    if reading in ("with external", "external only") and kind == "dAMPA":
        mu = mu * (1 + size)
    shape = network.weights.shape
    return replace(
        network, weights=sparse.csc_array(sparse.coo_array((data, (post, pre)), shape)), mu=mu
    )
