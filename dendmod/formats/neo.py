"""What was recorded, as a block of neo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dendmod.formats.packages import package
from dendmod.formats.recorded import Recorded, Trace

if TYPE_CHECKING:
    import neo


def block(recorded: Recorded) -> neo.Block:
    """Return a block with a segment for each stretch of time.

    Each segment has the spike trains (ms) and the signals in their units. A unit that
    `quantities` does not know is kept as the annotation ``unit`` of a signal without dimension.

    Raises
    ------
    SpecError
        If neo is not installed.
    """
    neo = package("neo", "neo", "use to_pandas()")
    made = neo.Block(
        name=recorded.title,
        specification=recorded.specification,
        **{name: str(value) for name, value in recorded.provenance.items()},
    )
    for k in range(recorded.stretches):
        known = {name: _plain(values[k]) for name, values in recorded.columns.items()}
        segment = neo.Segment(name=f"{k}", index=k, **known)
        for train in recorded.trains:
            segment.spiketrains.append(
                neo.SpikeTrain(
                    train.times[k], units="ms", t_start=0.0, t_stop=recorded.duration,
                    name=train.name, **train.columns,
                )
            )  # fmt: skip
        for trace in recorded.traces:
            _add(neo, segment, recorded, trace, k)
        made.segments.append(segment)
    return made


def _add(neo: Any, segment: Any, recorded: Recorded, trace: Trace, k: int) -> None:
    """Add a signal to a segment: sampled evenly where its samples are."""
    known = {"name": trace.name, "place": trace.place, "unit": trace.unit}
    unit = _unit(trace.unit)
    values = trace.values[k][:, None]
    pq = package("quantities", "neo")
    if recorded.step is None:
        segment.irregularlysampledsignals.append(
            neo.IrregularlySampledSignal(
                recorded.t, values, time_units="ms", units=unit, **known
            )
        )  # fmt: skip
        return
    segment.analogsignals.append(
        neo.AnalogSignal(
            values, units=unit, sampling_period=recorded.step * pq.ms,
            t_start=recorded.t[0] * pq.ms, **known,
        )
    )  # fmt: skip


def _unit(unit: str) -> Any:
    """Return a unit of `quantities`; "mA/cm2" there is mA/cm**2."""
    pq = package("quantities", "neo")
    if not unit:
        return pq.dimensionless
    try:
        return pq.Quantity(1.0, unit.replace("cm2", "cm**2").replace("um2", "um**2")).units
    except (LookupError, SyntaxError, TypeError, ValueError):
        return pq.dimensionless


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
