"""The specification of a run: how long, how finely, from where."""

from __future__ import annotations

from pydantic import Field, PositiveFloat

from dendmod.spec.base import Spec


class Run(Spec):
    """Duration and step of a run, in ms.

    ``settle`` ms are run first without any spike input (clamps on); their end is time zero of
    the run. The settled state is kept, so that many trials share it.
    """

    tstop: PositiveFloat
    dt: PositiveFloat = Field(default=0.1, le=0.2)
    settle: float = Field(default=0.0, ge=0)
