"""A cell as NeuroML 2, with its channels where they can be written.

What cannot be written is refused, by name and with the reason: nothing is approximated.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

from dendmod.cells.exports import export as step
from dendmod.cells.exports.export import Export
from dendmod.cells.exports.neuroml_channels import NERNST, Channels, Density, Pool
from dendmod.cells.exports.neuroml_rates import CannotBeWritten, add, indented
from dendmod.cells.exports.neuroml_shape import (
    Piece,
    group,
    is_cut,
    is_drawn,
    morphology,
    number_at,
    pieces_of,
    segment_at,
)
from dendmod.errors import ExchangeError
from dendmod.mechanisms import Mechanism

NEEDS_MOD = False
_NAMESPACE = "http://www.neuroml.org/schema/neuroml2"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA = "https://raw.githubusercontent.com/NeuroML/NeuroML2/development/Schemas/NeuroML2"
_VERSION = "v2.3"


def render(export: Export) -> dict[str, str]:
    """Return cell, channels, a network with a step, and a LEMS simulation, by name of the file.

    Raises
    ------
    ExchangeError
        If something of the cell cannot be written; each mechanism is named with its file.
    """
    try:
        pieces = pieces_of(export.cell)
    except CannotBeWritten as error:
        raise ExchangeError(f"{export.cell.name} cannot be written as NeuroML: {error}") from None
    membrane = _Membrane(export, pieces)
    name = export.name
    files = {
        f"{name}.channels.nml": _document(
            f"{name}_channels",
            membrane.channels.in_order(),
        ),
        f"{name}.cell.nml": _document(
            f"{name}_cell", [_include(f"{name}.channels.nml"), membrane.cell()]
        ),
        f"{name}.net.nml": _document(
            f"{name}_net", [_include(f"{name}.cell.nml"), *_network(export, pieces)]
        ),
        f"LEMS_{name}.xml": _simulation(export, pieces),
    }
    _validate({file: text for file, text in files.items() if file.endswith(".nml")})
    return files


def notes(export: Export) -> list[str]:
    """Return sentences on what is written otherwise than it stands in NEURON."""
    cell = export.cell
    found = [
        f"Temperature ({cell.celsius:g} degC), GLOBAL and RANGE parameters stand in the rates as "
        "numbers; a channel whose numbers differ from place to place is several ion channels."
    ]
    cut = [s.name for s in cell.sections if is_cut(s)]
    if cut:
        found.append(
            f"{len(cut)} sections are cut into one group a segment, because a number differs from "
            f"segment to segment there: {', '.join(cut[:5])}{' ...' if len(cut) > 5 else ''}."
        )
    if is_drawn(cell):
        found.append("Sections without points are drawn straight down.")
    if any("TABLE" in m.blocks for m in export.mechanisms) or _has(export, "hh"):
        found.append("Rates that NEURON takes from a TABLE are those of the equations themselves.")
    found.append(
        "A column of the LEMS simulation is the potential in the middle of the segment that has "
        "the place."
    )
    points = [m.suffix for m in export.mechanisms if m.kind == "point"]
    if points:
        found.append(f"The synapses {', '.join(points)} are no part of the cell: not written.")
    if not _has_schema():
        found.append("libNeuroML is not installed: the files were not held against the schema.")
    return found


def _has(export: Export, suffix: str) -> bool:
    return any(m.suffix == suffix for m in export.mechanisms)


class _Membrane:
    """What the pieces of a cell have: densities, pools, capacitance, resistivity."""

    def __init__(self, export: Export, pieces: tuple[Piece, ...]) -> None:
        self.export, self.pieces = export, pieces
        self.channels = Channels(export.cell.celsius, export.cell.v_init, export.cell.globals)
        self.known = {m.suffix: m for m in export.mechanisms}
        self.densities: dict[Density, list[str]] = {}
        self.pools: dict[Pool, list[str]] = {}
        self.cm: dict[float, list[str]] = {}
        self.Ra: dict[float, list[str]] = {}
        refused: dict[str, str] = {}
        for piece in pieces:
            self._piece(piece, refused)
        if refused:
            said = "; ".join(f"{what}: {why}" for what, why in refused.items())
            raise ExchangeError(
                f"{export.cell.name} cannot be written as NeuroML: {said}. Take --to hoc or python"
            )

    def _piece(self, piece: Piece, refused: dict[str, str]) -> None:
        membrane = self.export.cell.sections[piece.section].membrane
        values = {name: number_at(row, piece) for name, row in membrane.values.items()}
        self.cm.setdefault(values["cm"], []).append(piece.name)
        self.Ra.setdefault(membrane.Ra, []).append(piece.name)
        here = [self.known[suffix] for suffix in membrane.mechanisms]
        pooled = {ion for m in here for ion in m.pool_of}
        for m in here:
            try:
                self._mechanism(m, piece, values, pooled)
            except CannotBeWritten as error:
                file = m.file.name if m.file is not None else "built into NEURON"
                refused[f"{m.suffix} ({file})"] = str(error)

    def _mechanism(
        self, m: Mechanism, piece: Piece, values: dict[str, float], pooled: set[str]
    ) -> None:
        own = {p: values[f"{p}_{m.suffix}"] for p in m.parameter_names}
        if m.pool_of:
            outside = self.export.cell.globals.get("cao0_ca_ion", 2.0)
            pool = self.channels.pool(m, own, values.get("cao", outside))
            self.pools.setdefault(pool, []).append(piece.name)
        if not m.currents:
            if not m.pool_of:
                raise CannotBeWritten("it is neither a current nor a pool")
            return
        if "ca" in m.gated_by and "ca" not in pooled:
            raise CannotBeWritten(f"it reads cai in {piece.name}, where no pool keeps it")
        reversals = {name: x for name, x in values.items() if name.startswith("e")}
        for density in self.channels.densities(m, own, reversals):
            self.densities.setdefault(density, []).append(piece.name)

    def cell(self) -> ET.Element:
        """Return the cell."""
        export = self.export
        made = ET.Element("cell", id=export.name)
        shape = morphology(export.cell, self.pieces)
        shape.set("id", f"{export.name}_morphology")
        self._groups: dict[tuple[str, ...], str] = {}
        properties = ET.Element("biophysicalProperties", id=f"{export.name}_biophysics")
        membrane = add(properties, "membraneProperties")
        nernst = [d for d in self.densities if d.reversal == NERNST]
        for d in (*(d for d in self.densities if d.reversal != NERNST), *nernst):
            where = self._group(shape, self.densities[d])
            tag = "channelDensityNernst" if d.reversal == NERNST else "channelDensity"
            number = len(membrane)
            made_of = add(
                membrane, tag, id=f"{d.channel}_{number}", ionChannel=d.channel,
                condDensity=f"{d.density!r} S_per_cm2", segmentGroup=where, ion=d.ion,
            )  # fmt: skip
            if d.reversal != NERNST:
                made_of.set("erev", f"{d.reversal!r} mV")
        add(membrane, "spikeThresh", value=f"{step.THRESHOLD!r} mV")
        for cm, where_ in self.cm.items():
            add(membrane, "specificCapacitance", value=f"{cm!r} uF_per_cm2",
                segmentGroup=self._group(shape, where_))  # fmt: skip
        add(membrane, "initMembPotential", value=f"{export.cell.v_init!r} mV")
        inside = add(properties, "intracellularProperties")
        for pool, where_ in self.pools.items():
            add(
                inside, "species", id="ca", ion="ca", concentrationModel=pool.model,
                initialConcentration=f"{pool.inside!r} mM",
                initialExtConcentration=f"{pool.outside!r} mM",
                segmentGroup=self._group(shape, where_),
            )  # fmt: skip
        for Ra, where_ in self.Ra.items():
            add(inside, "resistivity", value=f"{Ra!r} ohm_cm",
                segmentGroup=self._group(shape, where_))  # fmt: skip
        made.extend([shape, properties])
        return made

    def _group(self, shape: ET.Element, where: list[str]) -> str:
        """Return the name of a group of these pieces; make one where there is none.

        A piece alone has one too: programs take its own group for a section, not for a list.
        """
        key = tuple(where)
        if len(key) == len(self.pieces):
            return "all"
        if key not in self._groups:
            self._groups[key] = f"places_{len(self._groups)}"
            group(shape, self._groups[key], list(key))
        return self._groups[key]


def _document(name: str, children: list[ET.Element]) -> str:
    made = ET.Element(
        "neuroml",
        {
            "xmlns": _NAMESPACE,
            "xmlns:xsi": _INSTANCE,
            "xsi:schemaLocation": f"{_NAMESPACE} {_SCHEMA}/NeuroML_{_VERSION}.xsd",
            "id": name,
        },
    )
    made.extend(children)
    return indented(made)


def _include(file: str) -> ET.Element:
    return ET.Element("include", href=file)


def _network(export: Export, pieces: tuple[Piece, ...]) -> Iterator[ET.Element]:
    yield ET.Element(
        "pulseGenerator", id="step_current", delay=f"{step.DELAY!r}ms",
        duration=f"{step.DURATION!r}ms", amplitude=f"{export.amp!r}nA",
    )  # fmt: skip
    made = ET.Element(
        "network", id="net", type="networkWithTemperature",
        temperature=f"{export.cell.celsius!r}degC",
    )  # fmt: skip
    add(made, "population", id="pop", component=export.name, size="1", type="populationList")
    instance = add(made[0], "instance", id="0")
    add(instance, "location", x="0", y="0", z="0")
    inputs = add(made, "inputList", id="steps", population="pop", component="step_current")
    at, fraction = segment_at(pieces, 0, 0.5)
    add(inputs, "input", id="0", target=f"../pop/0/{export.name}", segmentId=str(at),
        fractionAlong=repr(fraction), destination="synapses")  # fmt: skip
    yield made


def _simulation(export: Export, pieces: tuple[Piece, ...]) -> str:
    made = ET.Element("Lems")
    add(made, "Target", component="run")
    for file in ("Cells.xml", "Networks.xml", "Simulation.xml"):
        add(made, "Include", file=file)
    for file in ("channels", "cell", "net"):
        add(made, "Include", file=f"{export.name}.{file}.nml")
    run = add(
        made, "Simulation", id="run", length=f"{step.TSTOP!r}ms", step=f"{step.DT!r}ms",
        target="net",
    )  # fmt: skip
    out = add(run, "OutputFile", id="out", fileName=f"{export.name}.dat")
    for k, place in enumerate(export.places):
        at, _ = segment_at(pieces, place.section, place.x)
        add(out, "OutputColumn", id=f"v{k}", quantity=f"pop/0/{export.name}/{at}/v")
    return indented(made)


def _has_schema() -> bool:
    """Return whether libNeuroML, which carries the schema, is installed."""
    return importlib.util.find_spec("neuroml") is not None


def _validate(files: dict[str, str]) -> None:
    """Hold files against the schema that libNeuroML carries, where it is installed."""
    if not _has_schema():
        return
    validate = importlib.import_module("neuroml.utils").validate_neuroml2
    with TemporaryDirectory() as folder:
        for file, text in files.items():
            path = Path(folder) / file
            path.write_text(text, encoding="utf-8")
            try:
                validate(str(path))
            except ValueError as error:
                raise ExchangeError(f"{file} is no valid NeuroML: {error}") from None
