"""Do the functions that take arrays say what is wrong with one, and leave it as it was?"""

import numpy as np
import pytest

from dendmod import clustered, iocurve, population
from dendmod.arrays import reals
from dendmod.errors import SpecError
from dendmod.learning import weight_matrix
from dendmod.population import exponential

N = np.arange(0.0, 50.0, 5.0)
MEAN = np.array([0, 0, 0, 0.2, 0.7, 1.1, 1.6, 2, 2, 2.0])
COUNTS = np.round(MEAN[:, None] + np.zeros((1, 6)))[None]
T = np.linspace(-0.2, 1.0, 30)
CURVE = np.linspace(0.2, 1.0, 30)
WINDOWS, LABELS = np.random.default_rng(0).random((20, 4, 3)), np.arange(20) % 2
SQUARE = np.random.default_rng(1).random((5, 5))
PHASE = np.random.default_rng(2).random((3, 40))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: reals(np.ones(2, complex), "x"), "x: .* is no array of numbers"),
        (lambda: reals(["1", "2"], "x"), "x: .* is no array of numbers"),
        (lambda: reals(10**400, "x"), "x: .* is no array of numbers"),
        (lambda: reals([1, np.inf], "x", gaps=True), "1 of 2 values are not finite"),
        (lambda: iocurve.thresholds(list("ab"), [1, 2]), "n_feedforward"),
        (lambda: iocurve.thresholds(N, MEAN + np.inf), "mean_spikes"),
        (lambda: iocurve.bootstrap_thresholds(N, COUNTS, samples=2.5, seed=1), "samples is 2.5"),
        (lambda: iocurve.interval(np.zeros(3), 2.0), "coverage = 2.0"),
        (lambda: iocurve.interval(np.zeros(0)), "interval of 0 samples"),
        (lambda: clustered.sliding_counts(COUNTS * np.nan, 2), "counts: nan is not allowed"),
        (lambda: clustered.sliding_counts(COUNTS + 0.5, 2), "counts: .*5 is not allowed"),
        (lambda: clustered.sliding_counts(COUNTS > 1, 2), "counts: .* true and false"),
        (lambda: clustered.sliding_counts(COUNTS, 2.5), "width is 2.5"),
        (lambda: clustered.decode(WINDOWS, LABELS, [0, 1, np.nan]), "t: 1 of 3"),
        (lambda: clustered.decode(WINDOWS, LABELS, [0, 1, 2], shuffles=-1), "shuffles is -1"),
        (lambda: clustered.decode(WINDOWS, LABELS, [0, 1, 2], folds=2.5), "folds is 2.5"),
        (lambda: clustered.decoding_slope(T, CURVE[1:], 0.4), r"accuracy: shape \(29,\)"),
        (lambda: clustered.decoding_slope(T[::-1], CURVE, 0.4), "ascending"),
        (lambda: clustered.latency_difference(T, CURVE, CURVE[1:]), r"perturbed: shape \(29,\)"),
        (lambda: clustered.latency_difference(T, CURVE, CURVE, (0.8, 0.4)), "low < high"),
        (lambda: clustered.latency_difference(T - 2, CURVE, CURVE), "after 0 s"),
        (lambda: clustered.gain_ratio(np.ones(3), np.ones(4)), "of the same neurons"),
        (lambda: clustered.weight_spectrum(SQUARE * np.nan), "weights: 25 of 25"),
        (lambda: clustered.weight_spectrum("x"), "weights of type"),
        (lambda: population.modularity(SQUARE, [0, 1]), "one label a node"),
        (lambda: population.within_between(SQUARE * np.nan, [0, 0, 1, 1, 1]), "weight: 25 of 25"),
        (lambda: population.order_parameter(PHASE[:, :0]), "one or more of each"),
        (lambda: population.phase_locking(PHASE * np.nan), "phase: 120 of 120"),
        (lambda: population.phases(PHASE, trim=0.5), "trim = 0.5"),
        (lambda: population.normalised([1, np.nan], [1, 2], 1.0), "response: 1 of 2"),
        (lambda: population.modular_connectivity(10.5, 2, 0.5, 0.1, 1), "nodes is 10.5"),
        (lambda: population.fold_points(lambda x: np.nan, 0, 1, 9), "drives at the inputs"),
        (lambda: exponential("3"), "time constants of a kernel"),
        (lambda: exponential(5e-324), "1e-9 to 1e9"),  # a step of it would change nothing
        (lambda: weight_matrix("RP", SQUARE, 2.5, 1), "k is 2.5"),
        (lambda: weight_matrix("RP", SQUARE[:0], 2, 1), "one or more"),
        (lambda: weight_matrix("PCA", SQUARE * 0, 2, 1), "all 5 images are the same"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_array_is_said_by_name(call, said):
    with pytest.raises(SpecError, match=said):
        call()


def mapped(array, tmp_path):
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.npy"
    np.save(path, array)
    return np.load(path, mmap_mode="r")


@pytest.mark.parametrize("how", ["read-only", "Fortran", "strided", "memory-mapped", "float32"])
def test_the_same_numbers_give_the_same_in_any_order_of_memory(how, tmp_path):
    def given(array):
        array = np.array(array)
        if how == "read-only":
            array.setflags(write=False)
        elif how == "Fortran":
            array = np.asfortranarray(array)
        elif how == "strided":
            array = np.repeat(array, 2, axis=-1)[..., ::2]
        elif how == "memory-mapped":
            array = mapped(array, tmp_path)
        return array

    calls = (
        lambda f: iocurve.thresholds(f(N), f(MEAN)),
        lambda f: iocurve.bootstrap_thresholds(f(N), f(COUNTS), samples=5, seed=1),
        lambda f: clustered.sliding_counts(f(COUNTS), 2),
        lambda f: clustered.decode(f(WINDOWS), f(LABELS), f(T[:3]), shuffles=2).accuracy,
        lambda f: clustered.decoding_slope(f(T), f(CURVE), 0.4),
        lambda f: clustered.weight_spectrum(f(SQUARE)),
        lambda f: population.modularity(f(SQUARE), f([0, 0, 1, 1, 1])),
        lambda f: population.phase_locking(f(PHASE)),
    )
    for call in calls:
        if how == "float32":
            assert np.isfinite(call(lambda a: np.array(a, np.float32))).all()
            continue
        assert np.array_equal(call(np.array), call(given))
