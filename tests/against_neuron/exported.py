"""A small cell that has one of everything that an export must carry, as a file."""

from __future__ import annotations

from pathlib import Path

from tests.mechanisms import two_sections as two

PASSIVE = """
schema = "dendmod/cell/1"
name = "2.odd-cell"
morphology = "shape.swc"
mechanisms = []

[conditions]
celsius = 10.0
v_init_mV = -65.0

[discretisation]
rule = "1"
nseg = { basal = 5, "axon[0]" = 3 }

[axon]
treatment = "stub"
L_um = [30.0, 20.0]
diam_um = [[1.5, 1.1, 0.7], 0.6]
at = "soma(1)"

[lists]
far = "basal and distance > 100"
both = ["soma", "dend[0]"]

[insert]
somatic = ["hh"]

[[parameters]]
name = "cm"
value = 1.0

[[parameters]]
name = "cm"
list = "basal"
value = 1.6

[[parameters]]
name = "Ra"
value = 123.4

[[parameters]]
name = "g_pas"
value = 1e-4
dist = "value*(1 + distance/300)"

[[parameters]]
name = "e_pas"
value = -65.0

[[parameters]]
name = "gnabar_hh"
list = "axonal"
value = 0.12

[[parameters]]
name = "gkbar_hh"
list = "axonal"
value = 0.036

[[parameters]]
name = "ek"
value = -77.0

[[parameters]]
name = "ek"
list = "axonal"
value = -80.0

[[parameters]]
name = "ena"
value = 50.0
"""


def passive(folder: Path) -> Path:
    """Write a cell of NEURON's own hh and pas, with a taper, tables and lists."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shape.swc").write_text(two.SHAPE)
    (folder / "cell.toml").write_text(PASSIVE)
    return folder


def miniatures(folder: Path) -> Path:
    """Write a cell that has all miniature mechanisms at once."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shape.swc").write_text(two.SHAPE)
    globals_: dict[str, float] = {}
    rows = [
        ("cm", "all", two.CM),
        ("Ra", "all", two.RA),
        ("g_pas", "basal", two.LEAK["g"]),
        ("e_pas", "basal", two.LEAK["e"]),
        ("ena", "all", two.ENA),
        ("ek", "all", two.EK),
    ]
    inserted: dict[str, dict[str, None]] = {"somatic": {"hh": None}, "basal": {"pas": None}}
    for miniature in two.MINIATURES.values():
        globals_ |= miniature.globals
        for where, own in (("somatic", miniature.soma), ("basal", miniature.dendrite)):
            for suffix, params in own.items():
                inserted[where][suffix] = None
                rows += [(f"{key}_{suffix}", where, value) for key, value in params.items()]
    lines = [
        'schema = "dendmod/cell/1"', 'name = "miniatures"', 'morphology = "shape.swc"',
        f'mechanisms = ["{two.FOLDER}"]',
        "[conditions]", f"celsius = {two.CELSIUS}", f"v_init_mV = {two.V_INIT}",
        "globals = { " + ", ".join(f"{k} = {v}" for k, v in globals_.items()) + " }",
        "[discretisation]", "nseg = { all = 1, basal = 5 }", "[insert]",
        *(f"{where} = {list(names)}" for where, names in inserted.items()),
        *(
            f'[[parameters]]\nname = "{name}"\nlist = "{where}"\nvalue = {value}'
            for name, where, value in {row[:2]: row for row in rows}.values()
        ),
    ]  # fmt: skip
    (folder / "cell.toml").write_text("\n".join(lines))
    return folder
