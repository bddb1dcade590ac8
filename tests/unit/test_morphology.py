"""Is a generated morphology the same every time, and does it survive writing?"""

import numpy as np
import pytest

from dendmod.errors import MorphologyError
from dendmod.morphology import Morphology, Section, read, resolve
from dendmod.morphology.generate import generate
from dendmod.morphology.measure import morphometry
from dendmod.morphology.write import write_swc


def test_the_default_is_what_its_command_makes(tmp_path):
    write_swc(generate(4), tmp_path / "l5pc.swc")
    assert read(tmp_path / "l5pc.swc").sha256 == resolve("l5pc").sha256


@pytest.mark.parametrize("seed", [0, 4, 11])
def test_a_generated_cell_has_the_measured_lengths_areas_and_branches(seed):
    totals = morphometry(generate(seed))
    for region, sections, tips, area in (
        ("basal", 84, 46, 8863.0), ("trunk", 10, 0, 5773.8),
        ("oblique", 57, 33, 6968.3), ("tuft", 42, 22, 8267.2),
    ):  # fmt: skip
        assert (totals[region].sections, totals[region].tips) == (sections, tips)
        assert totals[region].area == pytest.approx(area, rel=0.005)
    assert totals["basal"].length == pytest.approx(5133.5, rel=1e-6)
    assert totals["soma"].area == pytest.approx(1131.4, rel=0.005)


def test_seeds_differ_and_repeat():
    assert generate(1).sha256 == generate(1).sha256 != generate(2).sha256


def test_writing_and_reading_keeps_lengths_and_areas(tmp_path):
    m = generate(3)
    write_swc(m, tmp_path / "m.swc")
    again = morphometry(read(tmp_path / "m.swc"))
    for region, totals in morphometry(m).items():
        assert again[region].area == pytest.approx(totals.area, rel=0.01, abs=1e-9)
        assert again[region].length == pytest.approx(totals.length, rel=1e-3, abs=1e-9)


def test_path_distance_starts_at_the_tree():
    m = resolve("l5pc")
    trunk = m.trunk_sections
    assert m.path_distance(trunk[0], 0.0) == 0
    assert m.path_distance(trunk[-1], 1.0) == pytest.approx(627, abs=1)
    section, x = m.on_trunk(620)
    assert m.path_distance(section, x) == pytest.approx(620)
    with pytest.raises(MorphologyError, match="no place 900"):
        m.on_trunk(900)


def test_the_sign_of_a_zero_does_not_change_the_hash():
    def soma(zero):
        points = np.array([[zero, 0, 0], [zero, 3.0, 0]])
        return Morphology("m", (Section("soma", points, np.ones(2), -1),))

    assert soma(0.0).sha256 == soma(-0.0).sha256


def test_diameters_of_a_region_are_those_along_its_length():
    thin = Section("basal", np.array([[0, 0, 0], [30.0, 0, 0]]), np.array([1.0, 1.0]), 0)
    thick = Section("basal", np.array([[0, 0, 0], [10.0, 0, 0]]), np.array([2.0, 4.0]), 0)
    soma = Section("soma", np.array([[0, 0, 0], [0, 3.0, 0]]), np.array([8.0, 8.0]), -1)
    basal = morphometry(Morphology("m", (soma, thin, thick)))["basal"]
    assert (basal.diameter_min, basal.diameter_max) == (1, 4)
    assert basal.diameter_mean == pytest.approx((30 * 1 + 10 * 3) / 40)


def test_a_frustum_has_its_area():
    s = Section("soma", np.array([[0, 0, 0], [0, 3.0, 0]]), np.array([8.0, 0.001]), -1)
    assert s.area == pytest.approx(np.pi * 4 * 5, rel=1e-3)  # a cone: r 4, height 3, slant 5


@pytest.mark.parametrize("value", [np.nan, -1.0, 0.0])
def test_impossible_diameters_are_refused(value):
    with pytest.raises(MorphologyError):
        Section("soma", np.zeros((2, 3)), np.array([1.0, value]), -1)


def test_a_tree_needs_its_soma_first():
    s = Section("basal", np.array([[0, 0, 0], [1.0, 0, 0]]), np.ones(2), 0)
    with pytest.raises(MorphologyError, match="first section must be the soma"):
        Morphology("m", (s,))
