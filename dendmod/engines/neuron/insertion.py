"""Put mechanisms and reversal potentials into a section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dendmod.engines.neuron.session import h


def insert(
    sec: Any, mechanisms: Mapping[str, Mapping[str, float]], reversals: Mapping[str, float]
) -> None:
    """Insert mechanisms with their parameters, alike along the section.

    Parameters
    ----------
    sec
        The section.
    mechanisms
        Parameters by mechanism.
    reversals
        Reversal potentials (mV) by NEURON's name ("ena"), of ions that the mechanisms use.
    """
    for suffix, params in mechanisms.items():
        sec.insert(suffix)
        for name, value in params.items():
            setattr(sec, f"{name}_{suffix}", value)
    set_reversals(sec, reversals)


def set_reversals(sec: Any, reversals: Mapping[str, float]) -> None:
    """Set reversal potentials (mV) by NEURON's name, of the ions that the section uses."""
    for name, value in reversals.items():
        if h.ismembrane(f"{name[1:]}_ion", sec=sec):
            setattr(sec, name, value)
