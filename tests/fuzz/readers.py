"""Every reader of files that users give, with valid files to change and what is read of them."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from dendmod.paths import data_dir
from tests import json_cells
from tests.fuzz import nwb
from tests.fuzz.mutate import changed_arrays, changed_bytes, changed_json, changed_text

Change = Callable[[bytes, Random], bytes]
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "own_cell"
MINIATURES = ROOT / "tests" / "mechanisms" / "miniatures"
TEXT: tuple[Change, ...] = (changed_text, changed_text, changed_text, changed_bytes)
JSON: tuple[Change, ...] = (changed_json, changed_json, changed_text, changed_bytes)
NPZ: tuple[Change, ...] = (changed_arrays, changed_arrays, changed_bytes)


@dataclass(frozen=True)
class Reader:
    """A reader.

    Parameters
    ----------
    make
        Writes valid files and all that they need into a folder, and returns those to be changed.
    read
        Reads one and returns what a user has of it then.
    changes
        How the files are changed.
    names_file
        Whether each refusal must name the file.
    """

    make: Callable[[Path], list[Path]]
    read: Callable[[Path], Any]
    changes: tuple[Change, ...]
    names_file: bool = True


def _copied(*files: Path) -> Callable[[Path], list[Path]]:
    def make(folder: Path) -> list[Path]:
        return [Path(shutil.copy(file, folder)) for file in files]

    return make


def _swc(folder: Path) -> list[Path]:
    chain = folder / "chain.swc"
    chain.write_text(
        "# three points of a soma\n1 1 0 0 0 8 -1\n2 1 0 -8 0 8 1\n3 1 0 8 0 8 1\n"
        "4 3 0 40 0 1.5 1\n5 3 30 90 5.5 1.0 4\n6 3 -3e1 90 5 1.0 4\n7 2 0 -60 0 0.5 1\n"
    )
    return [chain, json_cells.shape(folder), Path(shutil.copy(EXAMPLE / "cell.swc", folder))]


ASC = """; Neurolucida
("CellBody" (Color Red) (CellBody)
 ( 10.0 0.0 0.0 0.1) ; 1
 ( 0.0 12.5 0.0 0.1)
 (-10.0 0.0 0.0 0.1)
 ( 0.0 -12.5 0.0 0.1)
)
( (Color Yellow) (Dendrite)
 ( 12.0 0.0 0.0 2.0)
 ( 60.0 5.0 1.0 1.8)
 (
  ( 90.0 30.0 2.0 1.0)
  ( 120.5 60.0 2.0 0.8)
  Normal
 |
  ( 95.0 -20.0 -3.0 1.1)
  ( 140.0 -42.0 -6.0 0.5)
 )
)
((Apical)
 ( 0.0 14.0 0.0 3.0)
 ( 0.0 200.0 0.0 2.0)
)
((Axon)
 ( 0.0 -14.0 0.0 1.0)
 ( 0.0 -80.0 0.0 0.6)
)
"""


def _asc(folder: Path) -> list[Path]:
    (folder / "cell.asc").write_text(ASC)
    return [folder / "cell.asc"]


def _shape(path: Path) -> Any:
    from dendmod.morphology import read

    cell = read(path)
    n = len(cell.sections)
    sizes = [(s.length, s.area) for s in cell.sections]
    places = [cell.path_distance(i, x) for i in range(n) for x in (0.0, 0.5, 1.0)]
    return cell, sizes, places, cell.sha256, cell.trunk_sections, cell.tuft_sections


def _cell_folder(folder: Path) -> list[Path]:
    shutil.copytree(EXAMPLE / "mod", folder / "mod")
    shutil.copy(EXAMPLE / "cell.swc", folder)
    text = (ROOT / "tests" / "unit" / "fast_cell.toml").read_text()
    (folder / "fast.toml").write_text(text.replace("../../docs/examples/own_cell/", ""))
    return [Path(shutil.copy(EXAMPLE / "cell.toml", folder)), folder / "fast.toml"]


def _cell(path: Path) -> Any:
    from dendmod.cells.file import load_cell
    from dendmod.cells.show import describe

    loaded = load_cell(path)
    return loaded.cell, describe(loaded)


def _protocols(folder: Path) -> list[Path]:
    _cell_folder(folder)
    shipped = [data_dir("protocols") / f"{name}.toml" for name in ("fig1", "fig2_readings")]
    return [*_copied(*shipped)(folder), Path(shutil.copy(EXAMPLE / "protocol.toml", folder))]


def _protocol(path: Path) -> Any:
    from dendmod.protocol.read import load_variants

    return load_variants(path)


def _stimuli(folder: Path) -> list[Path]:
    (folder / "own.toml").write_text(STIMULI)
    (folder / "wave.csv").write_text("t,i\n0,0\n5,0.2\n10,0\n")
    steps = [data_dir("protocols") / f"{name}.toml" for name in ("steps", "clamp_levels")]
    return [*_copied(*steps)(folder), folder / "own.toml"]


STIMULI = """schema = "dendmod/stimuli/1"
name = "all"
title = "One of each"

[cell]
morphology = "l5pc"
biophysics = 3

[run]
tstop_ms = 40
settle_ms = 20
dt_ms = 0.025
trials = 2
seed = 1

[recordings.soma]
location = "soma(0.5)"

[stimuli.step]
kind = "step"
location = "soma(0.5)"
amp_nA = 0.4
delay_ms = 5
dur_ms = 20

[stimuli.noise]
kind = "noise"
location = "soma(0.5)"
delay_ms = 0
mean_nA = 0.1
sd_nA = 0.05
tau_ms = 3
dur_ms = 30

[stimuli.wave]
kind = "waveform"
location = "soma(0.5)"
file = "wave.csv"

[stimuli.burst]
kind = "burst"
location = "apical[3](0.5)"
mechanism = "AmpaNmdaSyn"
weight = 0.001
n = 5
center_ms = 20
sd_ms = 4

[sweep]
"stimuli.step.amp_nA" = [0.2, 0.4]
"""


def _stimulus_file(path: Path) -> Any:
    from dendmod.errors import of_file
    from dendmod.protocol.stimuli_file import load_stimuli, tasks_of
    from dendmod.protocol.stimuli_tasks import setup_of

    protocol = load_stimuli(path)
    with of_file(path):
        setup = setup_of(protocol)
        tasks = tasks_of(protocol)
    t = np.linspace(0.0, 10.0, 11)
    return [c.values(t) for c in setup.currents], setup, [task.payload for _, _, task in tasks]


def _waveform(path: Path) -> Any:
    from dendmod.protocol.stimulus_fields import WaveformFields

    fields = WaveformFields(kind="waveform", location="soma(0.5)", file=str(path))
    return fields, fields.window


def _waves(folder: Path) -> list[Path]:
    t = np.linspace(0.0, 20.0, 41)
    np.savez(folder / "wave.npz", t=t, i=np.sin(t))
    rows = "\n".join(f"{a:.2f},{b:.6g}" for a, b in zip(t, np.sin(t), strict=True))
    (folder / "wave.csv").write_text(f"# a sine\nt,i\n{rows}\n")
    return [folder / "wave.npz", folder / "wave.csv"]


def _wave_change(raw: bytes, rng: Random) -> bytes:
    return rng.choice(NPZ if raw[:2] == b"PK" else TEXT)(raw, rng)


def _io(path: Path) -> Any:
    from dendmod.exchange.load_io import content_hash, load_io

    document = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(document, dict) and Random(path.stem).random() < 0.5:
        try:  # or every change would be found by its hash alone
            document["sha256"] = content_hash(document)
            path.write_text(json.dumps(document), encoding="utf-8")
        except ValueError:
            pass
    io = load_io(path)
    return io, [fit.curves[level](60.0) for fit in io.fits.values() for level in fit.curves]


def _io_file(path: Path) -> Any:
    from dendmod.exchange.load_io import IOFileError, load_io

    try:
        return _io(path)
    except IOFileError:
        raise
    except (ValueError, RecursionError):  # of the lines above that put a new hash in
        return load_io(path)


def _result(folder: Path) -> list[Path]:
    from dendmod.spec.result import Result

    t = np.arange(0.0, 5.0, 0.025)
    Result(
        t, {"soma": -70 + 90 * np.sin(t)}, np.cos(t), {"engine": "neuron"},
        recordings={"ca": np.abs(t)}, units={"ca": "mM"},
    ).save(folder / "result.npz")  # fmt: skip
    return [folder / "result.npz"]


def _read_result(path: Path) -> Any:
    from dendmod.spec.result import Result

    result = Result.load(path)
    return result, [result.spike_times(name) for name in result.v], result.to_pandas()


def _images(folder: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    arrays = {}
    for part, n in (("train", 24), ("val", 12), ("test", 12)):
        arrays[f"{part}_images"] = rng.integers(0, 256, (n, 4, 4)).astype(np.uint8)
        arrays[f"{part}_labels"] = np.arange(n) % 3
    np.savez(folder / "images.npz", **arrays)
    return [folder / "images.npz"]


def _read_images(path: Path) -> Any:
    from dendmod.learning.data import load_npz
    from dendmod.switching.model import read_images

    found = []
    for read in (load_npz, read_images):
        try:
            found.append(read(path))
        except ValueError as error:
            kept = error
    if not found:
        raise kept
    return found


def _idx(folder: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    for part, n in (("train", 24), ("test", 12)):
        for what, values in (
            ("images-idx3", rng.integers(0, 256, (n, 3, 3))),
            ("labels-idx1", np.arange(n) % 3),
        ):
            values = values.astype(np.uint8)
            head = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
            path = folder / f"{part}-{what}-ubyte{'.gz' if part == 'test' else ''}"
            raw = head + values.tobytes()
            path.write_bytes(gzip.compress(raw, mtime=0) if part == "test" else raw)
    return sorted(folder.iterdir())


def _idx_change(raw: bytes, rng: Random) -> bytes:
    if raw[:2] == b"\x1f\x8b" and rng.random() < 0.6:
        return gzip.compress(changed_bytes(gzip.decompress(raw), rng), 1, mtime=0)
    return changed_bytes(raw, rng)


def _read_idx(path: Path) -> Any:
    from dendmod.learning.idx import load_idx, read_idx

    read_idx(path)
    folder = path.parent / f"as-{path.name}"  # the changed file in the place of the right one
    folder.mkdir()
    try:
        for name in path.parent.glob("t*-ubyte*"):
            if not path.name.endswith(name.name):
                (folder / name.name).symlink_to(name)
        (folder / path.name).symlink_to(path)
        return load_idx(folder)
    finally:
        shutil.rmtree(folder)


def _mods(folder: Path) -> list[Path]:
    files = [*data_dir("mechanisms").glob("*.mod"), *MINIATURES.glob("*.mod")]
    return _copied(*sorted(files))(folder)


def _mod(path: Path) -> Any:
    """Read as the process of the parser does, so that what is no word of the parser shows."""
    from dataclasses import asdict

    from dendmod.errors import MechanismError
    from dendmod.mechanisms import nmodl
    from dendmod.mechanisms.catalogue import _mechanism
    from dendmod.mechanisms.given import given_variables
    from dendmod.mechanisms.syntax import Reader as Syntax

    try:
        facts, equations = nmodl.facts(Syntax(path))
    except RuntimeError as error:  # the parser's own
        raise MechanismError(f"{path}: {str(error)[:400]}") from None
    except MechanismError as error:
        raise MechanismError(f"{path}: {error}") from None
    json.dumps(asdict(facts)), json.dumps(asdict(equations))
    record = _mechanism(path, facts)
    return facts, equations, given_variables(record)


def _sections(folder: Path) -> list[Path]:
    membrane = {
        "region": "soma", "nseg": 1, "Ra": 100, "mechanisms": ["pas"],
        "values": {"cm": [1.0], "g_pas": [1e-4], "e_pas": [-70.0]},
    }  # fmt: skip
    cell = {
        "schema": "dendmod/sections/1", "name": "tiny", "celsius": 20, "v_init": -70,
        "lists": {"all": ["soma", "dend[0]"]},
        "sections": [
            {"name": "soma", "parent": -1, "L": 20, "diam": [20.0], "membrane": membrane},
            {
                "name": "dend[0]", "parent": 0, "parent_x": 0.3, "L": 120.0, "diam": [2.0],
                "points": [[0, 0, 0, 2.0], [0, 120, 0, 2.0]],
                "membrane": membrane | {"region": "basal"},
            },
        ],
    }  # fmt: skip
    return [json_cells.dump(folder / "cell.sections.json", cell)]


def _read_sections(path: Path) -> Any:
    from dendmod.cells.file import load_cell

    head = f'schema = "dendmod/cell/1"\nname = "tiny"\nsections = "{path.name}"\n'
    toml = path.with_suffix(".toml")
    toml.write_text(head)
    try:
        return _shape(path), load_cell(toml).cell
    finally:
        toml.unlink()


def _reduced(folder: Path) -> list[Path]:
    from dendmod.cells.reduced import write_reduced
    from dendmod.switching.cells import output_cell, star_cell

    write_reduced(star_cell(3), folder / "star.json")
    both = {
        name: json.loads(cell.model_dump_json(by_alias=True))
        for name, cell in (("hidden", star_cell(3)), ("output", output_cell(3)))
    }
    return [folder / "star.json", json_cells.dump(folder / "two.json", both)]


def _read_reduced(path: Path) -> Any:
    from dendmod.cells.reduced import read_reduced
    from dendmod.switching.cells import _reduced_json, _two

    table = _reduced_json(str(path))
    if isinstance(table, dict) and "compartments" in table:
        return read_reduced(path)
    return _two(path, table)


def _model(folder: Path) -> list[Path]:
    from dendmod.switching.assembly import build_network
    from dendmod.switching.cells import output_cell, star_cell
    from dendmod.switching.model import TrainedModel, write_model
    from dendmod.switching.settings import IMAGES_LITERAL

    network = build_network(
        star_cell(3), output_cell(3), np.ones((4, 2)), 2, IMAGES_LITERAL, seed=1
    )
    write_model(TrainedModel(network, IMAGES_LITERAL, (2, 0), {"seed": 1}), folder / "model.npz")
    return [folder / "model.npz"]


def _read_model(path: Path) -> Any:
    from dendmod.switching.model import read_model

    return read_model(path)


def _import(path: Path, kind: str) -> Any:
    from dendmod.cells.imports import allen, bluepyopt, snudda

    beside = path.parent
    mods = json_cells.mods(beside)
    if kind == "allen":
        found = allen.convert(path, swc=beside / "tiny.swc", mod=mods)
    elif kind == "bluepyopt":
        found = bluepyopt.convert(
            path, morphology=beside / "tiny.swc", mechanisms=beside / "mechanisms.json",
            values=beside / "final.json", key="best", mod=mods,
        )  # fmt: skip
    else:
        folder = beside / "str-tiny"
        found = snudda.convert(folder, mod=mods)
    return found.fields, found.notes


def _allen(folder: Path) -> list[Path]:
    json_cells.shape(folder)
    return [json_cells.allen(folder), json_cells.all_active(folder)]


def _bluepyopt(folder: Path) -> list[Path]:
    json_cells.shape(folder)
    return [json_cells.bluepyopt(folder)]


def _texts(folder: Path) -> list[Path]:
    (folder / "cell.hoc").write_text("begintemplate A\nproc init() {}\nendtemplate A\n")
    (folder / "cell.cell.nml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<neuroml xmlns="http://x"><cell id="a">'
        '<initMembPotential value="-65 mV"/></cell></neuroml>\n'
    )
    (folder / "summary.json").write_text('{"schema": "x", "a": {"source": "Hay et al. 2011"}}')
    return sorted(folder.iterdir())


def _read_text(path: Path) -> Any:
    from dendmod.cells.imports.hoc import which_template
    from dendmod.cells.imports.neuroml import start_of, which_cell
    from dendmod.study.citations import _named, _read

    if path.suffix == ".hoc":
        return which_template(path, None)
    if path.suffix == ".nml":
        return which_cell(path), start_of(path)
    return list(_named(_read(path)))


READERS: dict[str, Reader] = {
    "swc": Reader(_swc, _shape, TEXT),
    "asc": Reader(_asc, _shape, TEXT),
    "cell.toml": Reader(_cell_folder, _cell, TEXT),
    "protocol": Reader(_protocols, _protocol, TEXT),
    "stimuli": Reader(_stimuli, _stimulus_file, TEXT),
    "waveform": Reader(_waves, _waveform, (_wave_change,)),
    "io": Reader(
        _copied(*(data_dir("protocols") / f"io_{n}.json" for n in ("nmda", "shunt"))),
        _io_file,
        JSON,
    ),
    "result": Reader(_result, _read_result, NPZ),
    "images": Reader(_images, _read_images, NPZ),
    "idx": Reader(_idx, _read_idx, (_idx_change,)),
    "mod": Reader(_mods, _mod, TEXT),
    "sections": Reader(_sections, _read_sections, JSON),
    "reduced": Reader(_reduced, _read_reduced, JSON),
    "model": Reader(_model, _read_model, NPZ),
    "allen": Reader(_allen, lambda path: _import(path, "allen"), JSON),
    "bluepyopt": Reader(_bluepyopt, lambda path: _import(path, "bluepyopt"), JSON),
    "other": Reader(_texts, _read_text, TEXT),
    "nwb": Reader(nwb.make, nwb.read, (nwb.change, nwb.change, changed_bytes)),
}
