"""Do tables keep their bound, are expressions taken apart rightly, which nodes count?"""

import numpy as np
import pytest

from dendmod.engines.kernel.batch.staging import (
    POTENTIAL,
    Known,
    Numbers,
    OfV,
    Running,
    number,
    running,
)
from dendmod.engines.kernel.batch.tables import Grid, Range, fit
from dendmod.engines.kernel.batch.tree import tree_of
from dendmod.errors import UnsupportedByEngine
from dendmod.mechanisms.equations import CHOICE, Operation
from dendmod.spec.nodes import CellNodes
from dendmod.sweep.fingerprint import sources

REACH = Range()


def read(pieces, v):
    """Evaluate pieces as the kernel does."""
    x = (v - pieces.grid.start) / pieces.grid.width - 0.5
    piece = np.rint(x).astype(int)
    return sum(c[piece] * (x - piece) ** k for k, c in enumerate(pieces.coefficients))


def sigmoid(v):
    return 1 / (1 + np.exp(-(v + 40) / 6))


@pytest.mark.parametrize("bound", [1e-3, 1e-5, 1e-8])
def test_pieces_keep_their_bound_everywhere(bound):
    pieces = fit(sigmoid, REACH, bound, relative=False, name="m")
    v = np.linspace(REACH.low, REACH.high, 40_001)
    assert np.abs(read(pieces, v) - sigmoid(v)).max() <= bound


def test_a_tighter_bound_takes_a_higher_degree_and_no_more_than_needed():
    degrees = [fit(sigmoid, REACH, b, relative=False, name="m").degree for b in (1e-2, 1e-4, 1e-7)]
    assert degrees == sorted(set(degrees))
    assert fit(lambda v: 2 * v + 1, REACH, 1e-9, relative=False, name="line").degree == 1
    assert fit(lambda v: 0 * v + 3, REACH, 1e-9, relative=False, name="constant").degree == 0


@pytest.mark.parametrize("kink", [-50.0, -63.7, -31.25])
def test_a_boundary_is_laid_on_a_kink(kink):
    """As of K_Pst, whose time constant follows two formulas."""

    def rate(v):
        return np.where(v < kink, 0.1 + 0.05 * np.exp((v - kink) / 20), 0.4 - 0.1 * (v - kink) / 50)

    pieces = fit(rate, REACH, 1e-6, relative=False, name="rate")
    from_kink = (kink - pieces.grid.start) / pieces.grid.width
    assert abs(from_kink - round(from_kink)) < 1e-3
    v = np.linspace(REACH.low, REACH.high, 40_001)
    v = v[np.abs(v - kink) > 0.01]
    assert np.abs(read(pieces, v) - rate(v)).max() < 2e-6


def test_what_no_pieces_hold_is_refused_by_name():
    def two_jumps(v):
        return np.where(v < -61.3, 0.0, np.where(v < -33.9, 0.5, 1.0))

    with pytest.raises(UnsupportedByEngine, match="gate h has no table"):
        fit(two_jumps, REACH, 1e-4, relative=False, name="gate h")
    with pytest.raises(UnsupportedByEngine, match="gate h is not finite"):
        fit(lambda v: np.where(v > 0, np.inf, v), REACH, 1e-4, relative=False, name="gate h")


def test_rows_of_a_table_are_kept_exactly():
    rows = np.linspace(-100, 100, 201)

    def between(v):
        return np.interp(v, rows, sigmoid(rows))

    pieces = fit(between, REACH, 1e-9, relative=False, name="m", grid=Grid(-100.0, 1.0, 200))
    assert pieces.degree == 1
    v = np.linspace(-99.9, 99.9, 5001)
    np.testing.assert_allclose(read(pieces, v), between(v), atol=1e-12)


V = {"v": POTENTIAL, "g": running("STATE(0)"), "e": number(-80.0), "x": running("cai")}


def of(op, *args):
    return Operation(op, args)


def test_parts_of_an_expression_are_known_of_v_or_running():
    numbers = Numbers(3)
    assert isinstance(numbers.evaluate(of("*", 2.0, "e"), V), Known)
    inf = numbers.evaluate(of("/", 1.0, of("+", 1.0, of("exp", of("neg", "v")))), V)
    assert isinstance(inf, OfV)
    assert inf.function(np.zeros(1))[0] == 0.5
    current = numbers.evaluate(of("*", "g", of("-", "v", "e")), V)
    assert isinstance(current, Running)
    assert numbers.c(current) == "(STATE(0) * (u - SHARED(0)))"
    assert numbers.c(numbers.slope(current)) == "STATE(0)"  # the slope of an ohmic current


def test_numbers_that_differ_between_members_are_fields_and_others_are_shared():
    numbers = Numbers(3)
    own = Known(np.array([[1.0], [2.0], [3.0]]))
    known = {**V, "gbar": own, "same": Known(np.full((3, 1), 7.0))}
    text = numbers.c(numbers.evaluate(of("*", of("*", "gbar", "same"), "g"), known))
    assert text == "(NUMBER(0) * STATE(0))"
    np.testing.assert_array_equal(next(iter(numbers.own.values())), 7 * own.value)


@pytest.mark.parametrize(
    ("expression", "slope"),
    [
        (of("*", "g", of("^", "v", 2.0)), lambda v, g: 2 * g * v),
        (of("exp", of("/", "v", "g")), lambda v, g: np.exp(v / g) / g),
        (of("/", "v", of("+", "v", "g")), lambda v, g: g / (v + g) ** 2),
        (of("log", of("+", of("*", "v", "v"), "g")), lambda v, g: 2 * v / (v * v + g)),
        (of(CHOICE, of("<", "v", "g"), "v", of("*", "g", "v")), lambda v, g: np.where(v < g, 1, g)),
    ],
)
def test_slopes_are_those_of_calculus(expression, slope):
    numbers = Numbers(1)
    value = numbers.evaluate(
        expression, {"v": running("u", lambda: number(1.0)), "g": running("g")}
    )
    text = numbers.c(numbers.slope(value))
    names = {
        "exp_v": np.exp, "log_v": np.log, "choose": np.where, "pow_v": np.power,
        "SHARED": lambda k: list(numbers.shared)[k],
    }  # fmt: skip
    for u, g in ((3.0, 2.0), (0.5, 4.0)):
        found = eval(text, {**names, "u": np.float64(u), "g": np.float64(g)})
        assert found == pytest.approx(slope(u, g), rel=1e-12), text


def test_what_has_no_form_in_c_is_refused():
    with pytest.raises(UnsupportedByEngine, match="atan"):
        Numbers(1).evaluate(of("atan", "g"), V)
    with pytest.raises(UnsupportedByEngine, match="reads t"):
        Numbers(1).evaluate(of("+", "t", "g"), V)


def test_bare_ends_are_left_out_and_joints_with_one_child_become_resistances():
    parent = np.array([-1, 0, 1, 2, 3, 1, 5])
    area = np.array([9.0, 5, 0, 7, 0, 0, 0])  # 2 joins 1 and 3; 4 is a tip, 5 and 6 a bare branch
    none = np.zeros(7)
    cell = CellNodes(
        parent=parent, g_axial=np.array([0.0, 1, 2, 2, 3, 4, 5]), area=area, cm=none, diam=none,
        section=np.arange(7), x=none, mechanisms={}, ions={}, nernst={}, charges={}, v_init=0.0,
        celsius=0.0, globals={},
    )  # fmt: skip
    tree = tree_of(cell, np.zeros(0, int))
    assert tree.old.tolist() == [0, 1, 3]
    assert tree.parent.tolist() == [-1, 0, 1]
    np.testing.assert_allclose(tree.g_axial, [0, 1, 1])  # 1/(1/2 + 1/2)
    np.testing.assert_allclose(tree.coupled(), [1, 2, 1])
    kept = tree_of(cell, np.array([2, 6]))
    assert sorted(kept.old.tolist()) == [0, 1, 2, 3, 6]  # 5 and 6 are one resistance


def test_results_depend_on_the_c_of_the_kernel():
    names = {path.name for path in sources("dendmod.engines.simulation")}
    assert {"vectors.h", "run.h", "staging.py"} <= names
