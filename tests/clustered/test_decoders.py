"""Do the other decoders find what is there, with their confusions, and nothing where nothing is?"""

import sys

import numpy as np
import pytest

from dendmod.clustered import decode, decode_across, decode_with, decoding_slope
from dendmod.clustered.decoders import CLASSIFIERS
from dendmod.errors import SpecError

OWN = ("nearest mean", "correlation")


@pytest.fixture(autouse=True)
def _needs(request):
    name = getattr(request.node, "callspec", None)
    if name is None or name.params.get("classifier") not in OWN:
        pytest.importorskip("sklearn")


def trials(neurons=24, windows=3, labels=4, each=12, strength=(0.0, 4.0, 4.0), seed=0):
    """Each label raises its own neurons, by so much in each window; [trials, neurons, windows]."""
    rng = np.random.default_rng(seed)
    label = np.tile(np.arange(labels), each)
    rate = np.full((label.size, neurons, windows), 2.0)
    for k, own in enumerate(label):
        rate[k, own * 6 : own * 6 + 6] += np.array(strength)
    return rng.poisson(rate), label, np.arange(1, windows + 1) * 0.1


@pytest.mark.parametrize("classifier", list(CLASSIFIERS))
def test_a_signal_is_decoded_where_it_is(classifier):
    x, label, t = trials()
    found = decode_with(x, label, t, classifier, folds=4, shuffles=4, seed=1)
    assert found.accuracy[0] == pytest.approx(0.25, abs=0.2)
    assert found.accuracy[1:].min() > 0.85
    assert found.shuffled_accuracy.mean() == pytest.approx(0.25, abs=0.1)
    assert found.confusion.sum(axis=2) == pytest.approx(1.0)  # each class goes somewhere
    again = decode_with(x, label, t, classifier, folds=4, shuffles=4, seed=1)
    assert np.array_equal(found.confusion, again.confusion)


def test_the_nearest_mean_is_that_of_decode():
    x, label, t = trials(strength=(0.5, 1.0, 2.0))
    fast = decode(x, label, t, folds=4, shuffles=3, seed=2)
    slow = decode_with(x, label, t, "nearest mean", folds=4, shuffles=3, seed=2)
    assert slow.accuracy == pytest.approx(fast.accuracy)
    assert slow.shuffled_accuracy == pytest.approx(fast.shuffled)


def test_confusions_say_what_was_taken_for_what():
    x, label, t = trials(windows=1, strength=(5.0,))
    x = x.copy()
    x[label == 3] = x[label == 2]  # two stimuli that nobody can tell apart
    found = decode_with(x, label + 10, t, "LDA", folds=4, seed=0)
    assert found.classes.tolist() == [10, 11, 12, 13]
    confusion = found.confusion[0]
    assert np.diag(confusion)[:2].min() > 0.8
    assert confusion[2:, 2:].sum() == pytest.approx(2.0, abs=0.2)
    assert confusion[2:, :2].max() < 0.2


@pytest.mark.parametrize("classifier", ["nearest mean", "LDA"])
def test_a_code_that_stays_is_read_by_a_decoder_of_another_time(classifier):
    x, label, _ = trials(strength=(0.0, 4.0, 4.0))
    swapped = x.copy()
    swapped[:, :, 2] = np.roll(x[:, :, 2], 6, axis=1)  # in the last window others code for it
    stays, moves = (decode_across(a, label, classifier, folds=4) for a in (x, swapped))
    assert stays[1, 2] > 0.85 < stays[2, 1]
    assert stays[0].mean() < 0.5
    assert moves[1, 2] < 0.2
    assert moves[2, 2] > 0.85


def test_the_slope_is_that_of_the_rise():
    t = np.arange(-10, 50) * 0.02
    accuracy = np.clip(0.25 + 2.0 * (t - 0.1), 0.25, 0.95)
    slope, r2 = decoding_slope(t, accuracy, 0.3)
    assert slope == pytest.approx(2.0, rel=0.02)
    assert r2 == pytest.approx(1.0, abs=0.01)
    half = decoding_slope(t, np.clip(0.25 + 1.0 * (t - 0.1), 0.25, 0.95), 0.3)[0]
    assert half == pytest.approx(1.0, rel=0.02)
    assert np.isnan(decoding_slope(t, np.full(t.size, 0.25), 0.3)).all()


def test_what_cannot_be_decoded_is_refused(monkeypatch):
    x, label, t = trials()
    with pytest.raises(SpecError, match="no classifier 'lda'. Did you mean 'LDA'"):
        decode_with(x, label, t, "lda")
    with pytest.raises(SpecError, match="end of each window"):
        decode_with(x, label, t[:2], "correlation")
    with pytest.raises(SpecError, match="same label"):
        decode_with(x, np.zeros(label.size), t, "correlation")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    for name in ("sklearn.svm", "sklearn.discriminant_analysis"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SpecError, match=r"dendmod\[decoders\]"):
        decode_with(x, label, t, "linear SVM")
