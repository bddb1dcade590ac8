"""Write a morphology as SWC."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dendmod.atomic import replacing
from dendmod.errors import MorphologyError
from dendmod.morphology.model import Morphology, Section

_TYPES = {"soma": 1, "axon": 2, "basal": 3, "apical": 4}
_LEAD = 0.2  # um


def write_swc(morphology: Morphology, path: str | Path, comment: str = "") -> None:
    """Write a morphology as an SWC file.

    SWC joins a branch to the last point of its parent, with the parent's diameter: a thin branch
    on a thick one would start as a cone and gain 3-5 % of area. So each branch first gets a point
    0.2 um along, at its own diameter.

    Parameters
    ----------
    morphology
        What to write.
    path
        Where; written whole or not at all.
    comment
        First line, such as the command that made the morphology.

    Raises
    ------
    MorphologyError
        If the path is not that of an SWC file or cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".swc":
        raise MorphologyError(f"{path}: dendmod writes SWC files; give a name that ends in .swc")
    for i, section in enumerate(morphology.sections):
        if section.L is not None or (
            i and morphology.joint(i) != (float(section.parent > 0) / 2 + 0.5, 0)
        ):
            raise MorphologyError(
                f"{path}: {morphology.neuron_names[i]} of {morphology.name} has no points, or is "
                "joined elsewhere than SWC can say (soma(0.5) or the end of its parent)"
            )
    lines = [f"# {comment}"] if comment else []
    lines.append("# id type x y z radius parent")
    last: dict[int, int] = {}
    number = 0
    for i, section in enumerate(morphology.sections):
        points, diameters = section.points, section.diameters
        if i > 0:
            points, diameters = _with_lead(section)
        parent = -1 if i == 0 else (2 if section.parent == 0 else last[section.parent])
        for (x, y, z), diameter in zip(points, diameters, strict=True):
            number += 1
            lines.append(
                f"{number} {_TYPES[section.kind]} {x:.4f} {y:.4f} {z:.4f} {diameter / 2:.5f} "
                f"{parent}"
            )
            parent = number
        last[i] = number
    try:
        with replacing(path) as partial:
            partial.write_text("\n".join(lines) + "\n")
    except OSError as error:
        raise MorphologyError(f"{path} cannot be written: {error.strerror}") from None


def _with_lead(section: Section) -> tuple[np.ndarray, np.ndarray]:
    """Replace the first point, which is the parent's, by one a little way along."""
    apart = int(np.argmax(section.steps > 0))  # a tracing may have its first point twice
    first, second = section.points[apart : apart + 2]
    step = min(_LEAD, section.steps[apart] / 2)
    lead = first + (second - first) * step / section.steps[apart]
    points = np.vstack([lead, section.points[apart + 1 :]])
    return points, section.diameters[apart:]
