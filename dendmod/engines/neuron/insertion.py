"""Put mechanisms and reversal potentials into a section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dendmod.engines.neuron.session import h


def insert(sec: Any, mechanisms: Mapping[str, Mapping[str, float]], ena: float, ek: float) -> None:
    """Insert mechanisms with their parameters, alike along the section.

    Parameters
    ----------
    sec
        The section.
    mechanisms
        Parameters by mechanism.
    ena, ek
        Reversal potentials (mV) of the ions that the mechanisms use.
    """
    for suffix, params in mechanisms.items():
        sec.insert(suffix)
        for name, value in params.items():
            setattr(sec, f"{name}_{suffix}", value)
    set_reversals(sec, ena, ek)


def set_reversals(sec: Any, ena: float, ek: float) -> None:
    """Set the reversal potentials (mV) of sodium and potassium, where the section uses them."""
    if h.ismembrane("na_ion", sec=sec):
        sec.ena = ena
    if h.ismembrane("k_ion", sec=sec):
        sec.ek = ek
