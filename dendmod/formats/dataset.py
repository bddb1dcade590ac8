"""Arrays with names, dimensions and units, as a data set of xarray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dendmod.formats.packages import package

if TYPE_CHECKING:
    import xarray

Variable = tuple[Sequence[str] | str, Any, Mapping[str, Any]]


def dataset(
    variables: Mapping[str, Variable],
    coordinates: Mapping[str, Variable],
    provenance: Mapping[str, Any],
    specification: str = "",
) -> xarray.Dataset:
    """Return a data set.

    Parameters
    ----------
    variables, coordinates
        Dimensions, values and attributes (``units``) of each, by name.
    provenance
        What made it; attributes of the data set, as texts.
    specification
        What was asked for, as JSON; an attribute, where it is known.

    Raises
    ------
    SpecError
        If xarray is not installed.
    """
    found = package("xarray", "xarray", "use to_pandas()")
    attributes = {name: str(value) for name, value in provenance.items()}
    if specification:
        attributes["specification"] = specification
    made: xarray.Dataset = found.Dataset(
        {name: tuple(of) for name, of in variables.items()},
        coords={name: tuple(of) for name, of in coordinates.items()},
        attrs=attributes,
    )
    return made
