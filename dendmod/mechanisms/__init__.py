"""The compiled mechanisms: what there is, how it is built, how it is loaded."""

from dendmod.mechanisms.cache import CompiledLibrary, library
from dendmod.mechanisms.catalogue import (
    MechanismSet,
    catalogue,
    check_parameters,
    get,
    mechanism_set,
)
from dendmod.mechanisms.loading import LoadedMechanisms, load
from dendmod.mechanisms.mechanism import Mechanism, Parameter

__all__ = [
    "CompiledLibrary",
    "LoadedMechanisms",
    "Mechanism",
    "MechanismSet",
    "Parameter",
    "catalogue",
    "check_parameters",
    "get",
    "library",
    "load",
    "mechanism_set",
]
