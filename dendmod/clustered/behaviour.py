"""Rest and running in a recording: single-cell gain, and decoding of stimuli (paper's rules)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dendmod.clustered.decoding import DecodingCurve, decode, latency_difference, sliding_counts
from dendmod.clustered.gain import fit_transfer, gain_ratio
from dendmod.clustered.recording import Recording
from dendmod.errors import SpecError
from dendmod.params import wyrick2021
from dendmod.rng import stream

_BLOCK_S = 1.0
_INTERVAL_S = (-0.25, 0.5)  # that is decoded, about the onset
_RUNNING_S = 0.5  # of the presentation that decides what a trial is


@dataclass(frozen=True)
class GainByState:
    """Single-cell gain at rest and while running.

    Parameters
    ----------
    rest, run
        Gain of each unit (spikes/s); NaN where its rate is too low in either state.
    rest_rate, run_rate
        Mean rate of each unit (spikes/s).
    blocks
        Blocks of 1 s in each state.
    """

    rest: np.ndarray
    run: np.ndarray
    rest_rate: np.ndarray
    run_rate: np.ndarray
    blocks: int

    @property
    def ratio(self) -> float:
        """Mean gain while running over mean gain at rest."""
        return gain_ratio(self.rest, self.run)[0]


@dataclass(frozen=True)
class DecodingByState:
    """Decoding at rest and while running, with as many trials of each stimulus in both."""

    rest: DecodingCurve
    run: DecodingCurve
    trials: int

    @property
    def latency_difference(self) -> float:
        """Running less rest, 40 to 80 % (s); negative: running is faster."""
        return latency_difference(self.rest.t, self.rest.accuracy, self.run.accuracy)


def running_blocks(
    recording: Recording,
    running: bool,
    *,
    threshold: float = wyrick2021.RUNNING_CM_S,
    guard: float = wyrick2021.STATE_GUARD_S,
) -> np.ndarray:
    """Return starts of blocks of 1 s of ongoing activity in one state (s).

    A block counts if no stimulus is on in it and the last change between rest and running lies at
    least `guard` before it.

    Parameters
    ----------
    recording
        The recording.
    running
        Running, or rest.
    threshold
        Speed above which the animal runs (cm/s).
    guard
        s.
    """
    if recording.running_t.size == 0:
        return np.zeros(0)
    fast = recording.running_speed > threshold
    changes = recording.running_t[1:][np.diff(fast.astype(np.int8)) != 0]
    edges = np.concatenate([recording.running_t[:1], changes, [recording.duration or 0.0]])
    states = np.concatenate([fast[:1], fast[1:][np.diff(fast.astype(np.int8)) != 0]])
    starts: list[float] = []
    for begin, end, state in zip(edges[:-1], edges[1:], states, strict=True):
        if state == running:
            number = int((end - begin - guard) / _BLOCK_S + 1e-9)
            starts += [begin + guard + k * _BLOCK_S for k in range(max(number, 0))]
    blocks = np.array(starts)
    on = [
        ((recording.stimulus_start < b + _BLOCK_S) & (recording.stimulus_stop > b)).any()
        for b in blocks
    ]
    return blocks[~np.array(on, bool)] if blocks.size else blocks


def gain_by_state(
    recording: Recording, *, min_rate: float = wyrick2021.MIN_RATE_RECORDING, seed: int = 0
) -> GainByState:
    """Return the gain of each unit at rest and while running, from as many blocks of each.

    Parameters
    ----------
    recording
        The recording.
    min_rate
        Units count whose mean rate is above this in both states (spikes/s).
    seed
        Which blocks of the state that has more are left out.

    Raises
    ------
    SpecError
        If there is no block of one of the states.
    """
    found = {s: running_blocks(recording, s) for s in (False, True)}
    number = min(b.size for b in found.values())
    if number == 0:
        raise SpecError(
            "no second of ongoing activity counts as "
            f"{'rest' if found[False].size == 0 else 'running'}: it must lie "
            f"{wyrick2021.STATE_GUARD_S:g} s after the last change of behaviour, without stimuli"
        )
    bins = round(_BLOCK_S / wyrick2021.GAIN_BIN_S)
    rates = {}
    for state, blocks in found.items():
        chosen = stream(seed, "blocks", int(state)).choice(blocks.size, number, replace=False)
        counts = recording.counts(blocks[np.sort(chosen)], wyrick2021.GAIN_BIN_S, bins)
        rates[state] = counts.transpose(1, 0, 2).reshape(counts.shape[1], -1)
        rates[state] = rates[state] / wyrick2021.GAIN_BIN_S
    mean = {s: r.mean(axis=1) for s, r in rates.items()}
    kept = (mean[False] > min_rate) & (mean[True] > min_rate)
    gains = {s: np.full(kept.size, np.nan) for s in rates}
    if kept.any():
        for state, of_units in rates.items():
            gains[state][kept] = fit_transfer(of_units[kept]).gain
    return GainByState(gains[False], gains[True], mean[False], mean[True], number)


def state_trials(recording: Recording, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the trials at rest and while running: as many of each stimulus in both.

    A trial is one of running if the speed is above 3 cm/s in all of the first 0.5 s of the
    stimulus, and one of rest if it is in none.

    Parameters
    ----------
    recording
        The recording.
    seed
        Which trials are left out.
    """
    fast = recording.running_speed > wyrick2021.RUNNING_CM_S
    state = np.zeros(recording.stimulus_start.size, int)  # 1 running, -1 rest, 0 neither
    for k, start in enumerate(recording.stimulus_start):
        first, last = np.searchsorted(recording.running_t, [start, start + _RUNNING_S])
        shown = fast[first:last]
        if shown.size:
            state[k] = 1 if shown.all() else -1 if not shown.any() else 0
    chosen: dict[int, list[int]] = {-1: [], 1: []}
    for label in np.unique(recording.stimulus_label):
        own = recording.stimulus_label == label
        rows = {s: np.flatnonzero(own & (state == s)) for s in chosen}
        number = min(r.size for r in rows.values())
        for s, every in rows.items():
            rng = stream(seed, "trials", s, int(label))
            chosen[s] += rng.choice(every, number, replace=False).tolist()
    return np.sort(chosen[-1]).astype(int), np.sort(chosen[1]).astype(int)


def decode_by_state(
    recording: Recording,
    *,
    shuffles: int = wyrick2021.SHUFFLES,
    folds: int = wyrick2021.FOLDS["recording"],
    seed: int = 0,
) -> DecodingByState:
    """Decode the stimulus at rest and while running: 100 ms windows every 2 ms.

    Parameters
    ----------
    recording
        The recording.
    shuffles, folds, seed
        As in `decode`.

    Raises
    ------
    SpecError
        If a state has too few trials of a stimulus.
    """
    rest, run = state_trials(recording, seed=seed)
    step, width = wyrick2021.WINDOW_STEP_S["recording"], wyrick2021.WINDOW_S["recording"]
    per = round(width / step)
    begin, end = _INTERVAL_S
    windows = round((end - begin) / step) + 1
    t = np.round(begin + step * np.arange(windows), 9)
    curves = []
    for rows in (rest, run):
        if rows.size == 0:
            raise SpecError("no stimulus has trials both at rest and while running")
        counts = recording.counts(
            recording.stimulus_start[rows] + begin - width, step, windows - 1 + per
        )
        curves.append(
            decode(
                sliding_counts(counts, per),
                recording.stimulus_label[rows],
                t,
                folds=folds,
                shuffles=shuffles,
                seed=seed,
            )
        )
    return DecodingByState(curves[0], curves[1], rest.size)
