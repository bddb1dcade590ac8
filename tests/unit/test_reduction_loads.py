"""Does every compartment stand for little membrane, and hold no more than its place does?"""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reduction import CM, cable

from dendmod.errors import SpecError
from dendmod.params.reduction import LOAD_FACTOR
from dendmod.reduction.capacitances import spectrum_capacitances
from dendmod.reduction.impedance import impedance, tree_inverse
from dendmod.reduction.loads import load_places, loads, meetings, nearest_kept
from dendmod.reduction.skeleton import skeleton
from dendmod.spec import Location

SITES = {"a": Location(section=1, x=0.9)}


def with_loads(tree, most):
    kept = skeleton(tree, SITES, bifurcations=True)
    return skeleton(tree, SITES, load_places(tree, kept.nodes, most), bifurcations=True)


@settings(deadline=None, max_examples=40)
@given(st.integers(20, 60), st.integers(0, 5), st.integers(3, 40))
def test_no_kept_place_stands_for_more_than_asked(n, branches, segments):
    tree = cable(n, branches)
    kept = with_loads(tree, segments * CM)
    found = loads(tree, kept.nodes)
    assert found.max() <= segments * CM * (1 + 1e-9)
    assert found.sum() == pytest.approx(tree.ca.sum())  # all membrane belongs to one of them
    assert meetings(tree, kept.nodes) == []  # where paths meet a compartment stands


def test_a_large_load_allowed_keeps_nothing_more():
    tree = cable(40, 3)
    kept = skeleton(tree, SITES, bifurcations=True)
    assert load_places(tree, kept.nodes, tree.ca.sum()) == {}


@pytest.mark.parametrize(("most", "message"), [(0.0, "positive"), (0.5 * CM, "one segment alone")])
def test_loads_that_cannot_be_are_refused(most, message):
    tree = cable(40, 3)
    with pytest.raises(SpecError, match=message):
        load_places(tree, [0], most)


def test_bounded_capacitances_stay_near_those_of_the_slow_limit():
    tree = cable(60, 5)
    kept = with_loads(tree, 12 * CM)
    w = 2e-3 * np.pi
    z = impedance(tree, tree.g_leak + 1j * w * tree.ca, kept.nodes)
    slow = np.diag(tree_inverse(z, kept.parents)).imag / w
    matrix = tree_inverse(impedance(tree, tree.g_leak, kept.nodes), kept.parents)
    found = spectrum_capacitances(tree, kept, matrix, tree.g_leak, bounded=True)
    free = spectrum_capacitances(tree, kept, matrix, tree.g_leak)
    assert (found <= LOAD_FACTOR * slow * (1 + 1e-6)).all()
    assert found.sum() == pytest.approx(tree.ca.sum(), rel=0.2)
    assert (free > LOAD_FACTOR * slow).any()  # where nothing holds it, the fit piles it up


def test_a_node_belongs_to_the_kept_one_that_is_nearest_in_resistance():
    """Resistances 10, 1 and 1 along 0, 1, 2, 3: all but the soma are nearer to the far end."""
    tree = dataclasses.replace(cable(4), g_axial=np.array([0.0, 0.1, 1.0, 1.0]))
    assert nearest_kept(tree, [0, 3]).tolist() == [0, 3, 3, 3]
    near = dataclasses.replace(tree, g_axial=np.array([0.0, 1.0, 1.0, 0.1]))
    assert nearest_kept(near, [0, 3]).tolist() == [0, 0, 0, 3]
    weighted = dataclasses.replace(near, ca=np.array([1.0, 2.0, 4.0, 8.0]))
    assert loads(weighted, [0, 3]).tolist() == [7.0, 8.0]


def test_help_comes_where_half_of_a_branch_lies_further_out():
    tree = cable(101)
    place = load_places(tree, [0], tree.ca.sum() * 0.6)["load0"]
    assert tree.node(place) == pytest.approx(50, abs=2)
