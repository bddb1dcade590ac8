"""``dendmod selfcheck``: does what is installed here compute what it should?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from typing import Any

import typer

# The spikes of `_integrate_and_fire`, as of December 2026; lif.c gives the same bits on every CPU.
LIF_SPIKES = 3816
LIF_SUM_MS = 1956782.2


class _NotMade(Exception):
    """A check that cannot be made here, and why."""


def selfcheck() -> None:
    """Say what is installed, and run each engine on a small case whose outcome is known.

    The first call compiles the mechanisms, which takes about a minute.
    """
    typer.echo(_installed())
    checks: dict[str, Callable[[], str]] = {
        "integrate-and-fire network": _integrate_and_fire,
        "network of reduced cells": _network,
        "the L5 cell": _cell,
    }
    failed, left = 0, 0
    for name, check in checks.items():
        try:
            typer.echo(f"ok          {name}: {check()}")
        except _NotMade as reason:
            left += 1
            typer.echo(f"not checked {name}: {reason}")
        except Exception as error:  # the other checks still say what they find
            failed += 1
            typer.echo(f"failed      {name}: {error}")
    passed = len(checks) - failed - left
    typer.echo(
        f"{passed} of {len(checks)} checks passed, {failed} failed, {left} could not be made"
    )
    if failed:
        raise typer.Exit(1)


def _installed() -> str:
    from dendmod import __version__
    from dendmod.engines.prebuilt import FOLDER, level
    from dendmod.mechanisms.toolchain import neuron_version
    from dendmod.paths import cache_dir, data_dir

    carried = FOLDER.is_dir() and any(FOLDER.glob(f"*-{level().name}-*"))
    return "\n".join(
        (
            f"dendmod {__version__}, Python {platform.python_version()} ({sys.executable}), "
            f"NEURON {neuron_version()}",
            f"data: {data_dir('mechanisms').parent}; cache: {cache_dir()}",
            f"CPU: {level().name}; engines: "
            + ("compiled in the wheel" if carried else "compiled here when first used"),
        )
    )


def _need_compilers() -> None:
    from dendmod.engines.compiled import compiler
    from dendmod.errors import EngineError, MechanismError
    from dendmod.mechanisms.toolchain import check_tools

    try:
        check_tools()
        compiler()
    except (EngineError, MechanismError) as missing:
        raise _NotMade(missing) from None


def _expect(what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise AssertionError(f"{what}: {found}; expected {expected}")


def _integrate_and_fire() -> str:
    import numpy as np

    from dendmod.engines.lif.simulation import simulate_lif
    from dendmod.rng import stream

    n = 200
    draw = stream(0, "selfcheck")
    weights = draw.normal(0.02, 0.6, (n, n)) * (draw.random((n, n)) < 0.2)
    np.fill_diagonal(weights, 0.0)
    times = simulate_lif(weights, 20.0, 1100.0, t_stop=1000).spike_times
    _expect("spikes", times.size, LIF_SPIKES)
    _expect("sum of spike times (ms)", round(float(times.sum()), 1), LIF_SUM_MS)
    return f"{times.size} spikes, as they should be"


def _network() -> str:
    from dendmod.engines.simulation import simulate
    from dendmod.network.drawn import draw_network

    spec, run = draw_network(1)
    spikes = simulate(spec, run, engine="kernel", precision="float64").hidden.times.size
    try:
        _need_compilers()
    except _NotMade as reason:
        raise _NotMade(
            f"{spikes} spikes on the kernel; not held against NEURON: {reason}"
        ) from None
    _expect("spikes on NEURON", simulate(spec, run, engine="neuron").hidden.times.size, spikes)
    return f"{spikes} spikes on the kernel and on NEURON"


def _cell() -> str:
    from dendmod.cells.l5 import L5PyramidalCell
    from dendmod.engines.simulation import simulate
    from dendmod.spec import CurrentClamp, Location, Run, Setup

    _need_compilers()
    step = CurrentClamp(location=Location(section=0, x=0.5), delay=50, dur=200, amp=0.8)
    setup, run = Setup(cell=L5PyramidalCell(), current_clamps=(step,)), Run(tstop=300, settle=500)
    spikes = simulate(setup, run).spike_times().size
    _expect(
        "spikes on the kernel", simulate(setup, run, engine="kernel").spike_times().size, spikes
    )
    return f"{spikes} spikes on NEURON and on the kernel"
