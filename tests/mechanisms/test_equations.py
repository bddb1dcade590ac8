"""Do the equations that are read from a .mod file give what NEURON computes from the same file?"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.errors import MechanismError, UnsupportedByEngine
from dendmod.mechanisms import evaluate, mechanism_set, toolchain
from dendmod.mechanisms.emit import HELPERS, c_statements
from dendmod.mechanisms.equations import Assign, Equations, Operation
from dendmod.mechanisms.nmodl import equations_of
from tests.mechanisms import two_sections as two

DT, CELSIUS, MAXIMAL = 0.1, 23.0, 1e-3
KNOWN = mechanism_set((str(two.FOLDER),))
BUILT_IN = {"hh": "hh", "pas": "passive", "ExpSyn": "expsyn", "Exp2Syn": "exp2syn"}
SOURCES = toolchain.neuron_data()
NAMES = [
    m.suffix
    for m in KNOWN.mechanisms.values()
    if m.kind != "artificial" and (m.file is not None or SOURCES is not None)
]
STARTS = [
    [0.3, 0.2, 0.5, 0.1, 0.7, 0.4, 0.6, 0.25],
    [0.9, 0.05, 0.05, 0.2, 0.3, 0.1, 0.8, 0.2],
]
POINTS = [
    {"v": v, "cai": c, "cali": c, "states": start}
    for v in (-110.0, -71.3, -50.0, -40.0, -27.0, -12.7, 0.5, 35.0)
    for c in (1e-5, 4.3e-4, 5e-3)
    for start in STARTS
]
V = np.array([point["v"] for point in POINTS])
RELATIVE = 1e-11
# NEURON steps a scheme by 1e9 ms to find where it rests; rates of 1e-4/ms leave this
STEADY_STATE = {"KaKinetic": 1e-5}


def of(name: str) -> Equations:
    file = KNOWN.get(name).file
    if file is None:
        assert SOURCES is not None
        file = SOURCES / "share" / "modfile" / f"{BUILT_IN[name]}.mod"
    return equations_of(file)


@pytest.fixture(scope="module")
def in_neuron() -> dict:
    given = {"folders": [str(two.FOLDER)], "dt": DT, "celsius": CELSIUS, "names": NAMES,
             "points": POINTS, "maximal": MAXIMAL}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.mechanisms.equations_worker", json.dumps(given)],
        capture_output=True, text=True, check=False, env=two.environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def held(name: str, rows: list[dict]) -> tuple[dict, dict, dict]:
    """Return what NEURON had before the step: all, the states, and what is around them."""
    mechanism = KNOWN.get(name)
    found = {key: np.array([row["before"][key] for row in rows]) for key in rows[0]["before"]}
    reads = {variable for ion in mechanism.ions for variable in ion.reads}
    around = {k: x for k, x in found.items() if k in {*mechanism.parameter_names, *reads}}
    around = {k: x for k, x in around.items() if k not in mechanism.states}
    around |= {"v": V, "celsius": CELSIUS, "diam": 7.0}
    return found, {s: found[s] for s in mechanism.states}, around


@pytest.mark.parametrize("name", NAMES)
def test_initial_states_and_a_step_from_any_state_are_neurons(in_neuron, name):
    rows, equations, mechanism = in_neuron[name], of(name), KNOWN.get(name)
    _, states, around = held(name, rows)
    start = evaluate.initial(equations, dt=DT, **around)
    after = evaluate.advance(equations, states, DT, **around)
    for i, state in enumerate(mechanism.states):
        expected = np.array([[row["initial"][i], row["after"][i]] for row in rows]).T
        tolerance = STEADY_STATE.get(name, RELATIVE)
        np.testing.assert_allclose(start[state] + 0 * V, expected[0], rtol=tolerance)
        np.testing.assert_allclose(
            after[state], expected[1], rtol=RELATIVE, atol=2e-9 if state == "u_dend" else 0
        )


@pytest.mark.parametrize("name", NAMES)
def test_currents_and_all_that_breakpoint_shows_are_neurons(in_neuron, name):
    found, states, around = held(name, in_neuron[name])
    got = evaluate.after_breakpoint(of(name), states, dt=DT, **around)
    shown = [n for n in found if n in got and n not in around and n not in states]
    for variable in shown:
        np.testing.assert_allclose(got[variable] + 0 * V, found[variable], rtol=RELATIVE)
    conducting = KNOWN.get(name).conducts and name not in ("Ih", "pas")  # whose i is not shown
    assert bool(shown) >= conducting


@pytest.mark.parametrize("name", NAMES)
def test_where_a_step_rests_a_step_changes_nothing(in_neuron, name):
    equations = of(name)
    _, states, around = held(name, in_neuron[name])
    rest = evaluate.steady_state(equations, dt=DT, **states, **around)
    after = evaluate.advance(equations, rest, DT, **around)
    for state in equations.states:
        np.testing.assert_allclose(after[state], rest[state] + 0 * V, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_an_affine_map_of_the_states(in_neuron, name):
    """So that steps from a few start values give it, whatever form the file has."""
    equations = of(name)
    _, states, around = held(name, in_neuron[name])
    other = {s: 0.5 * x for s, x in states.items()}
    middle = {s: 0.75 * x for s, x in states.items()}
    low, high, between = (
        evaluate.advance(equations, x, DT, **around) for x in (other, states, middle)
    )
    for s in equations.states:
        np.testing.assert_allclose(between[s], (low[s] + high[s]) / 2, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("KvQ10", "(celsius - 21", "(celsius - 22"),
        ("KvQ10", "gbar*n*n", "gbar*n"),
        ("KdrGmax", "exp(-(v + 25", "exp((v + 25"),
        ("CalGhk", "ci*back(-z)", "ci*back(z)"),
        ("KaKinetic", "open <-> shut (down, up)", "open <-> shut (up, down)"),
        ("CaShell", "diam) - (cai", "diam) + (cai"),
        ("KmPicosiemens", "(1e-4)*gk", "(1e-3)*gk"),
    ],
)
def test_a_wrong_sign_q10_or_power_would_be_seen(in_neuron, tmp_path, name, right, wrong):
    text = (two.FOLDER / f"{name}.mod").read_text()
    assert text.count(right) == 1
    path = tmp_path / "Wrong.mod"
    path.write_text(text.replace(right, wrong))
    found, states, around = held(name, in_neuron[name])
    mechanism = KNOWN.get(name)
    after = evaluate.advance(equations_of(path), states, DT, **around)
    got = {**after, **evaluate.currents(equations_of(path), states, **around)}
    expected = {s: [row["after"][i] for row in in_neuron[name]] for i, s in enumerate(states)}
    expected |= {c: found[c] for c in mechanism.currents}
    assert any(np.abs(got[n] / expected[n] - 1).max() > 1e-3 for n in expected)


@pytest.mark.skipif(SOURCES is None, reason="this NEURON has no sources of its mechanisms")
def test_a_table_is_followed_and_can_be_left():
    hh = of("hh")
    table = next(
        s for s in hh.steps[0].statements if not isinstance(s, Assign) and hasattr(s, "body")
    )
    assert (table.low, table.high, table.intervals) == (-100.0, 100.0, 200)
    assert set(table.names) == {"minf", "mtau", "hinf", "htau", "ninf", "ntau"}
    followed, exact = (
        evaluate.relaxations(hh, v=np.array([-60.0, -60.5]), celsius=6.3, usetable=use)["m"][0]
        for use in (1, 0)
    )
    assert followed[0] == pytest.approx(exact[0], rel=1e-12)
    assert 1e-6 < abs(followed[1] / exact[1] - 1) < 1e-2


def test_an_event_makes_the_states_jump():
    equations = of("AmpaNmdaSyn")
    none = dict.fromkeys(equations.states, 0.0)
    got = evaluate.received(equations, none, {"weight": 2e-3}, v=-65.0)
    tp = 0.2 * 3 / 2.8 * np.log(15)
    assert got["a_ampa"] == pytest.approx(2e-3 / (np.exp(-tp / 3) - np.exp(-tp / 0.2)))
    assert got["b_nmda"] == got["a_nmda"] > got["a_ampa"]


def test_the_slope_is_that_of_the_current():
    equations = of("NapGlobal")
    slope = evaluate.slope(equations, {"m": 0.4}, -50.0, ena=50.0, gbar=1e-3)
    assert slope == pytest.approx(0.4e-3, rel=1e-6)


def test_what_each_form_comes_to():
    forms = {name: of(name).currents for name in NAMES}
    assert forms["CaHva"][0].proportional == ("g", "gbar", "m", "m")
    assert (forms["CaHva"][0].conductance, forms["CaHva"][0].reversal) == ("g", "eca")
    assert forms["CalGhk"][0].conductance is None
    assert forms["KmPicosiemens"][0].conductance == Operation("*", (1e-4, "gk"))
    assert dict(of("CaShell").depends)["cai"] == ("diam", "ica")
    assert dict(of("KCa").depends)["z"] == ("cai",)
    assert dict(of("KvQ10").depends)["n"] == ("celsius", "v")


OLD = """NEURON { SUFFIX Old NONSPECIFIC_CURRENT i RANGE gbar }
PARAMETER { gbar = 1e-3 (S/cm2) e = -70 }
ASSIGNED { v i minf mexp }
STATE { m }
INITIAL { rates(v, 2) m = minf }
BREAKPOINT {
    SOLVE states
    i = gbar*m^2*(v - e)
}
PROCEDURE states() {
    rates(v, 2)
    m = m + mexp*(minf - m)
    VERBATIM
    return 0;
    ENDVERBATIM
}
PROCEDURE rates(v, k) { LOCAL a, b
    a = rate(v, -40, k)   b = rate(-v, 60, k)
    minf = a/(a + b)
    mexp = 1 - exp(-dt*(a + b))
}
FUNCTION rate(x, y, k) {
    if (fabs((x - y)/k) < 1e-6) { rate = k } else { rate = (x - y)/(1 - exp(-(x - y)/k)) }
}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "Old.mod"
    path.write_text(text)
    return path


def test_old_files_that_assign_their_states_are_read(tmp_path):
    old = equations_of(write(tmp_path, OLD))
    assert old.currents[0].proportional == ("gbar", "m", "m")

    def rate(x, y):
        return 2.0 if x == y else (x - y) / (1 - np.exp(-(x - y) / 2))

    for v in (-40.0, -33.3):
        a, b = rate(v, -40), rate(-v, 60)
        after = evaluate.advance(old, {"m": 0.2}, 0.025, v=v)["m"]
        assert after == pytest.approx(0.2 + (1 - np.exp(-0.025 * (a + b))) * (a / (a + b) - 0.2))


def test_what_a_procedure_does_to_its_argument_ends_with_it(tmp_path):
    right = "PROCEDURE rates(v, k) { LOCAL a, b"
    moved = equations_of(write(tmp_path, OLD.replace(right, f"{right} v = v + 10")))
    plain = equations_of(write(tmp_path, OLD))
    states = {"m": 0.2}
    assert evaluate.currents(moved, states, v=-30.0) == evaluate.currents(plain, states, v=-30.0)
    there, shifted = (evaluate.advance(e, states, DT, v=v)["m"] for e, v in
                      ((moved, -30.0), (plain, -20.0)))  # fmt: skip
    assert there == shifted
    assert evaluate.initial(moved, v=-30.0, dt=DT) == evaluate.initial(plain, v=-20.0, dt=DT)


def test_a_state_that_breakpoint_assigns_is_that_after_a_step(tmp_path):
    text = OLD.replace("STATE { m }", "STATE { m s }").replace("i = gbar", "s = m + 1  i = gbar")
    after = evaluate.advance(equations_of(write(tmp_path, text)), {"m": 0.2, "s": 5.0}, DT, v=-9.0)
    assert after["s"] == 1.2


@pytest.mark.skipif(SOURCES is None, reason="this NEURON has no sources of its mechanisms")
def test_a_table_is_one_where_a_value_is_given_for_every_point():
    given = {"v": np.full(3, -60.5), "celsius": np.full(3, 6.3)}
    everywhere = evaluate.relaxations(of("hh"), **given)["m"][0]
    assert np.all(everywhere == evaluate.relaxations(of("hh"), v=-60.5, celsius=6.3)["m"][0])


@pytest.mark.parametrize(
    ("right", "wrong", "line", "reason"),
    [
        ("return 0;", "x = 1;", 13, "VERBATIM is C"),
        ("minf = a/(a + b)", "minf = ghk(a, b)", 19, "ghk() is called"),
        ("minf = a/(a + b)", "minf = a[2]/(a + b)", 19, "arrays are not read"),
        ("m = m + mexp*(minf - m)", "m = m + mexp*(minf - m*m)", 12, "does not change linearly"),
        ("RANGE gbar }", "RANGE gbar POINTER p }", 1, "POINTER"),
        ("    minf = a", "    while (a < 1) { a = a + 1 }\n    minf = a", 19, "WHILE repeats"),
    ],
)
def test_what_is_not_held_is_named_with_its_line(tmp_path, right, wrong, line, reason):
    assert right in OLD
    equations = equations_of(write(tmp_path, OLD.replace(right, wrong)))
    assert (equations.refusals[0].line, reason in equations.refusals[0].reason) == (line, True)
    with pytest.raises(UnsupportedByEngine, match=rf"Old\.mod, line {line}: .*engine='neuron'"):
        evaluate.advance(equations, {"m": 0.2}, 0.025, v=-40.0)


def test_a_derivative_that_is_not_linear_is_named(tmp_path):
    text = (two.FOLDER / "CaHva.mod").read_text().replace("(minf - m)/2", "(minf - m*m)/2")
    assert "is not linear in m" in equations_of(write(tmp_path, text)).refusals[0].reason


def test_a_value_that_is_missing_is_named():
    with pytest.raises(MechanismError, match="celsius is needed"):
        evaluate.advance(of("KvQ10"), {"n": 0.5}, DT, v=-40.0)


@pytest.mark.parametrize("name", ["Ca_HVA", "K_Pst", "SK_E2", "CalGhk"])
def test_the_c_of_the_equations_is_what_is_evaluated(tmp_path, name):
    equations = of(name)
    body = [s for step in equations.steps for s in step.statements if isinstance(s, Assign)]
    body += [s for s in equations.breakpoint if isinstance(s, Assign)]
    current = equations.currents[0].name
    names = ["v", "eca", "ek", "cai", "cali", "calo", "celsius", *equations.states]
    names += [n for n, _ in equations.values]
    read = "\n".join(f"double {n} = x[{i}];" for i, n in enumerate(names))
    code = "\n".join(c_statements(body, declared=names))
    source = tmp_path / "f.c"
    source.write_text(
        f"#include <math.h>\n{HELPERS}\ndouble f(const double *x) {{\n{read}\n{code}\n"
        f"return {current};\n}}\n"
    )
    library = tmp_path / "f.so"
    flags = ["-O1", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run(["g++", "-x", "c", *flags, str(source), "-o", str(library), "-lm"], check=True)
    function = ctypes.CDLL(str(library)).f
    function.restype = ctypes.c_double
    for v in (-80.0, -27.0, 10.0):
        around = {"v": v, "eca": 120.0, "ek": -80.0, "cai": 3e-4, "cali": 1e-4, "calo": 2.0,
                  "celsius": 30.0, **dict(equations.values),
                  **dict.fromkeys(equations.states, 0.3)}  # fmt: skip
        row = (ctypes.c_double * len(names))(*(around[n] for n in names))
        states = {s: around.pop(s) for s in equations.states}
        assert function(row) == evaluate.currents(equations, states, **around)[current]


IN_ONE_SIDE = """
NEURON {{
    SUFFIX own
    NONSPECIFIC_CURRENT i
    RANGE gbar, blocked{more}
}}
PARAMETER {{ gbar = 1 (S/cm2)  blocked = 0 }}
ASSIGNED {{ v (mV)  i (mA/cm2)  alpha (/ms)  minf  mtau (ms) }}
STATE {{ m }}
INITIAL {{ m = 0 }}
BREAKPOINT {{ SOLVE states METHOD cnexp  i = gbar*m*v{read} }}
DERIVATIVE states {{
    if (blocked > 0) {{
        minf = 0
        mtau = 1
    }} else {{
        alpha = exp(v/20)
        minf = alpha/(alpha + 1)
        mtau = 1/(alpha + 1)
    }}
    m' = (minf - m)/mtau
}}
"""


def test_what_one_side_of_an_if_uses_alone_is_not_remembered(tmp_path):
    def carried(more="", read=""):
        path = tmp_path / "own.mod"
        path.write_text(IN_ONE_SIDE.format(more=more, read=read))
        return equations_of(path).carried

    assert carried() == ()
    assert carried(read="*alpha") == carried(more=", alpha") == ("alpha",)
