"""The Python that does what is chosen, written out so that a person can read and change it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dendmod.explore.state import Exploration
from dendmod.explore.stimuli import protocol_of
from dendmod.protocol.stimuli import StimulusProtocol, spikes_of
from dendmod.protocol.stimulus_fields import BurstSpikes, PoissonSpikes, StepFields, TrainFields

_HEAD = '''"""What was chosen with `dendmod explore`, in Python."""

from dendmod import {names}
from dendmod.cells.file import load_cell
from dendmod.rng import gaussian_burst, poisson, stream

cell = load_cell("{cell}").cell
SEED, TRIAL = {seed}, 0

'''
_TAIL = """run = Run(tstop={tstop!r}, dt={dt!r}, settle={settle!r}, spike_threshold={threshold!r})
result = simulate(setup, run, trains, engine="{engine}")
print(result.spike_times("soma").size, "spikes")
"""


def script_of(state: Exploration, cell: str, engine: str = "kernel") -> str:
    """Return a script that runs what is chosen.

    Parameters
    ----------
    cell
        The cell that it loads: the folder that was saved, or a name if nothing of it was changed.
    engine
        "kernel", or "neuron" where the kernel refuses something.
    """
    protocol = protocol_of(state)
    steps = {n: s for n, s in protocol.stimuli.items() if isinstance(s, StepFields)}
    trains = spikes_of(protocol)
    names = ["Location", "Run", "Setup", "SpikeTrain", "Synapse", "simulate"]
    if steps:
        names.insert(0, "CurrentClamp")
    run = protocol.run_spec
    named = _named(trains)
    text = _HEAD.format(names=", ".join(names), cell=cell, seed=state.seed)
    text += "".join(map(_params, named.items())) + "\n"
    text += "synapses = (\n" + "".join(_synapses(trains, named)) + ")\n"
    text += "trains = (\n" + "".join(map(_train, trains.items())) + ")\n"
    text += "setup = Setup(\n    cell=cell,\n    synapses=synapses,\n"
    if steps:
        text += f"    current_clamps=({''.join(map(_clamp, steps.values()))}),\n"
    text += f"    record={_record(protocol)},\n)\n"
    return text + _TAIL.format(
        tstop=run.tstop, dt=run.dt, settle=run.settle, threshold=run.spike_threshold, engine=engine
    )


def _place(place: Any) -> str:
    named = str(place)
    return f'Location("{named if "(" in named else named + "(0.5)"}")'


def _named(trains: Mapping[str, TrainFields]) -> dict[str, TrainFields]:
    """Return a name for each kind of synapse: that of its mechanism, with a number where needed."""
    found: dict[str, TrainFields] = {}
    for s in trains.values():
        if not any(_is_same(s, other) for other in found.values()):
            stem = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", s.mechanism).lower()
            same = sum(other.mechanism == s.mechanism for other in found.values())
            found[f"{stem}{same + 1 if same else ''}"] = s
    return found


def _is_same(one: TrainFields, other: TrainFields) -> bool:
    return (one.mechanism, one.params) == (other.mechanism, other.params)


def _params(pair: tuple[str, TrainFields]) -> str:
    name, s = pair
    rows = "".join(f'    "{p}": {x!r},\n' for p, x in s.params.items())
    return f"{name} = {{\n{rows}}}\n"


def _synapses(trains: Mapping[str, TrainFields], named: Mapping[str, TrainFields]) -> Iterator[str]:
    for name, s in trains.items():
        params = next(n for n, other in named.items() if _is_same(s, other))
        yield (
            f'    Synapse(name="{name}", mechanism="{s.mechanism}", params={params},\n'
            f"            location={_place(s.location)}),\n"
        )


def _train(pair: tuple[str, TrainFields]) -> str:
    name, s = pair
    if isinstance(s, BurstSpikes):
        rng = f'stream(SEED, TRIAL, "{name}", "burst")'
        times = f"gaussian_burst({rng}, {s.n}, {s.center_ms!r}, {s.sd_ms!r})"
    else:
        assert isinstance(s, PoissonSpikes)
        rng = f'stream(SEED, TRIAL, "{name}", "poisson")'
        times = f"poisson({rng}, {s.rate_Hz!r}, {s.dur_ms!r})"
    return f'    SpikeTrain("{name}",\n               {times}, {s.weight!r}),\n'


def _clamp(s: StepFields) -> str:
    return (
        f"CurrentClamp(location={_place(s.location)}, delay={s.delay_ms!r}, dur={s.dur_ms!r}, "
        f"amp={s.amp_nA!r}),"
    )


def _record(protocol: StimulusProtocol) -> str:
    rows = (f'        "{n}": {_place(r.location)},\n' for n, r in protocol.recordings.items())
    return "{\n" + "".join(rows) + "    }"
