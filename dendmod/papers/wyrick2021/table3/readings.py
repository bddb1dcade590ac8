"""What dAMPA and dGABA do under every reading of what they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dendmod.clustered.perturbation import NONE, Perturbation
from dendmod.clustered.readings import COUPLINGS, READINGS
from dendmod.papers.wyrick2021.conditions import (
    UNPERTURBED,
    Condition,
    Results,
    Scale,
    run_ongoing,
    run_theory,
)
from dendmod.papers.wyrick2021.measures import mean_of, ongoing_table, spread
from dendmod.sweep import Sweep

_EXTERNAL = ("printed", "simulated")  # inputs to I neurons in the theory
_DEPRESSED = "background coupled as clusters are"


@dataclass(frozen=True)
class Readings:
    """Ongoing activity of dAMPA and dGABA under readings, and what the theory says.

    Parameters
    ----------
    networks
        Number of networks.
    simulated
        Reading -> unperturbed and perturbed networks.
    definitions
        These under the reading that is used, with every definition of an active cluster.
    theory
        Inputs to I neurons, size -> barrier and gain by perturbation and reading.
    """

    networks: int
    simulated: dict[str, Results]
    definitions: Results
    theory: dict[str, dict[str, dict[str, dict[str, float]]]]


def run_readings(scale: Scale, sweep: Sweep, size: float, theory_size: float) -> Readings:
    """Run dAMPA and dGABA of one size under every reading.

    Parameters
    ----------
    scale
        With as many networks as are run.
    size, theory_size
        z in the simulations; in the theory, up and down.
    """
    both: list[Condition] = [(kind, size) for kind in COUPLINGS]
    base = run_ongoing(scale, sweep, [UNPERTURBED])
    simulated = {
        _DEPRESSED: run_ongoing(
            scale, sweep, [UNPERTURBED, *both], changes={"background_depressed": True}
        )
    }
    for reading, how in READINGS.items():
        conditions = [(kind, size) for kind in how.kinds]
        simulated[reading] = base | run_ongoing(scale, sweep, conditions, reading=reading)
    definitions = run_ongoing(scale, sweep, [UNPERTURBED, *both], cluster=scale.cluster_readings)
    theory = {
        external: {f"{z:+g}": _theory(sweep, z, external) for z in (theory_size, -theory_size)}
        for external in _EXTERNAL
    }
    return Readings(scale.networks, simulated, definitions, theory)


def _theory(sweep: Sweep, size: float, external: str) -> dict[str, dict[str, float]]:
    """Return barrier and gain of dAMPA and dGABA under the readings that the theory has."""
    conditions = [
        (kind, size, reading)
        for kind in COUPLINGS
        for reading, how in READINGS.items()
        if how.in_theory and kind in how.kinds
    ]
    name = f"theory readings {size:g} {external}"
    rows = run_theory(sweep, name, [UNPERTURBED, *conditions], external)
    names = [NONE, *(f"{kind} {reading}" for kind, _, reading in conditions)]
    return dict(zip(names, rows, strict=True))


def describe_readings(
    found: Readings, definitions: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    """Return timescale and gain under every reading, against the unperturbed networks.

    Parameters
    ----------
    found
        What was run.
    definitions
        Kernel SD (ms) and threshold (spikes/s) of each definition of an active cluster.
    """
    base = {UNPERTURBED: found.simulated["recurrent"][UNPERTURBED]}
    meanings = {reading: how.meaning for reading, how in READINGS.items()} | {
        _DEPRESSED: "pairs with a background neuron have J-, not 1; all recurrent weights scale"
    }
    return {
        "networks": found.networks,
        "unperturbed": {
            "timescale_ms": mean_of(ongoing_table(base)[UNPERTURBED].timescale_ms),
            "timescale_by_definition_ms": {
                f"kernel {smoothing:g} ms, above {threshold:g} spikes/s": {
                    Perturbation(*c).label: spread([1e3 * float(r["timescale"][k]) for r in rows])
                    for c, rows in found.definitions.items()
                }
                for k, (smoothing, threshold) in enumerate(definitions)
            },
        },
        **{
            reading: {"meaning": meanings[reading]} | _entries(results)
            for reading, results in found.simulated.items()
        },
    }


def _entries(results: Results) -> dict[str, Any]:
    """Return the numbers of each perturbation, changes against the unperturbed networks."""
    table = ongoing_table(results)
    before = table.pop(UNPERTURBED)
    return {
        f"{kind} {size:+g}": {
            "unperturbed_timescale_ms": mean_of(before.timescale_ms),
            "timescale_ms": mean_of(entry.timescale_ms),
            "timescale_change_ms": spread(entry.timescale_ms - before.timescale_ms),
            "gain_change_Hz": spread(entry.gain_change),
            "gain_ratio": mean_of(entry.gain_ratio),
            "gain_ratio_over_networks": spread(entry.gain_ratio),
            "active_clusters": mean_of(entry.active_clusters),
            "rates_Hz": {"E": mean_of(entry.rate_E), "I": mean_of(entry.rate_I)},
        }
        for (kind, size), entry in table.items()
    }
