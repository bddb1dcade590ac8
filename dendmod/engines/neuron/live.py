"""A cell that code of others built in NEURON: what it is made of, and steps into its soma."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dendmod.engines.neuron.readout import in_order, short_names
from dendmod.engines.neuron.session import h
from dendmod.errors import EngineError, SpecError, did_you_mean
from dendmod.spec.result import upward_crossings

_MARGIN = 0.5  # of a step, so that NEURON's rounded clock costs none


@dataclass(frozen=True)
class LiveCell:
    """A cell as it stands in NEURON.

    Parameters
    ----------
    soma
        Its soma.
    lists
        Sections by the name of a list that the original has.
    kept
        What has to live as long as the sections.
    """

    soma: Any
    lists: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    kept: Any = None

    @property
    def names(self) -> dict[str, Any]:
        """Sections by their names."""
        return {name: sec for sec, name in short_names(in_order(self.soma)).items()}


def live_cell(made: Any, *, what: str, soma: str | None = None) -> LiveCell:
    """Return the cell of what a function made: a section, several, or an object that has them.

    Parameters
    ----------
    made
        What the function returned.
    what
        How messages call the function.
    soma
        Name of the soma; what is called soma if not given.

    Raises
    ------
    SpecError
        If that has no sections, more than one tree, or no soma.
    """
    if isinstance(made, LiveCell):
        return made
    lists = {"": made} if _is_section(made) or isinstance(made, list | tuple) else _parts(made)
    parts = {name: list(_sections(value)) for name, value in lists.items()}
    every = [sec for members in parts.values() for sec in members]
    if not every:
        raise SpecError(
            f"{what} gave {'nothing' if made is None else f'a {type(made).__name__}'} without "
            "sections; let it return the cell, its soma or a list of its sections"
        )
    tree = in_order(every[0])
    loose = [sec.name() for sec in every if sec not in tree]
    if loose:
        raise SpecError(
            f"{what} gave sections that are not joined: {loose[0]} and {every[0].name()}; a cell "
            "is one tree"
        )
    names = short_names(tree)
    kept = {
        name: members
        for name, members in parts.items()
        if name and not all(names[sec].partition("[")[0] == name for sec in members)
    }
    return LiveCell(_soma(names, parts, what, soma), kept, made)


def _is_section(value: Any) -> bool:
    # by its type alone: asking a procedure of hoc for an attribute calls it
    return (type(value).__module__, type(value).__name__) == ("nrn", "Section")


def _parts(made: Any) -> dict[str, Any]:
    """Return what an object of hoc or Python has, by name.

    Arrays of sections of hoc are found by their cell: NEURON crashes over those that a template
    deleted, and to iterate over a procedure calls it.
    """
    of_hoc = type(made).__name__ == "HocObject"
    names = dir(made) if of_hoc else list(getattr(made, "__dict__", {}))
    found: dict[str, Any] = {}
    if of_hoc:
        found[""] = [sec for sec in h.allsec() if sec.cell() == made]
    for name in dict.fromkeys(n for n in names if not n.startswith("_")):
        try:
            found[name] = getattr(made, name)
        except Exception:  # what hoc cannot give as a value is no section
            continue
    return found


def _sections(value: Any) -> Iterator[Any]:
    if _is_section(value):
        yield value
    elif isinstance(value, list | tuple) or type(value).__name__ == "SectionList":
        yield from (item for item in value if _is_section(item))


def _soma(
    names: Mapping[Any, str], parts: Mapping[str, Sequence[Any]], what: str, soma: str | None
) -> Any:
    of_name = {name: sec for sec, name in names.items()}
    if soma is not None:
        if soma not in of_name:
            raise SpecError(f"{what}: there is no section {soma!r}." + did_you_mean(soma, of_name))
        return of_name[soma]
    called = [sec for name, sec in of_name.items() if name.lower().startswith("soma")]
    for found in (parts.get("soma", ()), parts.get("somatic", ()), called):
        if found:
            return found[0]
    some = ", ".join(list(of_name)[:6])
    raise SpecError(
        f"{what}: which section is the soma? None is called so. Give --soma NAME; there are {some}"
    )


def current_steps(
    cell: LiveCell,
    places: Sequence[str],
    amps: Sequence[float],
    *,
    celsius: float,
    v_init: float,
    dt: float,
    settle: float,
    delay: float,
    dur: float,
    tstop: float,
    enough: int,
    threshold: float,
) -> dict[str, np.ndarray]:
    """Run current steps into the middle of the soma, with fixed steps, until it spikes.

    Parameters
    ----------
    places
        Places of which the potential is recorded, such as "apic[3](0.5)"; "soma" is the soma's.
    amps
        Steps (nA), rising; the first that gives `enough` spikes ends the runs.
    celsius, v_init
        Temperature (degC) and start (mV).
    dt, settle, delay, dur, tstop
        Time step, time before zero, onset, duration of the step, end (ms).
    threshold
        A spike rises above it (mV).

    Returns
    -------
    dict
        "amps" (nA), those that ran, and "v" (mV), shape [amps, places, samples].
    """
    segments = [_segment(cell, place) for place in places]
    silence(cell)
    clamp = h.IClamp(cell.soma(0.5))
    clamp.delay, clamp.dur = settle + delay, dur
    h.CVode().active(False)
    h.secondorder = 0
    h.dt, h.celsius, h.steps_per_ms = dt, celsius, 1.0 / dt
    traces = [h.Vector().record(segment._ref_v) for segment in segments]
    of_soma = h.Vector().record(cell.soma(0.5)._ref_v)
    n = 1 + round(tstop / dt)
    ran, found = [], []
    for amp in amps:
        clamp.amp = amp
        h.finitialize(v_init)
        pc = h.ParallelContext()
        pc.set_maxstep(10)
        pc.psolve(settle + tstop + _MARGIN * dt)
        v = np.array([np.array(trace)[-n:] for trace in traces])
        soma = np.array(of_soma)[-n:]
        if not np.isfinite(v).all():
            raise EngineError(
                f"the original's potential is not finite at {amp:g} nA and dt = {dt:g} ms; its "
                "own run may need a smaller step or another start (--v-init)"
            )
        ran.append(amp)
        found.append(v)
        spikes = upward_crossings(dt * np.arange(float(n)), soma, threshold)
        if spikes.size >= enough or soma.max() > 4 * max(abs(v_init), 50.0):
            break
    return {"amps": np.array(ran), "v": np.array(found)}


def _segment(cell: LiveCell, place: str) -> Any:
    if place == "soma":
        return cell.soma(0.5)
    name, _, x = place.rstrip(")").rpartition("(")
    if name not in cell.names:
        raise SpecError(
            f"the original has no section {name!r}." + did_you_mean(name, list(cell.names))
        )
    return cell.names[name](float(x))


def silence(cell: LiveCell) -> None:
    """Turn off the electrodes that the original brought along: they are not part of the cell."""
    for sec in in_order(cell.soma):
        for segment in sec:
            for point in segment.point_processes():
                kind = point.hname().partition("[")[0]
                if kind == "IClamp":
                    point.dur = 0.0
                elif kind == "AlphaSynapse":
                    point.gmax = 0.0
                elif kind == "SEClamp":
                    point.dur1 = point.dur2 = point.dur3 = 0.0
                elif kind == "VClamp":
                    point.dur[0] = point.dur[1] = point.dur[2] = 0.0
