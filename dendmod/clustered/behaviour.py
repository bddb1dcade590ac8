"""Single-cell gain and decoding of stimuli at rest and while running, in a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dendmod.clustered.decoding import DecodingCurve, decode, latency_difference, sliding_counts
from dendmod.clustered.gain import fit_transfer, gain_difference, gain_ratio
from dendmod.clustered.recording import Recording
from dendmod.clustered.states import BLOCK_S, SHARES, running_blocks, state_trials
from dendmod.errors import SpecError
from dendmod.params import wyrick2021
from dendmod.rng import stream

_INTERVAL_S = (-0.25, 0.5)  # that is decoded, about the onset


@dataclass(frozen=True)
class GainByState:
    """Single-cell gain at rest and while running.

    Parameters
    ----------
    rest, run
        Gain of each unit (spikes/s); NaN where its rate is too low in either state, or it was not
        observed for long enough.
    rest_rate, run_rate
        Mean rate of each unit (spikes/s) in the seconds in which it was observed; NaN without any.
    blocks
        Seconds in each state that were used of each unit, as many in both.
    """

    rest: np.ndarray
    run: np.ndarray
    rest_rate: np.ndarray
    run_rate: np.ndarray
    blocks: np.ndarray

    @property
    def ratio(self) -> float:
        """Mean gain while running over mean gain at rest."""
        return gain_ratio(self.rest, self.run)[0]

    @property
    def difference(self) -> float:
        """Mean gain while running less that at rest (spikes/s)."""
        return gain_difference(self.rest, self.run)[0]


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


def gain_by_state(
    recording: Recording,
    *,
    min_rate: float = wyrick2021.MIN_RATE_RECORDING,
    seed: int = 0,
    rule: str = SHARES,
    bin_s: float = wyrick2021.GAIN_BIN_S,
    lowest_maximum: float | None = wyrick2021.GAIN_LOWEST_MAXIMUM,
) -> GainByState:
    """Return the gain of each unit at rest and while running, from as many seconds of each.

    Parameters
    ----------
    recording
        The recording. A second counts for the units that were observed in all of it.
    min_rate
        Units count whose mean rate is above this in both states (spikes/s).
    seed
        Which seconds of the state that has more are left out.
    rule
        Of rest and running, as in `running_blocks`.
    bin_s
        Bins of the counts (s), a whole number of them in a second.
    lowest_maximum
        As in `fit_transfer`.

    Raises
    ------
    SpecError
        If there is no second of one of the states.
    """
    bins = round(BLOCK_S / bin_s)
    if bins < 1 or abs(bins * bin_s - BLOCK_S) > 1e-9:
        raise SpecError(f"bin_s = {bin_s} s; give a bin that divides a second, such as 0.5 or 0.1")
    blocks = {s: running_blocks(recording, s, rule=rule) for s in (False, True)}
    if min(b.size for b in blocks.values()) == 0:
        raise SpecError(
            "no second of ongoing activity counts as "
            f"{'rest' if blocks[False].size == 0 else 'running'}: it must lie in more than "
            f"{wyrick2021.STATE_STRETCH_S:g} s of that state (rule {rule!r}), without stimuli, and "
            "the speed must have been measured"
        )
    units = len(recording.spike_times)
    seen = {s: recording.seen(b, BLOCK_S) for s, b in blocks.items()}
    counts = {s: recording.counts(b, bin_s, bins) for s, b in blocks.items()}
    gain, rate = np.full((2, 2, units), np.nan)
    used = np.zeros(units, int)
    kinds, kind = np.unique(np.vstack(list(seen.values())), axis=1, return_inverse=True)
    for k, pattern in enumerate(kinds.T):  # units that were observed in the same seconds
        own = np.flatnonzero(kind.ravel() == k)
        parts = np.split(pattern, [blocks[False].size])
        number = min(int(part.sum()) for part in parts)
        used[own] = number
        if number == 0:
            continue
        rates = []
        for state, part in enumerate(parts):
            rng = stream(seed, "blocks", state)
            rows = np.sort(rng.choice(np.flatnonzero(part), number, replace=False))
            some = counts[bool(state)][np.ix_(rows, own)].astype(float) / bin_s
            rates.append(some.transpose(1, 0, 2).reshape(own.size, -1))
            rate[state, own] = rates[-1].mean(axis=1)
        fast = (rate[:, own] > min_rate).all(axis=0) & (number * bins >= 4)
        for state, of_units in enumerate(rates):
            if fast.any():
                gain[state, own[fast]] = fit_transfer(of_units[fast], lowest_maximum).gain
    return GainByState(gain[0], gain[1], rate[0], rate[1], used)


def decode_by_state(
    recording: Recording,
    *,
    shuffles: int = wyrick2021.SHUFFLES,
    folds: int = wyrick2021.FOLDS["recording"],
    seed: int = 0,
    rule: str = SHARES,
) -> DecodingByState:
    """Decode the stimulus at rest and while running: 100 ms windows every 2 ms.

    Parameters
    ----------
    recording
        The recording. Trials count in which every unit was observed in all that is decoded.
    shuffles, folds, seed
        As in `decode`.
    rule
        Of rest and running, as in `trial_states`.

    Raises
    ------
    SpecError
        If a state has too few trials of a stimulus.
    """
    step, width = wyrick2021.WINDOW_STEP_S["recording"], wyrick2021.WINDOW_S["recording"]
    per = round(width / step)
    begin, end = _INTERVAL_S
    windows = round((end - begin) / step) + 1
    t = np.round(begin + step * np.arange(windows), 9)
    seen = recording.seen(recording.stimulus_start + begin - width, end - begin + width)
    among = np.asarray(seen.all(axis=1))
    rest, run = state_trials(recording, seed=seed, rule=rule, among=among)
    if rest.size == 0:
        raise SpecError(
            "no stimulus has trials both at rest and while running" + _unseen(recording, seen)
        )
    curves = []
    for rows in (rest, run):
        counts = recording.counts(
            recording.stimulus_start[rows] + begin - width, step, windows - 1 + per
        )
        curves.append(
            decode(
                sliding_counts(counts.astype(np.int32), per),
                recording.stimulus_label[rows],
                t,
                folds=folds,
                shuffles=shuffles,
                seed=seed,
            )
        )
    return DecodingByState(curves[0], curves[1], rest.size)


def _unseen(recording: Recording, seen: np.ndarray) -> str:
    """Say which units leave too few trials, as they were not observed in them."""
    worst = np.flatnonzero(seen.mean(axis=0) < 1) if seen.shape[0] else np.zeros(0, int)
    if worst.size == 0:
        return ""
    shown = ", ".join(str(unit) for unit in worst[:8])
    more = f" and {worst.size - 8} others" if worst.size > 8 else ""
    return (
        f" in which all units were observed: {worst.size} of {len(recording.spike_times)} were not "
        f"in every trial (units {shown}{more}); leave some out with of_units()"
    )
