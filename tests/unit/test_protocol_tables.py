"""Do tables of runs give means and levels of the right axis, and put curves where they belong?"""

import numpy as np
import pytest

from dendmod.errors import SpecError
from dendmod.protocol.fit_file import _check_fits
from dendmod.protocol.iocurves import IOAnalysis
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


def test_curves_that_cannot_be_fitted_name_arm_levels_and_limits():
    means = np.array([[0, 1, 2, 3], [1, 1, 2, 3], [1, 2, 3, 3]], dtype=float)
    curves = IOTable((0, 6, 12), np.arange(0, 160, 40), np.stack([means, means], axis=2), 4)
    said = r"mine, arm nmda: 1 of 3 levels .*Levels 6, 12 lack some between -300 and 900 inputs"
    with pytest.raises(SpecError, match=said):
        _check_fits("mine", "nmda", IOAnalysis(curves, 10, 1), (-300, 900))
