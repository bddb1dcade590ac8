"""Ten mechanisms with one trap each: are they read right, and do cells with them run right?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.mechanisms import library, mechanism_set, toolchain
from dendmod.mechanisms.catalogue import parse
from dendmod.mechanisms.units import unit_errors
from tests.mechanisms import two_sections as two

OWN = mechanism_set((str(two.FOLDER),))


def test_no_miniature_is_left_out():
    assert {path.stem for path in two.FOLDER.glob("*.mod")} == set(two.MINIATURES)


@pytest.mark.skipif(toolchain.neuron_data() is None, reason="this NEURON has no modlunit")
@pytest.mark.parametrize("name", sorted(two.MINIATURES))
def test_units_are_consistent(name):
    assert unit_errors(OWN.get(name).file) == ""


@pytest.mark.parametrize(
    ("name", "what", "maximal", "unit", "reversal"),
    [
        ("KdrGmax", "channel", ("gmax",), "S/cm2", "ek"),
        ("Ih", "channel", ("gbar",), "S/cm2", "e"),
        ("KmPicosiemens", "channel", ("gbar",), "pS/um2", "ek"),
        ("NapGlobal", "channel", ("gbar",), "S/cm2", "ena"),
        ("CaHva", "channel", ("gbar",), "S/cm2", "eca"),
        ("KCa", "channel", ("gbar",), "S/cm2", "ek"),
        ("CalGhk", "channel", ("pbar",), "cm/s", ""),
        ("KaKinetic", "channel", ("gbar",), "S/cm2", "ek"),
        ("CationInstant", "channel", ("gbar",), "S/cm2", "e"),
        ("KvQ10", "channel", ("gbar",), "S/cm2", "ek"),
        ("CaShell", "pool", (), "", ""),
        ("CalShell", "pool", (), "", ""),
    ],
)
def test_what_conducts_is_read_whatever_it_is_called(name, what, maximal, unit, reversal):
    mechanism = OWN.get(name)
    assert mechanism.kind_in_words == what
    assert mechanism.maximal == maximal
    assert mechanism.reversal == reversal
    assert [mechanism.unit_of(p) for p in maximal] == ([unit] if unit else [])


def test_conductances_and_globals_are_read_whatever_they_are_called():
    assert OWN.get("KdrGmax").conductance == "cond"
    assert OWN.get("CalGhk").conductance == ""
    assert [p.name for p in OWN.get("Ih").globals] == ["e"]
    assert "e" not in OWN.get("Ih").parameter_names
    assert [(p.name, p.default) for p in OWN.get("NapGlobal").globals] == [
        ("vhalf", -52),
        ("tau", 1),
    ]


def test_pools_and_what_they_gate_are_found_by_what_is_read_and_written():
    pools = {m.suffix: m.pool_of for m in OWN.mechanisms.values() if m.pool_of}
    assert pools == {"CaDynamics_E2": ("ca",), "CaShell": ("ca",), "CalShell": ("cal",)}
    gated = {m.suffix: m.gated_by for m in OWN.mechanisms.values() if m.gated_by}
    assert gated == {"SK_E2": ("ca",), "KCa": ("ca",)}
    assert OWN.get("CalGhk").needs_pool == ("cal",)
    assert OWN.get("CaHva").needs_pool == ("ca",)
    assert OWN.get("KdrGmax").needs_pool == ()


def test_what_is_read_of_the_surroundings():
    assert OWN.get("CaShell").reads == ("diam",)
    assert {n for n in two.MINIATURES if "celsius" in OWN.get(n).reads} == {"CalGhk", "KvQ10"}
    assert OWN.get("KaKinetic").blocks == ("KINETIC",)
    assert OWN.get("KaKinetic").states == ("closed", "open", "shut")


def test_what_is_declared_and_never_used_is_not_read(tmp_path):
    """Old files declare celsius and diam by habit."""
    text = (two.FOLDER / "KdrGmax.mod").read_text()
    path = tmp_path / "Old.mod"
    path.write_text(
        text.replace("    v (mV)\n", "    v (mV)\n    celsius (degC)\n    diam (um)\n", 1)
    )
    assert parse(path).reads == ("v",)
    path.write_text(
        text.replace("ik = cond", "VERBATIM\n    (void) diam;\n    ENDVERBATIM\n    ik = cond")
    )
    assert parse(path).reads == ("v", "diam")


def test_a_gate_without_a_state_is_no_leak():
    assert not OWN.get("CationInstant").is_leak
    assert OWN.get("pas").is_leak


def _run(how: str, argument: str, to: Path) -> dict[str, np.ndarray]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.mechanisms.two_sections_worker", how, argument, str(to)],
        cwd=to.parent, capture_output=True, text=True, check=False,
        env=two.environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with np.load(to) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    """Potentials of all cells: by dendmod, and by hand in plain NEURON."""
    folder = tmp_path_factory.mktemp("two_sections")
    built = library(OWN.files)
    assert OWN.get("Ih").file.read_bytes() in built.path.read_bytes()
    return (
        _run("neuron", str(folder), folder / "dendmod.npz"),
        _run("hand", str(built.path), folder / "hand.npz"),
    )


@pytest.mark.parametrize("name", sorted(two.MINIATURES))
def test_a_cell_is_what_plain_neuron_makes_of_it(traces, name):
    ours, hand = traces
    for amp in two.STEPS:
        v = ours[f"{name}/{amp}"]
        assert np.array_equal(v, hand[f"{name}/{amp}"])
        assert np.count_nonzero((v[0, 1:] > 0) & (v[0, :-1] <= 0)) > 1


def test_every_miniature_makes_its_cell_another(traces):
    ours, _ = traces
    found = [ours[f"{name}/{two.STEPS[0]}"][0] for name in two.MINIATURES if name != "KCa"]
    for i, v in enumerate(found):
        assert all(np.abs(v - other).max() > 0.1 for other in found[:i])
