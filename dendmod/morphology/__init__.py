"""Morphologies: reading, checking, generating, fetching."""

from dendmod.morphology.model import Morphology, Section
from dendmod.morphology.naming import resolve
from dendmod.morphology.reading import read

__all__ = ["Morphology", "Section", "read", "resolve"]
