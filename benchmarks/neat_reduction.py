"""A second opinion on the reduction: NEAT's beside ours, on the passive L5 cell at the same sites.

Run it in an environment of its own that has NEAT (GPL, not a dependency of dendmod)::

    uv venv neat && uv pip install --python neat/bin/python . nest-neat six matplotlib
    neat/bin/python -m benchmarks.neat_reduction --json neat.json

Channels are left out: then both have one and the same linear cell to match, and neither's channel
equations are on trial. EPSPs are the answers to a current with the time course of AMPA.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import eigh

from dendmod import L5PyramidalCell
from dendmod.cells.sites import choose_sites
from dendmod.engines.neuron.segments import segment_tree
from dendmod.morphology import Morphology, resolve
from dendmod.params import wybo2022
from dendmod.reduction import reduce
from dendmod.reduction.capacitances import conductance_matrix
from dendmod.spec import Location
from dendmod.spec.result import Array
from dendmod.spec.segments import SegmentTree

_MS = np.arange(0.0, 100.0, 0.1)
_SWC_TYPES = {"soma": 1, "axon": 2, "basal": 3, "apical": 4}
_UM = 1e-4  # cm


def write_swc(morphology: Morphology, path: Path) -> dict[int, list[int]]:
    """Write a morphology with a soma of three points; return the numbers of points by section."""
    soma = morphology.sections[0]
    centre, radius = soma.points.mean(axis=0), np.sqrt(soma.area / (4 * np.pi))
    rows = [(1, centre, radius, -1)]
    rows += [(1, centre + np.array([0, y, 0]), radius, 1) for y in (-radius, radius)]
    numbers: dict[int, list[int]] = {0: [1]}
    for i, section in enumerate(morphology.sections[1:], start=1):
        above = numbers[section.parent][-1]
        first = 0 if section.parent == 0 else 1  # others begin where their parent ends
        numbers[i] = [] if first == 0 else [above]
        for point, diameter in zip(section.points[first:], section.diameters[first:], strict=True):
            rows.append((_SWC_TYPES[section.kind], point, diameter / 2, above))
            above = len(rows)
            numbers[i].append(above)
    lines = [
        f"{n} {kind} {p[0]:.5f} {p[1]:.5f} {p[2]:.5f} {r:.5f} {parent}"
        for n, (kind, p, r, parent) in enumerate(rows, start=1)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return numbers


def place_in_swc(
    morphology: Morphology, numbers: dict[int, list[int]], place: Location
) -> tuple[int, float]:
    """Return the point that ends the piece of cable in which a place lies, and where in it."""
    section = morphology.sections[place.section]
    far = np.concatenate([[0.0], np.cumsum(section.steps)])
    at = place.x * far[-1]
    k = int(np.clip(np.searchsorted(far, at), 1, far.size - 1))
    return numbers[place.section][k], float((at - far[k - 1]) / (far[k] - far[k - 1]))


def answers(conductance: Array, ca: Array, nodes: list[int]) -> Array:
    """Return EPSPs (mV for 1 nA) of a linear cell, shape [at, from, steps], at `nodes`."""
    root = np.sqrt(np.maximum(ca, 1e-9))
    rates, modes = eigh(conductance / np.outer(root, root))
    shape = modes[nodes] / root[nodes][:, None]
    rise, fall = (wybo2022.AMPA[name] for name in ("tau_rise", "tau_decay"))
    drive = np.exp(-_MS / fall) - np.exp(-_MS / rise)
    decay = np.exp(-np.outer(rates, _MS))
    filtered = np.array([np.convolve(d, drive)[: _MS.size] for d in decay]) * (_MS[1] - _MS[0])
    return np.asarray(np.einsum("im,jm,mt->ijt", shape, shape, filtered))


def of_neat(path: Path, places: list[tuple[int, float]], cell: Any) -> dict[str, Any]:
    """Return impedances of NEAT's own full cell, and its reduction as matrices."""
    from neat import CompartmentFitter, GreensTree, PhysTree

    def physiology(tree: Any) -> None:
        for kind, number in (("soma", 1), ("basal", 3), ("apical", 4)):
            region = cell.biophysics.regions[kind]
            leak = next(m for m in region.mechanisms if m.suffix == "pas").params
            nodes = [n for n in tree if n.swc_type == number]
            tree.set_physiology(region.cm, region.Ra * 1e-6, node_arg=nodes)
            for node in nodes:
                node._add_current("L", leak["g"] * 1e6, leak["e"])

    sys.setrecursionlimit(20000)  # NEAT walks along the points of a morphology by recursion
    full = PhysTree(str(path))
    physiology(full)
    greens = GreensTree(full)
    greens.set_comp_tree()
    greens.set_impedance(np.array([0j]))
    z = np.real(np.asarray(greens.calc_impedance_matrix(places))).squeeze()
    fitter = CompartmentFitter(full)
    began = time.perf_counter()
    tree, _ = fitter.fit_model(places)
    seconds = time.perf_counter() - began
    order = [tree.get_nodes_from_loc_idxs(i).index for i in range(len(places))]
    nodes = list(tree)
    row = {node.index: i for i, node in enumerate(nodes)}
    matrix = np.zeros((len(nodes), len(nodes)))
    for i, node in enumerate(nodes):
        matrix[i, i] += node.currents["L"][0]
        if node.parent_node is not None:
            j = row[node.parent_node.index]
            matrix[[i, j], [i, j]] += node.g_c
            matrix[[i, j], [j, i]] -= node.g_c
    ca = np.array([node.ca for node in nodes]) * 1e3  # uF -> nF
    return {
        "z": z,
        "matrix": matrix,
        "ca": ca,
        "nodes": [row[n] for n in order],
        "compartments": len(nodes),
        "seconds": seconds,
    }


def compared(z: Array, epsp: Array, z_full: Array, epsp_full: Array) -> dict[str, float]:
    """Return the errors of a reduction against a full cell, the soma being the first place."""
    error = np.abs(z / z_full - 1)
    n = len(z)
    rms = np.sqrt(((epsp - epsp_full) ** 2).mean(axis=2)) / epsp_full.max(axis=2)
    return {
        "input_resistance_max": float(np.diag(error).max()),
        "soma_transfer_max": float(error[0, 1:].max()),
        "site_to_site_max": float(error[1:, 1:][~np.eye(n - 1, dtype=bool)].max()),
        "epsp_soma": float(rms[0, 0]),
        "epsp_site_at_site_median": float(np.median(np.diag(rms)[1:])),
        "epsp_site_at_site_max": float(np.diag(rms)[1:].max()),
        "epsp_site_at_soma_median": float(np.median(rms[0, 1:])),
        "epsp_site_at_soma_max": float(rms[0, 1:].max()),
    }


def main() -> None:
    """Reduce with both and print what each keeps."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sites", type=int, default=20)
    options = parser.parse_args()
    whole = L5PyramidalCell()
    sites = choose_sites(whole).locations[: options.sites]
    passive = whole.scaled(dict.fromkeys(whole.voltage_gated, 0.0))
    passive = passive.model_copy(update={"axon_stub": None})
    tree: SegmentTree = segment_tree(passive)
    at = [0, *(tree.node(p) for p in sites)]
    full = conductance_matrix(tree, tree.g_leak)
    z_full, epsp_full = np.linalg.inv(full)[np.ix_(at, at)], answers(full, tree.ca, at)
    out: dict[str, Any] = {}
    ways: tuple[tuple[str, dict[str, Any]], ...] = (
        ("dendmod, bifurcations, slow", {"bifurcations": True, "capacitances": "slow"}),
        ("dendmod, bifurcations", {"bifurcations": True}),
        ("dendmod, split 15", {"largest_load": 15.0}),
    )
    for name, kwargs in ways:
        began = time.perf_counter()
        small = reduce(passive, sites, **kwargs)
        seconds = time.perf_counter() - began
        n = len(small.compartments)
        matrix = np.diag([c.g_leak * 1e-3 for c in small.compartments])
        for i, c in enumerate(small.compartments):
            if c.parent >= 0:
                matrix[[i, c.parent], [i, c.parent]] += c.g_couple * 1e-3
                matrix[[i, c.parent], [c.parent, i]] -= c.g_couple * 1e-3
        nodes = [0, *(s.section for s in small.sites)]
        ca = np.array([c.ca for c in small.compartments]) * 1e-3
        z, epsp = np.linalg.inv(matrix)[np.ix_(nodes, nodes)], answers(matrix, ca, nodes)
        out[name] = {"compartments": n, "seconds": seconds,
                     **compared(z, epsp, z_full, epsp_full)}  # fmt: skip
    morphology = resolve(whole.morphology).without_axon()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cell.swc"
        numbers = write_swc(morphology, path)
        places = [(1, 0.5), *(place_in_swc(morphology, numbers, p) for p in sites)]
        neat = of_neat(path, places, passive)
    difference = np.abs(neat["z"] / z_full - 1)
    out["full cells"] = {"impedance_difference_median": float(np.median(difference)),
                         "impedance_difference_max": float(difference.max())}  # fmt: skip
    z = np.linalg.inv(neat["matrix"])[np.ix_(neat["nodes"], neat["nodes"])]
    epsp = answers(neat["matrix"], neat["ca"], neat["nodes"])
    out["NEAT"] = {"compartments": neat["compartments"], "seconds": neat["seconds"],
                   **compared(z, epsp, neat["z"], epsp_full)}  # fmt: skip
    for name, facts in out.items():
        print(name, {k: round(v, 4) for k, v in facts.items()})
    if options.json:
        options.json.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
