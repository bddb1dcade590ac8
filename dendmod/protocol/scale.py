"""Scale a protocol to a cell: what Table 1 of Wybo et al. 2022 says for Hay's, found for any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dendmod.cells.provenance import DEPENDS
from dendmod.cells.sites import AS_MANY
from dendmod.engines.held import Chosen
from dendmod.errors import SpecError
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.model import DendriticNmda, Protocol
from dendmod.protocol.scale_search import PLATEAU_MS, Array, Curve, Search, rounded, target_of
from dendmod.protocol.scale_tasks import HALF, dendritic, scaled_feedforward
from dendmod.protocol.tables import SpikeTable
from dendmod.sweep import Sweep, Task

_TASKS = "dendmod.protocol.scale_tasks"

Background = Literal["scaled", "left"]


@dataclass(frozen=True)
class Scaled:
    """A protocol that was scaled, and what was found on the way.

    Parameters
    ----------
    base, protocol
        Before and after.
    fit
        How many sites fit, where that was asked.
    resistance
        Of the soma (MOhm), of the base protocol's own cell and of this one.
    by
        What conductances at the soma and of the background were multiplied by.
    feedforward, plateaus
        The searches; plateaus by arm.
    curves
        Number of inputs and spikes [points, trials] without modulation, by arm.
    tables
        Spikes of the scaled protocol without modulation and at the highest level, by arm.
    chosen
        The engine that ran it all but the resistances and the receptor's bend, which NEURON gives.
    """

    base: Protocol
    protocol: Protocol
    fit: int | None
    resistance: tuple[float, float]
    by: float
    feedforward: Curve
    plateaus: Mapping[str, Curve]
    curves: Mapping[str, tuple[Array, Array]]
    tables: Mapping[str, SpikeTable]
    chosen: Chosen


def scale_protocol(
    base: Protocol,
    protocol: Protocol,
    sweep: Sweep,
    *,
    n: int | None = None,
    at_most: int | None = None,
    at: Callable[[Protocol], Protocol] = lambda protocol: protocol,
    background: Background = "scaled",
    plateau_ms: float = PLATEAU_MS,
) -> Scaled:
    """Find weights and numbers of inputs with which a cell does what the base protocol's does.

    Parameters
    ----------
    base
        The protocol on its own cell.
    protocol
        The same on the cell that it is scaled to, with as many sites as fit.
    sweep
        How simulations are made and kept.
    n
        Number of sites, where it is not to be as many as fit.
    at_most
        Most sites that are taken where they are as many as fit.
    at
        At which scale a protocol is run, such as its quick one; what is found is written at full.
    background
        Whether the conductances of the background and of shunt are multiplied by the ratio of the
        somas' input resistances ("scaled"), or stay ("left").
    plateau_ms
        How long a site has to be above ``run.plateau_mV`` in a plateau.

    Raises
    ------
    SpecError
        If the cell cannot do it: every part that failed, and what was tried.
    """
    protocol, fit = _with_sites(protocol, base, n, at_most, sweep)
    resistance = _resistances(base, protocol, sweep)
    ratio = resistance[0] / resistance[1]
    by = rounded(ratio) if background == "scaled" else 1.0
    start = _with_conductances(protocol, by)
    start = start.model_copy(update={"feedforward": scaled_feedforward(start.feedforward, ratio)})
    first = Experiment(at(start), sweep)
    # what is scaled later differs in weights and numbers of inputs alone
    chosen = first.chosen
    search = Search(first, plateau_ms)
    feedforward, plateaus = search.weights()
    if search.failed:
        raise _cannot(search.failed)
    found = _with_weights(start, feedforward, plateaus)
    search = Search(Experiment(at(found), sweep, chosen=chosen), plateau_ms)
    curves = search.curves()
    numbers = {arm: search.number(arm, *curve) for arm, curve in curves.items()}
    if search.failed:
        raise _cannot(search.failed)
    for arm, n in numbers.items():
        found = _with_arm(found, arm, n_feedforward=n)
    found = Protocol.model_validate(found.model_dump(mode="json", by_alias=True))
    tables = Experiment(_ends(at(found)), sweep, chosen=chosen).spikes(traces=True)
    _check(found, tables)
    return Scaled(base, found, fit, resistance, by, feedforward, plateaus, curves, tables, chosen)


def _with_sites(
    protocol: Protocol, base: Protocol, n: int | None, at_most: int | None, sweep: Sweep
) -> tuple[Protocol, int | None]:
    """Return the protocol with a number of sites, levels that go with it, and how many fit."""
    levels = [max(a.levels) for a in base.arms.values() if isinstance(a, DendriticNmda)]
    before = max(levels, default=1) if base.sites.n == AS_MANY else base.n_sites
    fit = None
    if protocol.sites.locations:
        n = len(protocol.sites.locations)
    elif n is None:
        fit = len(Experiment(protocol, sweep).sites["section"])
        n = min(fit, at_most or fit)
    return _with_levels(protocol, before, n).with_sites(n), fit


def _with_levels(protocol: Protocol, before: int, n: int) -> Protocol:
    """Return a protocol whose numbers of driven sites are the same parts of `n` sites."""

    if n == before:
        return protocol

    def of(levels: Sequence[int]) -> tuple[int, ...]:
        return tuple(sorted({round(level * n / before) for level in levels}))

    for name, arm in protocol.arms.items():
        if isinstance(arm, DendriticNmda):
            protocol = _with_arm(
                protocol, name, levels=of(arm.levels), quick_levels=of(arm.quick_levels)
            )
    return protocol


def _with_arm(protocol: Protocol, name: str, **fields: Any) -> Protocol:
    arms = {**protocol.arms, name: protocol.arms[name].model_copy(update=fields)}
    return protocol.model_copy(update={"arms": arms})


def _with_conductances(protocol: Protocol, by: float) -> Protocol:
    """Return a protocol whose background and shunt have other weights."""
    b = protocol.background
    weights = ("excitatory_weight_nS", "inhibitory_weight_nS")
    update = {name: rounded(getattr(b, name) * by) for name in weights}
    protocol = protocol.model_copy(update={"background": b.model_copy(update=update)})
    for name, arm in protocol.arms.items():
        if not isinstance(arm, DendriticNmda):
            weight = rounded(arm.shunt_weight_nS * by)
            protocol = _with_arm(protocol, name, shunt_weight_nS=weight)
    return protocol


def _with_weights(
    protocol: Protocol, feedforward: Curve, plateaus: Mapping[str, Curve]
) -> Protocol:
    """Return a protocol with the weights that were found; low ones stay the same part of high."""
    name = f"weight_{protocol.feedforward.weight[1]}"
    fields = protocol.feedforward.model_copy(update={name: feedforward.found})
    protocol = protocol.model_copy(update={"feedforward": fields})
    for arm, curve in plateaus.items():
        before = dendritic(protocol, arm)
        low = rounded(before.low_weight_nS * curve.found / before.high_weight_nS)
        protocol = _with_arm(protocol, arm, high_weight_nS=curve.found, low_weight_nS=low)
    return protocol


def _resistances(base: Protocol, protocol: Protocol, sweep: Sweep) -> tuple[float, float]:
    tasks = [
        Task(
            f"resistance/{name}",
            f"{_TASKS}:resistance",
            {
                "cell": p.cell_spec.model_dump(mode="json", by_alias=True),
                "settle": p.run.settle_ms,
            },
            4.0,
            DEPENDS,
        )
        for name, p in (("base", base), ("cell", protocol))
    ]
    done = sweep.run(tasks)
    of_base, own = (float(done[task.key]["soma"][0]) for task in tasks)
    return of_base, own


def _ends(protocol: Protocol) -> Protocol:
    """Return the protocol without modulation and at the highest level of each arm."""
    for name, arm in protocol.arms.items():
        levels = tuple(sorted({0, max(arm.levels)}))
        protocol = _with_arm(protocol, name, levels=levels, quick_levels=())
    return protocol


def _check(protocol: Protocol, tables: Mapping[str, SpikeTable]) -> None:
    """Refuse a protocol whose arms do not have their spikes without modulation."""
    failed = []
    for name, table in tables.items():
        target, mean = target_of(protocol.arms[name]), float(table.mean()[0])
        if abs(mean - target) > HALF:
            failed.append(
                f"{protocol.arms[name].n_feedforward} inputs give {mean:.2g} spikes in {name}, "
                f"where {target} are meant: the numbers of spikes do not rise with the inputs"
            )
    if failed:
        raise _cannot(failed)


def _cannot(failed: Sequence[str]) -> SpecError:
    return SpecError("this cell cannot do what the protocol asks:\n  " + "\n  ".join(failed))
