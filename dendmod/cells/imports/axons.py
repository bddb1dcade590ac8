"""The axons by which the field's codes replace that of a morphology."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dendmod.cells.cell_shape import CellShape
from dendmod.errors import SpecError
from dendmod.morphology import Morphology
from dendmod.spec.cell_file import AxonFields, MyelinFields

_STUB = 60.0  # um, of two cylinders
_TAPER_SEGMENTS = 10  # of EModelRunner's stub
_MYELIN_LENGTH, _MYELIN_SEGMENTS = 1000.0, 5  # um


@dataclass(frozen=True)
class Axon:
    """An axon of a cell file, with the numbers of segments that its sections have by name."""

    fields: AxonFields
    nseg: dict[str, int]


def kept(morphology: Morphology) -> Axon:
    """Return the axon of the morphology as it is."""
    return Axon(AxonFields(treatment="keep"), {})


def allen_stub(morphology: Morphology) -> Axon:
    """Return the two cylinders of 30 um by 1 um at soma(0.5) of Allen's perisomatic cells."""
    half = _STUB / 2
    return Axon(
        AxonFields(treatment="stub", L_um=(half, half), diam_um=(1.0, 1.0), at="soma(0.5)"), {}
    )


def allen_truncated(morphology: Morphology) -> Axon:
    """Return two cylinders at soma(1) as wide as the axon, as AllenSDK has them for all-active.

    AllenSDK measures the distance of 60 um from the start of the soma.

    Raises
    ------
    SpecError
        If the morphology has no axon.
    """
    shape = _shape(morphology)
    if not _axonal(shape):
        raise SpecError(
            f"{morphology.name} has no axon whose diameters an all-active cell of Allen could "
            "keep; give --axon stub"
        )
    return _two_cylinders(shape, shape.sections[0].length / 2)


def replaced(morphology: Morphology) -> Axon:
    """Return BluePyOpt's ``replace_axon``: two cylinders at soma(1) as wide as the axon.

    The first is as wide as the middle of the axon's first section, the second as the middle of the
    first section that lies more than 60 um from the middle of the soma; 1 um without an axon.
    """
    shape = _shape(morphology)
    if not _axonal(shape):
        half = _STUB / 2
        return Axon(
            AxonFields(treatment="stub", L_um=(half, half), diam_um=(1.0, 1.0), at="soma(1)"), {}
        )
    return _two_cylinders(shape, 0.0)


def tapered(morphology: Morphology) -> Axon:
    """Return EModelRunner's axon: ten diameters of the first 60 um, and 1 mm of myelin.

    Raises
    ------
    SpecError
        If the axon is too short for that.
    """
    shape = _shape(morphology)
    step, diameters = _STUB / _TAPER_SEGMENTS, []
    for i in _axonal(shape):
        n = 1 + int(shape.sections[i].length / step / 2) * 2
        diameters += [shape.diameter_between(i, k / n, (k + 1) / n) for k in range(n)]
        if len(diameters) >= _TAPER_SEGMENTS:
            break
    if len(diameters) < _TAPER_SEGMENTS:
        raise SpecError(
            f"the axon of {morphology.name} gives {len(diameters)} diameters along its first 60 "
            f"um, and the tapered axon of EModelRunner needs {_TAPER_SEGMENTS}; give --axon "
            "replace"
        )
    half, n = _STUB / 2, _TAPER_SEGMENTS // 2
    first, second = diameters[:n], diameters[n:_TAPER_SEGMENTS]
    fields = AxonFields(
        treatment="stub",
        L_um=(half, half),
        diam_um=(tuple(first), tuple(second)),
        at="soma(1)",
        myelin=MyelinFields(L_um=_MYELIN_LENGTH, diam_um=second[-1]),
    )
    return Axon(fields, {"myelinated": _MYELIN_SEGMENTS})


AXONS: dict[str, Callable[[Morphology], Axon]] = {
    "replace": replaced, "tapered": tapered, "keep": kept,
}  # fmt: skip


def _shape(morphology: Morphology) -> CellShape:
    return CellShape(morphology, None, 0, {})


def _axonal(shape: CellShape) -> list[int]:
    return [i for i, s in enumerate(shape.sections) if s.region == "axon"]


def _two_cylinders(shape: CellShape, extra: float) -> Axon:
    """Return two cylinders; `extra` (um) is added to distances from the middle of the soma."""
    axonal, half = _axonal(shape), _STUB / 2
    first = _middle(shape, axonal[0])
    far = (i for i in axonal if shape.distance(i, 0.5) + extra > _STUB)
    second = _middle(shape, next(far, axonal[0]))
    fields = AxonFields(treatment="stub", L_um=(half, half), diam_um=(first, second), at="soma(1)")
    return Axon(fields, {})


def _middle(shape: CellShape, i: int) -> float:
    """Return the diameter (um) of the middle segment of a section of ``1 + 2*int(L/40)``."""
    n = 1 + 2 * int(shape.sections[i].length / 40)
    return shape.diameter_between(i, (n // 2) / n, (n // 2 + 1) / n)
