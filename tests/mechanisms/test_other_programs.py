"""Does what is generated for Jaxley and Arbor compute what the .mod file does, or is it refused?"""

import types

import numpy as np
import pytest

from dendmod.cells.exports import arbor, check_out, compartments, export_cell, jaxley
from dendmod.cells.exports.lowered import lower
from dendmod.cells.exports.neuroml_channels import equations
from dendmod.cells.exports.neuroml_rates import CannotBeWritten
from dendmod.cells.exports.nodes import NodesExport
from dendmod.cells.reduced import write_reduced
from dendmod.errors import ExchangeError, SpecError
from dendmod.mechanisms import evaluate, mechanism_set
from dendmod.spec import Compartment, ReducedCell
from tests.mechanisms.two_sections import FOLDER

KNOWN = mechanism_set((str(FOLDER),))
CELSIUS = 34.0
V = np.linspace(-90.0, 40.0, 27)
AROUND = {"ena": 50.0, "ek": -85.0, "eca": 120.0, "cai": 3e-4, "cao": 2.0, "ecal": 100.0,
          "cali": 2e-4, "calo": 1.5, "ica": -1e-3, "ical": -1e-3}  # fmt: skip


def takes(suffix: str) -> bool:
    try:
        lower(KNOWN.get(suffix))
    except CannotBeWritten:
        return False
    return True


DENSITIES = [s for s, m in KNOWN.mechanisms.items() if m.kind == "density"]
WRITTEN = [s for s in DENSITIES if takes(s)]


def test_what_is_refused_is_known():
    refused = sorted(set(DENSITIES) - set(WRITTEN))
    assert refused == ["KaKinetic"]
    with pytest.raises(CannotBeWritten, match="solves its states together"):
        lower(KNOWN.get("KaKinetic"))


def export_of(suffix: str) -> NodesExport:
    """An export of one node with one mechanism, each parameter moved off its default."""
    made = lower(KNOWN.get(suffix))
    m = made.mechanism
    own = {p.name: [p.default * 1.1 + (p.default == 0)] for p in m.parameters}
    own |= {n: [x] for n, x in {"celsius": CELSIUS, "diam": 2.0}.items() if n in made.reads()}
    for name in own:
        made.values.setdefault(name, own[name][0])
    ions = {
        i.name: {f"e{i.name}": [AROUND.get(f"e{i.name}")], "nernst": [False], "charge": 2.0}
        for i in m.ions
    }
    table = {
        "celsius": CELSIUS,
        "mechanisms": {suffix: {"nodes": [0], "parameters": own, "states": {}}},
        "ions": ions,
    }
    return NodesExport("one", table, (made,), np.zeros((1, 1)))


@pytest.fixture
def classes(monkeypatch):
    """Return a function that runs what is written for Jaxley, with numpy in its place."""

    def made(export: NodesExport):
        class Channel:
            def __init__(self, name=None):
                pass

        fake = {
            "jax": types.SimpleNamespace(numpy=np), "jax.numpy": np,
            "jaxley": types.ModuleType("jaxley"),
            "jaxley.channels": types.SimpleNamespace(Channel=Channel),
        }  # fmt: skip
        for name, module in fake.items():
            monkeypatch.setitem(__import__("sys").modules, name, module)
        space: dict = {}
        exec(jaxley.render(export)["channels.py"], space)
        return space["MECHANISMS"]

    return made


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_class_for_jaxley_steps_and_conducts_as_the_equations(suffix, classes):
    export = export_of(suffix)
    (one,) = (c() for c in classes(export)[suffix])
    m, said = KNOWN.get(suffix), equations(KNOWN.get(suffix))
    own = {n: row[0] for n, row in export.table["mechanisms"][suffix]["parameters"].items()}
    pools = {f"{ion}i" for ion in m.pool_of}
    begin = {s: AROUND[s] if s in pools else np.full(V.shape, 0.3) for s in said.states}
    states = {s if s in pools else f"{suffix}_{s}": x for s, x in begin.items()}
    params = {f"{suffix}_{n}": x for n, x in own.items()} | AROUND
    around = {**AROUND, **own, "v": V, "celsius": CELSIUS, "usetable": 0}
    with np.errstate(all="ignore"):
        new = one.update_states(states | AROUND, 0.025, V, params)
        wanted = evaluate.advance(said, begin, 0.025, **around)
        current = one.compute_current(states | AROUND, V, params)
        ours = sum(evaluate.currents(said, begin, **around).values()) + np.zeros_like(V)
    for s in said.states:
        found = new[s if s in pools else f"{suffix}_{s}"]
        np.testing.assert_allclose(found, wanted[s], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(current, ours, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_file_for_arbor_has_the_parts_of_its_dialect(suffix):
    export = export_of(suffix)
    text = arbor.render(export)[f"mod/{suffix}.mod"]
    m = KNOWN.get(suffix)
    assert f"SUFFIX {suffix}\n" in text
    assert text.count("{") == text.count("}")
    for ion in m.ions:
        for written in ion.writes:
            assert f"WRITE {written}" in text
    for state in export.mechanisms[0].states:
        assert f"    {state}' = rate_" in text
    for foreign in ("fabs(", "FUNCTION", "PROCEDURE", "TABLE", "UNITS", "?"):
        assert foreign not in text


def test_a_choice_is_an_if_of_arbor():
    from dendmod.mechanisms.equations import CHOICE, Operation

    writer = arbor._Writer(set())
    test = Operation("&&", (Operation("<", ("v", 1.0)), "flag"))
    inner = Operation(CHOICE, (test, "a", Operation("fabs", ("b",))))
    writer.assign("x", Operation("+", (1.0, inner)))
    assert [line.strip() for line in writer.text()] == [
        "LOCAL x, choice_1", "if (((v < 1.0) && (flag != 0))) {", "choice_1 = a", "} else {",
        "choice_1 = max(b, (-b))", "}", "x = (1.0 + choice_1)",
    ]  # fmt: skip


def reduced(**more) -> ReducedCell:
    soma = {"name": "soma", "parent": -1, "ca": 100, "g_leak": 5, "e_leak": -70, "area": 1e4}
    return ReducedCell(
        name="one", compartments=(Compartment(**soma, **more),), ena=50, ek=-85, celsius=34,
        v_init=-70,
    )  # fmt: skip


def test_nest_refuses_channels_and_full_cells_by_name(tmp_path):
    file = tmp_path / "one.json"
    write_reduced(reduced(channels={"NaTa_t": {"gNaTa_tbar": 1.0}}), file)
    with pytest.raises(ExchangeError, match=r"NaTa_t \(channel\) in soma. Take --to jaxley"):
        export_cell(file, "nest", tmp_path / "out")
    with pytest.raises(ExchangeError, match="has compartments and no sections: reduce it first"):
        export_cell("hay2011_1", "nest", tmp_path / "out")
    with pytest.raises(SpecError, match="one.json is a reduced cell.*--to jaxley, arbor, nest"):
        export_cell(file, "hoc", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", compartments.FORMS)
def test_a_folder_says_how_it_is_run_and_that_nothing_was_held(form, tmp_path, monkeypatch):
    monkeypatch.setattr(compartments, "installed", lambda program: False)
    file = tmp_path / "one.json"
    write_reduced(reduced(), file)
    done = export_cell(file, form, tmp_path / "out")
    names = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*")}
    assert {"run.py", "cell.json", "README.md", "export.json"} <= names
    assert done.held == ()
    assert "is not installed here" in done.notes[-1]
    text = (tmp_path / "out" / "README.md").read_text()
    assert "python run.py" in text
    assert "import dendmod" not in (tmp_path / "out" / "run.py").read_text()
    check_out(tmp_path / "out", "one")
