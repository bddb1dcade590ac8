"""Do tables of runs give means and levels of the right axis, and put curves where they belong?"""

import numpy as np

from dendmod.protocol.tables import IOTable, SpikeTable


def table(*means):
    """Two trials around each mean at the first number of inputs, none at the second."""
    counts = [[[mean - 0.1, mean + 0.1], [0, 0]] for mean in means]
    return SpikeTable((0, 5, 9), (40, 50), np.array(counts), ())


def test_means_of_levels_are_those_of_the_first_number_of_inputs():
    np.testing.assert_allclose(table(2.0, 1.2, 0.4).mean(), [2.0, 1.2, 0.4])


def test_a_level_is_chosen_where_its_mean_lies_within_half_a_spike():
    assert [table(2.0, 1.2, 0.4).chosen(k) for k in (2, 1, 0)] == [0, 5, 9]
    assert table(3.0, 1.6, 1.45).chosen(1) == 9
    assert table(3.0, 1.6, 1.55).chosen(1) is None
    assert table(3.0, 2.6, 2.0).chosen(0) is None


def test_curves_of_other_numbers_of_inputs_lie_in_their_columns():
    curves = [
        {"n_feedforward": np.array([0, 20]), "counts": np.array([[0, 1], [2, 3]])},
        {"n_feedforward": np.array([10, 20]), "counts": np.array([[4, 5], [6, 7]])},
    ]
    found = IOTable.gather([3, 8], curves, resolution=4)
    assert found.levels == (3, 8)
    assert found.n_feedforward.tolist() == [0, 10, 20]
    np.testing.assert_array_equal(
        found.counts,
        [[[0, 1], [np.nan, np.nan], [2, 3]], [[np.nan, np.nan], [4, 5], [6, 7]]],
    )
    np.testing.assert_array_equal(found.mean(), [[0.5, np.nan, 2.5], [np.nan, 4.5, 6.5]])
    assert found.simulations == 8
    assert found.grid_simulations(np.array([[0.0, 10.0], [np.nan, 18.0]])) == (2 + 5) * 2 * 2
