"""What a cell's synapses are: the point process that a protocol means by "context"."""

from __future__ import annotations

from typing import Literal

from dendmod.spec.base import Spec

RECEPTOR_NAMES = ("excitatory", "context", "inhibitory", "shunt", "feedforward")
"""The receptors of a protocol in the form of Figure 1."""


class Receptor(Spec):
    """[receptors.NAME] of a cell or a protocol: the point process that is meant by NAME.

    Parameters
    ----------
    mechanism
        A point process of the cell's set of mechanisms; the one that is meant anyway, if not given.
    params
        Its parameters, in the units of its file.
    weight
        Unit of the weight that its NET_RECEIVE takes; that of its file, if not given.
    """

    mechanism: str | None = None
    params: dict[str, float] = {}
    weight: Literal["uS", "nS", "nA"] | None = None

    def over(self, below: Receptor) -> Receptor:
        """Return it with what it leaves out taken from another, if both are one mechanism."""
        if self.mechanism not in (None, below.mechanism):
            return self
        return Receptor(
            mechanism=below.mechanism,
            params={**below.params, **self.params},
            weight=self.weight or below.weight,
        )
