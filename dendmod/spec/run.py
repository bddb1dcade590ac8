"""The specification of a run: how long, how finely, from where."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from dendmod.arrays import whole_steps
from dendmod.spec.base import Spec


class Run(Spec):
    """Duration and step of a run, in ms.

    ``settle`` ms are run first without any spike input (clamps on); their end is time zero of
    the run. The settled state is kept, so that many trials share it.

    ``method``: "fixed" takes steps of `dt` by implicit Euler; "adaptive" lets CVODE choose its
    steps (absolute tolerance 1e-3), for the back-propagating spikes whose height at 620 um still
    changes by 7 mV when implicit Euler's step shrinks from 0.025 ms.

    With fixed steps `tstop` and `settle` are whole numbers of them, on every engine.

    ``spike_threshold`` (mV) is what an upward crossing of counts as a spike of the result.
    """

    tstop: PositiveFloat
    dt: PositiveFloat = Field(default=0.1, le=0.2)
    settle: float = Field(default=0.0, ge=0)
    method: Literal["fixed", "adaptive"] = "fixed"
    spike_threshold: float = 0.0

    @model_validator(mode="after")
    def _whole_steps(self) -> Run:
        if self.method == "fixed":
            if whole_steps(self.tstop, self.dt, "tstop") < 1:
                raise ValueError(f"tstop = {self.tstop} ms is no step of {self.dt} ms; give more")
            whole_steps(self.settle, self.dt, "settle")
        return self
