"""Nodes, edges and spikes as SONATA's files; nothing here knows what a network of dendmod is."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.formats.packages import package

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_MAGIC, _VERSION = 0x0A7A, (0, 1)  # of SONATA's HDF5 files
_SORTING = {"none": 0, "by_id": 1, "by_time": 2}


@dataclass(frozen=True)
class Nodes:
    """A population of nodes.

    Parameters
    ----------
    types
        Attributes of each type of node, by name.
    type_of
        The type of each node, shape (nodes,).
    attributes
        Numbers of each node by name, shape (nodes,).
    """

    name: str
    types: Sequence[Mapping[str, str]]
    type_of: Ints
    attributes: Mapping[str, Ints]


@dataclass(frozen=True)
class Edges:
    """A population of edges of one type, from one population of nodes to another.

    Parameters
    ----------
    n_source, n_target
        Numbers of nodes.
    source, target
        Numbers of the nodes that each edge joins, shape (edges,).
    type
        Attributes of their type, by name.
    attributes
        Numbers of each edge by name, shape (edges,).
    """

    name: str
    source_population: str
    target_population: str
    n_source: int
    n_target: int
    source: Ints
    target: Ints
    type: Mapping[str, str]
    attributes: Mapping[str, Ints | Floats]


@dataclass(frozen=True)
class Spikes:
    """Spikes of a population: times (ms) and nodes, shape (spikes,)."""

    population: str
    times: Floats
    nodes: Ints


def write_nodes(nodes: Nodes, folder: Path) -> dict[str, str]:
    """Write a population; return its entry of the circuit, with names of files alone."""
    files = {"nodes_file": f"{nodes.name}_nodes.h5", "node_types_file": f"{nodes.name}_types.csv"}
    n = nodes.type_of.size
    with _file(folder / files["nodes_file"]) as file:
        group = file.create_group(f"nodes/{nodes.name}")
        group["node_type_id"] = nodes.type_of.astype(np.uint64)
        _single_group(group, "node", n)
        attributes = group.create_group("0")
        for name, values in nodes.attributes.items():
            attributes[name] = values
    rows = [{"node_type_id": str(i), **row} for i, row in enumerate(nodes.types)]
    _table(folder / files["node_types_file"], rows)
    return files


def write_edges(edges: Edges, folder: Path) -> dict[str, str]:
    """Write a population, sorted by target and then by source, with the indices of both."""
    files = {"edges_file": f"{edges.name}_edges.h5", "edge_types_file": f"{edges.name}_types.csv"}
    order = np.lexsort((edges.source, edges.target))
    source, target = edges.source[order], edges.target[order]
    with _file(folder / files["edges_file"]) as file:
        group = file.create_group(f"edges/{edges.name}")
        for end, ids in (("source", source), ("target", target)):
            group[f"{end}_node_id"] = ids.astype(np.uint64)
            attrs = group[f"{end}_node_id"].attrs
            attrs["node_population"] = getattr(edges, f"{end}_population")
        group["edge_type_id"] = np.zeros(source.size, np.uint64)
        _single_group(group, "edge", source.size)
        attributes = group.create_group("0")
        for name, values in edges.attributes.items():
            attributes[name] = values[order]
        _index(group, "source_to_target", source, edges.n_source)
        _index(group, "target_to_source", target, edges.n_target)
    _table(folder / files["edge_types_file"], [{"edge_type_id": "0", **edges.type}])
    return files


def write_spikes(spikes: Spikes, path: Path) -> None:
    """Write spikes, sorted by time."""
    h5py = package("h5py", "sonata")
    order = np.lexsort((spikes.nodes, spikes.times))
    with _file(path) as file:
        group = file.create_group(f"spikes/{spikes.population}")
        kind = h5py.enum_dtype(_SORTING, basetype=np.uint8)
        group.attrs.create("sorting", _SORTING["by_time"], dtype=kind)
        group["timestamps"] = spikes.times[order]
        group["timestamps"].attrs["units"] = "ms"
        group["node_ids"] = spikes.nodes[order].astype(np.uint64)


def _file(path: Path) -> Any:
    file = package("h5py", "sonata").File(path, "w")
    file.attrs["magic"], file.attrs["version"] = np.uint32(_MAGIC), np.array(_VERSION, np.uint32)
    return file


def _single_group(group: Any, kind: str, n: int) -> None:
    """Say that all nodes or edges have the same attributes."""
    group[f"{kind}_group_id"] = np.zeros(n, np.uint64)
    group[f"{kind}_group_index"] = np.arange(n, dtype=np.uint64)


def _index(group: Any, name: str, ids: Ints, n: int) -> None:
    """Write which edges have each node: per node a range of ranges, per range one of edges."""
    order = np.argsort(ids, kind="stable")
    breaks = np.flatnonzero((np.diff(order) != 1) | (np.diff(ids[order]) != 0)) + 1
    starts = np.concatenate([[0], breaks]).astype(np.int64)[: ids.size]
    ends = np.concatenate([breaks, [ids.size]]).astype(np.int64)[: ids.size]
    ranges = np.stack([order[starts], order[ends - 1] + 1], axis=1)
    nodes = np.searchsorted(ids[order[starts]], np.arange(n + 1))
    index = group.create_group(f"indices/{name}")
    per_node = np.stack([nodes[:-1], nodes[1:]], axis=1).astype(np.uint64)
    index["node_id_to_ranges"] = per_node
    index["range_to_edge_id"] = ranges.astype(np.uint64)


def _table(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write a table of types, with spaces between columns and NULL for what a type has not."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, "NULL", delimiter=" ", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
