"""What goes with an exported cell: its .mod files, where they are from, and how to run it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from dendmod import __version__
from dendmod.cells.exports import export as step
from dendmod.cells.exports.export import Export
from dendmod.cells.exports.layout import groups
from dendmod.errors import DendmodError
from dendmod.mechanisms import Mechanism
from dendmod.mechanisms.included import source
from dendmod.paths import data_dir, file_hash

_RUN = {
    "hoc": ("nrnivmodl mod", "nrniv run.hoc"),
    "python": ("nrnivmodl mod", "python run.py"),
    "neuroml": (),
}
_LICENCE = "LICENSE-dendmod.txt"


def copy_mod_files(mechanisms: Iterable[Mechanism], folder: Path) -> dict[str, str]:
    """Copy the .mod files of mechanisms into a folder; return their names there by mechanism.

    Files of one name are told apart as dendmod does where it compiles them, so that NEURON has the
    mechanisms in the same order.
    """
    found: dict[str, str] = {}
    files = [(m.file, m.suffix) for m in mechanisms if m.file is not None]
    for path, suffix in sorted(files, key=lambda f: (f[0].name, f[0].read_bytes())):
        folder.mkdir(exist_ok=True)
        to = folder / path.name
        while to.exists():
            to = to.with_name(f"{to.stem}_{path.parent.name or 'more'}.mod")
        to.write_bytes(source(path))
        found[suffix] = to.name
    if any(_is_dendmods(m) for m in mechanisms):
        (folder / _LICENCE).write_text(licence(), encoding="utf-8")
    return found


def licence() -> str:
    """Return the text of dendmod's licence."""
    beside = data_dir("mechanisms").parent / "LICENSE"
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    text = metadata.distribution("dendmod").read_text("licenses/LICENSE")
    if text is None:
        raise DendmodError("dendmod's LICENSE is not installed with it; reinstall dendmod")
    return text


def _is_dendmods(mechanism: Mechanism) -> bool:
    return mechanism.file is not None and mechanism.file.parent == data_dir("mechanisms")


def text(
    export: Export, form: str, folder: Path, mod: dict[str, str], notes: Iterable[str], sha256: str
) -> str:
    """Return the README of an export that lies in a folder."""
    cell = export.cell
    n = sum(s.membrane.nseg for s in cell.sections)
    lines = [
        f"# {cell.name}",
        "",
        f"{len(cell.sections)} sections, {n} segments; {cell.celsius:g} degC, from "
        f"{cell.v_init:g} mV. Written by dendmod {__version__} (`dendmod cell export --to {form}`) "
        "from the cell as it stands in NEURON, number by number.",
        "",
        *_how_to_run(export, form),
        *(f"- {note}" for note in notes),
        "",
        "## Membrane",
        "",
        "| group | sections | mechanisms |",
        "|---|---|---|",
        *(
            f"| {g.title} | {len(g.sections)} | {', '.join(g.mechanisms)} |"
            for g in groups(export.cell)
        ),
        "",
        "## Where it is from",
        "",
        f"The cell as it was read out has SHA-256 `{sha256}` (`export.json` holds it too).",
        "",
        "| mechanism | what it is | file | from | SHA-256 |",
        "|---|---|---|---|---|",
        *_origins(export, folder, mod),
        "",
    ]
    if any(_is_dendmods(m) for m in export.mechanisms) and mod:
        lines.append(
            f"The files of dendmod have its licence, BSD-3-Clause (`mod/{_LICENCE}`); those of the "
            "cell have that of their authors."
        )
    return "\n".join(lines).rstrip() + "\n"


def _how_to_run(export: Export, form: str) -> Iterator[str]:
    if not _RUN[form]:
        return
    yield from ("```", *_RUN[form], "```", "")
    where = ", ".join(export.place_name(p) for p in export.places)
    yield (
        f"runs {step.TSTOP:g} ms at dt {step.DT:g} ms with {export.amp:g} nA into "
        f"{export.place_name(export.places[0])} from {step.DELAY:g} ms on, prints the number of "
        f"spikes and writes the potentials at {where} to `{export.name}.txt`. `export.json` says "
        "what the same run gives in dendmod: the same numbers to the last bit."
    )
    yield ""


def _origins(export: Export, folder: Path, mod: dict[str, str]) -> Iterator[str]:
    for m in export.mechanisms:
        if m.file is None:
            yield f"| {m.suffix} | {m.kind_in_words} | | built into NEURON | |"
            continue
        whose = "dendmod" if _is_dendmods(m) else "the cell"
        source = f"{whose}; {m.source}" if m.source else whose
        name = mod.get(m.suffix, m.file.name)
        yield f"| {m.suffix} | {m.kind_in_words} | {name} | {source} | `{file_hash(m.file)}` |"
