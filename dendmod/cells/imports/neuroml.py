"""Cells of NeuroML, which pyNeuroML writes as a hoc template with .mod files."""

from __future__ import annotations

import contextlib
import io
import math
import os
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

from dendmod.errors import SpecError, did_you_mean

_START = "initMembPotential"
_LEMS = """<Lems>
  <Target component="simulation"/>
  <Include file="Cells.xml"/>
  <Include file="Networks.xml"/>
  <Include file="Simulation.xml"/>
  <Include file="{file}"/>
  <network id="network" type="networkWithTemperature" temperature="{celsius} degC">
    <population id="population" component="{cell}" size="1"/>
  </network>
  <Simulation id="simulation" length="1 ms" step="0.025 ms" target="network"/>
</Lems>
"""


def which_cell(file: str | Path, name: str | None = None) -> str:
    """Return the id of the cell of a NeuroML file.

    Raises
    ------
    SpecError
        If there is no such file, it is no NeuroML, or it has no cell, several, or none of this id.
    """
    path = Path(file)
    if not os.path.isfile(path):
        raise SpecError(f"there is no NeuroML file {path}")
    kinds = ("cell", "cell2CaPools")
    ids = [node.get("id", "") for node in _root(path) if node.tag.rpartition("}")[2] in kinds]
    if name is None and len(ids) != 1:
        has = f"the cells {', '.join(ids)}; name one: --cell" if ids else "no <cell>"
        raise SpecError(f"{path} has {has}")
    if name is not None and name not in ids:
        raise SpecError(f"{path} has no cell {name!r}." + did_you_mean(name, ids))
    return name or ids[0]


def start_of(file: str | Path) -> float | None:
    """Return the initial potential (mV) that a NeuroML file gives, if it is one for all.

    Raises
    ------
    SpecError
        If it is no NeuroML, or the potential is none.
    """
    nodes = [n for n in _root(Path(file)).iter() if n.tag.rpartition("}")[2] == _START]
    values = {node.get("value", "").replace(" ", "") for node in nodes}
    if len(values) != 1:
        return None
    text = values.pop()
    try:
        found = float(text[:-2]) if text.endswith("mV") else 1e3 * float(text.removesuffix("V"))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise SpecError(f"{file}: {_START} is {text!r:.60}; give a potential, such as '-65mV'")
    return found


def _root(path: Path) -> ET.Element:
    try:
        return ET.parse(path).getroot()
    except (ET.ParseError, LookupError, ValueError) as error:  # XML, or how it says it is written
        raise SpecError(f"{path} is no XML: {str(error)[:200]}") from None


def export(file: str | Path, cell: str, folder: Path, celsius: float) -> Path:
    """Have pyNeuroML write a cell into a folder, as a template and .mod files; return the former.

    Parameters
    ----------
    file
        The NeuroML file.
    cell
        Id of the cell.
    folder
        An empty folder.
    celsius
        Temperature (degC), for which rates are computed.

    Raises
    ------
    SpecError
        If pyNeuroML or Java is not there, or the file cannot be exported.
    """
    try:
        from pyneuroml import pynml
    except ImportError:
        raise SpecError(
            "NeuroML needs pyNeuroML: install the extra neuroml (pip install -e '.[neuroml]')"
        ) from None
    if shutil.which("java") is None:
        raise SpecError("NeuroML needs Java, which runs its exporter: install a Java runtime")
    lems = folder / "LEMS_import.xml"
    lems.write_text(_LEMS.format(file=Path(file).resolve(), cell=cell, celsius=celsius))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            pynml.run_lems_with_jneuroml_neuron(
                lems.name,
                nogui=True,
                load_saved_data=False,
                exec_in_dir=str(folder),
                only_generate_scripts=True,
                compile_mods=False,
                verbose=False,
            )
        except (Exception, SystemExit) as error:
            raise SpecError(f"{file}: pyNeuroML cannot export it: {error}") from error
    written = folder / f"{cell}.hoc"
    if not os.path.isfile(written):
        last = (said.getvalue().strip().splitlines() or ["it says nothing"])[-1]
        raise SpecError(f"{file}: pyNeuroML wrote no template for {cell}: {last}")
    return written
