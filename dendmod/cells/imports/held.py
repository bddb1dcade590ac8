"""A written cell held against the original that it was made from: the same steps into both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dendmod.cells.file import LoadedCell, load_cell
from dendmod.cells.imports.original import Original, in_process, instantiate
from dendmod.spec import Cell, CurrentClamp, Location, Run, Setup
from dendmod.spec.base import Spec
from dendmod.spec.place import SOMA
from dendmod.spec.result import upward_crossings

AMPS = tuple(0.05 * 2.0**i for i in range(8))  # nA
ENOUGH = 2  # spikes that end the search for a step
DT, SETTLE, DELAY, DUR, TSTOP = 0.025, 50.0, 20.0, 200.0, 250.0  # ms
_FAR = 2  # places far from the soma
_SAME = 1e-3  # mV: sums in another order differ by far less, another membrane by more; ours
_DIFFERS = (
    "the cell is not the original: something of it is no parameter of a mechanism, or acts while "
    "it runs; docs/import.md lists what cannot come along"
)


class Step(Spec):
    """One current step (nA): spikes at the soma of both, and the largest difference (mV)."""

    amp: float
    spikes_original: int
    spikes_written: int
    largest_dv: float


class Held(Spec):
    """How near a written cell is to its original.

    Parameters
    ----------
    places
        Where the potential was compared.
    dt
        Fixed time step (ms).
    largest_dv
        Largest difference of the potential at any place, step and time (mV).
    steps
        The same, step by step.
    """

    places: tuple[str, ...]
    dt: float
    largest_dv: float
    steps: tuple[Step, ...]

    @property
    def lines(self) -> list[str]:
        """What was found, in words."""
        where = ", ".join(self.places)
        return [
            f"held against the original: largest |dV| {self.largest_dv:.3g} mV at {where}",
            *(
                f"  {s.amp:g} nA: {s.spikes_original} spikes in the original, {s.spikes_written} "
                f"in the cell, largest |dV| {s.largest_dv:.3g} mV"
                for s in self.steps
            ),
            *([] if self.largest_dv < _SAME else [_DIFFERS]),
        ]


def hold(cell: str | Path, original: Original, *, places: tuple[str, ...] | None = None) -> Held:
    """Run the same current steps in a written cell and its original, a process each.

    The steps double from 0.05 nA until one gives two spikes, or the last. Both run with NEURON's
    fixed steps, from the temperature and the start of the written cell.

    Parameters
    ----------
    cell
        Folder or file of the written cell.
    original
        What built the original.
    places
        Places on both, by the names of their sections, such as "apic[3](0.5)"; the soma and two
        far dendrites if not given.

    Raises
    ------
    DendmodError
        If either cannot be built or run.
    """
    loaded = load_cell(cell)
    where = ("soma", *(far_places(loaded) if places is None else places))
    threshold = loaded.fields.conditions.spike_threshold_mV
    first = in_process(
        f"{__name__}:run_original",
        original=original.model_dump(mode="json"),
        places=list(where),
        celsius=loaded.cell.celsius,
        v_init=loaded.cell.v_init,
        threshold=threshold,
    )
    second = in_process(
        f"{__name__}:run_written",
        cell=loaded.cell.model_dump(mode="json", by_alias=True),
        places=list(where),
        amps=first["amps"].tolist(),
    )
    t = DT * np.arange(float(first["v"].shape[-1]))

    def spikes(v: np.ndarray) -> int:
        return int(upward_crossings(t, v[0], threshold).size)

    steps = tuple(
        Step(
            amp=float(amp),
            spikes_original=spikes(one),
            spikes_written=spikes(two),
            largest_dv=float(np.abs(one - two).max()),
        )
        for amp, one, two in zip(first["amps"], first["v"], second["v"], strict=True)
    )
    return Held(places=where, dt=DT, largest_dv=max(s.largest_dv for s in steps), steps=steps)


def far_places(loaded: LoadedCell) -> tuple[str, ...]:
    """Return the middles of the dendrites that reach farthest, of two regions where there are."""
    shape = loaded.shape
    own = range(len(shape.morphology.sections))
    far = sorted(
        (i for i in own if shape.sections[i].region in ("basal", "apical")),
        key=lambda i: -shape.places(i, 1, False)[0]["distance"],
    )
    regions = [shape.sections[i].region for i in far]
    first_of_each = [regions.index(region) for region in dict.fromkeys(regions)]
    chosen = dict.fromkeys([*first_of_each, *range(len(far))])
    return tuple(f"{shape.sections[far[k]].name}(0.5)" for k in list(chosen)[:_FAR])


def run_original(
    original: dict[str, Any],
    places: list[str],
    celsius: float,
    v_init: float,
    threshold: float,
) -> dict[str, np.ndarray]:
    """Task: current steps into the original."""
    from dendmod.engines.neuron.live import current_steps

    return current_steps(
        instantiate(Original.model_validate(original)),
        places,
        AMPS,
        celsius=celsius,
        v_init=v_init,
        dt=DT,
        settle=SETTLE,
        delay=DELAY,
        dur=DUR,
        tstop=TSTOP,
        enough=ENOUGH,
        threshold=threshold,
    )


def run_written(
    cell: dict[str, Any], places: list[str], amps: list[float]
) -> dict[str, np.ndarray]:
    """Task: the same steps into the written cell."""
    from dendmod.engines.neuron import Simulator

    record = {place: SOMA if place == "soma" else Location(place) for place in places}
    # in one go, as the original runs: to go on from a settled state loses what a mechanism keeps in
    # ASSIGNED from step to step, as NeuroML's do
    clamp = CurrentClamp(location=SOMA, delay=SETTLE + DELAY, dur=DUR, amp=0.0)
    setup = Setup(cell=Cell.model_validate(cell), current_clamps=(clamp,), record=record)
    run = Run(tstop=SETTLE + TSTOP, dt=DT, settle=0.0)
    n = 1 + round(TSTOP / DT)
    with Simulator(setup, run, coreneuron=False) as simulator:
        found = [simulator.run(amps=(amp,)).v for amp in amps]
    return {"v": np.array([[v[place][-n:] for place in places] for v in found])}
