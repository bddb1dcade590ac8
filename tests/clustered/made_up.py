"""Results of the tasks of the clustered figures, made up: effects of known sign and size."""

import numpy as np

from dendmod.clustered.readings import ADDED
from dendmod.clustered.spec import ClusteredNetwork
from dendmod.params.wyrick2021 import SIGNS

SPEC = ClusteredNetwork()
T = np.round(np.arange(-25, 51) * 0.02, 9)


def effect(kind, size, name):
    """What a perturbation adds to 1, in the direction of the paper's Table 3."""
    return 0.0 if kind == "none" else (SIGNS[kind][name] or 0) * size


def rising(onset):
    """Accuracy that rises from chance to 1 within 0.4 s."""
    return 0.25 + 0.75 * np.clip((T - onset) / 0.4, 0, 1)


def ongoing(network, kind, size, cluster=((10, 10),), reading="recurrent", **_):
    own = 1 + 0.01 * (network % 10)
    part = 0.5 if reading == ADDED else 1.0  # of the effect on the timescale
    rates = [np.full(n, own * r * (1 + effect(kind, size, f"rate_{p}")))
             for p, r, n in (("E", 6.0, SPEC.n_E), ("I", 8.0, SPEC.n_I))]  # fmt: skip
    if kind == "dmean_I":  # the rate of I neurons is least at 0.5, and E neurons are silent there
        rates = [np.full(SPEC.n_E, own * 6 * max(1 - 2 * size, 0)), np.full(
            SPEC.n_I, own * (8 - 4 * size if size <= 0.5 else 2 + 8 * size))]  # fmt: skip
    return {
        "timescale": own * 0.106 * (1 + part * effect(kind, size, "timescale")) * np.arange(
            1, len(cluster) + 1),
        "pause": np.array(0.5),
        "gain": np.full(SPEC.n_E, 10 * (1 + effect(kind, size, "gain"))),
        "gain_fine": np.full(SPEC.n_E, 30 * (1 + effect(kind, size, "gain"))),
        "occupancy": np.eye(SPEC.n_clusters + 1)[3],
        "rate": np.concatenate([r * np.linspace(0.5, 1.5, r.size) for r in rates]),
    }  # fmt: skip


def evoked(network, kind, size, **_):
    later = 0.1 * effect(kind, size, "latency")
    # those onto E: responses that have nothing to do with the latency
    onto_E = kind in ("dmean_E", "dvar_E", "dAMPA")
    shown = 5 - ((-1) ** round(20 * size) if onto_E else 10 * later)
    return {
        "t": T, "accuracy": rising(0.1 + 0.001 * (network % 10) + later), "latency": 0.21 + later,
        "latency_mean": 0.21 + later, "first": 0.21 + later,
        "first_mean": -0.1 if network % 10 == 0 else 0.21 + later,
        "activation": 0.15 + later, "never_active": 0.1, "response_selective": 10 + shown,
        "response_other": 10.0, "selectivity": shown, "selectivity_peak": shown,
    }  # fmt: skip


def responses(network, kind, size, **_):
    parts = [{1: (0.4, 0.02), -1: (0.02, 0.4), None: (0.2, 0.2)}[SIGNS[kind][f"response_{p}"]]
             for p in "EI"]  # fmt: skip
    own = 1 + 0.01 * (network % 10)
    up, down = own * np.array(parts).T
    return {"excited": up, "inhibited": down} if size > 0 else {"excited": down, "inhibited": up}


def session(network, size, units, **_):
    own, rate = 1 + 0.01 * (network % 10), np.full(units, 7.0)
    return {
        "gain_ratio": own * (1 - size), "gain_rest": rate, "gain_run": rate * (1 - size),
        "rest_rate": rate, "run_rate": rate * (1 + size), "t": T, "rest": rising(0.1),
        "run": rising(0.1 - size / 10), "latency_change": -size / 10,
    }  # fmt: skip


def matched(network, size, **_):
    first = 0.2 + 0.001 * (network % 10)
    accuracy = {"rest": 0.8 * rising(first), "run": rising(first - 0.02),
                "matched": 0.85 * rising(first - 0.02)}  # fmt: skip
    return {"t": T, **{f"accuracy_{k}": v for k, v in accuracy.items()},
            **{f"rate_{k}": np.full(T.size, r)
               for k, r in zip(accuracy, (5.0, 6.0, 5.0), strict=True)}}  # fmt: skip


def potentials(conditions, external_I):
    sizes = np.array([effect(c[0], c[1], "gain") for c in conditions])
    barrier = 442 * (1 + (sizes if external_I == "printed" else sizes**2))
    return {"barrier": barrier, "gain": 2 + sizes}


def example(network, seconds):
    return {"times": np.linspace(0, seconds, 500), "ids": np.arange(500) * 4}


MADE_UP = {f.__name__: f for f in (ongoing, evoked, responses, session, matched, potentials,
                                   example)}  # fmt: skip


class MadeUp:
    """A sweep that makes results up."""

    versions = {}

    def __init__(self, *_, **__):
        pass

    def run(self, tasks):
        made = {}
        for task in tasks:
            found = MADE_UP[task.function.rpartition(":")[2]](**task.payload)
            made[task.key] = {k: np.asarray(v) for k, v in found.items()}
        return made
