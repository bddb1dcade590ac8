"""Morphologies: reading, checking, generating, fetching."""

from dendmod.morphology.model import Morphology, Section
from dendmod.morphology.read import read
from dendmod.morphology.resolve import resolve

__all__ = ["Morphology", "Section", "read", "resolve"]
