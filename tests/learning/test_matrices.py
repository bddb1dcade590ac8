"""Are the feedforward matrices what their names say?"""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dendmod.errors import DendmodError, SpecError
from dendmod.learning.matrices import KINDS, differences, residual, weight_matrix
from dendmod.learning.pmd import bounded, pmd
from dendmod.rng import stream


def matrix(rows=40, columns=25):
    return stream(3, "test matrix").normal(size=(rows, columns))


# images with a mean, smooth in space, more pixels than one can fit by chance
def images(n=300, side=8):
    rng = stream(4, "test images")
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 2, indexing="ij"), -1)
    at = rng.uniform(0, side, (n, 3, 2))
    distance = np.linalg.norm(grid[None, None] - at[:, :, None, None], axis=-1)
    return np.exp(-((distance / 1.5) ** 2)).sum(axis=1)


def test_pmd_with_inactive_bounds_is_the_svd():
    x = matrix()
    found = pmd(x, 20, 40**0.5, 25**0.5)
    u, d, v = np.linalg.svd(x, full_matrices=False)
    np.testing.assert_allclose(found.d, d[:20], rtol=1e-9)
    np.testing.assert_allclose(np.abs((found.v * v[:20]).sum(axis=1)), 1, rtol=1e-9)
    np.testing.assert_allclose(np.abs((found.u * u[:, :20]).sum(axis=0)), 1, rtol=1e-9)
    np.testing.assert_allclose(found.u * found.d @ found.v, u[:, :20] * d[:20] @ v[:20], atol=1e-8)


@pytest.mark.parametrize(("delta", "epsilon"), [(2.0, 1.5), (1.0, 1.0), (6.3, 1.2), (2.5, 5.0)])
def test_pmd_keeps_its_bounds(delta, epsilon):
    found = pmd(matrix(), 30, delta, epsilon)
    assert np.abs(found.u).sum(axis=0).max() <= delta + 1e-7
    assert np.abs(found.v).sum(axis=1).max() <= epsilon + 1e-7
    np.testing.assert_allclose(np.linalg.norm(found.v, axis=1), 1)
    np.testing.assert_allclose(np.linalg.norm(found.u, axis=0), 1)


def test_a_pair_of_pmd_is_a_maximum():
    """No unit vectors within the bounds near those found give more of u X v."""
    x, delta, epsilon = matrix(), 3.0, 2.0
    found = pmd(x, 1, delta, epsilon)
    u, v, best = found.u[:, 0], found.v[0], found.d[0]
    rng = stream(5, "near")
    for size in (0.3, 0.03):
        for _ in range(200):
            near_u = bounded(u + size * rng.normal(size=len(u)), delta)
            near_v = bounded(v + size * rng.normal(size=len(v)), epsilon)
            assert near_u @ x @ v <= best + 1e-8
            assert u @ x @ near_v <= best + 1e-8


@settings(max_examples=200, deadline=None)
@given(
    arrays(float, st.integers(1, 30), elements=st.floats(-1e3, 1e3, allow_subnormal=False)),
    st.floats(1, 8),
)
def test_bounded_keeps_length_and_bound(a, bound):
    size = np.abs(a).max()
    if size < 1e-3:
        return
    v = bounded(a, bound)
    assert np.linalg.norm(v) == pytest.approx(1, abs=1e-9)
    assert np.abs(v).sum() <= bound * (1 + 1e-7)
    assert (v * a >= 0).all()


def test_each_pair_starts_from_what_the_pairs_before_left(monkeypatch):
    seen = []

    def start(gram):
        seen.append(gram.copy())
        return np.linalg.eigh(gram)[1][:, -1]

    monkeypatch.setattr("dendmod.learning.pmd._start", start)
    x = matrix()
    found = pmd(x, 4, 3.0, 2.0)
    for j, gram in enumerate(seen):
        left = x - (found.u[:, :j] * found.d[:j]) @ found.v[:j]
        np.testing.assert_allclose(gram, left.T @ left, atol=1e-9 * np.trace(x.T @ x))


def test_bounded_is_longest_along_a():
    a = stream(6, "a").normal(size=6)
    for bound in (1.2, 1.7, 2.1):
        constraints = [
            {"type": "ineq", "fun": lambda p: 1 - ((p[:6] - p[6:]) ** 2).sum()},
            {"type": "ineq", "fun": lambda p, bound=bound: bound - p.sum()},
        ]
        found = scipy.optimize.minimize(
            lambda p: -a @ (p[:6] - p[6:]), np.full(12, 0.05), bounds=[(0, 1)] * 12,
            constraints=constraints, method="SLSQP", options={"maxiter": 500, "ftol": 1e-12},
        )  # fmt: skip
        assert a @ bounded(a, bound) == pytest.approx(-found.fun, abs=1e-6)


def test_pmd_says_when_nothing_is_left():
    x = matrix()[:, :3] @ np.ones((3, 10))
    with pytest.raises(SpecError, match="used up after 1 pairs"):
        pmd(x, 2, 40**0.5, 10**0.5)


def test_a_bound_below_one_is_refused():
    with pytest.raises(SpecError, match="give 1 or more"):
        pmd(matrix(), 1, 0.5, 2.0)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_have_unit_length_and_depend_on_the_seed_alone(kind):
    pytest.importorskip("sklearn")
    x = images()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        w = weight_matrix(kind, x, 12, 1)
    assert w.shape == (12, 64)
    np.testing.assert_allclose(np.linalg.norm(w, axis=1), 1)
    np.testing.assert_array_equal(w, weight_matrix(kind, x, 12, 1))
    if kind not in ("PCA", "SD", "PMD"):  # all images are taken, as there are few
        assert not np.allclose(w, weight_matrix(kind, x, 12, 2))


def test_pca_is_that_of_the_covariance():
    pytest.importorskip("sklearn")
    x = images().reshape(300, -1)
    w = weight_matrix("PCA", x, 5, 1)
    _, vectors = np.linalg.eigh(np.cov(x.T))
    np.testing.assert_allclose(np.abs((w * vectors[:, ::-1][:, :5].T).sum(axis=1)), 1, rtol=1e-6)


def test_principal_components_reconstruct_best_and_random_ones_worst():
    pytest.importorskip("sklearn")
    x = images()
    new = differences(images(500)[300:], 400, 9)
    left = {kind: residual(weight_matrix(kind, x, 10, 1), new) for kind in KINDS}
    assert left["dPCA"] < min(left["dSD"], left["dPMD"]) + 0.02
    assert max(left[kind] for kind in KINDS if kind != "RP") < left["RP"] - 0.2


def test_pmd_is_local_and_pca_is_not():
    pytest.importorskip("sklearn")
    used = {k: (np.abs(weight_matrix(k, images(), 10, 1)) > 1e-6).mean() for k in ("dPMD", "dPCA")}
    assert used["dPMD"] < 0.5 < used["dPCA"]


def test_fewer_vectors_are_the_first_of_more():
    pytest.importorskip("sklearn")
    for kind in ("PCA", "dPCA", "PMD", "dPMD"):
        few, many = (weight_matrix(kind, images(), k, 1) for k in (4, 9))
        np.testing.assert_allclose(few, many[:4], atol=1e-8)


def test_the_penalty_of_the_dictionary_is_that_of_table_2(monkeypatch):
    """|X - C W|^2 + .1 |C|_1; scikit-learn halves the square, so that .05 is the same."""
    decomposition = pytest.importorskip("sklearn.decomposition")
    learner, seen = decomposition.MiniBatchDictionaryLearning, []

    def kept(k, **settings):
        seen.append(settings["alpha"])
        return learner(k, **settings)

    monkeypatch.setattr(decomposition, "MiniBatchDictionaryLearning", kept)
    weight_matrix("SD", images(60), 4, 1)
    assert seen == [pytest.approx(0.05)]


def test_a_residual_is_what_least_squares_leaves():
    w, x = matrix(6, 25), matrix()
    c, *_ = np.linalg.lstsq(w.T, x.T, rcond=None)
    assert residual(w, x) == pytest.approx(np.linalg.norm(x - c.T @ w) / np.linalg.norm(x))
    twice = np.vstack([w, w])  # rows that repeat add nothing
    assert residual(twice, x) == pytest.approx(residual(w, x))
    assert residual(np.eye(25), x) == pytest.approx(0, abs=1e-12)


def test_differences_are_of_different_images():
    x = np.arange(5.0)[:, None]
    found = differences(x, 400, 1)
    assert found.shape == (400, 1)
    assert set(np.abs(found).ravel()) == {1.0, 2.0, 3.0, 4.0}


@pytest.mark.parametrize(
    ("kind", "k", "said"),
    [
        ("ICA", 3, "allowed are PCA"),
        ("PCA", 65, "at most 64"),
        ("RP", 0, "whole number of 1 or more"),
    ],
)
def test_what_cannot_be_had_is_said(kind, k, said):
    if kind == "PCA":
        pytest.importorskip("sklearn")
    with pytest.raises(DendmodError, match=said):
        weight_matrix(kind, images(), k, 1)


def test_matrices_need_no_torch():
    pytest.importorskip("sklearn")
    code = (
        "import sys; from dendmod.learning import weight_matrix; import numpy as np;"
        "weight_matrix('dPMD', np.random.rand(20, 9), 2, 1); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
