"""Rest and running in a recording: seconds of ongoing activity and trials in either state."""

from __future__ import annotations

import numpy as np

from dendmod.clustered.observed import both
from dendmod.clustered.recording import Recording
from dendmod.errors import SpecError, did_you_mean
from dendmod.params import wyrick2021
from dendmod.rng import stream

SHARES, GUARD = "shares", "guard"
RULES = (SHARES, GUARD)
BLOCK_S = 1.0
_RUNNING_S = 0.5  # of the presentation that decides what a trial is
_RUN, _REST, _NEITHER = 1, -1, 0
_ROUNDING = 1e-9


def running_blocks(
    recording: Recording,
    running: bool,
    *,
    rule: str = SHARES,
    threshold: float = wyrick2021.RUNNING_CM_S,
    guard: float = wyrick2021.STATE_GUARD_S,
) -> np.ndarray:
    """Return starts of blocks of 1 s of ongoing activity in one state (s), ascending.

    No stimulus is on in a block, and the speed was measured in all of it.

    Parameters
    ----------
    recording
        The recording.
    running
        Running, or rest.
    rule
        ``"shares"``: a second is one of running if the size of the speed, interpolated to 25 ms, is
        above the threshold in 70 % of it or more, one of rest if in 30 % or less, else neither;
        stretches of more than 10 s in one state are kept whole. ``"guard"``: every sample across
        the threshold is a change of state, and blocks begin `guard` after the last one, or after
        the beginning of a measured stretch.
    threshold
        Speed above which the animal runs (cm/s).
    guard
        s; of the second rule alone.

    References
    ----------
    Wyrick & Mazzucato 2021, Methods, and the authors' code (`wyrick2021.CODE_STATES`) for the
    first rule.
    """
    if check_rule(rule) == SHARES:
        blocks = _by_shares(recording, running, threshold)
    else:
        blocks = _by_guard(recording, running, threshold, guard)
    shown = np.zeros(blocks.size, bool)
    for start, stop in zip(recording.stimulus_start, recording.stimulus_stop, strict=True):
        shown |= (start < blocks + BLOCK_S) & (stop > blocks)
    return blocks[~shown]


def check_rule(rule: str) -> str:
    """Return the name of a rule, if there is such a one."""
    if rule not in RULES:
        raise SpecError(f"there is no rule {rule!r} of states.{did_you_mean(rule, RULES)}")
    return rule


def _by_shares(recording: Recording, running: bool, threshold: float) -> np.ndarray:
    starts: list[float] = []
    wanted = _RUN if running else _REST
    for begin, end in _known(recording):
        seconds = begin + BLOCK_S * np.arange(int((end - begin) / BLOCK_S + 1e-6))
        states = np.array([_state(recording, s, s + BLOCK_S, threshold) for s in seconds], int)
        edges = np.flatnonzero(np.diff(np.r_[_NEITHER, np.where(states == wanted, 1, 0), 0]))
        for first, last in edges.reshape(-1, 2):
            if (last - first) * BLOCK_S > wyrick2021.STATE_STRETCH_S:
                starts += seconds[first:last].tolist()
    return np.array(starts)


def _known(recording: Recording) -> np.ndarray:
    """Return the stretches of spontaneous activity whose speed was measured [stretches, 2]."""
    if recording.spontaneous is None:
        return recording.running_observed
    return both(recording.running_observed, recording.spontaneous)


def _state(recording: Recording, start: float, stop: float, threshold: float) -> int:
    """Return what a time was, by the share of it in which the animal was fast."""
    share = float(np.mean(recording.speed(start, stop) > threshold))
    if share >= wyrick2021.RUNNING_SHARE - _ROUNDING:
        return _RUN
    return _REST if share <= wyrick2021.REST_SHARE + _ROUNDING else _NEITHER


def _by_guard(recording: Recording, running: bool, threshold: float, guard: float) -> np.ndarray:
    starts: list[float] = []
    for begin, end in _known(recording):
        inside = (recording.running_t >= begin) & (recording.running_t < end)
        t, fast = recording.running_t[inside], recording.running_speed[inside] > threshold
        if t.size == 0:
            continue
        change = np.flatnonzero(np.diff(fast.astype(np.int8))) + 1
        edges = np.concatenate([[begin], t[change], [end]])
        for a, b, state in zip(edges[:-1], edges[1:], fast[np.r_[0, change]], strict=True):
            if state == running:
                number = int((b - a - guard) / BLOCK_S + 1e-6)
                starts += [a + guard + k * BLOCK_S for k in range(max(number, 0))]
    return np.array(starts)


def trial_states(recording: Recording, *, rule: str = SHARES) -> np.ndarray:
    """Return what each trial is: 1 running, -1 rest, 0 neither [trials].

    Parameters
    ----------
    recording
        The recording.
    rule
        ``"shares"``: running if in the first half second of the stimulus 70 % of the speed, as in
        `running_blocks`, or more is above 3 cm/s, and its mean is; rest if 30 % or less is, and
        the mean over the presentation is below. ``"guard"``: all samples of that half second, or
        none. A trial whose speed was not measured throughout is neither.
    """
    check_rule(rule)
    limit = wyrick2021.RUNNING_CM_S
    states = np.full(recording.stimulus_start.size, _NEITHER)
    for k, start in enumerate(recording.stimulus_start):
        early = start + _RUNNING_S
        late = max(early, recording.stimulus_stop[k]) if rule == SHARES else early
        if not recording.speed_seen(start, early):
            continue
        if rule == GUARD:
            first, last = np.searchsorted(recording.running_t, [start, early])
            fast = recording.running_speed[first:last] > limit
            if fast.size:
                states[k] = _RUN if fast.all() else _NEITHER if fast.any() else _REST
            continue
        found = _state(recording, start, early, limit)
        if found == _RUN and recording.speed(start, early).mean() > limit:
            states[k] = _RUN
        elif found == _REST and recording.speed_seen(start, late):
            states[k] = _REST if recording.speed(start, late).mean() < limit else _NEITHER
    return states


def state_trials(
    recording: Recording,
    *,
    seed: int = 0,
    rule: str = SHARES,
    among: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the trials at rest and while running: as many of each stimulus in both.

    Parameters
    ----------
    recording
        The recording.
    seed
        Which trials are left out.
    rule
        As in `trial_states`.
    among
        Which trials may be taken [trials, bool]; all if left out.
    """
    state = trial_states(recording, rule=rule)
    if among is not None:
        state = np.where(among, state, _NEITHER)
    chosen: dict[int, list[int]] = {_REST: [], _RUN: []}
    for label in np.unique(recording.stimulus_label):
        own = recording.stimulus_label == label
        rows = {s: np.flatnonzero(own & (state == s)) for s in chosen}
        number = min(r.size for r in rows.values())
        for s, every in rows.items():
            rng = stream(seed, "trials", s, int(label))
            chosen[s] += rng.choice(every, number, replace=False).tolist()
    return np.sort(chosen[_REST]).astype(int), np.sort(chosen[_RUN]).astype(int)
