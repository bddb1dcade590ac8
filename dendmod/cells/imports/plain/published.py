"""Cells whose authors build them in a script: the lines of the script that make the cell."""

from __future__ import annotations

from typing import Any

from dendmod.cells.imports.plain import shapes
from dendmod.engines.neuron.session import h


def eyal_2016(template: str, morphology: str) -> Any:
    """Return a cell of Eyal et al. 2016 as ``create_model`` of their Figure 3b makes it.

    Parameters
    ----------
    template
        Name of the template and of its file.
    morphology
        The reconstruction.

    Notes
    -----
    The scripts cut the axon away. Their template then puts sodium and potassium channels into the
    soma alone.
    """
    h.load_file(f"ActiveModels/{template}.hoc")
    cell = getattr(h, template)()
    shapes.read_into(h, morphology, cell)
    cell.geom_nseg()
    cell.delete_axon()
    cell.biophys()
    cell.active_biophys()
    return cell
